# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A quota or LimitRange that has no room is named before anything is built, and one that has room says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.quotas import quota_problems

API: dict[str, Any] = {
    "name": "api",
    "image": "a/b:1",
    "port": 80,
    "replicas": 2,
    "resources": {"requests": {"cpu": "250m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
}


def quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "team", "namespace": "shop"}
    status = {"hard": hard, "used": used or dict.fromkeys(hard, "0")}
    return {"kind": "ResourceQuota", "metadata": metadata, "spec": {"hard": hard, **spec}, "status": status}


def limits(kind: str = "Container", **given: Any) -> dict[str, Any]:
    return {"kind": "LimitRange", "metadata": {"name": "each", "namespace": "shop"}, "spec": {"limits": [{"type": kind, **given}]}}


def deployment(replicas: int = 2, **resources: Any) -> dict[str, Any]:
    container = {"name": "api", "resources": resources or API["resources"]}
    template = {"spec": {"containers": [container]}}
    return {"kind": "Deployment", "spec": {"replicas": replicas, "template": template}, "status": {"replicas": replicas}}


def said(*found: dict[str, Any], objects: tuple[dict[str, Any], ...] = (), **more: Any) -> list[str]:
    loaded, problems = load_components([{**API, **more}])
    assert problems == []
    return list(quota_problems(loaded, objects, list(found)))


@pytest.mark.parametrize(
    "found",
    [
        quota({"requests.cpu": "500m", "requests.memory": "256Mi", "limits.memory": "512Mi", "pods": "2", "services": "1"}),
        quota({"cpu": "0.5", "memory": "268435456", "count/pods": "1e1"}),  # the same, written otherwise
        quota({"requests.nvidia.com/gpu": "0", "count/deployments.apps": "1", "persistentvolumeclaims": "0", "requests.storage": "0"}),
        quota({"pods": "0"}, scopes=["BestEffort"]),
        quota({"pods": "0"}, scopes=["Terminating"]),
        quota({"pods": "0"}, scopeSelector={"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]}),
        quota({"services.loadbalancers": "0", "services.nodeports": "0"}),
        limits(max={"cpu": "2", "memory": "1Gi"}, min={"cpu": "10m"}),
        limits(default={"cpu": "1"}, maxLimitRequestRatio={"memory": "2"}),
        limits("PersistentVolumeClaim", min={"storage": "10Gi"}),
    ],
)
def test_what_has_room_says_nothing(found: dict[str, Any]) -> None:
    assert said(found) == []


def test_a_full_quota_is_named_with_what_is_left_and_who_asks() -> None:
    assert said(quota({"requests.cpu": "2"}, {"requests.cpu": "1800m"})) == [
        "The ResourceQuota team of namespace shop leaves 0.2 of requests.cpu (1.8 of 2 are used), and 0.5 more are asked for (api 2 x 0.25 "
        "in all): lower that, remove something else there, or have the quota raised."
    ]
    (sentence,) = said(quota({"memory": "1Gi"}, {"memory": "2Gi"}))  # lowered below what runs
    assert "leaves 0 bytes of requests.memory" in sentence


@pytest.mark.parametrize(
    ("hard", "more", "says"),
    [
        ({"pods": "1"}, {}, "leaves 1 of pods"),
        ({"count/services": "0"}, {}, "of services"),
        ({"services.nodeports": "0"}, {"service": {"type": "NodePort"}}, "of services.nodeports"),
        ({"services.loadbalancers": "0"}, {"service": {"type": "LoadBalancer"}}, "of services.loadbalancers"),
        ({"requests.storage": "1Gi"}, {"replicas": 1, "persistence": {"path": "/d", "size": "2Gi"}}, "leaves 1Gi of requests.storage"),
        ({"limits.memory": "300Mi"}, {}, "api 2 x 256Mi in all"),
    ],
)
def test_each_kind_of_quota_is_counted(hard: dict[str, str], more: dict[str, Any], says: str) -> None:
    (sentence,) = said(quota(hard), **more)
    assert says in sentence


def test_what_runs_already_is_not_asked_for_again() -> None:
    full = {"requests.cpu": "500m", "limits.memory": "512Mi", "pods": "2"}
    assert said(quota(full, full), objects=(deployment(),)) == []
    assert len(said(quota(full, full))) == 3
    # A deployment that the quota itself kept from its pods uses nothing yet.
    assert len(said(quota(full, full), objects=({**deployment(), "status": {}},))) == 3
    # What a LimitRange adds to pods stands in no Deployment.
    full = {"limits.cpu": "2"}
    assert said(quota(full, full), limits(default={"cpu": "1"}), objects=(deployment(),)) == []


def test_a_quota_that_wants_what_a_pod_does_not_say_names_the_option() -> None:
    (sentence,) = said(quota({"limits.cpu": "10"}))
    assert sentence == (
        "The ResourceQuota team of namespace shop wants resources.limits.cpu of every pod, and component api has none: write it, or have a "
        "LimitRange give a default."
    )
    assert said(quota({"limits.cpu": "10"}), limits(default={"cpu": "1"})) == []
    assert said(quota({"limits.cpu": "10"}), limits(max={"cpu": "1"})) == []  # Kubernetes takes the most for the default
    assert said(quota({"limits.cpu": "10"}), replicas=0) == []


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (limits(max={"memory": "128Mi"}), "resources.limits.memory is 256Mi, and the namespace's LimitRange allows at most 128Mi"),
        (limits(min={"cpu": "500m"}), "resources.requests.cpu is 0.25, and the namespace's LimitRange allows at least 0.5"),
        (limits("Pod", max={"memory": "128Mi"}), "at most 128Mi"),
        (limits(maxLimitRequestRatio={"memory": "1"}), "resources.limits.memory is 2 times resources.requests.memory"),
    ],
)
def test_a_limit_range_that_refuses_a_pod_is_named(found: dict[str, Any], says: str) -> None:
    (sentence,) = said(found)
    assert says in sentence


def test_a_limit_range_for_claims_is_named() -> None:
    volume: dict[str, Any] = {"replicas": 1, "persistence": {"path": "/data", "size": "2Gi"}}
    (sentence,) = said(limits("PersistentVolumeClaim", max={"storage": "1Gi"}), **volume)
    assert "persistence.size is 2Gi, and the namespace's LimitRange allows at most 1Gi" in sentence
