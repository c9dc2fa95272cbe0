# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a cluster's nodes pull; documented in plugins/modules/images_pull_info.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.registry import REGISTRY_SPEC, Registry

SPEC: dict[str, dict[str, Any]] = {
    **CLUSTER_SPEC,
    **REGISTRY_SPEC,
    "application": {"type": "str", "required": True},
    "refs": {"type": "list", "elements": "str", "required": True},
    "node_selector": {"type": "dict", "default": {}},
    "tolerations": {"type": "list", "elements": "dict", "default": []},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = self.validate_argument_spec(argument_spec=SPEC)[1]
        cluster = Cluster.of(given)
        from ansible_collections.plannoir.deploy.plugins.module_utils._images.pull import needless, pull_problems  # only a build needs it
        from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets

        try:
            idle = self._task.check_mode or not given["refs"] or not cluster.is_there
            if idle or needless(cluster, given["application"], given["name"]):
                return {"changed": False, "asked": False}
            environment: dict[str, str] = {}
            self._compute_environment_string(environment)
            registry = Registry.of(given)
            image = registry.put_image(given["refs"][0].rpartition(":")[0], Docker(environment).platform())
            credentials = {"username": given["username"], "password": given["password"], "registry": registry.host}
            pseudo = {"name": "pull", "pull_credentials": credentials if given["username"] else None}
            login = component_secrets([pseudo])["pull"].get("pull", {})
            problems, notes = pull_problems(cluster, given["application"], image, login, given["node_selector"], given["tolerations"])
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        if problems:
            raise AnsibleActionFail("\n".join([*problems, "Nothing was built."]))
        return {"changed": False, "asked": True, "warnings": notes}
