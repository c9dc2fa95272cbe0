# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring Secrets into a namespace; documented in plugins/modules/kubernetes_secrets.py."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.credentials import empty_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.redaction import Redactor
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import SecretChanges, SecretStore, secret_names


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(
            argument_spec={
                **CLUSTER_SPEC,
                "application": {"type": "str", "required": True},
                "key": {"type": "str", "default": "", "no_log": True},
                "secrets": {"type": "dict", "required": True, "no_log": True},
            }
        )[1]
        secrets = parameters["secrets"]
        if problems := list(empty_problems(secrets)):
            raise AnsibleActionFail("\n".join(problems))
        store = SecretStore(Cluster.of(parameters), parameters["application"], parameters["key"])
        try:
            plan = store.plan(secrets)
            if not self._task.check_mode:
                store.carry_out(plan)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        except Failure as error:
            # What kubectl quotes may hold a value, as text or in the encoded form.
            message = Redactor(store.definitions(secrets)).redact(str(error))
            if not self._task.check_mode:
                raise AnsibleActionFail(message) from None
            Display().warning(message)
            plan = SecretChanges()
        names = secret_names(secrets, parameters["key"])
        return {"changed": plan.changed, "names": names, "diff": {"before": plan.before, "after": plan.after}}
