# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m scripts.nodes``: three nodes, or one with ``--one``; ``--keep`` leaves the cluster there.

Names of parts, as in ``python -m scripts.nodes drains killed``, leave the others out.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

import requests

from scripts.apps_any import Failed
from scripts.nodes.endure import Person, autoscaled, drains, killed, undisturbed
from scripts.nodes.lab import (
    CLUSTER,
    LOG,
    MINIKUBE,
    PORT,
    PROFILE,
    SCRATCH,
    address,
    check_images,
    run,
    show,
    unchanged,
    write_cluster,
    write_minikube,
)
from scripts.nodes.refusals import one_namespace, refusals
from scripts.nodes.stack import branch_stack

BEFORE: dict[str, Callable[[], None]] = {"refusals": refusals}
AFTER: dict[str, Callable[[], None]] = {"namespace": one_namespace, "stack": branch_stack}
UNDER_LOAD: dict[str, Callable[[Person], None]] = {"undisturbed": undisturbed, "drains": drains, "killed": killed, "autoscaled": autoscaled}
"""What is tried before and after the application is deployed, and while somebody uses it."""


def one() -> None:
    """Deploy to one node with containerd and a registry, and run again.

    Raises:
        Failed: Something is not as it has to be.
    """
    deployed(MINIKUBE, "one node with its registry, from nothing")


def three(parts: Collection[str]) -> None:
    """Make three nodes, deploy by ``inventories/cluster``, and let it endure.

    What fails of the later parts does not keep the others from being tried.

    Args:
        parts: Names of what is tried.

    Raises:
        Failed: Something is not as it has to be.
    """
    seconds, _printed = run("site.yml", MINIKUBE, tags="minikube")
    show(f"three nodes, their registry and metrics server: {seconds:.0f} s")
    write_cluster(3)
    causes = [cause for name, part in BEFORE.items() if name in parts for cause in tried(part)]
    deployed(CLUSTER, "inventories/cluster")
    causes += [cause for name, part in AFTER.items() if name in parts for cause in tried(part)]
    person = Person(f"http://{address(PROFILE)}:{PORT}")
    causes += [cause for name, use in UNDER_LOAD.items() if name in parts for cause in tried(partial(use, person))]
    if causes:
        raise Failed("; ".join(causes))


def tried(part: Callable[[], None]) -> list[str]:
    """Return why a part failed, or nothing."""
    try:
        part()
    except (Failed, subprocess.CalledProcessError, requests.RequestException) as failed:
        show(f"Failed: {failed}")
        return [str(failed)]
    return []


def deployed(inventory: Path, what: str) -> None:
    """Deploy, look at the nodes' images, and run again.

    Raises:
        Failed: Something is not as it has to be.
    """
    seconds, _printed = run("site.yml", inventory)
    show(f"first run, {what}: {seconds:.0f} s")
    check_images()
    seconds, printed = run("site.yml", inventory)
    unchanged(printed)
    show(f"second run: {seconds:.1f} s, changed=0")


def main(arguments: list[str]) -> int:
    """Make the cluster, prove what has to hold, end the cluster; return 1 where it does not hold, 2 for a part that is unknown."""
    known = [*BEFORE, *AFTER, *UNDER_LOAD]
    parts = [name for name in arguments if not name.startswith("--")] or known
    if unknown := set(parts) - set(known):
        print(f"{', '.join(sorted(unknown))} is no part: {', '.join(known)}.")
        return 2
    SCRATCH.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    single = "--one" in arguments
    write_minikube(1 if single else 3)
    try:
        causes = tried(one if single else partial(three, parts))
    finally:
        if "--keep" not in arguments:
            run("playbooks/teardown.yml", MINIKUBE, teardown_data=True, teardown_others=True)
    return 1 if causes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
