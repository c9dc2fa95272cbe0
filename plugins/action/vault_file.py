# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a vault file, or add what it lacks; documented in plugins/modules/vault_file.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib, VaultSecret, match_encrypt_secret
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.files import write_new
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import Rotation
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.template import (
    Part,
    additions,
    made_names,
    new_vault,
    vault_parts,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_variables import given_beside
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import NO_PASSWORD, Vault, read_vault, replace_vault
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import check_rotation, load_variables


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "services": {"type": "list", "elements": "str", "default": []},
                "secrets": {"type": "list", "elements": "str", "default": []},
            }
        )[1]
        path, known = Path(parameters["path"]), load_services()
        if unknown := [name for name in parameters["services"] if name not in known]:
            raise AnsibleActionFail(f"There is no service {', '.join(unknown)}: take one of {', '.join(known)}.")
        try:
            parts = vault_parts([known[name] for name in parameters["services"]], parameters["secrets"])
            vault = read_vault(path, self._loader._vault.secrets)
            names = self._complete(path, vault, parts, task_vars or {}) if vault else self._make(path, parts)
        except (Failure, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        diff = {"before": {}, "after": dict.fromkeys(names, "a new value")}
        return {"changed": bool(names), "names": names, "diff": diff}

    def _make(self, path: Path, parts: Sequence[Part]) -> list[str]:
        passwords = self._loader._vault.secrets
        if not passwords:
            raise Failure(NO_PASSWORD)
        plaintext = new_vault(parts)
        if not self._task.check_mode:
            vault_id, password = _encryption_password(path, passwords)
            write_new(path, VaultLib(passwords).encrypt(plaintext, password, vault_id).decode())
        return list(made_names(parts))

    def _complete(self, path: Path, vault: Vault, parts: Sequence[Part], variables: dict[str, Any]) -> list[str]:
        """Put what a vault lacks behind what it holds, and return the names; what the play has from elsewhere is not lacking."""
        added = additions(parts, {*load_variables(vault.text), *given_beside(path, variables)})
        if not added:
            return []
        values = load_variables(added)
        text = "\n".join([vault.text.rstrip("\n"), "", added])
        try:
            check_rotation(vault.text, Rotation(text, values), {}, 0)
        except Failure:
            names = ", ".join(values)
            raise Failure(
                f"The vault {path} lacks {names}, and nothing can be written behind its last line: put values there with 'ansible-vault "
                f"edit {path}'. Nothing was changed."
            ) from None
        replace_vault(path, vault, text, self._loader._vault.secrets, check_mode=self._task.check_mode)
        return list(values)


def _encryption_password(path: Path, passwords: list[tuple[str, VaultSecret]]) -> tuple[str, VaultSecret]:
    """Choose the id that Ansible was told to encrypt with, or that is called like the inventory that the vault stands in, or the first."""
    here = path.absolute().as_posix()
    wanted = constants.DEFAULT_VAULT_ENCRYPT_IDENTITY or next(
        (name for name, _secret in passwords if f"/inventories/{name}/" in here), None
    )
    chosen: tuple[str, VaultSecret] = match_encrypt_secret(passwords, wanted)
    return chosen
