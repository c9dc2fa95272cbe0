# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a registry for images; documented in plugins/modules/images_registry_info.py.

It runs where no value is hidden from outputs (Ansible's no_log): a short password would be cut out of the references.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.registry import REGISTRY_SPEC, Registry
from ansible_collections.plannoir.deploy.plugins.module_utils._images.push import by_digest, digests, node_platforms, push_problems


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = self.validate_argument_spec(
            argument_spec={**CLUSTER_SPEC, **REGISTRY_SPEC, "refs": {"type": "dict", "required": True}},
        )[1]
        references: dict[str, str] = given["refs"]
        try:
            registry = Registry.of(given)
            found = digests(list(references.values()), registry)
            missing = [reference for reference, digest in found.items() if not digest]
            notes: list[str] = []
            if missing and not self._task.check_mode:
                platforms, notes = node_platforms(Cluster.of(given))
                environment: dict[str, str] = {}
                self._compute_environment_string(environment)
                if problems := push_problems(missing, registry, Docker(environment), platforms):
                    raise AnsibleActionFail("\n".join(problems))
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        refs = {name: by_digest(reference, found[reference]) if found[reference] else reference for name, reference in references.items()}
        return {
            "changed": False,
            "refs": refs,
            "present": [reference for reference in found if found[reference]],
            "missing": missing,
            "warnings": notes,
        }
