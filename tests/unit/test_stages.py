# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints, with real plays."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAY = """
- name: Look around
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read what is there
      ansible.builtin.command: echo nothing
      changed_when: false
    - name: Show what was found
      ansible.builtin.debug:
        msg: [first line, second line]
    - name: Skip it
      ansible.builtin.fail:
      when: false
    - name: Take some time
      ansible.builtin.command: sleep 2
      changed_when: false
- name: Deploy
  hosts: localhost
  gather_facts: false
  roles: [shop]
"""
ROLE = """
- name: Add the first ones
  ansible.builtin.add_host: {name: "{{ item }}"}
  loop: [a, b]
  when: (playbook_dir ~ '/built') is not exists
- name: Add many
  ansible.builtin.add_host: {name: "{{ item }}"}
  loop: [c, d, e, f, g]
  when: (playbook_dir ~ '/built') is not exists
- name: Build it
  ansible.builtin.command: {cmd: "sh -c 'sleep 1.5; touch built'", creates: "{{ playbook_dir }}/built", chdir: "{{ playbook_dir }}"}
  loop: [the only one]
- name: Ask another role
  ansible.builtin.include_role:
    name: other
- name: Fail when asked
  ansible.builtin.fail:
    msg: This is the cause.
  when: broken | default(false)
"""
Run = Callable[..., str]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run the plays and return what they print."""
    tmp_path = tmp_path_factory.mktemp("plays")
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "roles/shop/tasks").mkdir(parents=True)
    (tmp_path / "roles/shop/tasks/main.yml").write_text(ROLE)
    (tmp_path / "roles/other/tasks").mkdir(parents=True)
    (tmp_path / "roles/other/tasks/main.yml").write_text("- ansible.builtin.debug: {msg: done}\n")

    def play(*arguments: str, **environment: str) -> str:
        command = ["ansible-playbook", "--inventory=localhost,", "--connection=local", str(tmp_path / "play.yml"), *arguments]
        ours = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable, "PLANNOIR_STAGES_QUIET": "1"}
        variables = {**os.environ, **ours, **environment}
        return subprocess.run(
            command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        ).stdout

    return play


@pytest.fixture(scope="module")
def first(run: Run) -> str:
    """What the first run prints, which changes something."""
    return run()


def test_a_stage_is_a_line_with_its_seconds_and_what_it_changed(first: str, run: Run) -> None:
    assert re.search(r"^Look around +[\d.]+ s$", first, re.MULTILINE)
    assert re.search(r"^shop +[\d.]+ s  Add the first ones \(a, b\), Add many \(5 items\), Build it$", first, re.MULTILINE)
    assert re.search(r"^shop +[\d.]+ s$", run(), re.MULTILINE)


def test_messages_are_shown_and_a_long_task_is_named_while_it_runs(first: str) -> None:
    assert "Look around: first line\nLook around: second line\n" in first
    assert re.search(r"^Look around: Take some time, [1-9] s so far$", first, re.MULTILINE)
    assert "\nshop: the only one\n" in first
    assert "TASK" not in first
    assert "Skip it" not in first
    assert "\nother: done\n" in first
    assert "WARNING" not in first


def test_the_recap_stays_and_the_timeline_follows(first: str) -> None:
    assert re.search(r"^localhost +: ok=8 +changed=3 ", first, re.MULTILINE)
    assert re.search(r"^[\d.]+ s: Look around [\d.]+, shop [\d.]+, other [\d.]+$", first.splitlines()[-1])


def test_a_failure_is_shown_as_ansible_shows_it(run: Run) -> None:
    printed = run("--extra-vars=broken=true")
    assert "TASK [shop : Fail when asked]" in printed
    assert "This is the cause." in printed


@pytest.mark.usefixtures("first")
def test_v_gives_ansibles_own_output(run: Run) -> None:
    def without_times(text: str) -> str:
        return re.sub(r'".*(time|start|end|delta|tmp|uid|gid|owner|src|inode).*', "", re.sub(r"\d+[:.]\d[\d:.]*", "", text))

    ours, default = run("-v", "--diff"), run("-v", "--diff", ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default")
    assert "TASK [Read what is there]" in ours
    assert without_times(ours) == without_times(default)
