# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotation in real plays: no output holds a piece of a value, and a vault is either rotated whole or left as it was."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import fingerprint
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import encrypt_like
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import load_variables

ROOT = Path(__file__).parents[3]
PASSWORD = b"open sesame"
VAULT = VaultLib([("prod", VaultSecret(PASSWORD))])


class Style(NamedTuple):
    """A way to write TOPSECRET-value behind the name of a variable, and whether a vault with it is rotated."""

    written: str
    itself: bool = True
    """The variable with this value is the rotated one."""
    another: bool = True
    """Another variable is."""


STYLES = {
    "plain": Style("TOPSECRET-value"),
    "plain-over-an-empty-line": Style("TOPSECRET\n\n  -value  # why"),
    "single-quoted": Style("'TOPSECRET-value'"),
    "double-quoted": Style('"TOPSECRET-value"'),
    "double-quoted-over-an-empty-line": Style('"TOPSECRET\n\n  -value"'),
    "folded": Style(">\n  TOPSECRET\n  -value"),
    "literal": Style("|\n  TOPSECRET\n  -value\n"),
    "unsafe": Style('!unsafe "TOPSECRET-value{{with braces"'),
    "unsafe-literal": Style("!unsafe |\n  TOPSECRET-value{{with braces"),
    "template": Style('"TOPSECRET-{{ value"'),
    "marks": Style("'TOPSECRET # a: \"value\" '''"),
    "comment": Style("TOPSECRET-value  # TOPSECRET"),
    "anchor": Style("&a TOPSECRET-value"),
    "alias": Style("&a TOPSECRET-value\nvault_linked: *a", itself=False),
    "flow-mapping": Style("{TOPSECRET-value: TOPSECRET-value}", itself=False),
    "set": Style("{TOPSECRET-value, TOPSECRET}", itself=False),
    "number": Style("!!float .nan", itself=False),
    "encrypted": Style("!vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162", itself=False),
    "nested-duplicate": Style("{TOPSECRET-value, TOPSECRET-value}", itself=False, another=False),
    "duplicate": Style("TOPSECRET-value\nvault_twice: 1\nvault_twice: 2", itself=False, another=False),
    "duplicate-of-a-broken-block": Style("|\nTOPSECRET value: 1\nTOPSECRET value: 2", itself=False, another=False),
    "itself-twice": Style("TOPSECRET-value\nvault_x: TOPSECRET-value", itself=False, another=False),
    "tab": Style("TOPSECRET\n\tvalue: x", itself=False, another=False),
    "tab-before": Style("\tTOPSECRET-value", itself=False, another=False),
    "unknown-tag": Style("!foo TOPSECRET-value", itself=False, another=False),
    "wrong-tag": Style("!!int TOPSECRET-value", itself=False, another=False),
    "no-base64": Style("!!binary TOPSECRETé-value", itself=False, another=False),
    "unclosed-quote": Style('"TOPSECRET-value', itself=False, another=False),
    "unclosed-list": Style("[TOPSECRET-value", itself=False, another=False),
    "colon": Style("TOPSECRET: value", itself=False, another=False),
    "at-sign": Style("@TOPSECRET-value", itself=False, another=False),
    "no-character": Style('"TOPSECRET\\UFFFFFFFF"', itself=False, another=False),
    "half-a-character": Style('"TOPSECRET\\ud800"', itself=False, another=False),
    "control-character": Style("TOPSECRET\x07", itself=False, another=False),
    "circle": Style("&a [TOPSECRET-value, *a]", itself=False, another=False),
    "depth": Style("[" * 2000 + "TOPSECRET-value" + "]" * 2000, itself=False, another=False),
    "two-documents": Style("TOPSECRET-value\n---\nvault_y: TOPSECRET", itself=False, another=False),
    "latin-1": Style("TOPSECRET-\udce9", itself=False, another=False),
}
TEXTS = {
    **{
        f"itself-{name}": (f"---\nvault_x: {style.written}\nvault_other: [1, 'b']  # why\n", style.itself) for name, style in STYLES.items()
    },
    **{f"another-{name}": (f"---\nvault_mine: {style.written}\nvault_x: old\n", style.another) for name, style in STYLES.items()},
}
PLAY = """- hosts: localhost
  gather_facts: false
  tasks:
    - plannoir.deploy.vault_rotate: {path: "{{ item }}.yml", names: [vault_x], kept: {vault_x: vault_kept}}
      loop: "{{ names }}"
      ignore_errors: true
"""


class Runs(NamedTuple):
    folder: Path
    before: dict[str, bytes]
    checked: str
    unchanged_by_check: bool
    shown: str


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Every text in a vault of its own, rotated in check mode, then in earnest."""
    folder = tmp_path_factory.mktemp("vaults")
    for name, (text, _rotated) in TEXTS.items():
        (folder / f"{name}.yml").write_bytes(encrypted(text.encode(errors="surrogateescape")))
    before = contents(folder)
    (folder / "play.yml").write_text(PLAY)
    (folder / "names.json").write_text(json.dumps({"names": list(TEXTS)}))
    command = ["ansible-playbook", "-vvv", "--diff", "play.yml", "-e", "@names.json"]
    checked = run(folder, *command, "--check")
    same = contents(folder) == before
    return Runs(folder, before, checked, same, run(folder, *command))


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / f"{name}.yml").read_bytes() for name in TEXTS}


def encrypted(text: bytes) -> bytes:
    vault: bytes = VAULT.encrypt(text, VaultSecret(PASSWORD), "prod")
    return vault


def opened(vault: Path) -> dict[str, Any]:
    return load_variables(VAULT.decrypt(vault.read_bytes()).decode())


def run(folder: Path, *command: str) -> str:
    """Run a program of Ansible's that succeeds, and return all that it prints."""
    settings = folder / "ansible.cfg"
    settings.write_text(f"[defaults]\ncollections_path = {ROOT}/collections\nlocalhost_warning = false\n")
    (folder / "password").write_bytes(PASSWORD)
    options = ["--vault-id", f"prod@{folder}/password"]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(settings), "NO_COLOR": "1"}
    done = subprocess.run([*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", TEXTS)
def test_a_vault_of_every_style_is_rotated_whole_or_left_as_it_was(runs: Runs, name: str) -> None:
    text, rotated = TEXTS[name]
    vault = runs.folder / f"{name}.yml"
    outcome = re.compile(rf"^(changed|failed): \[localhost\] (?:=> )?\(item={name}\)", re.MULTILINE)
    assert outcome.findall(runs.checked) == outcome.findall(runs.shown) == ["changed" if rotated else "failed"]
    if not rotated:
        assert vault.read_bytes() == runs.before[name]
        return
    old, new = load_variables(text), opened(vault)
    assert len(new["vault_x"]) == 43
    assert new["vault_kept"]["value"] == old["vault_x"]
    assert list(new) == [key for key in old for key in ([key, "vault_kept"] if key == "vault_x" else [key])]
    assert new["vault_x"] not in runs.shown


def test_check_mode_writes_nothing(runs: Runs) -> None:
    assert runs.unchanged_by_check


@pytest.mark.parametrize("output", ["checked", "shown"])
def test_no_piece_of_a_value_is_printed(runs: Runs, output: str) -> None:
    printed: str = getattr(runs, output)
    pieces = ["TOPSECRET"[start : start + 4] for start in range(6)]
    assert [line for line in printed.splitlines() if any(piece in line for piece in pieces)] == []
    assert "Traceback" not in printed


def test_the_difference_names_variables_and_nothing_that_a_value_could_be_guessed_from(runs: Runs) -> None:
    for printed in (runs.checked, runs.shown):
        assert '-    "vault_x": "the old value"' in printed
        assert '+    "vault_x": "a new value"' in printed
        assert fingerprint("old") not in printed


def test_a_play_rotates_what_ansible_vault_made_and_keeps_its_id(tmp_path: Path) -> None:
    vault = tmp_path / "vault.yml"
    vault.write_text("vault_x: old  # why\n")
    (tmp_path / "play.yml").write_text(PLAY)
    run(tmp_path, "ansible-vault", "encrypt", "--encrypt-vault-id", "prod", "vault.yml")
    run(tmp_path, "ansible-playbook", "play.yml", "-e", "{names: [vault]}")
    assert vault.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;prod\n")
    shown = run(tmp_path, "ansible-vault", "view", "vault.yml")
    assert re.match(r"vault_x: \S{43}  # why\n", shown)
    assert yaml.safe_load(shown)["vault_kept"]["value"] == "old"


def test_a_text_that_does_not_open_again_as_it_was_is_not_written() -> None:
    class Lossy(VaultLib):  # type: ignore[misc]  # ansible has no types
        def encrypt(self, text: str, secret: VaultSecret, vault_id: str) -> bytes:
            lost: bytes = super().encrypt(text[:-1], secret, vault_id)
            return lost

    with pytest.raises(Failure, match="does not open again as it was"):
        encrypt_like("a: b\n", encrypted(b"a: c\n"), Lossy(VAULT.secrets))
