# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helm's records of releases: what was deployed last, what has to be done, and how an interrupted run is put right.

Helm keeps each revision in a Secret of the type helm.sh/release.v1: base64 of gzip of JSON, in the Secret's own base64.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from .._component.names import EXTRAS
from .._component.values import has_load_balancer
from .._core.cluster import Cluster
from .._core.errors import Failure
from .node_ports import free_node_ports, wanted_node_ports

Action: TypeAlias = Literal["none", "deploy", "uninstall"]

CHART = "plannoir"
"""Name of the collection's chart. A release of another chart is somebody else's."""

GOOD_LABEL = "plannoir.deploy/good"
"""On the record of a revision that a run saw to be good: its own number, because Helm hands a record's labels on to the next revision."""


@dataclass(frozen=True)
class Record:
    """One revision of a release, as Helm stored it."""

    name: str
    revision: int
    status: str
    values: Mapping[str, Any]
    chart: str = CHART
    namespace: str = ""
    good: bool = False
    """Whether a run of this collection saw it to be good. Helm's own status says less: a helm that outlived its run may have set it."""
    description: str = ""
    """Helm's own words for how it went."""
    manifest: str = ""
    """The objects that Helm made, hooks aside, as YAML."""
    created: str = ""
    """When Helm stored it, by the server's clock (RFC 3339): the beginning of the attempt."""

    @property
    def succeeded(self) -> bool:
        """Whether Helm says that this revision is or was deployed.

        A roll-back that fails marks the failed revision before it as superseded, whose description still says what failed.
        """
        return self.status in ("deployed", "superseded") and " failed: " not in self.description

    @property
    def secret(self) -> str:
        """Name of the Secret that holds the record."""
        return f"sh.helm.release.v1.{self.name}.v{self.revision}"


@dataclass(frozen=True)
class Recovery:
    """What frees a release whose newest revision is not deployed."""

    name: str
    status: str
    revision: int
    """The revision to go back to; 0: none ever succeeded, so that the release is uninstalled."""
    wait: bool = True
    """Whether Helm waits for that revision."""
    seen_good: bool = True
    """Whether a run saw that revision to be good; else only Helm says so."""
    node_ports: Mapping[str, int] = field(default_factory=dict)
    """Node ports of that revision, by component."""

    def __str__(self) -> str:
        outcome = f"it is at revision {self.revision} again" if self.revision else "it is uninstalled, because no revision had succeeded"
        outcome += "" if self.seen_good else ", which Helm calls good and no run has seen to be so"
        return f"{self.name} was left {self.status}: {outcome}."


def decode(secret: Mapping[str, Any]) -> Record:
    """Return the record in a Secret of Helm's."""
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    metadata = secret["metadata"]
    return Record(
        content["name"],
        content["version"],
        content["info"]["status"],
        content.get("config") or {},
        content["chart"]["metadata"]["name"],
        content["namespace"],
        (metadata.get("labels") or {}).get(GOOD_LABEL) == str(content["version"]),
        content["info"].get("description", ""),
        content.get("manifest", ""),
        metadata.get("creationTimestamp", ""),
    )


def read_records(cluster: Cluster, names: Sequence[str]) -> dict[str, list[Record]]:
    """Return the records of the releases, newest first; raises Failure."""
    return by_release(cluster.objects("secrets", record_selector(names)), names)


def record_selector(names: Sequence[str]) -> str:
    """Return kubectl's option that selects the records of releases."""
    return f"--selector=owner=helm,name in ({','.join(names)})"


def by_release(secrets: Iterable[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Record]]:
    """Return the records in Secrets of Helm's by release, newest first."""
    records = sorted(map(decode, secrets), key=lambda record: record.revision, reverse=True)
    return {name: [record for record in records if record.name == name] for name in names}


def action_for(state: str, values: Mapping[str, Any], records: Sequence[Record], *, drifted: bool = False) -> Action:
    """Return what brings a release to the wanted state and values; one whose objects were deleted or edited is deployed again."""
    newest = records[0] if records else None
    if state == "absent":
        return "uninstall" if newest and newest.status != "uninstalled" else "none"
    if newest and newest.status == "deployed" and newest.good and not drifted and same(newest.values, values):
        return "none"
    return "deploy"


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of values are the same JSON."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def recovery_for(records: Sequence[Record], not_ready: bool = False) -> Recovery | None:
    """Return how to free a release, newest record first; None when it is deployed, not there at all, or somebody else's.

    A run that was killed leaves ``pending-install``, ``pending-upgrade`` or ``pending-rollback``, and Helm refuses the next one;
    a failed one leaves ``failed``.

    Args:
        records: As ``read_records`` returns them.
        not_ready: The newest revision is not good, although Helm, which was not told to wait, calls it deployed.
    """
    if not records or records[0].chart != CHART or records[0].status == "uninstalled":
        return None
    if records[0].status == "deployed" and not not_ready:
        return None
    status = "not ready" if records[0].status == "deployed" else records[0].status
    good = _good_before(records)
    if not good:
        return Recovery(records[0].name, status, 0)
    return _going_back(records[0].name, status, good, seen_good=good.good)


def undoing(records: Sequence[Record]) -> Recovery | None:
    """Return how a release that this run deployed goes back to what it was before; None where there is no revision to go back to."""
    good = _good_before(records)
    return _going_back(records[0].name, "ahead of a release that failed", good) if good else None


def _going_back(name: str, status: str, good: Record, *, seen_good: bool = True) -> Recovery:
    return Recovery(
        name,
        status,
        good.revision,
        wait=not has_load_balancer(good.values),
        seen_good=seen_good,
        node_ports=wanted_node_ports(good.values),
    )


def _good_before(records: Sequence[Record]) -> Record | None:
    """Return the last revision that a run saw to be good; where none was ever marked, the last one that Helm calls deployed."""
    earlier = [record for record in records[1:] if record.chart == CHART]
    marked = [record for record in earlier if record.good]
    return next(iter(marked or [record for record in earlier if record.succeeded]), None)


def merging(cluster: Cluster) -> list[str]:
    """Return the option by which Helm 4 merges in the client, which Helm 3 always does.

    In the server, a field that somebody else wrote last would be a conflict, and end a deployment over an object edited by hand.

    Raises:
        Failure: helm cannot be run.
    """
    version = cluster.helm("version", "--template={{.Version}}")
    return [] if version.startswith("v3.") else ["--server-side=false"]


def recover(cluster: Cluster, recovery: Recovery, timeout: int) -> str:
    """Go back to the last good revision, or uninstall what never succeeded.

    Args:
        cluster: Where the release is.
        recovery: What to do.
        timeout: Seconds to wait for the pods of the good revision, or for the objects to be gone.

    Returns:
        Empty, or a warning: the release is free again, but its earlier revision does not become ready. One that does is marked as good.

    Raises:
        Failure: The release is still not free.
    """
    options = [*(["--wait"] if recovery.wait else []), f"--timeout={timeout}s"]
    if not recovery.revision:
        cluster.helm("uninstall", recovery.name, "--ignore-not-found", *options)
        return ""
    free_node_ports(cluster, recovery.name.removesuffix(EXTRAS), recovery.node_ports)
    try:
        cluster.helm("rollback", recovery.name, str(recovery.revision), "--cleanup-on-fail", *merging(cluster), *options)
    except Failure as error:
        newest = read_records(cluster, [recovery.name])[recovery.name][0]
        if newest.status.startswith("pending"):
            raise
        return f"{recovery.name} went back to revision {recovery.revision}, but that does not become ready: {error}"
    if recovery.wait:
        mark_good(cluster, read_records(cluster, [recovery.name]))
    return ""


def mark_good(cluster: Cluster, releases: Mapping[str, Sequence[Record]]) -> None:
    """Mark the newest revisions of releases, where Helm calls them deployed, as seen to be good; raises Failure."""
    for records in releases.values():
        if records and records[0].status == "deployed" and not records[0].good:
            cluster.kubectl("label", "secret", records[0].secret, f"{GOOD_LABEL}={records[0].revision}", "--overwrite")
