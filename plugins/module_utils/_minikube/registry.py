# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry that a cluster's nodes pull from: that they trust its authority, and one beside the nodes where there is none yet.

Both runtimes read ``<folder>/<registry>/*.crt`` at each pull: https://docs.docker.com/engine/security/certificates/ and
https://github.com/containerd/containerd/blob/release/1.7/docs/hosts.md (its last chapter, for folders without a hosts.toml).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .._core.errors import Failure
from .._core.machine import Machine
from .._core.process import Completed
from .._core.references import registry as host_of
from . import node as nodes
from .files import Files
from .settings import CONTAINERD, DOCKER

PORT = 5000
PATIENCE = 30.0
"""Seconds in which a registry that was started makes its certificate and answers."""
_AUTHORITIES = {CONTAINERD: "/etc/containerd/certs.d", DOCKER: "/etc/docker/certs.d"}


def container(profile: str) -> str:
    """Return the name of the registry's container, which is in the network of the profile's nodes."""
    return f"{profile}-registry"


def ca_file(files: Files) -> Path:
    """Return where the certificate of its authority is kept, and goes with the cluster."""
    return files.folder / "registry-ca.crt"


def remove(machine: Machine, files: Files) -> None:
    """Remove a registry beside the nodes, whose place in their network would keep that, and what this machine's engine has of it."""
    file = ca_file(files)
    if not file.exists():
        return
    machine.run(["docker", "rm", "--force", "--volumes", container(files.profile)])
    ca = file.read_text(encoding="utf-8")
    for trusted in machine.path(_AUTHORITIES[DOCKER]).glob("*/ca.crt"):
        try:
            if trusted.read_text(encoding="utf-8") == ca:
                trusted.unlink()
                trusted.parent.rmdir()
        except (OSError, ValueError):
            continue  # another's, or not this user's to remove


def authority(ca: str) -> str:
    """Return certificates as text, from a file or from that text.

    Raises:
        Failure: The file cannot be read.
    """
    if "-----BEGIN" in ca:
        return ca
    try:
        return Path(ca).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Failure(f"images_registry_ca: {ca} cannot be read ({getattr(error, 'strerror', None) or error}): correct it.") from error


def trust(machine: Machine, names: Sequence[str], runtime: str, registry: str, ca: str, *, check: bool) -> list[str]:
    """Have each node trust the certificates of a registry; return what was done, or in check mode would be.

    Args:
        machine: Where the nodes' containers run.
        names: The nodes.
        runtime: What pulls in them, ``docker`` or ``containerd``.
        registry: As in ``images_registry``.
        ca: The authority, as text (PEM).
        check: Whether to change nothing.

    Raises:
        Failure: A node does not take it.
    """
    host = host_of(f"{registry}/x")
    path = f"{_AUTHORITIES[runtime]}/{host}/ca.crt"

    def read(name: str) -> Completed:
        return machine.run(["docker", "exec", name, "cat", path])

    with ThreadPoolExecutor() as pool:
        lacking = [name for name, have in zip(names, pool.map(read, names), strict=True) if have.code or have.out != ca]
    for name in lacking if not check else []:
        write = ["docker", "exec", "--interactive", name, "sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", path]
        done = machine.run(write, given=ca)
        if done.code:
            raise Failure(f"The node {name} cannot be told to trust {host} ({done.last_line}): start the cluster, and run this again.")
    return [f"have {name} trust the registry {host}" for name in lacking]


@dataclass
class Beside:
    """A registry with TLS and a login in the network of a profile's nodes, which this machine reaches, too, where that is a Linux.

    Attributes:
        image: Made by the toolchain.
        actions: What was done, or in check mode would be.
    """

    machine: Machine
    files: Files
    image: str
    username: str
    password: str
    actions: list[str] = field(default_factory=list)

    @property
    def _container(self) -> str:
        return container(self.files.profile)

    def ensure(self, *, check: bool) -> str:
        """Have it run with that login, and return its name; in check mode nothing where it does not run.

        Raises:
            Failure: It cannot be started, or does not answer.
        """
        if not self.image:
            raise Failure(
                "minikube_registry is made from packages only (toolchain_source: packages): name a registry of your own in images_registry."
            )
        (found,) = nodes.inspect(self.machine, self._container)
        if found and found.running and found.image == self.image:
            name = f"{found.ip}:{PORT}"
            if not self._complaint(name):
                return name
        self.actions.append(f"start the registry {self._container}")
        if check:
            return ""
        if found is None or found.image != self.image:
            self._run("rm", "--force", "--volumes", self._container)
            address = self._address()
            network = [f"--network={self.files.profile}", f"--ip={address}"]
            self._run("run", "--detach", f"--name={self._container}", *network, "--restart=unless-stopped", self.image, address)
        elif not found.running:
            self._run("start", self._container)
        return self._log_in()

    def have_engine_trust(self, name: str) -> None:
        """Have this machine's engine trust it, too, where that is this user's to do; the push says it otherwise."""
        file, ca = self.machine.path(f"{_AUTHORITIES[DOCKER]}/{name}/ca.crt"), ca_file(self.files).read_text(encoding="utf-8")
        try:
            if file.is_file() and file.read_text(encoding="utf-8") == ca:
                return
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(ca, encoding="utf-8")
        except OSError:
            return
        self.actions.append(f"have this machine's engine trust the registry {name}")

    def _log_in(self) -> str:
        """Give a running registry its login, keep its authority, and wait until it answers."""
        deadline = self.machine.monotonic() + PATIENCE
        shown = Completed(1)
        while shown.code or not shown.out:
            if self.machine.monotonic() > deadline:
                said = self.machine.run(["docker", "logs", "--tail=5", self._container]).last_line
                raise Failure(f"The registry {self._container} made no certificate ({said}): `docker logs {self._container}` shows more.")
            self.machine.sleep(0.2)
            shown = self.machine.run(["docker", "exec", self._container, "cat", "/var/lib/docker-registry/ca.crt"])
        ca_file(self.files).write_text(shown.out, encoding="utf-8")
        login = ["docker", "exec", "--interactive", self._container, "registry", "login", self.username]
        if (done := self.machine.run(login, given=self.password)).code:
            raise Failure(f"The registry {self._container} did not take its login ({done.last_line}).")
        (found,) = nodes.inspect(self.machine, self._container)
        name = f"{found.ip if found else ''}:{PORT}"
        while complaint := self._complaint(name):
            if self.machine.monotonic() > deadline:
                raise Failure(f"The registry {self._container} was started and is of no use: {complaint}")
            self.machine.sleep(0.2)
        return name

    def _complaint(self, name: str) -> str:
        from .._core.registry import Registry  # half of what a module without a registry would import

        try:
            Registry(name, self.username, self.password, str(ca_file(self.files))).check()
        except Failure as failure:
            return str(failure)
        return ""

    def _address(self) -> str:
        """Return the last address of the nodes' network; minikube counts from the first."""
        subnet = json.loads(self._run("network", "inspect", self.files.profile))[0]["IPAM"]["Config"][0]["Subnet"]
        return str(ipaddress.ip_network(subnet)[-2])

    def _run(self, *arguments: str) -> str:
        done = self.machine.run(["docker", *arguments])
        if done.code:
            raise Failure(f"The registry {self._container} cannot be started (docker {arguments[0]}: {done.last_line}).")
        return done.out
