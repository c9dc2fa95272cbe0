# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a vault file; documented in plugins/modules/vault_file.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils.vault_file import (
    TEMPLATE,
    VaultError,
    plaintext_problem,
    render,
    variable_names,
    vault_state,
    write_new,
)


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
        except (VaultError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error
        return {"changed": bool(names), "names": names}

    def _make(self, path: Path, template: Path, hosts: list[str]) -> list[str]:
        passwords = self._loader._vault.secrets
        if not passwords:
            raise VaultError("Ansible has no vault password: start it with ./bootstrap from the checkout, or give --vault-password-file.")
        state = vault_state(path)
        if state == "plaintext":
            raise VaultError(plaintext_problem(path))
        if state == "encrypted":
            _try_to_open(path, passwords)
            return []
        text = template.read_text(encoding="utf-8")
        plaintext = render(text, hosts)
        if not self._task.check_mode:
            write_new(path, VaultLib(passwords).encrypt(plaintext).decode())
        return variable_names(text)


def _try_to_open(path: Path, passwords: list[tuple[str, VaultSecret]]) -> None:
    try:
        VaultLib(passwords).decrypt(path.read_bytes())
    except AnsibleError as error:
        raise VaultError(
            f"The vault {path} cannot be opened with the password that Ansible was started with: give the right one in "
            "PLANNOIR_VAULT_PASSWORD or .vault-password; to start again with new credentials, remove the vault."
        ) from error
