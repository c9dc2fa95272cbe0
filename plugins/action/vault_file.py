# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a vault file; documented in plugins/modules/vault_file.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.parsing.vault import VaultLib
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
        _, parameters = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "template": {"type": "path"},
                "certificate_hosts": {"type": "list", "elements": "str", "default": ["localhost"]},
            }
        )
        path = Path(parameters["path"])
        state = vault_state(path)
        if state == "encrypted":
            return {"changed": False, "names": []}
        try:
            if state == "plaintext":
                raise VaultError(plaintext_problem(path))
            template = Path(parameters["template"] or TEMPLATE).read_text(encoding="utf-8")
            text = render(template, parameters["certificate_hosts"])
            passwords = self._loader._vault.secrets
            if not passwords:
                raise VaultError(
                    "Ansible has no vault password: start it with ./bootstrap from the checkout, or give --vault-password-file."
                )
            if not self._task.check_mode:
                write_new(path, VaultLib(passwords).encrypt(text).decode())
        except (VaultError, OSError) as error:
            raise AnsibleActionFail(str(error)) from error
        return {"changed": True, "names": variable_names(template)}
