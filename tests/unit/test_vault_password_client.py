"""Where the vault password comes from."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "scripts/vault-password-client"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    shutil.copy(CLIENT, tmp_path / "scripts")
    return tmp_path


def ask(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(checkout / "scripts" / CLIENT.name), "--vault-id", "default"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_environment_comes_before_the_file(checkout: Path) -> None:
    (checkout / ".vault-password").write_text("from the file\n")

    assert ask(checkout).stdout == "from the file\n"
    assert ask(checkout, PLANNOIR_VAULT_PASSWORD="from the environment").stdout == "from the environment\n"


def test_the_first_run_makes_a_password_that_lasts(checkout: Path) -> None:
    password = ask(checkout).stdout

    assert len(password.strip()) == 64
    assert ask(checkout).stdout == password
    assert stat.S_IMODE((checkout / ".vault-password").stat().st_mode) == 0o600
    assert sorted(path.name for path in checkout.iterdir()) == [".vault-password", "scripts"]


def test_the_environment_leaves_no_file_behind(checkout: Path) -> None:
    ask(checkout, PLANNOIR_VAULT_PASSWORD="x")
    assert not (checkout / ".vault-password").exists()


@pytest.mark.parametrize("vault", ["group_vars/all/vault.yml", "inventories/mine/group_vars/cluster/vault.yml"])
def test_a_vault_without_its_password_is_one_sentence_with_the_remedy(checkout: Path, vault: str) -> None:
    (checkout / vault).parent.mkdir(parents=True)
    (checkout / vault).touch()

    answer = ask(checkout)

    assert answer.returncode != 0
    assert answer.stdout == ""
    assert vault in answer.stderr
    assert "PLANNOIR_VAULT_PASSWORD" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not (checkout / ".vault-password").exists()


def test_an_empty_password_file_is_an_error(checkout: Path) -> None:
    (checkout / ".vault-password").touch()
    assert "is empty" in ask(checkout).stderr


def test_a_password_file_that_cannot_be_read_is_an_error(checkout: Path) -> None:
    (checkout / ".vault-password").mkdir()
    answer = ask(checkout)
    assert answer.returncode != 0
    assert "cannot be used" in answer.stderr
