# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one typed definition of a component, as an Ansible argument spec, and what follows from it.

A component is an element of ``app_components``: one Deployment with its Service, Secrets and image. ``COMPONENT_SPEC`` says
which options exist, of which type, with which default; ``plugins/doc_fragments/component.py`` documents them;
``component_checks`` adds what an argument spec cannot say; ``chart_values`` maps a component to Helm values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .checks import JOBS, component_problems

Component: TypeAlias = Mapping[str, Any]
Stage: TypeAlias = Literal["extras", "app"]
Spec: TypeAlias = dict[str, dict[str, Any]]

_STRINGS: dict[str, Any] = {"type": "list", "elements": "str", "default": []}
_QUANTITIES: dict[str, Any] = {"type": "dict", "options": {"cpu": {"type": "str"}, "memory": {"type": "str"}}}

BUILD_SPEC: Spec = {
    "context": {"type": "str", "required": True},
    "dockerfile": {"type": "str", "default": "Dockerfile"},
    "args": {"type": "dict", "default": {}},
    "target": {"type": "str", "default": ""},
}

PROBE_SPEC: Spec = {
    "path": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "tcp": {"type": "bool"},
    "initial_delay": {"type": "int"},
    "period": {"type": "int"},
    "timeout": {"type": "int"},
    "failure_threshold": {"type": "int"},
}
_PROBE: dict[str, Any] = {
    "type": "dict",
    "options": PROBE_SPEC,
    "mutually_exclusive": [("path", "command", "tcp")],
    "required_one_of": [("path", "command", "tcp")],
}

_JOB: dict[str, Any] = {
    "type": "dict",
    "options": {
        "command": {"type": "list", "elements": "str", "required": True},
        "args": _STRINGS,
        "env": {"type": "dict", "default": {}},
        "secret_env": {"type": "dict", "default": {}, "no_log": True},
        "timeout": {"type": "int", "default": 300},
    },
}

COMPONENT_SPEC: Spec = {
    "name": {"type": "str", "required": True},
    "extra": {"type": "bool", "default": False},
    "build": {"type": "dict", "options": BUILD_SPEC},
    "image": {"type": "str"},
    "replicas": {"type": "int", "default": 1},
    "command": _STRINGS,
    "args": _STRINGS,
    "port": {"type": "int", "required": True},
    "service": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "type": {"type": "str", "choices": ["ClusterIP", "NodePort", "LoadBalancer"], "default": "ClusterIP"},
            "port": {"type": "int"},
            "node_port": {"type": "int"},
        },
    },
    "connects_to": {"type": "list", "elements": "str"},
    "outside": {"type": "bool", "default": True},
    "env": {"type": "dict", "default": {}},
    "secret_env": {"type": "dict", "default": {}, "no_log": True},
    "secret_files": {
        "type": "dict",
        "no_log": False,
        "options": {
            "path": {"type": "str", "required": True},
            "files": {"type": "dict", "required": True, "no_log": True},
        },
    },
    "config_files": {"type": "dict", "default": {}},
    "probes": {
        "type": "dict",
        "default": {},
        "options": {"startup": _PROBE, "liveness": _PROBE, "readiness": _PROBE},
    },
    "resources": {
        "type": "dict",
        "default": {},
        "options": {"requests": _QUANTITIES, "limits": _QUANTITIES},
    },
    "run_as_user": {"type": "int", "default": 10001},
    "writable_paths": {"type": "list", "elements": "str", "default": ["/tmp"]},
    "persistence": {
        "type": "dict",
        "options": {
            "path": {"type": "str", "required": True},
            "size": {"type": "str", "default": "1Gi"},
            "storage_class": {"type": "str", "default": ""},
        },
    },
    "migration": _JOB,
    "setup": _JOB,
    "post_release": _STRINGS,
    "stop_grace_seconds": {"type": "int", "default": 30},
    "host_aliases": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "ip": {"type": "str", "required": True},
            "hostnames": {"type": "list", "elements": "str", "required": True},
        },
    },
}


_NOT_FOR_THE_CHART = ("name", "extra", "build", "image", "connects_to", "outside", "post_release")


def load_components(raw: object) -> tuple[list[Component], list[str]]:
    """Check ``app_components`` as a person wrote it.

    Args:
        raw: What the variable holds.

    Returns:
        The components with types converted and defaults filled in, and the problems, a sentence each. With problems the
        components are not fit for use.
    """
    if not isinstance(raw, Sequence) or isinstance(raw, str | bytes):
        return [], ["app_components must be a list of components, each with a name and a port."]
    components: list[Component] = []
    problems: list[str] = []
    for index, item in enumerate(raw):
        if not isinstance(item, Mapping):
            problems.append(f"app_components[{index}] must be a dictionary with a name and a port.")
            continue
        where = f"app_components[{index}] ({item.get('name') or 'unnamed'})"
        # Ansible's validator takes text for a dictionary, and stumbles over a number.
        if misshapen := list(_misshapen(COMPONENT_SPEC, item)):
            problems += [f"{where}: {option} must be a dictionary." for option in misshapen]
            continue
        result = ArgumentSpecValidator(COMPONENT_SPEC).validate(_plain(item))
        problems += [f"{where}: {message.rstrip('.')}." for message in result.error_messages]
        if not result.error_messages:
            components.append(with_defaults(result.validated_parameters))
    return components, problems + component_problems(components)


def _misshapen(spec: Spec, parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for option, definition in spec.items():
        value = parameters.get(option)
        if value is None or definition["type"] != "dict":
            continue
        if isinstance(value, Mapping):
            yield from _misshapen(definition.get("options", {}), value, f"{prefix}{option}.")
        else:
            yield prefix + option


def _plain(value: Any) -> Any:
    """Return built-in dictionaries and lists for those of Ansible: the validator copies its input, and theirs with every variable."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def with_defaults(component: Component) -> Component:
    """Fill in the defaults that depend on other options: the Service listens on the container's port."""
    service = dict(component["service"])
    service["port"] = service["port"] or component["port"]
    return {**component, "service": service}


def chart_values(component: Component, image_ref: str, secrets: Mapping[str, str], stage: Stage) -> dict[str, Any]:
    """Map a component to the Helm values of its subchart: camelCase, what is empty left out, key names instead of secret values.

    Args:
        component: As ``load_components`` returns it.
        image_ref: The reference that the cluster pulls or holds.
        secrets: Name of the component's Secret by kind, as ``secret_names`` returns it.
        stage: The release that the values are for; a component of the other one is rendered as ``enabled: false``.
    """
    if component["extra"] != (stage == "extras"):
        return {"enabled": False}
    plain = {option: value for option, value in component.items() if option not in _NOT_FOR_THE_CHART}
    values: dict[str, Any] = {**_camel(COMPONENT_SPEC, plain), "enabled": True, "image": image_ref}
    if component["secret_env"]:
        values["secretName"] = secrets["env"]
    if component["secret_files"]:
        values["secretFiles"]["secretName"] = secrets["files"]
    for job in JOBS:
        if component[job] and component[job]["secret_env"]:
            values[job]["secretName"] = secrets[job]
    return values


def _camel(spec: Spec, parameters: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option, value in parameters.items():
        definition = spec[option]
        if value in (None, "", [], {}):
            continue
        if option in ("secret_env", "files"):
            value = sorted(value)
        elif option in ("env", "args") and definition["type"] == "dict":
            value = {key: text(item) for key, item in value.items()}
        elif "options" in definition:
            nested = definition["options"]
            value = [_camel(nested, item) for item in value] if definition["type"] == "list" else _camel(nested, value)
            if not value:
                continue
        values[_camel_case(option)] = value
    return values


def _camel_case(option: str) -> str:
    head, *tail = option.split("_")
    return head + "".join(word.capitalize() for word in tail)


def text(value: object) -> str:
    """Return an environment variable's value as text; YAML's booleans become ``true`` and ``false``."""
    return str(value).lower() if isinstance(value, bool) else str(value)
