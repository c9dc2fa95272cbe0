# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules in the controller's process, with a real play: the same results as Ansible's own way, without a program."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
# `async` takes Ansible's own way.
PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    plannoir.deploy.images_plan: &plan
      app_name: shop
      builds: {web: {context: web}}
      root: "{{ playbook_dir }}"
  tasks:
    - name: Here
      plannoir.deploy.images_plan:
      environment: {DOCKER_HOST: "unix://{{ playbook_dir }}/{{ item }}"}
      loop: [first, second]
      register: here
      ignore_errors: true
    - name: Elsewhere
      plannoir.deploy.images_plan:
      environment: {DOCKER_HOST: "unix://{{ playbook_dir }}/first"}
      async: 30
      poll: 1
      register: elsewhere
      ignore_errors: true
    - name: Check mode
      plannoir.deploy.images_plan:
      check_mode: true
      register: checked
    - name: A wrong option
      plannoir.deploy.images_plan:
        app_nam: shop
      register: wrong
      ignore_errors: true
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/results.json"
        content: "{{ {'here': here.results, 'elsewhere': elsewhere, 'checked': checked, 'wrong': wrong} | to_json }}"
        mode: "0600"
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("play")
    (folder / "web").mkdir()
    (folder / "web/Dockerfile").write_text('FROM scratch\nCOPY run.sh /\nCMD ["/run.sh"]\n', encoding="utf-8")
    (folder / "web/run.sh").write_text("#!/bin/sh\r\n", encoding="utf-8")
    (folder / "play.yml").write_text(PLAY, encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    environment["ANSIBLE_STDOUT_CALLBACK"] = "ansible.builtin.default"
    command = ["ansible-playbook", "-vvv", "--inventory=localhost,", "--connection=local", str(folder / "play.yml")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {"printed": done.stdout + done.stderr, **json.loads((folder / "results.json").read_text(encoding="utf-8"))}


def test_a_result_is_what_ansibles_own_way_returns(results: dict[str, Any]) -> None:
    here, elsewhere = results["here"][0], results["elsewhere"]
    assert "first does not answer" in here["msg"]
    assert [here[key] for key in ("msg", "failed", "changed")] == [elsewhere[key] for key in ("msg", "failed", "changed")]


def test_the_environment_is_each_tasks_own(results: dict[str, Any]) -> None:
    assert "second does not answer" in results["here"][1]["msg"]


def test_check_mode_and_warnings_arrive(results: dict[str, Any]) -> None:
    assert results["checked"]["changed"]
    assert "Component web: " in results["printed"]
    assert "has Windows line ends" in results["printed"]


def test_a_wrong_option_is_named(results: dict[str, Any]) -> None:
    assert "Unsupported parameters for (plannoir.deploy.images_plan) module: app_nam." in results["wrong"]["msg"]


def test_no_program_is_started(results: dict[str, Any]) -> None:
    programs = set(re.findall(r"[\w.-]+/AnsiballZ_images_plan.py", results["printed"]))
    assert len(programs) == 1, "of five calls, one goes Ansible's own way"


def test_every_module_has_an_action_in_the_controllers_process() -> None:
    names = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    actions = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
    routed = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["plugin_routing"]["modules"]
    assert routed == {name: {"action_plugin": "plannoir.deploy.in_process"} for name in names - actions}
