# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a vault file; documented in plugins/modules/vault_file.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib, VaultSecret, match_encrypt_secret
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.files import write_new
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import TEMPLATE, render, variable_names, vault_state
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import NO_PASSWORD, check_vault


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "template": {"type": "path"},
                "certificate_hosts": {"type": "list", "elements": "str", "default": ["localhost"]},
            }
        )[1]
        path = Path(parameters["path"])
        try:
            names = self._make(path, Path(parameters["template"] or TEMPLATE), parameters["certificate_hosts"])
        except (Failure, OSError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": bool(names), "names": names}

    def _make(self, path: Path, template: Path, hosts: list[str]) -> list[str]:
        passwords = self._loader._vault.secrets
        if not passwords:
            raise Failure(NO_PASSWORD)
        if vault_state(path) != "absent":
            check_vault(path, passwords)
            return []
        text = template.read_text(encoding="utf-8")
        plaintext = render(text, hosts)
        if not self._task.check_mode:
            vault_id, password = _encryption_password(path, passwords)
            write_new(path, VaultLib(passwords).encrypt(plaintext, password, vault_id).decode())
        return variable_names(text)


def _encryption_password(path: Path, passwords: list[tuple[str, VaultSecret]]) -> tuple[str, VaultSecret]:
    """Choose the id that Ansible was told to encrypt with, or that is called like the inventory that the vault stands in, or the first."""
    here = path.absolute().as_posix()
    wanted = constants.DEFAULT_VAULT_ENCRYPT_IDENTITY or next(
        (name for name, _secret in passwords if f"/inventories/{name}/" in here), None
    )
    chosen: tuple[str, VaultSecret] = match_encrypt_secret(passwords, wanted)
    return chosen
