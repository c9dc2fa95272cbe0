# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the variables where they are known, on the controller, then have the module of the same name look at the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.objects import name_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.credentials import credential_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import load_documentation
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import TEMPLATE
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_variables import PlayVariables
from ansible_collections.plannoir.deploy.plugins.plugin_utils.requirements import package_problems
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import check_vault

ROLES = Path(__file__).resolve().parents[2] / "roles"


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        vault = Path(arguments["vault_file"]) if arguments.get("vault_file") else None
        if vault:
            try:
                check_vault(vault, self._loader._vault.secrets)
            except Failure as error:
                raise AnsibleActionFail(str(error)) from None
        template = Path(arguments.get("vault_template") or TEMPLATE).read_text(encoding="utf-8") if vault else ""
        documentation = load_documentation(ROLES)
        documentation.options["app_checks"] = {**documentation.options["app_checks"], "options": CHECK_SPEC}
        variables = PlayVariables(self._templar, task_vars or {}, documentation, template, vault_is_made=bool(vault and vault.exists()))
        problems = list(variables.problems(own=arguments.get("own_variables", [])))
        application, namespace = (variables.values.get(name) for name in ("app_name", "app_namespace"))
        if isinstance(application, str) and isinstance(namespace, str):
            problems += name_problems(application, namespace)
        if variables.values.get("minikube_network_policy"):
            problems += package_problems(["kubernetes", "requests"], "minikube_network_policy")
        accepted = arguments.get("accepted_credentials", [])
        # Components with an unknown option or an undefined value are reported already, and could only be reported again.
        if "app_components" in variables.values and not any(problem.startswith("app_components") for problem in problems):
            components, component_problems = load_components(variables.values["app_components"])
            problems += component_problems
            problems += credential_problems(components, component_secrets(components), variables.vault_variables(), accepted)
            arguments["sources"] = [source for component in components for source in _sources(component)]
        result: dict[str, Any] = self._execute_module(module_name="plannoir.deploy.preflight", module_args=arguments, task_vars=task_vars)
        problems += result.get("problems", [])
        if problems:
            count = f"{len(problems)} problems were found" if len(problems) > 1 else "A problem was found"
            raise AnsibleActionFail("\n".join([f"{count}; nothing was changed.", *(f"- {problem}" for problem in problems)]))
        return {"changed": False, "vault_loaded": not vault or variables.come_from(vault)}


def _sources(component: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    if build := component["build"]:
        yield {"component": component["name"], "context": build["context"], "dockerfile": build["dockerfile"]}
