# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules of this collection without a program of their own, where the controller is the machine that they look at.

Ansible packs each module call into an archive and starts a Python for it, and that Python imports everything anew. Where the connection is
local, and nobody becomes another user, the process that Ansible forks for the task anyway can call the module's ``main`` as well. All else
goes Ansible's own way.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase

MODULES = "ansible_collections.plannoir.deploy.plugins.modules"
PROFILE = "legacy"
"""How Ansible writes the arguments and results of modules that name nothing else."""


class ControllerAction(ActionBase):  # type: ignore[misc]  # ansible has no types
    """An action that runs its module in its own process where it can."""

    def _execute_module(
        self,
        module_name: str | None = None,
        module_args: dict[str, Any] | None = None,
        tmp: str | None = None,
        task_vars: dict[str, Any] | None = None,
        **others: Any,
    ) -> dict[str, Any]:
        name = module_name or self._task.resolved_action or self._task.action
        arguments = dict(self._task.args if module_args is None else module_args)
        if not self._runs_here():
            elsewhere: dict[str, Any] = super()._execute_module(name, arguments, tmp, task_vars, **others)
            return elsewhere
        self._update_module_args(name, arguments, task_vars or {})
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        parsed = self._parse_returned_data({"stdout": call(name, arguments, environment), "stderr": "", "rc": 0}, PROFILE)
        if not isinstance(parsed, dict):  # ansible-core has an object of its own since 2.21
            parsed = parsed.as_result_dict(for_round_trip=True)
        # What Ansible itself takes out of a module's result.
        internal = {key for key in parsed if key.startswith("_ansible_") and key != "_ansible_parsed"}
        empty = {key for key in ("warnings", "deprecations") if not parsed.get(key)}
        return {key: value for key, value in parsed.items() if key not in internal | empty}

    def _runs_here(self) -> bool:
        return self._connection.transport == "local" and not self._play_context.become and not self._task.async_val


def call(name: str, arguments: Mapping[str, Any], environment: Mapping[str, Any]) -> str:
    """Call a module and return what it prints.

    Args:
        name: Of the module, with or without its collection.
        arguments: Its options, and Ansible's own ones for every module.
        environment: Variables that it finds beside those of this process.
    """
    module = import_module(f"{MODULES}.{name.rpartition('.')[2]}")
    printed = io.StringIO()
    with _environment(environment), _arguments(arguments), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    return printed.getvalue()


@contextlib.contextmanager
def _arguments(arguments: Mapping[str, Any]) -> Iterator[None]:
    """Put arguments where AnsibleModule looks for them; Ansible's wrapper of a module does the same."""
    encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
    before = basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode(), PROFILE
    try:
        yield
    finally:
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = before


@contextlib.contextmanager
def _environment(variables: Mapping[str, Any]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update({name: str(value) for name, value in variables.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
