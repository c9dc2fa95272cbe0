# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the images a registry has, whether the others can be built here and pushed there, and the push."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._core.cluster import Cluster
from .._core.docker import Docker
from .._core.errors import Failure
from .._core.registry import Registry
from .build import QUIET
from .tags import kept


def by_digest(reference: str, digest: str) -> str:
    """Return a reference that no later push can change."""
    return f"{reference.rpartition(':')[0]}@{digest}"


def digests(references: Sequence[str], registry: Registry) -> dict[str, str]:
    """Return the digest by reference, empty where the registry has no such image; all are asked at the same time.

    Raises:
        Failure: The registry cannot be asked.
    """
    with ThreadPoolExecutor() as pool:
        return dict(zip(references, pool.map(registry.digest, references), strict=True))


def node_platforms(cluster: Cluster) -> tuple[list[str], list[str]]:
    """Return the platforms of a cluster's nodes, such as ``linux/amd64``, and a sentence where they cannot be told."""
    try:
        nodes = cluster.objects("nodes") if cluster.is_there else []
    except Failure as failure:
        return [], [f"Whether the nodes can run what is built here was not checked: {failure}"]
    found = {f"{node['status']['nodeInfo']['operatingSystem']}/{node['status']['nodeInfo']['architecture']}" for node in nodes}
    return sorted(found), []


def push_problems(references: Sequence[str], registry: Registry, engine: Docker, wanted: Sequence[str]) -> list[str]:
    """Return why images cannot be built by an engine and pushed, before anything is built.

    Args:
        references: What has to be built.
        registry: Where it is pushed to.
        engine: Where it is built.
        wanted: The platforms of the nodes; empty where they are not known.

    Raises:
        Failure: The engine does not answer.
    """
    problems: list[str] = []
    for reference in references:
        try:
            registry.check_push(reference)
        except Failure as failure:
            problems.append(str(failure))
    if references and not problems and (why := engine.distrust(references[0], registry.engine_login)):
        problems.append(
            f"The engine at {engine.host} does not trust the certificate of {registry.host} ({why}): copy that of its authority to "
            f"/etc/docker/certs.d/{registry.host}/ca.crt on the engine's machine (Docker Desktop: in ~/.docker/certs.d)."
        )
    built = engine.platform()
    if wanted and built not in wanted:
        problems.append(
            f"The engine at {engine.host} builds images for {built}, and the cluster's nodes are {' and '.join(wanted)}: run this on a "
            f"machine with {wanted[0]}, or name its engine in cluster_engine."
        )
    return list(dict.fromkeys(problems))


def push_images(
    references: Sequence[str], registry: Registry, engine: Docker, show: Callable[[str], None]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Push images one after the other, so that each finds the layers that an earlier one has brought.

    Returns:
        Those that were pushed, each with ``ref``, ``digest``, ``sent`` (bytes) and ``seconds``, and the problems of the others.
    """
    pushed: list[dict[str, Any]] = []
    problems: list[str] = []
    for reference in references:
        began = time.monotonic()
        sent = _Sent(show, reference, began)
        try:
            digest = engine.push(reference, registry.engine_login, sent.look)
        except Failure as failure:
            problems.append(
                f"{reference} could not be pushed ({failure}): run the same command again when that is mended; it is built, and layers "
                "that arrived are not sent again."
            )
            continue
        seconds = round(time.monotonic() - began, 1)
        show(f"{seconds:5.0f} s  {reference} is pushed, {sent.bytes / 1e6:.1f} MB were sent")
        pushed.append({"ref": reference, "digest": digest, "sent": sent.bytes, "seconds": seconds})
    return pushed, problems


def unneeded(references: Sequence[str], registry: Registry, engine: Docker, keep: int) -> list[str]:
    """Return what else the references' repositories hold, but for the newest that this engine has built; nothing removes it."""
    ours = {*references, *kept(references, engine, keep)}
    found = []
    for reference in references:
        repository = reference.rpartition(":")[0]
        found += [f"{repository}:{tag}" for tag in registry.tags(reference) if f"{repository}:{tag}" not in ours]
    return found


class _Sent:
    """How much of an image is sent, told after ``QUIET`` seconds and whenever the time has doubled."""

    def __init__(self, show: Callable[[str], None], reference: str, began: float) -> None:
        self._show = show
        self._reference = reference
        self._began = began
        self._due = QUIET
        self.bytes = 0

    def look(self, layers: dict[str, dict[str, int]]) -> None:
        self.bytes = sum(layer.get("current", 0) for layer in layers.values())
        if (seconds := time.monotonic() - self._began) >= self._due:
            self._due = 2 * seconds
            total = sum(max(layer.get("total", 0), layer.get("current", 0)) for layer in layers.values())
            self._show(f"{seconds:5.0f} s  {self._reference}: {self.bytes / 1e6:.0f} of {total / 1e6:.0f} MB are sent")
