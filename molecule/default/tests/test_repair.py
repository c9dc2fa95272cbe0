# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was deleted or edited by hand is named and put back by the next run, and what is somebody else's stays."""

from __future__ import annotations

import json
from typing import Any

import requests
from story import APPLICATION, BASE_URL, Kubectl, playbook


def seen(kubectl: Kubectl) -> dict[str, Any]:
    """Return the names of what the application consists of, and of each Deployment what is edited."""
    found = json.loads(kubectl("get", "deployments,services,networkpolicies,secrets", "--output=json"))["items"]
    deployments = {item["metadata"]["name"]: item["spec"] for item in found if item["kind"] == "Deployment"}
    read = json.dumps(deployments)  # Secrets of earlier values may be there, too
    return {
        f"{item['kind']} {(name := item['metadata']['name'])}": item["kind"] == "Deployment"
        and (deployments[name]["replicas"], [container["image"] for container in deployments[name]["template"]["spec"]["containers"]])
        for item in found
        if item["kind"] != "Secret" or f'"{item["metadata"]["name"]}"' in read
    }


def test_what_was_deleted_or_edited_is_named_and_put_back(kubectl: Kubectl) -> None:
    before = seen(kubectl)
    assert {f"Deployment {name}" for name in APPLICATION} < set(before)
    secret = next(name.partition(" ")[2] for name in before if name.startswith("Secret backend-env-"))
    kubectl("annotate", "deployment/backend", "example.com/stranger=theirs")
    kubectl("delete", "deployment/frontend", "service/pgbouncer", "networkpolicy/backend", f"secret/{secret}", "--wait=false")
    kubectl("set", "image", "deployment/backend", "*=registry.invalid/none:1")
    kubectl("scale", "deployment/pgbouncer", "--replicas=2")
    assert seen(kubectl) != before

    printed = playbook("site.yml", "--tags=release", "--diff")

    assert seen(kubectl) == before
    for sentence in ("Deployment frontend was deleted", "Service pgbouncer was deleted", "NetworkPolicy backend was deleted", secret):
        assert sentence in printed
    for edited, field in (("Deployment backend was edited (", "image"), ("Deployment pgbouncer was edited (", "replicas")):
        assert field in printed.partition(edited)[2].partition(")")[0], edited
    annotations = json.loads(kubectl("get", "deployment/backend", "--output=json"))["metadata"]["annotations"]
    assert annotations["example.com/stranger"] == "theirs"
    kubectl("annotate", "deployment/backend", "example.com/stranger-")
    assert requests.get(BASE_URL, timeout=30).status_code == 200
