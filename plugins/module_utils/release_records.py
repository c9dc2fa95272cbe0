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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ansible_collections.plannoir.deploy.plugins.module_utils.release_cluster import Cluster, ClusterError
from ansible_collections.plannoir.deploy.plugins.module_utils.release_values import has_load_balancer

Action: TypeAlias = Literal["none", "deploy", "uninstall"]


@dataclass(frozen=True)
class Record:
    """One revision of a release, as Helm stored it."""

    name: str
    revision: int
    status: str
    values: Mapping[str, Any]
    created: str = ""
    """When Helm stored it, by the server's clock (RFC 3339): the beginning of the attempt."""

    @property
    def succeeded(self) -> bool:
        """Whether this revision is or was deployed."""
        return self.status in ("deployed", "superseded")


@dataclass(frozen=True)
class Recovery:
    """What frees a release whose newest revision is not deployed."""

    name: str
    status: str
    revision: int
    """The revision to go back to; 0: none ever succeeded, so that the release is uninstalled."""
    wait: bool = True
    """Whether Helm waits for that revision."""

    def __str__(self) -> str:
        outcome = f"it is at revision {self.revision} again" if self.revision else "it is uninstalled, because no revision had succeeded"
        return f"{self.name} was left {self.status}: {outcome}."


def decode(secret: Mapping[str, Any]) -> Record:
    """Return the record in a Secret of Helm's."""
    content = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"]))))
    created = secret.get("metadata", {}).get("creationTimestamp", "")
    return Record(content["name"], content["version"], content["info"]["status"], content.get("config") or {}, created)


def read_records(cluster: Cluster, names: Sequence[str]) -> dict[str, list[Record]]:
    """Return the records of the releases, newest first; raises ClusterError."""
    secrets = cluster.objects("secrets", f"--selector=owner=helm,name in ({','.join(names)})")
    records = sorted(map(decode, secrets), key=lambda record: record.revision, reverse=True)
    return {name: [record for record in records if record.name == name] for name in names}


def action_for(state: str, values: Mapping[str, Any], records: Sequence[Record]) -> Action:
    """Return what brings a release to the wanted state and values."""
    newest = records[0] if records else None
    if state == "absent":
        return "uninstall" if newest and newest.status != "uninstalled" else "none"
    return "none" if newest and newest.status == "deployed" and same(newest.values, values) else "deploy"


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two sets of values are the same JSON."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def recovery_for(records: Sequence[Record], not_ready: bool = False) -> Recovery | None:
    """Return how to free a release, newest record first; None when it is deployed, or not there at all.

    A run that was killed leaves ``pending-install``, ``pending-upgrade`` or ``pending-rollback``, and Helm refuses the next one;
    a failed one leaves ``failed``.

    Args:
        records: As ``read_records`` returns them.
        not_ready: The newest revision is not good, although Helm, which was not told to wait, calls it deployed.
    """
    if not records or records[0].status == "uninstalled" or (records[0].status == "deployed" and not not_ready):
        return None
    status = "not ready" if records[0].status == "deployed" else records[0].status
    good = next((record for record in records[1:] if record.succeeded), None)
    if not good:
        return Recovery(records[0].name, status, 0)
    return Recovery(records[0].name, status, good.revision, wait=not has_load_balancer(good.values))


def recover(cluster: Cluster, recovery: Recovery, timeout: int) -> str:
    """Go back to the last good revision, or uninstall what never succeeded.

    Args:
        cluster: Where the release is.
        recovery: What to do.
        timeout: Seconds to wait for the pods of the good revision, or for the objects to be gone.

    Returns:
        Empty, or a warning: the release is free again, but its earlier revision does not become ready.

    Raises:
        ClusterError: The release is still not free.
    """
    options = [*(["--wait"] if recovery.wait else []), f"--timeout={timeout}s"]
    if not recovery.revision:
        cluster.helm("uninstall", recovery.name, "--ignore-not-found", *options)
        return ""
    try:
        cluster.helm("rollback", recovery.name, str(recovery.revision), "--cleanup-on-fail", *options)
    except ClusterError as error:
        newest = read_records(cluster, [recovery.name])[recovery.name][0]
        if newest.status.startswith("pending"):
            raise
        return f"{recovery.name} went back to revision {recovery.revision}, but that does not become ready: {error}"
    return ""
