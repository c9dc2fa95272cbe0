# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the task's module, in this process where that can be; meta/runtime.yml names the modules."""

from __future__ import annotations

from typing import Any

from ansible_collections.plannoir.deploy.plugins.plugin_utils.controller import ControllerAction


class ActionModule(ControllerAction):
    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        return self._execute_module(task_vars=task_vars)
