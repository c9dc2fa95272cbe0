# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault's values are no templates, in real plays and in each way in which Ansible loads one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible._internal._datatag._tags import TrustedAsTemplate
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_data import as_data, template_problem, templates_of_vaults

ROOT = Path(__file__).parents[3]
PASSWORD = VaultSecret(b"open sesame")
VALUES = [
    "ab{{cd}}efgh",
    "keep{{ 7*7 }}going",
    "q{# gone #}rst",
    "pa%}ss{%word12",
    "{{",
    "plain",
    "{{ vault_other }}",
    "4{%!<----",
    "%WxH{#(.fuz3,3toZ{;Z-+",
    "test{{",
    "^=Pass{#W03d@1",
]
PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: [files.yml]
  tasks:
    - ansible.builtin.include_vars: included.yml
    - ansible.builtin.include_tasks: tasks.yml
    - ansible.builtin.copy:
        dest: "{{ playbook_dir }}/found.json"
        content: "{{ {'auto': auto, 'extra': extra, 'files': files, 'included': included, 'nested': auto_nested} | to_json }}"
        mode: "0600"
"""


def encrypted(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(VaultLib([("default", PASSWORD)]).encrypt(text, PASSWORD))
    return path


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "password").write_bytes(PASSWORD.bytes)
    (folder / "ansible.cfg").write_text(
        "[defaults]\nvault_password_file = password\n"
        "vars_plugins_enabled = plannoir.deploy.requirements, plannoir.deploy.vault_check, host_group_vars\n"
    )
    (folder / "hosts").write_text("localhost ansible_connection=local\n")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / "collections")
    command = ["ansible-playbook", "--inventory=hosts", "play.yml", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_no_way_of_loading_a_vault_makes_templates_of_it(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    encrypted(tmp_path / "group_vars/all/vault.yml", yaml.safe_dump({"auto": VALUES, "auto_nested": {"a": {"b": VALUES}}}))
    for name in ("extra", "files", "included"):
        encrypted(tmp_path / f"{name}.yml", yaml.safe_dump({name: VALUES}))
    # An encrypted file of tasks is no vault.
    encrypted(
        tmp_path / "tasks.yml", "- ansible.builtin.assert: {that: wanted == 'a template'}\n  vars: {wanted: \"{{ 'a ' ~ 'template' }}\"}\n"
    )
    done = play(tmp_path, "--extra-vars=@extra.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == {"nested": {"a": {"b": VALUES}}, **dict.fromkeys(["auto", "extra", "files", "included"], VALUES)}


@pytest.mark.parametrize("text", ["x: [TOPSECRET\ny: 1\n", "x: !foo TOPSECRET\n", "x: TOP: SECRET\n"])
def test_no_message_about_a_vault_holds_a_piece_of_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "play.yml").write_text(PLAY)
    encrypted(tmp_path / "extra.yml", text)
    done = play(tmp_path, "--extra-vars=@extra.yml", "-vvv")
    assert done.returncode != 0
    assert "extra.yml opens, but Ansible cannot read its line " in done.stderr
    assert "SECRET" not in done.stdout + done.stderr


def test_where_nobody_keeps_a_vault_data_its_templates_are_named_and_not_evaluated(tmp_path: Path) -> None:
    load = DataLoader.load
    DataLoader.load = getattr(load, "loads_any_file", load)
    try:
        loader = DataLoader()
        loader.set_vault_secrets([("default", PASSWORD)])
        vault = encrypted(
            tmp_path / "vault.yml", "a: plain\nb: 'ab{{TOPSECRET'\nc: [{d: '{# TOPSECRET #}'}]\ne: !unsafe '{{'\nf: a{b}%c}}\n"
        )
        (tmp_path / "plain.yml").write_text("g: '{{ b }}'\n")
        variables = {
            **loader.load_from_file(str(vault), trusted_as_template=True),
            **loader.load_from_file(str(tmp_path / "plain.yml"), trusted_as_template=True),
        }
    finally:
        DataLoader.load = load
    found = templates_of_vaults(variables)
    assert found == {"b": f"{vault}:2", "c": f"{vault}:3"}
    sentence = template_problem("b", found["b"])
    assert "write !unsafe" in sentence
    assert "SECRET" not in sentence
    assert not TrustedAsTemplate.is_tagged_on(as_data(variables["c"])[0]["d"])
