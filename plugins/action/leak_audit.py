# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for the vault passwords that Ansible was given, too, wherever they came from, and let commands open the same vaults."""

from __future__ import annotations

from typing import Any

from ansible import context
from ansible_collections.plannoir.deploy.plugins.plugin_utils.controller import ControllerAction


class ActionModule(ControllerAction):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        passwords: dict[str, str] = {}
        for name, secret in self._loader._vault.secrets or []:
            label = "vault password" if name == "default" else f"vault password {name}"
            # One vault id may have several passwords.
            while label in passwords:
                label += ", another one"
            passwords[label] = secret.bytes.decode("utf-8", "surrogateescape")
        arguments["values"] = {**passwords, **arguments["values"]}
        environment = _vault_environment()
        commands = arguments.get("commands") or []
        arguments["commands"] = [{**each, "environment": {**environment, **(each.get("environment") or {})}} for each in commands]
        result: dict[str, Any] = self._execute_module(module_name="plannoir.deploy.leak_audit", module_args=arguments, task_vars=task_vars)
        return result


def _vault_environment() -> dict[str, str]:
    """Return the variables that give another ansible-playbook this one's vault passwords, where no person is asked for them."""
    files = [f"default@{file}" for file in context.CLIARGS.get("vault_password_files") or ()]
    identities = [identity for identity in context.CLIARGS.get("vault_ids") or () if "prompt" not in identity.rpartition("@")[2]]
    return {"ANSIBLE_VAULT_IDENTITY_LIST": ",".join([*files, *identities])} if files or identities else {}
