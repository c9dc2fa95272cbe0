# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from the specification of a component: its check, its defaults, its Helm values.

A component is an element of ``app_components``: one Deployment or CronJob with its Service, Secrets and image. ``specification.yml``
beside this file says which options exist, of which type and format, with which default; modules cannot read it where they run, so
``specification.py`` is generated from it. ``checks`` adds what goes across options.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal, TypeAlias

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._core.texts import text
from .checks import JOBS, WITHOUT_REQUEST, component_problems
from .names import clash_problems
from .specification import OPTIONS

Component: TypeAlias = Mapping[str, Any]
Stage: TypeAlias = Literal["extras", "app"]
Spec: TypeAlias = Mapping[str, Mapping[str, Any]]

BUILD_SPEC: Spec = OPTIONS["build"]["options"]


def load_components(raw: object, application: str = "") -> tuple[list[Component], list[str]]:
    """Check ``app_components`` as a person wrote it.

    Args:
        raw: What the variable holds.
        application: Its releases have objects, too, which no component may be called like; empty where it does not matter.

    Returns:
        The components with types converted and defaults filled in, and the problems, a sentence each. With problems the
        components are not fit for use.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return [], ["app_components must be a list of components, each with a name."]
    components: list[Component] = []
    problems: list[str] = []
    for index, item in enumerate(raw):
        if not isinstance(item, Mapping):
            problems.append(f"app_components[{index}] must be a dictionary with a name.")
            continue
        where = f"app_components[{index}] ({item.get('name') or 'unnamed'})"
        # Ansible's validator takes text for a dictionary, and stumbles over a number.
        if misshapen := list(_misshapen(OPTIONS, item)):
            problems += [f"{where}: {option} must be a dictionary." for option in misshapen]
            continue
        problems += [f"{where}: {problem}" for problem in _unscalable(item)]
        # The validator hands out the default dictionaries of its spec, and fills them in.
        result = ArgumentSpecValidator(deepcopy(OPTIONS)).validate(with_texts(item))
        problems += [f"{where}: {message.rstrip('.')}." for message in result.error_messages]
        if not result.error_messages:
            components.append(result.validated_parameters)
    problems += [*component_problems(components), *clash_problems(components, application)]
    return [_with_defaults(component) for component in components], problems


def _unscalable(given: Mapping[str, Any]) -> Iterator[str]:
    """Say what of a component's options, as a person wrote them, autoscale cannot go with: a default of theirs says nothing."""
    if not given.get("autoscale"):
        return
    if given.get("replicas") is not None:
        yield "replicas is a number that stays, and autoscale chooses one: keep one of them (-e app_replicas=N sets the first only)."
    if not given.get("resources") and not given.get("schedule"):
        yield WITHOUT_REQUEST


def _misshapen(spec: Spec, parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for option, definition in spec.items():
        value = parameters.get(option)
        if value is None or definition["type"] != "dict":
            continue
        if isinstance(value, Mapping):
            yield from _misshapen(definition.get("options", {}), value, f"{prefix}{option}.")
        else:
            yield prefix + option


def with_texts(parameters: Mapping[str, Any], spec: Spec = OPTIONS) -> dict[str, Any]:
    """Return options in which everything that is a text by the specification is one: YAML reads 8080 and true as something else.

    Built-in dictionaries and lists take the place of Ansible's: its validator copies its input, and theirs with every variable.
    """
    return {key: _with_texts(value, spec.get(key, {})) for key, value in parameters.items()}


def _with_texts(value: Any, definition: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        if "options" in definition:
            return with_texts(value, definition["options"])
        absent = "" if definition.get("empty") else None
        return {text(key): absent if item is None else _with_texts(item, {"type": "str"}) for key, item in value.items()}
    if isinstance(value, list):
        element = {**definition, "type": definition.get("elements")}
        return [_with_texts(item, element) for item in value]
    return text(value) if definition.get("type") == "str" and value is not None else value


def _with_defaults(component: Component) -> Component:
    """Fill in the defaults that depend on other options: the Service listens on the container's port."""
    service = dict(component["service"])
    service["port"] = service["port"] or component["port"]
    return {**component, "service": service, "probes": _with_probes(component["probes"] or {}, listens=bool(component["port"]))}


def _with_probes(probes: Mapping[str, Any], *, listens: bool) -> dict[str, Any]:
    """Add what nobody asked for and is needed: time to start before liveness counts, and a question before a pod is called ready."""
    given = {kind: probe for kind, probe in probes.items() if probe}
    if not given:
        return {} if not listens else {**probes, "readiness": {**_probe_defaults("readiness"), "tcp": True}}
    if "startup" in given or "liveness" not in given:
        return dict(probes)
    liveness, default = given["liveness"], _probe_defaults("startup")
    ends_after = liveness["initial_delay"] + liveness["period"] * liveness["failure_threshold"]
    tries = max(default["failure_threshold"], math.ceil(ends_after / default["period"]))
    timing = {"initial_delay": default["initial_delay"], "period": default["period"], "failure_threshold": tries}
    return {**probes, "startup": {**liveness, **timing}}


def _probe_defaults(kind: str) -> dict[str, Any]:
    return {option: definition.get("default") for option, definition in OPTIONS["probes"]["options"][kind]["options"].items()}


def chart_values(component: Component, image_ref: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Map a component to its Helm values: camelCase, what is empty left out, key names instead of secret values.

    Args:
        component: As ``load_components`` returns it.
        image_ref: The reference that the cluster pulls or holds.
        secrets: Name of the component's Secret by kind, as ``secret_names`` returns it.
    """
    values: dict[str, Any] = {**_camel(OPTIONS, component, expand=component["expand"]), "image": image_ref}
    if component["autoscale"]:
        del values["replicas"]
    if component["secret_env"]:
        values["secretName"] = secrets["env"]
    if component["secret_files"]:
        values["secretFiles"]["secretName"] = secrets["files"]
    if component["pull_credentials"]:
        values["pullSecret"] = secrets["pull"]
    for job in JOBS:
        if component[job] and component[job]["secret_env"]:
            values[job]["secretName"] = secrets[job]
    return values


def _camel(spec: Spec, parameters: Mapping[str, Any], *, expand: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option, definition in spec.items():
        value = parameters.get(option)
        if not definition.get("chart", True) or value in (None, "", [], {}):
            continue
        if nested := definition.get("options"):
            several = definition["type"] == "list"
            value = [_camel(nested, item, expand=expand) for item in value] if several else _camel(nested, value, expand=expand)
            if not value:
                continue
        elif definition["type"] == "dict" and definition.get("no_log"):
            value = sorted(value)
        elif definition.get("process") and not expand:
            value = {key: _literal(item) for key, item in value.items()} if isinstance(value, Mapping) else list(map(_literal, value))
        values[camel_case(option)] = value
    return values


def _literal(value: str) -> str:
    """Write a text so that the kubelet's expansion of ``$(NAME)`` gives it back: to it, ``$$`` is a dollar."""
    return value.replace("$", "$$")


def camel_case(option: str) -> str:
    """Return the name that an option has among Helm values."""
    head, *tail = option.split("_")
    return head + "".join(word.capitalize() for word in tail)
