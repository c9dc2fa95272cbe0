# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import node as nodes
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from fake_machine import FakeMachine

STARTED = "2026-11-23T20:00:00.478698170Z"
SINCE, EARLIER = "2026-11-23T20:00:00Z", "2026-11-23T19:59:59Z"


def cluster(starts: Mapping[str, str] | None = None, *, ready: str = "True", agents: Sequence[Mapping[str, Any]] = ()) -> nodes.Get:
    """Return the API server of a cluster whose system pods have run since the given times."""
    since = {"kube-proxy": SINCE, "kube-dns": SINCE, **(starts or {})}

    def get(path: str, applied: Mapping[str, Any] | None = None, *, dry_run: bool = True) -> tuple[int, str]:
        if path == "/readyz":
            return 200, "ok"
        if path.startswith("/apis/apiregistration.k8s.io"):
            return 404, "{}"
        if path.endswith("/daemonsets"):
            return 200, json.dumps({"items": [{"metadata": meta} for meta in agents]})
        conditions: list[dict[str, Any]] = [{"type": "Ready", "status": ready}]
        if path.startswith("/api/v1/nodes/plannoir"):
            return 200, json.dumps({"status": {"conditions": conditions}})
        state = {"running": {"startedAt": since[path.split("%3D")[1]]}}
        pod = {"conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [{"state": state}]}
        return 200, json.dumps({"items": [{"status": pod}]})

    return get


@pytest.mark.parametrize("home", ["/home/me", "/home/me/.minikube"])
def test_minikube_home_names_the_folder_or_the_one_that_holds_it(home: str) -> None:
    assert Files.of(home, "plannoir").folder == Path("/home/me/.minikube/profiles/plannoir")


def test_a_half_written_profile_counts_as_none(tmp_path: Path) -> None:
    files = Files.of(str(tmp_path), "plannoir")
    assert files.config() == {}
    files.folder.mkdir(parents=True)
    (files.folder / "config.json").write_text('{"Name": "plan')
    assert files.config() == {}


def test_a_container_is_read_with_its_address_and_published_ports(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    found = {
        "Name": "/plannoir",
        "Config": {"Image": "plannoir/node:1"},
        "State": {"Running": True, "StartedAt": STARTED},
        "NetworkSettings": {
            "Networks": {"plannoir": {"IPAddress": "192.168.49.2"}},
            "Ports": {"8443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32769"}], "53/udp": None},
        },
    }
    machine.answers["docker container inspect plannoir"] = Completed(0, json.dumps([found]))
    (node,) = nodes.inspect(machine, "plannoir")
    assert node is not None
    assert (node.running, node.ip, node.published(8443), node.published(53), node.published(1)) == (True, "192.168.49.2", 32769, 0, 0)


def test_no_container_is_told_from_no_engine(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers["docker container inspect"] = Completed(1, "[]", "Error response from daemon: No such container: plannoir")
    assert nodes.inspect(machine, "plannoir") == [None]
    machine.answers["docker container inspect"] = Completed(1, "", "Cannot connect to the Docker daemon")
    with pytest.raises(Failure, match=r"does not answer \(Cannot connect"):
        nodes.inspect(machine, "plannoir")


def test_a_ready_cluster_has_nothing_to_complain_of() -> None:
    assert nodes.cluster_complaint(cluster(), ["plannoir"], STARTED) == ""


def test_a_node_that_is_not_ready_is_named() -> None:
    assert nodes.cluster_complaint(cluster(ready="Unknown"), ["plannoir"], STARTED) == "the node plannoir is not Ready"


@pytest.mark.parametrize("app", ["kube-proxy", "kube-dns"])
def test_what_the_api_server_remembers_from_before_the_nodes_start_does_not_count(app: str) -> None:
    complaint = nodes.cluster_complaint(cluster({app: EARLIER}), ["plannoir"], STARTED)
    assert complaint == f"no pod of {app} in kube-system is ready since the node started"


def test_an_api_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    get = nodes.api(Files.of(str(tmp_path), "plannoir"), 1)
    assert nodes.api_complaint(get).startswith("the API server is not ready (")


AGENT: list[dict[str, Any]] = [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "agent", "namespace": "kube-system"}},
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "agent"}, "rules": ["list"]},
    {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "kube-system"}, "spec": {"image": "a:1"}},
]
PATHS = [
    "/api/v1/namespaces/kube-system/serviceaccounts/agent",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/agent",
    "/apis/apps/v1/namespaces/kube-system/daemonsets/agent",
]


def holding(objects: Mapping[str, Mapping[str, Any]]) -> nodes.Get:
    """Return an API server that holds objects, and answers as the real one what they would be with others applied."""

    def get(path: str, applied: Mapping[str, Any] | None = None, *, dry_run: bool = True) -> tuple[int, str]:
        live = objects.get(path)
        if live is None:
            return (404, "{}") if applied is None else (201, json.dumps(applied))
        if applied is None:
            return 200, json.dumps(live)
        marks = {"resourceVersion": "7", "managedFields": [{"manager": "plannoir.deploy"}]}
        return 200, json.dumps({**live, **applied, "metadata": {**live["metadata"], **applied["metadata"], **marks}})

    return get


def held(**status: int) -> dict[str, dict[str, Any]]:
    objects: dict[str, dict[str, Any]] = {
        path: {**item, "metadata": {**item["metadata"], "uid": "1", "resourceVersion": "5"}}
        for path, item in zip(PATHS, AGENT, strict=True)
    }
    objects[PATHS[2]]["status"] = status
    return objects


def test_an_agent_as_its_definitions_say_does_not_differ() -> None:
    assert not nodes.agent_differs(holding(held(desiredNumberScheduled=1, numberReady=1)), AGENT)
    assert not nodes.agent_differs(holding({}), [])


@pytest.mark.parametrize("path", PATHS)
def test_an_object_of_the_agent_that_is_missing_differs(path: str) -> None:
    objects = held(desiredNumberScheduled=1, numberReady=1)
    del objects[path]
    assert nodes.agent_differs(holding(objects), AGENT)


def test_an_agent_that_was_edited_or_is_not_ready_differs() -> None:
    edited = held(desiredNumberScheduled=1, numberReady=1)
    edited[PATHS[1]]["rules"] = []
    assert nodes.agent_differs(holding(edited), AGENT)
    assert nodes.agent_differs(holding(held(desiredNumberScheduled=1, numberReady=0)), AGENT)


REGISTRATION = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
METRICS_SERVER: list[dict[str, Any]] = [
    AGENT[0],
    {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {"service": {"name": "plannoir-metrics-server", "namespace": "kube-system"}},
    },
]


def measuring(service: str = "plannoir-metrics-server") -> dict[str, dict[str, Any]]:
    registered = {**METRICS_SERVER[1], "spec": {"service": {"name": service, "namespace": "kube-system"}}}
    objects = {PATHS[0]: METRICS_SERVER[0], REGISTRATION: registered}
    return {path: {**item, "metadata": {**item["metadata"], "uid": "1", "resourceVersion": "5"}} for path, item in objects.items()}


def test_a_metrics_server_as_its_definitions_say_does_not_differ_and_one_that_is_missing_or_not_wanted_does() -> None:
    assert not nodes.metrics_server_differs(holding(measuring()), METRICS_SERVER)
    assert nodes.metrics_server_differs(holding({}), METRICS_SERVER)
    assert nodes.metrics_server_differs(holding({REGISTRATION: measuring()[REGISTRATION]}), METRICS_SERVER)
    assert nodes.metrics_server_differs(holding(measuring()), [])
    assert not nodes.metrics_server_differs(holding({}), [])


def test_somebody_elses_metrics_server_is_enough_and_stays() -> None:
    theirs = {REGISTRATION: measuring("metrics-server")[REGISTRATION]}
    assert not nodes.metrics_server_differs(holding(theirs), METRICS_SERVER)
    assert not nodes.metrics_server_differs(holding(theirs), [])
