# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would stop a cluster of Minikube or hide what is published on it, seen in the first second, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._core.machine import Machine
from .files import Files
from .settings import CONTAINERD, DOCKER, Settings, node_problems, port_problems
from .watches import watch_problems


def early_problems(machine: Machine, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Look at what a run would find minutes later.

    A cluster that is there costs the reading of one file: what it publishes is its own. Docker is asked only where there is none.

    Args:
        machine: Where the cluster is or will be.
        wanted: The suboptions of ``minikube`` of the module ``preflight``.
    """
    files = Files.of(wanted["home"], wanted["profile"])
    config = files.config()
    if config and not wanted["recreate"]:
        yield from unpublished_problems(files.profile, wanted["ports"] or [], Settings.from_config(config).ports)
    elif not config and not files.creating.exists():
        if machine.run(["docker", "container", "inspect", "--format", "{{.Id}}", files.profile]).code == 0:
            yield foreign_problem(files)
        else:
            yield from port_problems(machine, wanted["ports"] or [])
            yield from watch_problems(machine, wanted["nodes"])


NODE_VARIABLES = (
    *("minikube_nodes", "minikube_container_runtime", "minikube_ports", "minikube_registry"),
    *("images_registry", "images_registry_credentials"),
)
"""What ``variable_problems`` looks at."""


def variable_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """Name what of the variables ``minikube_*`` does not go together, and what several nodes or containerd lack of a registry.

    Args:
        values: Those of the play; what is not among them has its default.
    """
    try:
        nodes = 1 if values.get("minikube_nodes") is None else int(values["minikube_nodes"])
    except (TypeError, ValueError):
        return  # it is named where all variables are
    runtime = values.get("minikube_container_runtime") or (CONTAINERD if nodes > 1 else DOCKER)
    yield from node_problems(nodes, runtime, values.get("minikube_ports") or [])
    if runtime == CONTAINERD and not values.get("images_registry") and not values.get("minikube_registry"):
        which = f"minikube_nodes is {nodes}" if nodes > 1 else f"minikube_container_runtime is {runtime}"
        yield (
            f"{which}, which has no engine that builds images in a node: name a registry in images_registry, or have one beside the "
            "nodes with minikube_registry: true, and give its login in images_registry_credentials."
        )
    login = values.get("images_registry_credentials") or {}
    if values.get("minikube_registry") and not (login.get("username") and login.get("password")):
        yield "minikube_registry: give images_registry_credentials, the login that it gets; the password belongs into the vault."


def foreign_problem(files: Files) -> str:
    """Say that the profile's container is somebody else's."""
    name = files.profile
    return (
        f"A container named {name} exists, but {files.home} has no such profile: another MINIKUBE_HOME made it. Name that folder in "
        f"minikube_home, choose another minikube_profile, or remove it with `docker rm -f -v {name} && docker volume rm {name}`."
    )


def unpublished_problems(profile: str, wanted: Sequence[int], have: Sequence[int]) -> Iterator[str]:
    """Name the ports that a cluster which is there does not publish: a container's ports cannot be changed."""
    if missing := sorted(set(wanted) - set(have)):
        yield (
            f"The cluster {profile} was made with {_ports(have)} published on 127.0.0.1, so nothing would listen on {_ports(missing)}: "
            "choose service.node_port among the former, or make the cluster anew, without its data, with -e minikube_recreate=true."
        )


def _ports(ports: Sequence[int]) -> str:
    listed = " and ".join(map(str, ports))
    return f"port{'s' if len(ports) > 1 else ''} {listed}" if ports else "no port"
