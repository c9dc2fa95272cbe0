# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wanted of a Minikube cluster, what is wrong with it, and where a cluster differs from it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._component.names import name_problem
from .._core.errors import Failure
from .._core.machine import Machine
from .encryption import OPTION as ENCRYPTION_OPTION
from .encryption import PROVIDER, node_path

DRIVER = "docker"
DOCKER = "docker"
CONTAINERD = "containerd"
# Minikube refuses to boot Kubernetes with less: RSRC_INSUFFICIENT_REQ_MEMORY and RSRC_INSUFFICIENT_CORES in its source.
LEAST_MEMORY = 1800
LEAST_CPUS = 2
_UNITS = {"": 1, "m": 1, "mb": 1, "mi": 1, "mib": 1, "g": 1024, "gb": 1024, "gi": 1024, "gib": 1024}


@dataclass(frozen=True)
class Settings:
    """The settings of a cluster that only a new cluster can change. Memory in MiB; empty node image: minikube's own."""

    kubernetes_version: str
    cpus: int
    memory: int
    ports: tuple[int, ...]
    node_image: str = ""
    extra_config: tuple[str, ...] = ()
    encryption: str = ""
    """The API server's encryption configuration, a path in the node; empty: Secrets are in plain text in etcd."""
    driver: str = DRIVER
    container_runtime: str = DOCKER
    nodes: int = 1

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read the settings of a cluster from minikube's config.json."""
        kubernetes = config.get("KubernetesConfig") or {}
        options = {f"{o['Component']}.{o['Key']}": o["Value"] for o in kubernetes.get("ExtraOptions") or []}
        encryption = options.pop(ENCRYPTION_OPTION, "")
        return cls(
            kubernetes_version=kubernetes.get("KubernetesVersion", ""),
            cpus=config.get("CPUs", 0),
            memory=config.get("Memory", 0),
            ports=tuple(sorted(_host_port(port) for port in config.get("ExposedPorts") or [])),
            node_image=config.get("KicBaseImage", ""),
            extra_config=tuple(sorted(f"{name}={value}" for name, value in options.items())),
            encryption=encryption,
            driver=config.get("Driver", ""),
            container_runtime=kubernetes.get("ContainerRuntime", ""),
            nodes=len(config.get("Nodes") or [None]),
        )

    def shown(self) -> dict[str, Any]:
        """Return the settings for a diff."""
        return {
            "kubernetes_version": self.kubernetes_version,
            "cpus": self.cpus,
            "memory": f"{self.memory} MiB",
            "ports": ", ".join(map(str, self.ports)),
            "node_image": self.node_image or "minikube's own",
            "extra_config": ", ".join(self.extra_config),
            "encryption at rest": PROVIDER if self.encryption else "",
            "driver": self.driver,
            "container_runtime": self.container_runtime,
            "nodes": self.nodes,
        }

    def drift_from(self, have: Settings) -> list[dict[str, str]]:
        """Return each setting in which a cluster differs from what is wanted, as {setting, have, want}."""
        mine, theirs = self.shown(), have.shown()
        if not self.node_image:
            theirs["node_image"] = mine["node_image"]
        return [
            {"setting": name, "have": str(theirs[name]) or "none", "want": str(mine[name]) or "none"}
            for name in mine
            if mine[name] != theirs[name]
        ]

    def start_arguments(self) -> list[str]:
        """Return the arguments of `minikube start` that make a cluster with these settings."""
        return [
            f"--driver={self.driver}",
            f"--container-runtime={self.container_runtime}",
            f"--kubernetes-version={self.kubernetes_version}",
            f"--cpus={self.cpus}",
            f"--memory={self.memory}mb",
            *self._network_arguments(),
            *(f"--ports=127.0.0.1:{port}:{port}" for port in self.ports),
            *([f"--base-image={self.node_image}"] if self.node_image else []),
            *(f"--extra-config={option}" for option in self.extra_config),
            *([f"--extra-config={ENCRYPTION_OPTION}={self.encryption}"] if self.encryption else []),
        ]

    def _network_arguments(self) -> list[str]:
        """Return what keeps minikube from kindnet, whose image only a registry has, and from waiting for a network that comes later."""
        if self.nodes > 1:
            return [f"--nodes={self.nodes}", "--cni=false", "--wait=apiserver"]
        return [] if self.container_runtime == DOCKER else ["--cni=bridge"]


def parse_memory(text: str) -> int:
    """Return MiB from a number of MiB or a number with a unit, as in 4096, 4096m or 4g.

    Raises ValueError for anything else.
    """
    found = re.fullmatch(r"(\d+)\s*([a-z]*)", text.strip().lower())
    if not found or found.group(2) not in _UNITS:
        raise ValueError(text)
    return int(found.group(1)) * _UNITS[found.group(2)]


def settings_from(params: Mapping[str, Any]) -> Settings:
    """Return the wanted settings.

    Raises Failure with every problem that shows without a look at the machine.
    """
    problems = []
    if problem := name_problem("minikube_profile", params["profile"]):
        problems.append(problem)
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?", params["kubernetes_version"]):
        version = params["kubernetes_version"]
        problems.append(f"minikube_kubernetes_version {version!r} is not a version; write it like v1.30.0, or leave it empty.")
    memory = 0
    try:
        memory = parse_memory(params["memory"])
        if memory < LEAST_MEMORY:
            problems.append(f"minikube_memory {params['memory']} is too little; Kubernetes needs at least {LEAST_MEMORY} MiB.")
    except ValueError:
        problems.append(f"minikube_memory {params['memory']!r} is not an amount; write MiB or a unit, like 4096 or 4g.")
    if params["cpus"] < LEAST_CPUS:
        problems.append(f"minikube_cpus {params['cpus']} is too few; Kubernetes needs at least {LEAST_CPUS}.")
    nodes, runtime = params["nodes"], params["container_runtime"]
    problems += node_problems(nodes, runtime, params["ports"])
    bad_ports = [str(port) for port in params["ports"] if not 1 <= port <= 65535]
    if bad_ports:
        problems.append(f"minikube_ports names {', '.join(bad_ports)}; a port lies between 1 and 65535.")
    bad_options = [option for option in params["extra_config"] if not re.match(r"[a-z-]+\.[^=]+=", option)]
    if bad_options:
        problems.append(f"minikube_extra_config has {', '.join(bad_options)}; write it like apiserver.v=2.")
    if any(option.startswith(f"{ENCRYPTION_OPTION}=") for option in params["extra_config"]):
        problems.append(f"minikube_extra_config has {ENCRYPTION_OPTION}; minikube_encryption sets it.")
    if problems:
        raise Failure("\n".join(problems))
    return Settings(
        kubernetes_version=params["kubernetes_version"],
        cpus=params["cpus"],
        memory=memory,
        ports=tuple(sorted(set(params["ports"]))),
        node_image=params["node_image"],
        extra_config=tuple(sorted(params["extra_config"])),
        encryption=node_path(params["profile"]) if params["encryption"] else "",
        container_runtime=runtime,
        nodes=nodes,
    )


def node_problems(nodes: int, runtime: str, ports: Sequence[int]) -> Iterator[str]:
    """Name what does not go with a number of nodes.

    Args:
        nodes: As in ``minikube_nodes``.
        runtime: What runs their pods.
        ports: What shall be published on 127.0.0.1.
    """
    if nodes < 1:
        yield f"minikube_nodes {nodes} is too few; a cluster has at least one."
    if nodes > 1 and runtime != CONTAINERD:
        yield (
            f"minikube_container_runtime {runtime} has one node, in whose engine images are built: leave it out, so that {nodes} nodes "
            f"take {CONTAINERD}, or set minikube_nodes to 1."
        )
    if nodes > 1 and ports:
        yield (
            f"minikube_ports names {', '.join(map(str, ports))}, which minikube would publish for each of {nodes} nodes: leave it out; "
            "node ports answer at the nodes' own addresses."
        )


def machine_problems(machine: Machine, wanted: Settings) -> list[str]:
    """Return what of the wanted settings this machine's engine cannot give to a new cluster."""
    problems = []
    shown = machine.run(["docker", "info", "--format", "{{.NCPU}} {{.MemTotal}}"])
    cpus, memory = map(int, shown.out.split()) if shown.code == 0 else (wanted.cpus, wanted.memory << 20)
    if wanted.cpus > cpus:
        problems.append(f"minikube_cpus {wanted.cpus} is more than the {cpus} of this machine's Docker Engine.")
    if wanted.nodes * wanted.memory > memory >> 20:
        each = f" for each of {wanted.nodes} nodes" if wanted.nodes > 1 else ""
        problems.append(f"minikube_memory {wanted.memory} MiB{each} is more than the {memory >> 20} MiB of this machine's Docker Engine.")
    return problems


def version_problems(known: Iterable[str], wanted: Settings, cache: Path | None) -> list[str]:
    """Return why a Kubernetes version cannot be booted: minikube knows nothing of its minor version, or it is not at hand.

    Args:
        known: Minikube's own versions, newest first; nothing where they could not be asked for. Later patches are as good.
        wanted: Names the version.
        cache: Holds the only ones at hand; nothing where minikube fetches them.
    """
    releases = [version for version in known if "-" not in version]
    if releases and _minor(wanted.kubernetes_version) not in map(_minor, releases):
        return [
            f"minikube_kubernetes_version {wanted.kubernetes_version} is not known to this minikube, whose newest is {releases[0]};"
            " choose one that it knows, or a newer toolchain_minikube_version."
        ]
    if cache is None:
        return []
    at_hand = sorted(folder.name for folder in cache.glob("linux/*/v*") if folder.is_dir())
    if wanted.kubernetes_version not in at_hand:
        return [
            f"minikube_kubernetes_version {wanted.kubernetes_version} is not among what the toolchain made"
            f" ({', '.join(at_hand) or 'nothing'} in {cache}); give toolchain_kubernetes_version the same value."
        ]
    return []


def port_problems(machine: Machine, ports: Iterable[int]) -> list[str]:
    """Return a sentence for each port of 127.0.0.1 that something else listens on."""
    problems = []
    for port in ports:
        if _is_free(port):
            continue
        shown = machine.run(["docker", "ps", "--filter", f"publish={port}", "--format", "{{.Names}}"])
        owner = f"the container {shown.out.split()[0]}" if shown.out.split() else "another process"
        problems.append(
            f"Port {port} of 127.0.0.1 is in use by {owner} (`ss -ltnp 'sport = :{port}'` shows it); stop that,"
            " or choose another port in minikube_ports."
        )
    return problems


def known_versions(shown: str) -> list[str]:
    """Read the answer of `minikube config defaults kubernetes-version --output json`, newest first."""
    try:
        found = json.loads(shown)
    except ValueError:
        return []
    return [str(version) for version in found] if isinstance(found, list) else []


def _minor(version: str) -> str:
    return version.rpartition(".")[0]


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def _host_port(published: str) -> int:
    """Return the host's port of a docker port mapping: [address:]host:inside, or a lone port."""
    parts = published.split("/")[0].split(":")
    return int(parts[-2] if len(parts) > 1 else parts[0])
