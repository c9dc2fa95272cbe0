# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value is put into a vault, in real plays: everything else stays, and no output holds it."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import with_secret
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import load_variables

ROOT = Path(__file__).parents[3]
VAULT = VaultLib([("default", VaultSecret(b"open sesame"))])
BEFORE = "# mine\nvault_key: 'old'  # of Stripe\nvault_other: 5\n"
SECRET = "TOPSECRET-{{ value"


@pytest.mark.parametrize("value", ["plain", "two\nlines\n", "{{ x }}", "{% x", 'a "b" \\ c: # d', "ünï", "5", "true", " blanks "])
@pytest.mark.parametrize("name", ["vault_key", "vault_new"])
def test_any_text_is_given_back_and_the_rest_stays(name: str, value: str) -> None:
    after = with_secret(BEFORE, name, value).text
    assert load_variables(after) == {"vault_key": "old", "vault_other": 5, name: value}
    assert "# mine\n" in after
    assert "# of Stripe" in after


ENVIRONMENT = {
    **os.environ,
    **{"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PLANNOIR_VAULT_PASSWORD": "open sesame", "ANSIBLE_FORCE_COLOR": "0"},
}


def command(folder: Path, *arguments: str) -> list[str]:
    given = {"secrets_vault_file": str(folder / "vault.yml"), "ansible_python_interpreter": sys.executable}
    inventory = folder / "hosts.yml"
    inventory.write_text("cluster: {hosts: {localhost: {ansible_connection: local}}}", encoding="utf-8")
    play = str(ROOT / "playbooks/secret.yml")
    return ["ansible-playbook", f"--inventory={inventory}", play, f"--extra-vars={json.dumps(given)}", *arguments]


def play(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    call = command(folder, *arguments)
    return subprocess.run(call, cwd=folder, env=ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vault.yml").write_bytes(VAULT.encrypt(BEFORE, VaultSecret(b"open sesame")))
    (tmp_path / "secret.txt").write_text(f"{SECRET}\n", encoding="utf-8")
    return tmp_path


def held(folder: Path) -> dict[str, object]:
    return dict(load_variables(VAULT.decrypt((folder / "vault.yml").read_bytes()).decode()))


def test_a_command_gives_the_value_and_no_output_holds_it(folder: Path) -> None:
    named = ["-e", "secret_name=key", "-e", f"secret_command='cat \"{folder}/secret.txt\"'"]
    before = (folder / "vault.yml").read_bytes()
    checked = play(folder, *named, "--check", "--diff", "-vvv")
    assert "changed=1" in checked.stdout
    assert (folder / "vault.yml").read_bytes() == before
    done = play(folder, *named, "--diff", "-vvv")
    assert "changed=1" in done.stdout
    assert held(folder) == {"vault_key": SECRET, "vault_other": 5}
    assert "changed=0" in play(folder, *named).stdout
    assert "TOPSECRET" not in checked.stdout + checked.stderr + done.stdout + done.stderr


def test_a_value_is_typed_unseen(folder: Path) -> None:
    """On a terminal of its own, as a person has one."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("ansible-playbook", command(folder, "-e", "secret_name=vault_key", "-vvv"), ENVIRONMENT)
    shown = b""
    with contextlib.suppress(OSError):  # Linux says so where the other end is closed
        while select.select([terminal], [], [], 60)[0] and (read := os.read(terminal, 4096)):
            shown += read
            if b"Value of vault_key" in read:
                time.sleep(2)  # Ansible drops what was typed before it asked
                os.write(terminal, f"{SECRET}\r".encode())
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown.decode()
    assert held(folder)["vault_key"] == SECRET
    assert b"TOPSECRET" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name the secret with -e secret_name="),
        (["-e", "secret_name=key", "-e", "secret_value=TOPSECRET"], "leave its value out"),
        (["-e", "secret_name=key", "-e", "secret_command='sh -c false'"], "sh ended with exit code 1"),
        (["-e", "secret_name=key", "-e", "secret_command=no-such-program"], "no-such-program cannot be run"),
        (["-e", "secret_name=key", "-e", "secret_command='echo \"x'"], "correct its quotes"),
        (["-e", "secret_name=key", "-e", "secret_command=true"], "There is no value for vault_key"),
        (["-e", "secret_name=a-b", "-e", "secret_command='echo x'"], "letters, digits and underscores"),
        (["-e", "secret_name=key"], "There is no value for vault_key"),  # nobody is there to type
    ],
)
def test_what_is_wrong_is_one_sentence_and_changes_nothing(folder: Path, arguments: list[str], said: str) -> None:
    before = (folder / "vault.yml").read_bytes()
    done = play(folder, *arguments)
    assert done.returncode != 0, done.stdout
    assert said in " ".join(done.stdout.split()), done.stdout
    assert "Nothing was changed." in done.stdout
    assert (folder / "vault.yml").read_bytes() == before
