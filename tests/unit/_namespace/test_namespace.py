# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a namespace is, and what of others is in the way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.objects import (
    foreign_objects,
    foreign_releases,
    foreign_workloads,
    held_ports,
    is_owned,
    live_components,
    namespace_change,
    pod_security_level,
    wanted_ports,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import Record


def item(kind: str, name: str, labels: dict[str, str] | None = None, release: str = "", owners: list[Any] | None = None) -> dict[str, Any]:
    annotations = {"meta.helm.sh/release-name": release} if release else {}
    metadata: dict[str, Any] = {"name": name, "labels": labels or {}, "annotations": annotations}
    return {"kind": kind, "metadata": {**metadata, **({"ownerReferences": owners} if owners else {})}}


def change(labels: dict[str, str] | None, application: str = "shop", level: str = "restricted") -> dict[str, str] | None:
    """Labels that the namespace would get; none when it stays as it is."""
    found = None if labels is None else item("Namespace", "ns", labels)
    definition = namespace_change("ns", application, level, found, lambda: "v1.34")
    return definition["metadata"]["labels"] if definition else None


def test_a_namespace_that_is_missing_is_made_with_our_labels_and_pinned() -> None:
    labels = change(None) or {}
    assert is_owned(item("Namespace", "ns", labels))
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {value for key, value in labels.items() if key.endswith("-version")} == {"v1.34"}
    assert change(labels) is None


def test_the_pinned_version_stays() -> None:
    labels = {**(change(None) or {}), "pod-security.kubernetes.io/enforce-version": "v1.30", "pod-security.kubernetes.io/warn": "baseline"}
    assert (change(labels) or {})["pod-security.kubernetes.io/enforce-version"] == "v1.30"


@pytest.mark.parametrize(
    "labels", [{}, {"team": "billing"}, {"app.kubernetes.io/managed-by": "Helm"}, {"pod-security.kubernetes.io/enforce": "baseline"}]
)
def test_a_namespace_of_others_is_not_labelled(labels: dict[str, str]) -> None:
    assert change(labels) is None
    assert not is_owned(item("Namespace", "ns", labels))


def test_two_applications_of_ours_do_not_flip_its_labels() -> None:
    labels = change(None) or {}
    assert change(labels, application="other", level="baseline") is None
    assert (change(labels, level="baseline") or {})["pod-security.kubernetes.io/enforce"] == "baseline"


def test_without_a_label_nothing_is_enforced() -> None:
    assert pod_security_level(item("Namespace", "ns")) == "privileged"
    assert pod_security_level(item("Namespace", "ns", {"pod-security.kubernetes.io/enforce": "baseline"})) == "baseline"


@pytest.mark.parametrize("status", ["deployed", "failed", "pending-install", "uninstalled", "superseded"])
def test_a_release_of_another_chart_is_named_with_its_state(status: str) -> None:
    theirs = Record("shop", 4, status, {}, chart="nginx", namespace="ns")
    (problem,) = foreign_releases({"shop": [theirs], "shop-extras": []})
    assert problem.startswith(f"The Helm release shop ({status}) in namespace ns is of the chart nginx")


def test_a_release_that_is_ours_now_is_ours() -> None:
    assert not list(foreign_releases({"shop": [Record("shop", 2, "failed", {}), Record("shop", 1, "superseded", {}, chart="nginx")]}))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (item("Deployment", "web"), "Deployment web in namespace ns was not made by this collection: .* or remove it"),
        (item("Service", "web", release="their-site"), "Service web in namespace ns belongs to the Helm release their-site: .*remove that"),
        (
            item("Job", "web-migration", {"app.kubernetes.io/instance": "their-site"}),
            "Job web-migration .* was not made by this collection",
        ),
        # Helm's own rule: what another release made is not taken over, whatever its labels.
        (item("Deployment", "web", {"app.kubernetes.io/instance": "shop"}, release="other"), "belongs to the Helm release other"),
    ],
)
def test_an_object_of_others_that_has_a_name_of_ours_is_named(found: dict[str, Any], said: str) -> None:
    (problem,) = foreign_objects("ns", "shop", [found])
    assert re.search(said, problem), problem


def test_our_own_objects_are_not_in_the_way() -> None:
    ours = [
        item("Deployment", "web", release="shop"),
        item("PersistentVolumeClaim", "db-data", release="shop-extras"),
        item("Job", "web-migration", {"app.kubernetes.io/instance": "shop"}),
    ]
    assert not list(foreign_objects("ns", "shop", ours))


def test_workloads_of_others_are_counted_and_named() -> None:
    theirs = [item("Deployment", name) for name in ("a", "b", "c", "d")]
    children = [item("Pod", "a-1", owners=[{"kind": "ReplicaSet"}])]
    said = foreign_workloads("ns", [*theirs, *children])
    assert "holds workloads of others (Deployment a, Deployment b, Deployment c and 1 more)" in said
    assert "namespace_shared" in said


def test_an_empty_namespace_and_one_with_applications_of_ours_may_be_used() -> None:
    ours = item("Deployment", "web", {"plannoir.deploy/app": "another"})
    assert foreign_workloads("default", [ours, item("Service", "kubernetes")]) == ""


def service(name: str, port: int, namespace: str = "ns", release: str = "") -> dict[str, Any]:
    found = item("Service", name, release=release)
    return {**found, "metadata": {**found["metadata"], "namespace": namespace}, "spec": {"ports": [{"port": 80, "nodePort": port}, {}]}}


def test_a_node_port_that_its_own_service_has_is_not_looked_for() -> None:
    components = [{"name": name, "service": {"node_port": port}} for name, port in (("web", 30080), ("admin", 30081), ("api", None))]
    assert wanted_ports(components, [service("web", 30080), service("admin", 30090), item("Deployment", "web")]) == {30081: "admin"}
    assert wanted_ports(components, []) == {30080: "web", 30081: "admin"}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            service("site", 30080, "billing"),
            "Component web: service.node_port 30080 is taken by the Service site in namespace billing",
        ),
        (service("site", 30080, "billing", "wp"), "in namespace billing (Helm release wp)"),
        (service("web", 30080, "other", "shop"), "in namespace other (Helm release shop)"),  # an application of that name elsewhere
        (service("by-hand", 30080), "by the Service by-hand in namespace ns"),
    ],
)
def test_what_holds_a_node_port_is_named(found: dict[str, Any], said: str) -> None:
    (problem,) = held_ports("shop", "ns", {30080: "web"}, [found, service("x", 30081, "billing")])
    assert said in problem


@pytest.mark.parametrize("found", [service("old-name", 30080, release="shop"), service("old-name", 30080, release="shop-extras")])
def test_a_port_of_our_own_release_is_free_for_a_component_that_was_renamed(found: dict[str, Any]) -> None:
    assert list(held_ports("shop", "ns", {30080: "web"}, [found, {**service("y", 1), "spec": {"ports": None}}])) == []


def test_what_a_killed_loop_left_is_known_by_its_label() -> None:
    labels = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "shop"}
    left = item("Deployment", "web-live", {**labels, "plannoir.deploy/live": "true"})
    assert live_components([item("Deployment", "web", labels, release="shop"), left]) == ["web"]
    assert not list(foreign_objects("ns", "shop", [left]))
    (problem,) = foreign_objects("ns", "shop", [item("Deployment", "web-live")])
    assert "Deployment web-live in namespace ns was not made by this collection" in problem
