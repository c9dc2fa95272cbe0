# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the variables where they are known, on the controller, then have the module of the same name look at the machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.plannoir.deploy.plugins.module_utils._component.checks import published_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import RULES, name_problem
from ansible_collections.plannoir.deploy.plugins.module_utils._component.quantities import growth_hints, room_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import Component, load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._component.specification import OPTIONS
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import migration_sources
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.early import NODE_VARIABLES, variable_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import parse_memory
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.addresses import address_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.cluster import cluster_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.credentials import Values, credential_problems, named_values
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.exposure import browser_hints, browser_problems, exposed_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.registry import registry_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import Documentation, load_documentation
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.template import made_names
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import service_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._services.forms import same_server
from ansible_collections.plannoir.deploy.plugins.module_utils._services.gateway import gateway_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._services.references import reference_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.problems import check_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC
from ansible_collections.plannoir.deploy.plugins.plugin_utils.controller import ControllerAction
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_services import PlayServices
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play_variables import PlayVariables, given_beside, place
from ansible_collections.plannoir.deploy.plugins.plugin_utils.requirements import package_problems
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_data import as_data, template_problem, templates_of_vaults
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import load_variables

ROLES = Path(__file__).resolve().parents[2] / "roles"


class ActionModule(ControllerAction):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        task_vars = task_vars or {}
        path = Path(arguments["vault_file"]) if arguments.get("vault_file") else None
        try:
            vault = read_vault(path, self._loader._vault.secrets) if path else None
        except Failure as error:
            raise AnsibleActionFail(str(error)) from None
        documentation = load_documentation(ROLES)
        documentation.options["app_checks"] = {**documentation.options["app_checks"], "options": CHECK_SPEC}
        documentation.options["app_components"] = {**documentation.options["app_components"], "options": OPTIONS}
        # Where Ansible does not look for a vault by itself, it is loaded after this.
        held = load_variables(vault.text) if vault else {}
        templates = templates_of_vaults(task_vars)
        given = {**task_vars, **{name: as_data(task_vars[name]) for name in templates}}
        known = {**given, **{name: value for name, value in held.items() if name not in given}}
        services = PlayServices(self._templar, known, vault_is_new=vault is None)
        made = list(made_names(services.parts)) if path else []
        variables = PlayVariables(self._templar, known, documentation, services.vault_names, made)
        problems = [template_problem(name, written) for name, written in templates.items()]
        problems += [*services.problems, *variables.problems(own=arguments.get("own_variables", []))]
        spelled = list(variables.spelling_problems(self._loader.get_text_file_contents, path, vault.text if vault else ""))
        problems += filter(None, _misnamed(services, variables))
        if variables.values.get("minikube_network_policy"):
            problems += package_problems(["kubernetes", "requests"], "minikube_network_policy")
        elif arguments.get("minikube") and variables.values.get("minikube_metrics_server", _scales(variables.values.get("app_components"))):
            problems += package_problems(["kubernetes", "requests"], "minikube_metrics_server, for autoscale,")
        named = variables.values.get("app_components")
        problems += reference_problems(named if isinstance(named, list) else [], services.names, services.known, place)
        if not any(problem.startswith("images_registry") for problem in problems):
            # Those of the command line keep no place, so that one which overrides a role's default is not among the values.
            registry, login, ca = (variables.resolve(f"images_registry{end}")[0] for end in ("", "_credentials", "_ca"))
            problems += registry_problems(str(registry or ""), login or {}, str(ca or ""))
        if arguments.get("minikube"):
            # A truth keeps no place, so that one which overrides a role's default is not among the values.
            problems += variable_problems({name: variables.resolve(name)[0] for name in NODE_VARIABLES})
        judged = Judged()
        # Components with an unknown option or an undefined value are reported already, and could only be reported again.
        if "app_components" in variables.values and not any(problem.startswith("app_components") for problem in problems):
            checks = [] if any(problem.startswith("app_checks") for problem in problems) else variables.values.get("app_checks") or []
            judged = _judge_components(services, variables, arguments, held, known, checks)
            problems += judged.problems
            arguments["sources"] = judged.sources
        if not _has_minikube(variables):
            built = [source["component"] for source in arguments.get("sources") or []]
            kubeconfig, context, registry, engine = (
                variables.values.get(name) for name in ("cluster_kubeconfig", "cluster_context", "images_registry", "cluster_engine")
            )
            problems += cluster_problems(str(kubeconfig or ""), str(context or ""), str(registry or ""), engine, built)
        result: dict[str, Any] = self._execute_module(module_name="plannoir.deploy.preflight", module_args=arguments, task_vars=task_vars)
        if result.get("failed"):
            return result
        problems += result["problems"]
        node, remedies = _node(variables, documentation, result.get("cpus") or 0)
        problems += room_problems(judged.fitting, node, remedies)
        problems = list(dict.fromkeys([*spelled, *problems]))  # a clash of two components is one of the application, too
        if problems:
            count = f"{len(problems)} problems were found" if len(problems) > 1 else "A problem was found"
            raise AnsibleActionFail("\n".join([f"{count}; nothing was changed.", *(f"- {problem}" for problem in problems)]))
        beside = given_beside(path, task_vars) if path else set()
        lacks = [name for name in made if name not in held and name not in beside]
        wanted = vault or services.want_vault or any(judged.secrets.values())
        write = path and wanted and (lacks or not variables.come_from(path))
        return {
            "changed": False,
            "vault_services": services.with_values if write else None,
            "warnings": [*judged.hints, *growth_hints(judged.fitting, node)],
        }


@dataclass
class Judged:
    """What was found in the components."""

    problems: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    secrets: dict[str, Any] = field(default_factory=dict)
    sources: list[dict[str, Any]] = field(default_factory=list)
    """What is built, as the module wants it."""
    fitting: list[Component] = field(default_factory=list)
    """All components; none where some are not as the specification wants them."""


def _judge_components(
    services: PlayServices,
    variables: PlayVariables,
    arguments: Mapping[str, Any],
    held: Mapping[str, Any],
    known: Collection[str],
    checks: Sequence[Any],
) -> Judged:
    """Look at all that is deployed: the application's components and those of its services.

    Args:
        services: Those that the play names.
        variables: The play's.
        arguments: The task's.
        held: What the vault's file holds.
        known: The variables that are defined, those of the vault's file among them.
        checks: The steps of ``app_checks``, none where their options are wrong.
    """
    problems = list(service_problems(services.names, variables.values["app_components"], services.known))
    if "gateway" in services.names:
        problems += gateway_problems(variables.resolve("services_gateway_routes")[0], variables.values["app_components"])
    deployed, undefined = services.deployed(variables)
    components, component_problems = load_components(deployed, str(variables.values.get("app_name", "")))
    problems += undefined or component_problems
    published = (arguments.get("minikube") or {}).get("ports")
    if published is not None:
        problems += published_problems(components, published, variables.resolve("cluster_host")[0])
    sources = [source for component in components for source in _sources(component)]
    if undefined:
        return Judged(problems, sources=sources)
    secrets = component_secrets(components)
    vault_names, accepted = variables.vault_variables(), arguments.get("accepted_values", [])
    vault_names |= _respelt(secrets, vault_names)
    problems += credential_problems(components, secrets, vault_names, accepted)
    public = variables.values.get("app_public_values") or []
    of_services = [name for service in services.known.values() for name in service.public]
    problems += (f"app_public_values names {name}, which the vault does not hold: correct it." for name in public if name not in known)
    problems += exposed_problems(components, variables.vault_values(held), [*public, *of_services])
    problems += browser_problems(secrets, accepted)
    problems += address_problems(
        components,
        secrets,
        vault_names,
        services.known,
        str(variables.values.get("app_namespace", "")),
        ports=published or [],
        shared=bool(variables.values.get("namespace_shared")),
        accepted=accepted,
    )
    if not component_problems:
        problems += migration_sources(components, Path(arguments.get("source_root") or "."))[1]
        problems += check_problems(checks, components, place)
    hints = list(browser_hints(components, accepted))
    return Judged(problems, hints, secrets, sources, [] if component_problems else components)


def _scales(components: object) -> bool:
    """Tell whether some component, of what may be none yet, is scaled."""
    return isinstance(components, list) and any(isinstance(item, Mapping) and item.get("autoscale") for item in components)


def _respelt(secrets: Values, vault_names: Mapping[str, str]) -> dict[str, str]:
    """Return value -> the vault's variable that it says in the spelling of another client."""
    urls = {value: name for value, name in vault_names.items() if "://" in value}
    values = {value for _name, _kind, _key, value in named_values(secrets) if "://" in value and value not in urls}
    return {value: name for value in values for url, name in urls.items() if same_server(value, url)}


def _node(variables: PlayVariables, documentation: Documentation, machine_cpus: int) -> tuple[dict[str, Fraction], dict[str, str]]:
    """Return what the node has, for ``room_problems``, and what gives it more; nothing where the cluster is none of ours."""
    names = ("minikube_profile", "cluster_context", "minikube_cpus", "minikube_memory", "minikube_nodes")
    profile, context, cpus, memory, nodes = (
        variables.values.get(name, documentation.options.get(name, {}).get("default")) for name in names
    )
    if not profile or profile != context or not _has_minikube(variables):
        return {}, {}
    try:
        # Minikube's container sees every core of its machine, and only its share of the memory.
        count = int(str(nodes))
        node = {"cpu": Fraction(max(int(str(cpus)), machine_cpus) * count), "memory": Fraction(parse_memory(str(memory)) * count << 20)}
    except ValueError:
        return {}, {}  # it is named where all variables are
    return node, {
        name: f"raise {variable} (-e minikube_recreate=true makes the cluster anew, without its data)"
        for name, variable in (("cpu", "minikube_cpus"), ("memory", "minikube_memory"))
    }


def _has_minikube(variables: PlayVariables) -> bool:
    return bool(boolean(variables.values.get("minikube_manage", True), strict=False))


def _misnamed(services: PlayServices, variables: PlayVariables) -> Iterator[str]:
    """Say what is wrong with the names that a person gave, and with those that follow from them."""
    rules = {**RULES, **services.name_rules}
    for variable, rule in rules.items():
        value = variables.values.get(variable) if variable in variables.places else variables.resolve(variable)[0]
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield name_problem(variable, value, rule, variables.places.get(variable, ""))


def _sources(component: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if build := component["build"]:
        yield {"component": component["name"], "live": bool(component["live"]), **build}
