# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would be lost with a cluster: the data in it, and what is somebody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from .._component.names import release_names
from .._core.labels import APPLICATION
from .._release.attempt import Object, labels
from .node import Get

WORKLOADS = {
    "Deployment": "/apis/apps/v1/deployments",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "CronJob": "/apis/batch/v1/cronjobs",
}

DATA_ALLOWED = "teardown_data=true"
OTHERS_ALLOWED = "teardown_others=true"
"""What a person says to playbooks/teardown.yml."""


@dataclass(frozen=True)
class Contents:
    """What a cluster holds, each a few words."""

    data: Sequence[str]
    others: Sequence[str]
    """What does not belong to the application that is removed."""


def contents(get: Get, application: str, namespace: str) -> Contents | None:
    """Ask a cluster what it holds; nothing where it does not answer.

    Args:
        get: As ``node.api`` returns it.
        application: The application that is removed.
        namespace: Its namespace.
    """
    paths = {
        "claims": "/api/v1/persistentvolumeclaims",
        "volumes": "/api/v1/persistentvolumes",
        "releases": f"/api/v1/secrets?labelSelector={quote('owner=helm')}",
        **WORKLOADS,
    }
    answers = {kind: get(path) for kind, path in paths.items()}
    if any(status != 200 for status, _body in answers.values()):
        return None
    found: dict[str, list[Object]] = {kind: json.loads(body)["items"] for kind, (_status, body) in answers.items()}
    workloads = {(kind, *_place(item)): labels(item) for kind in WORKLOADS for item in found[kind]}
    own = {(namespace, name) for name in release_names(application)}
    applications = {(place, marks[APPLICATION]) for (_kind, place, _name), marks in workloads.items() if APPLICATION in marks}
    applications.discard((namespace, application))
    own |= {(place, release) for place, name in applications for release in release_names(name)}
    releases = {(_place(item)[0], labels(item).get("name", "")) for item in found["releases"]}
    others = [f"the application {name} (namespace {place})" for place, name in sorted(applications)]
    others += [f"the Helm release {name} (namespace {place})" for place, name in sorted(releases - own)]
    others += [
        f"{kind} {name} (namespace {place})"
        for (kind, place, name), marks in sorted(workloads.items(), key=lambda entry: entry[0])
        if APPLICATION not in marks and not place.startswith("kube-") and marks.get("app.kubernetes.io/managed-by") != "Helm"
    ]
    return Contents([*_claims(found["claims"]), *_volumes(found["volumes"])], others)


def losses(name: str, found: Contents | None, *, data: bool, others: bool) -> list[str]:
    """Return a sentence for each kind of loss that was not allowed.

    Args:
        name: Name of the cluster.
        found: What it holds; nothing where it does not answer.
        data: Whether its data may be lost.
        others: Whether what is somebody else's may be lost.
    """
    keep = "keep the cluster with -e teardown_cluster=false"
    if found is None:
        if data:
            return []
        return [
            f"The cluster {name} does not answer, so nobody can tell what data it holds: start it, or delete all with -e {DATA_ALLOWED}."
        ]
    sentences = []
    if found.data and not data:
        sentences.append(f"With the cluster {name} its data is lost: {'; '.join(found.data)}. Allow it with -e {DATA_ALLOWED}, or {keep}.")
    if found.others and not others:
        sentences.append(
            f"The cluster {name} holds what is not of this application: {'; '.join(found.others)}. "
            f"Delete it, too, with -e {OTHERS_ALLOWED}, or {keep}."
        )
    return sentences


def _claims(items: Sequence[Object]) -> Iterator[str]:
    for item in items:
        place, name = _place(item)
        owner = f" of {labels(item)[APPLICATION]}" if APPLICATION in labels(item) else ""
        size = (item.get("status", {}).get("capacity") or item["spec"]["resources"]["requests"])["storage"]
        yield f"the volume claim {name}{owner}, {size} (namespace {place})"


def _volumes(items: Sequence[Object]) -> Iterator[str]:
    """Name the volumes whose claim is gone and whose data was kept."""
    for item in items:
        if item.get("status", {}).get("phase") == "Released" and item["spec"].get("persistentVolumeReclaimPolicy") == "Retain":
            yield f"the volume {item['metadata']['name']}, {item['spec']['capacity']['storage']} (its claim is gone)"


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]
