# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the vault password comes from."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[3] / "scripts/vault-password-client"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(CLIENT, tmp_path / "scripts")
    monkeypatch.chdir(tmp_path)  # the vault of whoever tests does not count
    return tmp_path


def ask(checkout: Path, vault_id: str = "default", **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "scripts" / CLIENT.name), "--vault-id", vault_id]
    return subprocess.run(command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False)


def refusal(checkout: Path, vault_id: str = "default", **environment: str) -> str:
    """The one sentence that the client ends with, without a password."""
    answer = ask(checkout, vault_id, **environment)
    assert answer.returncode == 1
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    return answer.stderr.strip()


def write_password(file: Path, text: str, mode: int = 0o600) -> None:
    file.write_text(text)
    file.chmod(mode)


def test_the_password_comes_from_the_environment_then_the_command_then_the_file(checkout: Path) -> None:
    write_password(checkout / ".vault-password", "from the file\n")
    command = {"PLANNOIR_VAULT_PASSWORD_COMMAND": "printf 'from the command\\nuser: me\\n'"}

    assert ask(checkout).stdout == "from the file\n"
    assert ask(checkout, **command).stdout == "from the command\n"
    assert ask(checkout, PLANNOIR_VAULT_PASSWORD="from the environment", **command).stdout == "from the environment\n"


@pytest.mark.parametrize(("vault_id", "name"), [("prod", "PROD"), ("eu-west.2", "EU_WEST_2")])
def test_another_vault_id_has_a_password_of_its_own(checkout: Path, vault_id: str, name: str) -> None:
    write_password(checkout / ".vault-password", "the default one\n")
    write_password(checkout / f".vault-password-{vault_id}", "its file\n")
    command = {f"PLANNOIR_VAULT_PASSWORD_{name}_COMMAND": "echo its command"}

    assert ask(checkout, vault_id, PLANNOIR_VAULT_PASSWORD="x", PLANNOIR_VAULT_PASSWORD_COMMAND="echo x").stdout == "its file\n"
    assert ask(checkout, vault_id, **command).stdout == "its command\n"
    assert ask(checkout, vault_id, **{f"PLANNOIR_VAULT_PASSWORD_{name}": "its own"}, **command).stdout == "its own\n"


def test_a_new_vault_id_gets_a_password_unless_a_vault_has_its_label(checkout: Path) -> None:
    vault = checkout / "inventories/prod/group_vars/cluster/vault.yml"
    vault.parent.mkdir(parents=True)
    vault.write_text("$ANSIBLE_VAULT;1.2;AES256;prod\n00\n")

    assert "inventories/prod/group_vars/cluster/vault.yml is encrypted and its password is missing" in refusal(checkout, "prod")
    assert len(ask(checkout, "test").stdout) == 65
    assert stat.S_IMODE((checkout / ".vault-password-test").stat().st_mode) == 0o600
    assert len(ask(checkout).stdout) == 65


@pytest.mark.parametrize("vault_id", ["../prod", "-prod", "a b", "command", "my-command", "a/b"])
def test_a_vault_id_that_names_no_file_or_variable_of_its_own_is_refused(checkout: Path, vault_id: str) -> None:
    command = [sys.executable, str(checkout / "scripts" / CLIENT.name), f"--vault-id={vault_id}"]
    answer = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    assert "does not end with command: rename yours" in answer.stderr
    assert sorted(path.name for path in checkout.iterdir()) == ["scripts"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program show plannoir", "The command no-such-program of PLANNOIR_VAULT_PASSWORD_COMMAND cannot be started (No such file"),
        (
            "sh -c 'echo Zq9hunter; echo Zq9hunter >&2; exit 3'",
            "The command sh of PLANNOIR_VAULT_PASSWORD_COMMAND failed with status 3: run it by hand",
        ),
        ("true", "The command true of PLANNOIR_VAULT_PASSWORD_COMMAND printed no password"),
        ("printf '\\nZq9hunter'", "The command printf of PLANNOIR_VAULT_PASSWORD_COMMAND printed no password in its first line"),
        ("echo 'Zq9hunter", "The command in PLANNOIR_VAULT_PASSWORD_COMMAND has a quote that is not closed"),
    ],
)
def test_a_command_that_gives_no_password_is_one_sentence_without_its_output(checkout: Path, command: str, said: str) -> None:
    write_password(checkout / ".vault-password", "not taken instead\n")
    sentence = refusal(checkout, PLANNOIR_VAULT_PASSWORD_COMMAND=command)
    assert sentence.startswith(said)
    assert "Zq9" not in sentence


def test_no_shell_reads_the_command(checkout: Path) -> None:
    assert ask(checkout, PLANNOIR_VAULT_PASSWORD_COMMAND="echo $HOME; true").stdout == "$HOME; true\n"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_password_file_that_others_can_read_is_refused(checkout: Path, mode: int) -> None:
    write_password(checkout / ".vault-password", "Zq9hunter\n", mode)
    file = checkout / ".vault-password"
    assert refusal(checkout) == (
        f"The vault password file {file} can be read by others: run chmod 600 {file}, and change the password if one did; "
        "where chmod changes nothing, set PLANNOIR_VAULT_PASSWORD or PLANNOIR_VAULT_PASSWORD_COMMAND instead."
    )


def test_ansible_vault_takes_the_password_of_the_id(checkout: Path) -> None:
    write_password(checkout / ".vault-password", "the default one\n")
    (checkout / "ansible.cfg").touch()
    (checkout / "vault.yml").write_text("a: b\n")
    environment = {**os.environ, "ANSIBLE_CONFIG": str(checkout / "ansible.cfg"), "PLANNOIR_VAULT_PASSWORD_MOLECULE": "its own"}

    def vault(action: str, *ids: str) -> subprocess.CompletedProcess[str]:
        given = [word for name in ids for word in ("--vault-id", f"{name}@scripts/{CLIENT.name}")]
        command = [shutil.which("ansible-vault") or "", action, *given, "vault.yml"]
        return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)

    assert vault("encrypt", "molecule").returncode == 0
    assert (checkout / "vault.yml").read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;molecule\n")
    assert vault("view", "default", "molecule").stdout.strip() == "a: b"
    assert vault("view", "default").returncode != 0


def test_the_first_run_makes_a_password_that_lasts(checkout: Path) -> None:
    password = ask(checkout).stdout

    assert len(password.strip()) == 64
    assert ask(checkout).stdout == password
    assert stat.S_IMODE((checkout / ".vault-password").stat().st_mode) == 0o600
    assert sorted(path.name for path in checkout.iterdir()) == [".vault-password", "scripts"]


def ask_on(checkout: Path, *lacks: str) -> subprocess.CompletedProcess[str]:
    """Ask on a file system that lacks something: "links", or "modes"."""
    patches = {
        "links": "def refuse(*_): raise PermissionError(1, 'Operation not permitted')\nos.link = refuse",
        "modes": "given = os.open\nos.open = lambda file, flags, mode: given(file, flags, 0o666)\nos.umask(0o022)",
    }
    program = ["import os, runpy, sys", *(patches[name] for name in lacks), "runpy.run_path(sys.argv.pop(1), run_name='__main__')"]
    command = [sys.executable, "-c", "\n".join(program), str(checkout / "scripts" / CLIENT.name)]
    return subprocess.run(command, env={}, capture_output=True, text=True, check=False)


def test_a_file_system_without_hard_links_gets_a_password_that_lasts(checkout: Path) -> None:
    answer = ask_on(checkout, "links")

    assert answer.stderr == ""
    assert len(answer.stdout.strip()) == 64
    assert ask(checkout).stdout == answer.stdout
    assert stat.S_IMODE((checkout / ".vault-password").stat().st_mode) == 0o600
    assert sorted(path.name for path in checkout.iterdir()) == [".vault-password", "scripts"]


@pytest.mark.parametrize("lacks", ["links", ""])
def test_first_runs_at_the_same_instant_have_one_password(checkout: Path, lacks: str) -> None:
    with ThreadPoolExecutor(8) as runs:
        answers = list(runs.map(lambda _: ask_on(checkout, *lacks.split()), range(8)))

    assert {answer.stderr for answer in answers} == {""}
    assert {answer.stdout for answer in answers} == {(checkout / ".vault-password").read_text()}
    assert sorted(path.name for path in checkout.iterdir()) == [".vault-password", "scripts"]


def test_a_file_system_without_modes_gets_no_password_that_the_next_run_refuses(checkout: Path) -> None:
    answer = ask_on(checkout, "modes")

    assert answer.stdout == ""
    assert answer.stderr == (
        f"The folder {checkout} cannot hold a file that only you may read: set PLANNOIR_VAULT_PASSWORD or "
        "PLANNOIR_VAULT_PASSWORD_COMMAND.\n"
    )
    assert sorted(path.name for path in checkout.iterdir()) == ["scripts"]


def test_the_environment_leaves_no_file_behind(checkout: Path) -> None:
    ask(checkout, PLANNOIR_VAULT_PASSWORD="x")
    assert not (checkout / ".vault-password").exists()


@pytest.mark.parametrize("vault", ["group_vars/all/vault.yml", "inventories/mine/group_vars/cluster/vault.yml"])
def test_a_vault_without_its_password_is_one_sentence_with_the_remedy(checkout: Path, vault: str) -> None:
    (checkout / vault).parent.mkdir(parents=True)
    (checkout / vault).touch()

    sentence = refusal(checkout)

    assert vault in sentence
    assert "set PLANNOIR_VAULT_PASSWORD or PLANNOIR_VAULT_PASSWORD_COMMAND" in sentence
    assert not (checkout / ".vault-password").exists()


def test_an_empty_password_file_is_an_error(checkout: Path) -> None:
    write_password(checkout / ".vault-password", "\n")
    assert "is empty" in refusal(checkout)


def test_a_password_file_that_cannot_be_read_is_an_error(checkout: Path) -> None:
    (checkout / ".vault-password").mkdir()
    assert "cannot be used" in refusal(checkout)


@pytest.mark.parametrize("place", ["group_vars/all", "inventories/prod/group_vars/cluster"])
def test_a_vault_outside_of_the_checkout_is_not_given_a_second_password(
    checkout: Path, place: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / place).mkdir(parents=True)
    (elsewhere / place / "vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    assert f"{place}/vault.yml is encrypted and its password is missing" in refusal(checkout, ANSIBLE_INVENTORY=str(elsewhere))
    if place == "group_vars/all":  # beside an inventory that is a file, among others
        (elsewhere / "hosts.yml").touch()
        assert "is encrypted" in refusal(checkout, ANSIBLE_INVENTORY=f"localhost,{elsewhere / 'hosts.yml'}")
    assert ask(checkout, "other", ANSIBLE_INVENTORY=str(elsewhere)).returncode == 0
    monkeypatch.chdir(elsewhere)
    assert "is encrypted and its password is missing" in refusal(checkout)
    assert not (checkout / ".vault-password").exists()
