# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one typed definition of a component, as an Ansible argument spec, and what follows from it.

A component is an element of ``app_components``: one Deployment with its Service, Secrets and image. ``COMPONENT_SPEC`` says
which options exist, of which type, with which default; ``plugins/doc_fragments/component.py`` documents them;
``component_problems`` adds what an argument spec cannot say; ``chart_values`` maps a component to Helm values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

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
    "migration": {
        "type": "dict",
        "options": {
            "command": {"type": "list", "elements": "str", "required": True},
            "args": _STRINGS,
            "env": {"type": "dict", "default": {}},
            "secret_env": {"type": "dict", "default": {}, "no_log": True},
            "timeout": {"type": "int", "default": 300},
        },
    },
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

NAME_LIMIT = 50
"""Characters: the longest object named after a component, the Job ``<name>-migration``, stays below the 63 of a DNS label."""

NODE_PORTS = range(30000, 32768)
"""The API server's default --service-node-port-range."""

RESERVED_NAMES = frozenset({"components", "global"})
"""Keys of the umbrella chart's values that are not components."""

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]+")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?")
_VALUE = re.compile(r"'?(?:\{|\[).*", re.DOTALL)


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
        result = ArgumentSpecValidator(COMPONENT_SPEC).validate(dict(item))
        problems += [f"{where}: {_without_values(message)}." for message in result.error_messages]
        if not result.error_messages:
            components.append(with_defaults(result.validated_parameters))
    return components, problems + component_problems(components)


def with_defaults(component: Component) -> Component:
    """Fill in the defaults that depend on other options: the Service listens on the container's port."""
    service = dict(component["service"])
    service["port"] = service["port"] or component["port"]
    return {**component, "service": service}


def component_problems(components: Sequence[Component]) -> list[str]:
    """Say what is wrong with components of the right types, across their options and among each other.

    Args:
        components: Each as ``COMPONENT_SPEC`` and ``with_defaults`` leave it.

    Returns:
        A sentence for each problem: the component, what is wrong and what to write instead. Secret values never occur in it.
    """
    problems = [f"Component {component['name']}: {problem}" for component in components for problem in _own_problems(component)]
    for name, count in Counter(component["name"] for component in components).items():
        if count > 1:
            problems.append(f"Component {name} is defined {count} times: give each component a name of its own.")
    ports = Counter(component["service"]["node_port"] for component in components if component["service"]["node_port"])
    for port, count in ports.items():
        if count > 1:
            names = ", ".join(c["name"] for c in components if c["service"]["node_port"] == port)
            problems.append(f"service.node_port {port} is used by several components ({names}): give each a port of its own.")
    return problems


def _own_problems(component: Component) -> Iterator[str]:
    name = component["name"]
    if not _DNS_LABEL.fullmatch(name) or len(name) > NAME_LIMIT:
        yield f"the name must be a DNS label of at most {NAME_LIMIT} characters: lower-case letters, digits and hyphens, a letter first."
    if name in RESERVED_NAMES:
        yield "the name is a key of the chart's own values: choose another."
    if bool(component["build"]) == bool(component["image"]):
        yield "give exactly one of build (a source folder) and image (a ready reference)."
    for option, least in (("replicas", 0), ("run_as_user", 1), ("stop_grace_seconds", 0)):
        if component[option] < least:
            yield f"{option} must be at least {least}."
    if component["persistence"] and component["replicas"] > 1:
        yield "several replicas cannot share one volume: set replicas to 1 or leave out persistence."
    yield from _port_problems(component)
    yield from _variable_problems(component)
    yield from _path_problems(component)
    yield from _quantity_problems(component)
    yield from _timing_problems(component)


def _port_problems(component: Component) -> Iterator[str]:
    service = component["service"]
    for option, port in (("port", component["port"]), ("service.port", service["port"])):
        if not 1 <= port <= 65535:
            yield f"{option} must be between 1 and 65535, not {port}."
    if service["node_port"] is None:
        return
    if service["type"] == "ClusterIP":
        yield "service.node_port needs service.type NodePort or LoadBalancer."
    if service["node_port"] not in NODE_PORTS:
        yield f"service.node_port must be between {NODE_PORTS[0]} and {NODE_PORTS[-1]}, not {service['node_port']}."


def _variable_problems(component: Component) -> Iterator[str]:
    migration = component["migration"] or {"env": {}, "secret_env": {}}
    groups = {
        "env": component["env"],
        "secret_env": component["secret_env"],
        "migration.env": migration["env"],
        "migration.secret_env": migration["secret_env"],
    }
    for option, variables in groups.items():
        for variable, value in variables.items():
            if not _ENV_NAME.fullmatch(str(variable)):
                yield f"{option} has the key {variable!r}, which is no name of an environment variable (letters, digits, underscores)."
            if value is None or isinstance(value, Mapping | list):
                yield f"{option}.{variable} must be text or a number."
    for plain, secret in (("env", "secret_env"), ("migration.env", "migration.secret_env")):
        for variable in sorted(set(groups[plain]) & set(groups[secret])):
            yield f"{variable} stands in both {plain} and {secret}: keep one."
    for file in (component["secret_files"] or {"files": {}})["files"]:
        if not _SECRET_KEY.fullmatch(str(file)):
            yield f"secret_files.files has the key {file!r}, which must be a file name (letters, digits, '.', '-', '_')."


def _path_problems(component: Component) -> Iterator[str]:
    paths = [("writable_paths", path) for path in component["writable_paths"]]
    paths += [("config_files", path) for path in component["config_files"]]
    paths += [(f"{option}.path", component[option]["path"]) for option in ("secret_files", "persistence") if component[option]]
    for option, path in paths:
        if not path.startswith("/") or path == "/" or ".." in path.split("/"):
            yield f"{option}: {path} must be an absolute path below /."
    for path, count in Counter(path.rstrip("/") for _, path in paths).items():
        if count > 1:
            yield f"{path} is mounted {count} times: keep one of the options that name it."
    for kind, probe in component["probes"].items():
        if probe and probe["path"] and not probe["path"].startswith("/"):
            yield f"probes.{kind}.path must begin with a slash."


def _quantity_problems(component: Component) -> Iterator[str]:
    quantities = [
        (f"resources.{kind}.{unit}", value) for kind, units in component["resources"].items() for unit, value in (units or {}).items()
    ]
    if component["persistence"]:
        quantities.append(("persistence.size", component["persistence"]["size"]))
    for option, value in quantities:
        if value is not None and not _QUANTITY.fullmatch(value):
            yield f"{option} must be a Kubernetes quantity such as 500m, 1, 256Mi or 1Gi, not {value!r}."


def _timing_problems(component: Component) -> Iterator[str]:
    for kind, probe in component["probes"].items():
        for option in ("period", "timeout", "failure_threshold", "initial_delay"):
            least = 0 if option == "initial_delay" else 1
            if probe and probe[option] is not None and probe[option] < least:
                yield f"probes.{kind}.{option} must be at least {least}."
    if component["migration"] and component["migration"]["timeout"] < 1:
        yield "migration.timeout must be at least 1 second."


def chart_values(component: Component, image_ref: str, secret_checksum: str, stage: Stage) -> dict[str, Any]:
    """Map a component to the Helm values of its subchart: camelCase, what is empty left out, key names instead of secret values.

    Args:
        component: As ``load_components`` returns it.
        image_ref: The reference that the cluster pulls or holds.
        secret_checksum: Hexadecimal digest of the component's secret material; empty when it has none.
        stage: The release that the values are for; a component of the other one is rendered as ``enabled: false``.
    """
    name = component["name"]
    if component["extra"] != (stage == "extras"):
        return {"enabled": False}
    plain = {option: value for option, value in component.items() if option not in ("name", "extra", "build", "image")}
    values: dict[str, Any] = {**_camel(COMPONENT_SPEC, plain), "enabled": True, "image": image_ref}
    if component["secret_env"]:
        values["secretName"] = f"{name}-env"
    if component["secret_files"]:
        values["secretFiles"]["secretName"] = f"{name}-files"
    if component["migration"] and component["migration"]["secret_env"]:
        values["migration"]["secretName"] = f"{name}-migration"
    if secret_checksum:
        values["secretChecksum"] = secret_checksum
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


def _without_values(message: str) -> str:
    """Shorten a message of Ansible's validator that quotes the offending value when that is a dictionary or a list."""
    return _VALUE.sub("(a dictionary or a list)", message).rstrip(".") if "secret" in message else message.rstrip(".")
