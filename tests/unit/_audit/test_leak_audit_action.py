# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit takes from the run that it is part of, with real plays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PASSWORD = "a-password-of-a-vault-7Lq2"
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - plannoir.deploy.leak_audit:
        places: [commands]
        values: {{}}
        commands:
          - argv: [sh, -c, 'test "$ANSIBLE_VAULT_IDENTITY_LIST" = "{identity}" && cat {shown}']
      register: audit
    - ansible.builtin.debug:
        msg: "{{{{ audit.problems }}}}"
"""


@pytest.mark.parametrize(
    ("option", "label", "identity"), [("--vault-id=shop@{}", "shop", "shop@{}"), ("--vault-password-file={}", "", "default@{}")]
)
def test_commands_open_the_same_vaults_and_their_passwords_are_looked_for(tmp_path: Path, option: str, label: str, identity: str) -> None:
    password, clean = tmp_path / "password", tmp_path / "clean"
    password.write_text(PASSWORD)
    clean.write_text("nothing")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}

    def play(shown: Path, expected: str) -> str:
        (tmp_path / "play.yml").write_text(PLAY.format(identity=expected, shown=shown))
        command = ["ansible-playbook", "--inventory=localhost,", "--connection=local", option.format(password), str(tmp_path / "play.yml")]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stdout

    assert f"vault password {label}".strip() in play(password, identity.format(password))
    assert "vault password" not in play(clean, identity.format(password))
    assert "exit code 1" in play(clean, "another@file")
