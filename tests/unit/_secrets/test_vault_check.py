# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vault that opens holds variables that Ansible can read; what is said of another one holds no piece of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import Rotation
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import check_rotation

PASSWORDS = [("default", VaultSecret(b"open sesame"))]


def write_vault(path: Path, text: bytes) -> Path:
    path.write_bytes(VaultLib(PASSWORDS).encrypt(text, PASSWORDS[0][1]))
    return path


def test_a_vault_is_read_at_one_moment_and_an_absent_one_passes(tmp_path: Path) -> None:
    vault = write_vault(tmp_path / "vault.yml", "vault_x: été  # why\r\n".encode())
    found = read_vault(vault, PASSWORDS)
    assert found == (vault.read_bytes(), "vault_x: été  # why\r\n")
    assert read_vault(tmp_path / "none.yml", PASSWORDS) is None


@pytest.mark.parametrize(
    "text",
    [
        "vault_x: !unsafe '{{'\nvault_y: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
        "# nothing yet\n",
        '{"vault_x": 1}',
        "vault_x: &a {b: 1}\nvault_y: *a\n",
        "vault_x: 1\nvault_x: 2\n",
    ],
)
def test_what_ansible_can_read_passes(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_vault(write_vault(tmp_path / "vault.yml", text.encode()), PASSWORDS)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: b\nvault_x: !foo TOPSECRET\n", "Ansible cannot read its line 2"),
        (b"vault_x: !!int TOPSECRET\n", "Ansible cannot read one of its values"),
        (b"vault_x: {[TOPSECRET]: b}\n", "Ansible cannot read its line 1"),
        (b'vault_x: "TOPSECRET\\UFFFFFFFF"\n', "it is no valid YAML"),
        (b"a: b\nvault_x: TOP: SECRET\n", "its line 2 is no valid YAML"),
        (b"vault_x: " + b"[" * 2000 + b"TOPSECRET", "it is no valid YAML"),
        (b"vault_x: TOPSECRET-\xe9\n", "it is no text in UTF-8"),
        ("vault_x: TOPSECRET\n".encode("utf-16"), "it is no text in UTF-8"),
        (b"- TOPSECRET\n", "holds no variables"),
    ],
)
def test_what_ansible_cannot_read_is_one_sentence_without_a_piece_of_it(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(Failure) as caught:
        read_vault(write_vault(tmp_path / "vault.yml", text), PASSWORDS)
    assert f"vault.yml opens, but {said}" in str(caught.value)
    assert str(caught.value).endswith(f"correct it with 'ansible-vault edit {tmp_path}/vault.yml'.")
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


BEFORE = "x: TOPSECRET\nother: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\nnone: .nan\n"


@pytest.mark.parametrize(
    "after",
    [
        BEFORE.replace("TOPSECRET", "new") + 'k: {"value": TOPSECRET, "until": 17}\n',
        '# why\nk: {"value": "TOPSECRET", "until": 17}\n' + BEFORE.replace("TOPSECRET", "'new'"),
    ],
)
def test_a_rotated_text_with_new_and_kept_values_and_nothing_else_passes(after: str) -> None:
    check_rotation(BEFORE, Rotation(after, {"x": "new"}), {"x": "k"}, 17)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("x: new", "x: newer", "the new value of x back"),
        ("x: new\n", "", "the new value of x back"),
        ("TOPSECRET", "TOPSECRE", "the new value of k back"),
        ("17}", "'17'}", "the new value of k back"),
        ("6162", "6163", "With a new value of x, other would change too"),
        ("none: .nan\n", "", "With a new value of x, none would change too"),
        (".nan", "'nan'", "With a new value of x, none would change too"),
        ("none:", "TOP SECRET: 1\nnone:", "With a new value of x, another variable would change too"),
        ("none: .nan\n", "none: .nan\nx: TOP: SECRET\n", "would not open again, because Ansible cannot read its line 6"),
    ],
)
def test_a_rotated_text_that_says_something_else_is_refused_by_name(old: str, new: str, said: str) -> None:
    good = BEFORE.replace("TOPSECRET", "new") + 'k: {"value": TOPSECRET, "until": 17}\n'
    assert old in good
    with pytest.raises(Failure, match="Nothing was changed") as caught:
        check_rotation(BEFORE, Rotation(good.replace(old, new), {"x": "new"}), {"x": "k"}, 17)
    assert said in str(caught.value)
    assert "SECRE" not in str(caught.value)
