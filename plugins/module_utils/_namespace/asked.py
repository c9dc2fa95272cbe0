# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster is asked before anything is built: whether it takes what is going to be deployed, as far as the account may see it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from .._component.spec import Component
from .._core.cluster import Cluster
from .._core.errors import Failure
from .._release.attempt import Object
from . import rights
from .quotas import quota_problems

OLDEST = (1, 30)
"""Kubernetes that the chart takes; Chart.yaml says the same to whoever installs it by hand."""

ROOM = "resourcequotas,limitranges"


@dataclass
class Asked:
    """What the cluster says.

    Attributes:
        problems: What would stop the deployment, a sentence each.
        unseen: What the account may not see, as the end of a sentence.
    """

    problems: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def ask(cluster: Cluster, components: Sequence[Component], objects: Sequence[Object], *, make: bool) -> Asked:
    """Ask all at once.

    Args:
        cluster: The namespace that is deployed into.
        components: As ``load_components`` returns them.
        objects: Those of the application that are there.
        make: Whether the namespace has to be made.

    Raises:
        Failure: The cluster does not answer.
    """
    questions: list[Callable[[], Asked]] = [
        lambda: _rights(cluster, components, make=make),
        lambda: _room(cluster, components, objects),
        lambda: _version(cluster),
    ]
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda question: question(), questions))
    return Asked([line for answer in answers for line in answer.problems], [line for answer in answers for line in answer.unseen])


def version_problems(version: str) -> Iterator[str]:
    """Name a Kubernetes that is too old, given as in ``v1.34``."""
    if tuple(map(int, version.removeprefix("v").split("."))) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        yield (
            f"The cluster runs Kubernetes {version}, and the chart takes v{oldest} or newer, because its pods sleep before they stop: "
            "upgrade the cluster."
        )


def _version(cluster: Cluster) -> Asked:
    try:
        return Asked(list(version_problems(cluster.server_version())))
    except Failure as failure:
        return _unseen(failure, "the version of Kubernetes")


def _rights(cluster: Cluster, components: Sequence[Component], *, make: bool) -> Asked:
    wanted, namespace = rights.needed(components, make=make), cluster.namespace
    try:
        review: dict[str, Any] = next(iter(cluster.create(rights.rules_review(namespace))))
        lacks = rights.lacking(wanted, (review.get("status") or {}).get("resourceRules") or [])
        if lacks:  # other authorizers than RBAC list no rules
            lacks = rights.denied(lacks, cluster.create(rights.access_reviews(namespace, lacks)))
    except Failure as failure:
        return _unseen(failure, "its rights")
    return Asked(list(filter(None, [rights.rights_problem(namespace, lacks, wanted)])))


def _room(cluster: Cluster, components: Sequence[Component], objects: Sequence[Object]) -> Asked:
    found, refused = cluster.look(ROOM)
    return Asked(list(quota_problems(components, objects, found)), ["quotas and LimitRanges"] if refused else [])


def _unseen(failure: Failure, what: str) -> Asked:
    """Say that something may not be seen; raise again what is another failure."""
    if "orbidden" not in str(failure):
        raise failure
    return Asked(unseen=[what])
