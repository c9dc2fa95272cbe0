# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Push images; documented in plugins/modules/images_push.py.

It runs where no value is hidden from outputs (Ansible's no_log): a short password would be cut out of the references.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.registry import REGISTRY_SPEC, Registry
from ansible_collections.plannoir.deploy.plugins.module_utils._images.push import push_images, unneeded

PATIENCE = 600
"""Seconds without a word of the engine."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = self.validate_argument_spec(
            argument_spec={
                **REGISTRY_SPEC,
                "refs": {"type": "list", "elements": "str", "required": True},
                "keep": {"type": "int", "default": 5},
            }
        )[1]
        if self._task.check_mode:
            return {"changed": bool(given["refs"]), "pushed": [], "unneeded": []}
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        try:
            registry, engine = Registry.of(given), Docker(environment, timeout=PATIENCE)
            pushed, problems = push_images(given["refs"], registry, engine, Display().display)
            left = [] if problems else unneeded(given["refs"], registry, engine, given["keep"])
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        failure = {"failed": True, "msg": "\n".join(problems)} if problems else {}
        return {"changed": bool(pushed), "pushed": pushed, "unneeded": left, **failure}
