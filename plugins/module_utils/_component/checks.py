# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with components of the right types: limits, and options that do not fit each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .quantities import asked, quantity_problems
from .schedules import schedule_problems
from .specification import FORMATS, OPTIONS

if TYPE_CHECKING:
    from .spec import Component, Spec

DEPLOYING_JOBS = ("migration", "setup")
"""Options that are a Job of the component which a deployment runs."""

LONGEST = 128 * 1024
"""Bytes of a word that Linux takes as a process starts (MAX_ARG_STRLEN in execve(2)), a variable's name and the final NUL included."""

WITHOUT_REQUEST = "autoscale.cpu is a share of resources.requests.cpu, which is not given: give what a pod usually needs, such as 250m."

JOBS = (*DEPLOYING_JOBS, "test")
"""Options that are a Job of the component, each with a Secret ``<name>-<option>`` of its own."""


def component_problems(components: Sequence[Component]) -> list[str]:
    """Say what is wrong with components of the right types, across their options and among each other.

    Args:
        components: Each with the types and the defaults of the specification.

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
    listens = {component["name"]: bool(component["port"]) for component in components}
    for component in components:
        for other in component["connects_to"] or []:
            if other == component["name"] or other not in listens:
                problems.append(f"Component {component['name']}: connects_to names {other}, which is no other component: correct it.")
            elif not listens[other]:
                problem = f"connects_to names {other}, which has no port to connect to: give it one, or take it out."
                problems.append(f"Component {component['name']}: {problem}")
    return problems


def published_problems(components: Sequence[Component], ports: Collection[Any], host: object) -> Iterator[str]:
    """Name the components whose Service has a node port that nobody reaches, because the cluster does not publish it.

    Args:
        components: With the defaults of the specification.
        ports: The node ports that are published on 127.0.0.1.
        host: Where the application is looked for. Any other address than 127.0.0.1 is the person's own affair.
    """
    if str(host or "127.0.0.1") not in ("127.0.0.1", "localhost"):
        return
    known = {int(port) for port in ports}
    for component in components:
        service = component["service"]
        if service["type"] == "NodePort" and not (service["node_port"] and int(service["node_port"]) in known):
            what = f"service.node_port {service['node_port']}" if service["node_port"] else "a node port that the cluster chooses"
            yield (
                f"Component {component['name']}: {what} is not published on 127.0.0.1: give it a service.node_port"
                f"{f' out of {sorted(known)}' if known else ''}, and add it to minikube_ports where you set that yourself."
            )


def _own_problems(component: Component) -> Iterator[str]:
    misshapen = list(_format_problems(OPTIONS, component))
    yield from misshapen
    if not any(problem.startswith(("resources.", "persistence.")) for problem in misshapen):
        yield from quantity_problems(component)
    if bool(component["build"]) == bool(component["image"]):
        yield "give exactly one of build (a source folder) and image (a ready reference)."
    if component["build"] and component["pull_credentials"] and not component["pull_credentials"]["registry"]:
        yield (
            "pull_credentials are for a ready image: leave them out, because what is built is in the node already, or has the login of "
            "images_registry_credentials."
        )
    if component["live"] and not component["schedule"]:
        yield from _live_problems(component)
    if component["persistence"] and component["replicas"] > 1:
        yield "several replicas cannot share one volume: set replicas to 1 or leave out persistence."
    if component["autoscale"] and not any(problem.startswith(("resources.", "autoscale.")) for problem in misshapen):
        yield from _autoscale_problems(component)
    if component["service"]["node_port"] and component["service"]["type"] == "ClusterIP":
        yield "service.node_port needs service.type NodePort or LoadBalancer."
    if component["schedule"]:
        yield from schedule_problems(component) if not any(problem.startswith("schedule.") for problem in misshapen) else ()
    elif not component["port"]:
        yield from _portless_problems(component)
    for prefix, owner in (("", component), *((f"{job}.", component[job]) for job in JOBS if component[job])):
        for variable in sorted(set(owner["env"]) & set(owner["secret_env"])):
            yield f"{variable} stands in both {prefix}env and {prefix}secret_env: keep one."
    for kind, probe in (component["probes"] or {}).items():
        if probe and probe["headers"] and not probe["path"]:
            yield f"probes.{kind}.headers are of a request: give probes.{kind}.path, or leave them out."
    yield from _missing_volume(component)
    yield from _unknown_sources(component)
    paths = [*component["writable_paths"], *component["config_files"]]
    paths += [component["persistence"]["path"]] if component["persistence"] else []
    if secret := component["secret_files"]:
        paths += [f"{secret['path'].rstrip('/')}/{name}" for name in secret["files"]]
    for path, count in Counter(path.rstrip("/") for path in paths).items():
        if count > 1:
            yield f"{path} is mounted {count} times: keep one of the options that name it."


def _autoscale_problems(component: Component) -> Iterator[str]:
    """Say what keeps a component from having another number of pods, or from being asked how many it takes."""
    scale = component["autoscale"]
    if scale["max"] < scale["min"]:
        yield f"autoscale.max {scale['max']} is less than autoscale.min {scale['min']}: raise max, or lower min."
    if component["strategy"] == "Recreate" and not component["persistence"]:
        yield "autoscale makes several pods, of which strategy Recreate allows one: leave out autoscale or strategy."
    if component["persistence"]:
        yield "autoscale makes several pods, which cannot share one volume: leave out autoscale or persistence."
    if not component["schedule"] and not asked(component, "cpu"):
        yield WITHOUT_REQUEST


def _portless_problems(component: Component) -> Iterator[str]:
    """Name what of a component needs the port that it lacks."""
    service = component["service"]
    if service["type"] != "ClusterIP" or service["port"]:
        yield "service is how others reach a port: give the component its port, or leave service out."
    for kind, probe in (component["probes"] or {}).items():
        if probe and not probe["command"]:
            yield f"probes.{kind} asks a port: give the component its port, or the probe a command."


def _live_problems(component: Component) -> Iterator[str]:
    live = component["live"]
    if not component["build"]:
        yield "live runs a stage of the Dockerfile of build: leave it out where a ready image is used."
    if component["persistence"]:
        yield "live runs a second pod beside the released one, and one volume cannot serve both: leave out live or persistence."
    paths = [folder["to"] for folder in live["sync"]] + live["writable_paths"] + component["writable_paths"]
    for path, count in Counter(path.rstrip("/") for path in paths).items():
        if count > 1:
            yield f"live: {path} is mounted {count} times: keep one of the options that name it."


def _unknown_sources(component: Component) -> Iterator[str]:
    if (component["migration"] or {}).get("sources") and not component["build"]:
        yield "migration.sources needs build: of a finished image nobody knows what it was made from, so leave them out."


def _missing_volume(component: Component) -> Iterator[str]:
    """Name what of a migration lies on the component's volume: Helm runs it before there is one."""
    migration, volume = component["migration"], component["persistence"]
    if not migration or not volume:
        return
    path = re.escape(volume["path"].rstrip("/"))
    words = {f"migration.{option}": "\n".join(migration[option]) for option in ("command", "args")}
    own = words | {f"migration.{option}.{name}": value for option in ("env", "secret_env") for name, value in migration[option].items()}
    inherited = {f"{option}.{name}": value for option in ("env", "secret_env") for name, value in component[option].items()}
    places = [place for place, text in own.items() if re.search(rf"(?:^|[\s=\"':,]){path}(?:[/\s\"':,]|$)", text, re.MULTILINE)]
    places += [place for place, text in {**own, **inherited}.items() if re.search(rf"\bsqlite(?:\+\w+)?:/*{path}/", text)]
    for place in dict.fromkeys(places):
        yield (
            f"{place} names {volume['path']}, the volume of persistence, and a migration runs before that is there: "
            "migrate as the process starts (in command), or keep the data in a database service."
        )


def _format_problems(spec: Spec, parameters: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Hold every value, list element and dictionary key against its named format; a text by name is never quoted."""
    for option, definition in spec.items():
        value, where = parameters.get(option), f"{prefix}{option}"
        if value is None or (value == "" and not definition.get("required")):
            continue
        items = value if isinstance(value, list) else [value]
        if definition.get("filled") and not items:
            yield f"{where} must hold something."
        if nested := definition.get("options"):
            for item in items:
                yield from _format_problems(nested, item, f"{where}.")
        elif isinstance(value, Mapping):
            for key, item in value.items():
                if "keys" in definition and (wanted := _unfit(key, definition["keys"])):
                    yield f"{where} has the key {key!r}, which must be {wanted}."
                if not isinstance(item, str):
                    yield f"{where}.{key} must be text."
                elif problem := _character_problem(item, definition, key):
                    yield f"{where}.{key} {problem}"
        else:
            for item in items:
                if "format" in definition and (wanted := _unfit(item, definition["format"])):
                    yield f"{where} must be {wanted}, not {item!r}."
                elif isinstance(item, str) and (problem := _character_problem(item, definition)):
                    yield f"{where} {problem}"


def _character_problem(word: str, definition: Mapping[str, Any], name: str = "") -> str:
    """Say what of a text could not arrive as it is."""
    if any("\ud800" <= character <= "\udfff" for character in word):
        return "has half of a character in it, a surrogate: write the whole one."
    if not definition.get("process") and definition.get("keys") != "env_name":
        return ""
    if "\0" in word:
        return "has a NUL character in it, which no process can be given: take it out."
    if len(name) + len(word.encode()) + len("=\0") > LONGEST:
        return (
            f"is too long for a process, whose words end at {LONGEST // 1024} KiB: put it into a file, with config_files or secret_files."
        )
    return ""


def _unfit(value: object, name: str) -> str:
    """Return what ``value`` should be to have the format ``name``; nothing when it has it."""
    wanted = FORMATS[name]
    if "pattern" in wanted:
        return "" if re.fullmatch(wanted["pattern"], str(value)) else wanted["says"]
    least, most = wanted["minimum"], wanted.get("maximum")
    if isinstance(value, int) and least <= value and (most is None or value <= most):
        return ""
    return f"at least {least}" if most is None else f"between {least} and {most}"
