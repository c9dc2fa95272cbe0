# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of a namespace as kubectl prints them, and what is found in them."""

from __future__ import annotations

from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import Observed, instant
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import Finding, findings

BEFORE = "2026-11-23T19:59:59Z"
BEGAN = "2026-11-23T20:00:00Z"
SINCE = "2026-11-23T20:05:00Z"


def metadata(name: str, component: str = "backend", instance: str = "shop", at: str = SINCE, **more: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": instance}
    return {"name": name, "uid": f"uid of {name}", "creationTimestamp": at, "labels": labels, **more}


def made_by(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"kind": kind, "uid": f"uid of {name}"}]


def pod(state: dict[str, Any] | None = None, name: str = "backend-1", **status: Any) -> dict[str, Any]:
    containers = [{"name": "backend", "image": "local/backend:1", "ready": False, "state": state}] if state is not None else []
    return {
        "kind": "Pod",
        "metadata": metadata(name),
        "spec": {"containers": [{"name": "backend", "image": "local/backend:1"}], "volumes": []},
        "status": {"phase": "Pending", "conditions": [], "containerStatuses": containers, **status},
    }


def crashed(last: dict[str, Any]) -> dict[str, Any]:
    item = pod({"waiting": {"reason": "CrashLoopBackOff"}})
    item["status"]["containerStatuses"][0].update(restartCount=3, lastState={"terminated": last})
    return item


def event(name: str, reason: str, message: str, at: str | None = SINCE, kind: str = "Pod", **more: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}"},
        "involvedObject": {"kind": kind, "name": name},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
        **more,
    }


def replicaset(name: str, revision: int, *conditions: dict[str, Any], at: str = SINCE) -> dict[str, Any]:
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    return {
        "kind": "ReplicaSet",
        "metadata": metadata(name, at=at, ownerReferences=made_by("Deployment", "backend"), annotations=annotations),
        "spec": {"replicas": 1},
        "status": {"conditions": list(conditions)},
    }


def found(*objects: dict[str, Any], log: str = "", components: dict[str, Any] | None = None) -> list[Finding]:
    return findings(Observed(objects, {"shop": instant(BEGAN)}, lambda pod, container, previous: log, components or {}))


def seen(*objects: dict[str, Any], log: str = "") -> list[str]:
    return [f"{finding.sentence} {finding.evidence}".strip() for finding in found(*objects, log=log)]


def migration(*pods: dict[str, Any], reason: str = "", at: str = SINCE) -> list[dict[str, Any]]:
    """A migration's Job, failed for a reason or still trying, and its pods."""
    failed = {"failed": 3, "conditions": [{"type": "Failed", "status": "True", "reason": reason}]} if reason else {"active": 1}
    job = {
        "kind": "Job",
        "metadata": metadata("backend-migration", "backend-migration", at=at),
        "spec": {"activeDeadlineSeconds": 60, "template": {"spec": {"containers": [{"name": "migration", "image": "a/b:1"}]}}},
        "status": failed,
    }
    for number, item in enumerate(pods):
        name = f"backend-migration-{number}"
        item["metadata"] = metadata(name, "backend-migration", ownerReferences=made_by("Job", "backend-migration"))
        item["metadata"]["creationTimestamp"] = f"2026-11-23T20:05:{number:02}Z"
    return [job, *pods]


def ended(exit_code: int = 1, reason: str = "Error", **more: Any) -> dict[str, Any]:
    return pod({"terminated": {"exitCode": exit_code, "reason": reason, **more}}, phase="Failed")
