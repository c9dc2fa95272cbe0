# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with components of the right types: limits, and options that do not fit each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .spec import Component

NAME_LIMIT = 50
"""Characters: the longest object named after a component, the Job ``<name>-migration``, stays below the 63 of a DNS label."""

NODE_PORTS = range(30000, 32768)
"""The API server's default --service-node-port-range."""

JOBS = ("migration", "setup")
"""Options that are a Job of the component, each with a Secret ``<name>-<option>`` of its own."""

RESERVED_NAMES = frozenset({"components", "global"})
"""Keys of the umbrella chart's values that are not components."""

_DNS_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET_KEY = re.compile(r"[-._A-Za-z0-9]+")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?")


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
    known = {component["name"] for component in components}
    for component in components:
        for other in component["connects_to"] or []:
            if other not in known - {component["name"]}:
                problems.append(f"Component {component['name']}: connects_to names {other}, which is no other component: correct it.")
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
    if not 1 <= component["port"] <= 65535:
        yield f"port must be between 1 and 65535, not {component['port']}."
    elif not 1 <= service["port"] <= 65535:
        yield f"service.port must be between 1 and 65535, not {service['port']}."
    if service["node_port"] is None:
        return
    if service["type"] == "ClusterIP":
        yield "service.node_port needs service.type NodePort or LoadBalancer."
    if service["node_port"] not in NODE_PORTS:
        yield f"service.node_port must be between {NODE_PORTS[0]} and {NODE_PORTS[-1]}, not {service['node_port']}."


def _variable_problems(component: Component) -> Iterator[str]:
    owners = [("", component), *((f"{job}.", component[job]) for job in JOBS if component[job])]
    groups = {f"{prefix}{option}": owner[option] for prefix, owner in owners for option in ("env", "secret_env")}
    for option, variables in groups.items():
        for variable, value in variables.items():
            if not _ENV_NAME.fullmatch(str(variable)):
                yield f"{option} has the key {variable!r}, which is no name of an environment variable (letters, digits, underscores)."
            if value is None or isinstance(value, Mapping | list):
                yield f"{option}.{variable} must be text or a number."
    for prefix, owner in owners:
        for variable in sorted(set(owner["env"]) & set(owner["secret_env"])):
            yield f"{variable} stands in both {prefix}env and {prefix}secret_env: keep one."
    secret_files = (component["secret_files"] or {"files": {}})["files"]
    for option, contents in (("secret_files.files", secret_files), ("config_files", component["config_files"])):
        for file, content in contents.items():
            if not isinstance(content, str):
                yield f"{option}: the content of {file} must be text."
    for file in secret_files:
        if not _SECRET_KEY.fullmatch(str(file)):
            yield f"secret_files.files has the key {file!r}, which must be a file name (letters, digits, '.', '-', '_')."


def _path_problems(component: Component) -> Iterator[str]:
    paths = [("writable_paths", path) for path in component["writable_paths"]]
    paths += [("config_files", path) for path in component["config_files"]]
    paths += [(f"{option}.path", component[option]["path"]) for option in ("secret_files", "persistence") if component[option]]
    for option, path in paths:
        if not path.startswith("/") or path == "/" or ".." in path.split("/"):
            yield f"{option}: {path} must be an absolute path below /."
    for path, count in Counter(path.rstrip("/") for option, path in paths).items():
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
    for job in JOBS:
        if component[job] and component[job]["timeout"] < 1:
            yield f"{job}.timeout must be at least 1 second."
