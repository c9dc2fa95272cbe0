# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a Minikube profile for the rest of the play; documented in plugins/modules/minikube_lock.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play import lock_file, wait_for


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                "profile": {"type": "str", "required": True},
                "home": {"type": "path"},
                "timeout": {"type": "float", "default": 600},
            }
        )[1]
        if self._task.check_mode:
            return {"changed": False, "waited": False}
        path = Files.of(parameters["home"], parameters["profile"]).lock
        try:
            waited = wait_for(lambda: lock_file(path), f"The Minikube profile {parameters['profile']}", parameters["timeout"])
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        except OSError as error:
            raise AnsibleActionFail(
                f"The lock file {path} cannot be written ({error.strerror}): make its folder writable for you."
            ) from None
        return {"changed": False, "waited": waited}
