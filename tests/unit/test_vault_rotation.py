# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New values in a vault, and nothing else changed in it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_file import VaultError
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_rotation import replace_file, rotate

ROOT = Path(__file__).parents[2]
TEXT = """---
# Of the database.
vault_password: old-value  # quoted or not
vault_key: "sk-or-1"
vault_key_hint: stays
# vault_other: slot
vault_ca: |
  -----BEGIN
"""


def test_only_the_named_values_change() -> None:
    rotated = rotate(TEXT, ["vault_password"], {}, 0)
    before, after = yaml.safe_load(TEXT), yaml.safe_load(rotated)
    assert {name for name in before if before[name] != after[name]} == {"vault_password"}
    assert len(after["vault_password"]) == 43
    assert [line for line in TEXT.splitlines() if line not in rotated.splitlines()] == ["vault_password: old-value  # quoted or not"]
    assert yaml.safe_load(rotate(TEXT, ["vault_password"], {}, 0))["vault_password"] != after["vault_password"]


def test_an_old_value_is_kept_for_a_while_beside_the_new_one_and_once_only() -> None:
    once = rotate(TEXT, ["vault_key"], {"vault_key": "vault_key_previous"}, 17)
    first = yaml.safe_load(once)
    assert first["vault_key_previous"] == {"value": "sk-or-1", "until": 17}
    second = yaml.safe_load(rotate(once, ["vault_key"], {"vault_key": "vault_key_previous"}, 18))
    assert second["vault_key_previous"] == {"value": first["vault_key"], "until": 18}


@pytest.mark.parametrize(
    ("name", "said"), [("vault_missing", "does not hold"), ("vault_ca", "does not hold"), ("vault_other", "does not hold")]
)
def test_what_cannot_be_rotated_is_named(name: str, said: str) -> None:
    with pytest.raises(VaultError, match=f"{said} {name}.*Nothing was changed"):
        rotate(TEXT, ["vault_password", name], {}, 0)


@pytest.mark.parametrize("value", ["17", "{a: b}", "!vault x"])
def test_a_value_that_is_no_text_is_named(value: str) -> None:
    with pytest.raises(VaultError, match="not a text on one line"):
        rotate(f"vault_x: {value}\n", ["vault_x"], {}, 0)


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(VaultError, match="more than once"):
        rotate("vault_x: a\nvault_x: b\n", ["vault_x"], {}, 0)


def test_the_file_is_replaced_whole_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "vault.yml"
    path.write_text("one")
    path.chmod(0o644)
    replace_file(path, "two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    """A vault with the id prod, encrypted by ansible-vault itself."""
    path = tmp_path / "vault.yml"
    path.write_text(TEXT)
    (tmp_path / "password").write_text("open sesame")
    (tmp_path / "play.yml").write_text(
        """- hosts: localhost
  gather_facts: false
  tasks:
    - plannoir.deploy.vault_rotate: {path: vault.yml, names: [vault_password, vault_key], kept: {vault_key: vault_key_previous}}
"""
    )
    run(tmp_path, "ansible-vault", "encrypt", "--encrypt-vault-id", "prod", "vault.yml")
    return path


def run(folder: Path, *command: str) -> str:
    settings = folder / "ansible.cfg"
    settings.write_text(f"[defaults]\ncollections_path = {ROOT}/.ansible/collections\nlocalhost_warning = false\n")
    options = ["--vault-id", f"prod@{folder}/password"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(settings)}
    done = subprocess.run([*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def opened(vault: Path) -> dict[str, object]:
    values: dict[str, object] = yaml.safe_load(run(vault.parent, "ansible-vault", "view", "vault.yml"))
    return values


def test_a_play_rotates_a_vault_shows_fingerprints_only_and_keeps_its_id(vault: Path) -> None:
    before, old = opened(vault), vault.read_bytes()
    checked = run(vault.parent, "ansible-playbook", "--check", "--diff", "play.yml")
    assert "changed=1" in checked
    assert vault.read_bytes() == old
    shown = run(vault.parent, "ansible-playbook", "-vvv", "--diff", "play.yml")
    after = opened(vault)
    assert before["vault_password"] != after["vault_password"]
    assert vault.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    for values in (before, after):
        assert not any(str(values[name]) in shown + checked for name in ("vault_password", "vault_key"))
