# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploy a Helm release and watch it; documented in plugins/modules/release_deploy.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.watch import Deployment, Wanted


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                **CLUSTER_SPEC,
                "name": {"type": "str", "required": True},
                "chart": {"type": "path", "required": True},
                "values": {"type": "dict", "required": True},
                "wait": {"type": "bool", "default": True},
                "timeout": {"type": "int", "default": 180},
                "history": {"type": "int", "default": 5},
                "hooks": {"type": "bool", "default": True},
            }
        )[1]
        if self._task.check_mode:
            return {"changed": True}
        options = ("name", "chart", "values", "wait", "timeout", "history", "hooks")
        wanted = Wanted(**{option: parameters[option] for option in options})
        try:
            outcome = Deployment(Cluster.of(parameters), wanted, Display().display).run()
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        if not outcome.failed:
            return {"changed": True}
        early = [f"It was not waited for any longer after {outcome.seconds:.0f} s."] if outcome.ended_early else []
        message = "\n".join([f"{wanted.name} could not be deployed:", *outcome.causes, *early])
        return {"failed": True, "changed": outcome.changed, "msg": message}
