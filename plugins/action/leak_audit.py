# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Add the vault passwords that Ansible was given, wherever they came from, to what the module looks for."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        passwords = {
            "vault password" if name == "default" else f"vault password {name}": secret.bytes.decode("utf-8", "surrogateescape")
            for name, secret in self._loader._vault.secrets or []
        }
        arguments["values"] = {**passwords, **arguments["values"]}
        result: dict[str, Any] = self._execute_module(module_name="plannoir.deploy.leak_audit", module_args=arguments, task_vars=task_vars)
        return result
