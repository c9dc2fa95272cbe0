# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a vault, and encrypt it again: what Ansible says of one that does not open names neither the file nor a remedy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml
from ansible.errors import AnsibleError
from ansible.parsing.vault import AnsibleVaultFormatError, VaultLib, VaultSecret, parse_vaulttext_envelope
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.files import replace_file
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import plaintext_problem, vault_state
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault_text import compose, duplicates
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import load_variables

NO_PASSWORD = "Ansible has no vault password: start it with ./bootstrap from the checkout, or give --vault-password-file."


_RESTORE = "put its last good copy there, or remove it to start again with new credentials"


class Vault(NamedTuple):
    """A vault's file and what it holds, both as they were read at one moment."""

    content: bytes
    text: str


def read_vault(path: Path, passwords: Sequence[tuple[str, VaultSecret]]) -> Vault | None:
    """Open a vault with the passwords that Ansible was started with; nothing where it is absent.

    Raises:
        Failure: It is plaintext or damaged, no password opens it, or what it holds are no variables. It has no cause: Ansible shows
            causes, and that of a YAML error quotes the vault.
    """
    file, here = path.resolve(), Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    try:
        state = vault_state(path)
        content = path.read_bytes() if state != "absent" else b""
    except OSError as error:
        raise Failure(f"The vault {shown} cannot be read ({error.strerror}): make it readable for you.") from None
    if state == "absent":
        return None
    if not content.strip():
        raise Failure(f"The vault {shown} is empty: {_RESTORE}.")
    if state == "plaintext":
        raise Failure(plaintext_problem(shown))
    return Vault(content, _checked(shown, _open(shown, content, passwords)))


def encrypt_like(text: str, like: bytes, vault: VaultLib) -> str:
    """Encrypt a text with the password and the vault id of another one."""
    password = vault.decrypt_and_get_vault_id(like)[2]
    label = parse_vaulttext_envelope(like)[3]
    encrypted: bytes = vault.encrypt(text, password, label)
    if vault.decrypt(encrypted) != text.encode():
        raise Failure("The vault's new text was encrypted, but does not open again as it was: run this again. Nothing was changed.")
    return encrypted.decode()


def replace_vault(path: Path, before: Vault, text: str, passwords: Sequence[tuple[str, VaultSecret]], *, check_mode: bool) -> None:
    """Encrypt a vault's new text as the old one was, and put it in its place; in check mode everything but that happens.

    Raises:
        Failure: It does not open again, or somebody else wrote the file meanwhile. The file is as it was.
    """
    encrypted = encrypt_like(text, before.content, VaultLib(passwords))
    if not check_mode:
        replace_file(path, encrypted, before.content)


def _open(path: Path, content: bytes, passwords: Sequence[tuple[str, VaultSecret]]) -> bytes:
    damaged = f"The vault {path} is damaged, it is not what ansible-vault writes: {_RESTORE}."
    try:
        cipher, label = parse_vaulttext_envelope(content)[2:]
    except AnsibleVaultFormatError:
        raise Failure(damaged) from None
    if cipher != "AES256":
        raise Failure(damaged)
    if not passwords:
        raise Failure(NO_PASSWORD)
    try:
        plaintext: bytes = VaultLib(passwords).decrypt(content)
    except AnsibleVaultFormatError:
        raise Failure(damaged) from None
    except AnsibleError:
        suffix = "" if label == "default" else f"-{label}"
        variable = "PLANNOIR_VAULT_PASSWORD" + re.sub(r"\W", "_", suffix).upper()
        given = f"in {variable}, {variable}_COMMAND or .vault-password{suffix}"
        if suffix:
            given += f", with --vault-id {label}@scripts/vault-password-client"
        raise Failure(
            f"The vault {path} cannot be opened with the password that Ansible was started with: give the right one {given}; "
            f"if the file itself was damaged, {_RESTORE}."
        ) from None
    return plaintext


def _checked(path: Path, plaintext: bytes) -> str:
    """Return the text of variables that Ansible can read: what its own parser says of others may quote a value."""
    edit = f"correct it with 'ansible-vault edit {path}'."
    try:
        text = plaintext.decode()
        root = compose(text)
        if root is not None and not isinstance(root, yaml.MappingNode):
            raise Failure("holds no variables (name: value)")
        if not any(duplicates(root)):  # Ansible warns of them, and would twice
            load_variables(text)
    except UnicodeDecodeError:
        raise Failure(f"The vault {path} opens, but it is no text in UTF-8: {edit}") from None
    except Failure as error:
        raise Failure(f"The vault {path} opens, but {error}: {edit}") from None
    return text
