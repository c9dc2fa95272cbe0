# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that a node needs before it can pull any, from archives."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

from .._core.errors import Failure
from .._core.machine import Machine
from .._core.references import names_host
from .settings import CONTAINERD, DOCKER

_COMMANDS = {
    CONTAINERD: (["ctr", "--namespace=k8s.io", "images", "list", "--quiet"], ["ctr", "--namespace=k8s.io", "images", "import", "-"]),
    DOCKER: (["docker", "image", "list", "--format={{.Repository}}:{{.Tag}}"], ["docker", "load", "--quiet"]),
}
"""How a node says what it has, and takes an archive, by its runtime."""


def worker_archives() -> list[str]:
    """Return where below minikube's cache the images are that Kubernetes itself runs on each node."""
    from .._toolchain.catalogue import programs  # what makes no cluster does without

    published = [programs()[f"image-{name}"].publish["image.tar"][0] for name in ("pause", "kube-proxy", "coredns")]
    return [path.removeprefix("minikube-cache/") for path in published]


def load(machine: Machine, node: str, runtime: str, archives: Sequence[Path], timeout: float) -> bool:
    """Load into a node what it lacks of the images of archives, and tell whether it lacked any.

    Args:
        machine: Where the node's container runs.
        node: Its name.
        runtime: What runs its pods, ``docker`` or ``containerd``.
        archives: As `docker save` writes them.
        timeout: Seconds for each.

    Raises:
        Failure: An archive cannot be read, or the node does not take it.
    """
    if not archives:
        return False
    listing, loading = _COMMANDS[runtime]
    shown = machine.run(["docker", "exec", node, *listing])
    there = {_full(reference) for reference in shown.out.split()}
    missing = [archive for archive in archives if not _references(archive) <= there]
    for archive in missing:
        done = machine.run(["docker", "exec", "--interactive", node, *loading], given=archive.read_bytes(), timeout=timeout)
        if done.code:
            raise Failure(f"The node {node} did not take the image of {archive} ({done.last_line}): run this again.")
    return bool(missing)


def _references(archive: Path) -> set[str]:
    try:
        with tarfile.open(archive) as tar:
            file = tar.extractfile("manifest.json")
            entries = json.load(file) if file else []
    except (OSError, KeyError, ValueError, tarfile.TarError) as error:
        raise Failure(f"{archive} is no archive of an image ({error}): run the role toolchain, or name another one.") from error
    return {_full(reference) for entry in entries for reference in entry["RepoTags"] or []}


def _full(reference: str) -> str:
    """Return a reference with its registry, as containerd lists it."""
    return reference if names_host(reference.partition("/")[0]) else f"docker.io/{reference}"
