# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the nodes can pull is told by pods that pull nothing: which nodes are asked, and what their answers mean."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.hardened import placement
from ansible_collections.plannoir.deploy.plugins.module_utils._images.pull import fits, is_pulled, needless, objects, pull_problems

REGISTRY = "registry.example.org/team"
IMAGE = f"{REGISTRY}/shop-web@sha256:{'a' * 64}"
LOGIN = {".dockerconfigjson": '{"auths": {}}'}
SINCE = "2026-11-29T12:00:00Z"


def node(name: str = "one", ready: str = "True", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": spec,
        "status": {"conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": ready}]},
    }


TAINT = {"key": "dedicated", "value": "apps", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("found", "selector", "tolerations", "expected"),
    [
        (node(), {}, [], True),
        (node(ready="Unknown"), {}, [], False),
        (node(unschedulable=True), {}, [], False),
        (node(labels={"pool": "1"}), {"pool": 1}, [], True),
        (node(), {"pool": "apps"}, [], False),
        (node(taints=[TAINT]), {}, [], False),
        (node(taints=[{**TAINT, "effect": "PreferNoSchedule"}]), {}, [], True),
        (node(taints=[TAINT]), {}, [TAINT], True),
        (node(taints=[TAINT]), {}, [{**TAINT, "value": "other"}], False),
        (node(taints=[TAINT]), {}, [{"key": "dedicated", "operator": "Exists"}], True),
        (node(taints=[TAINT]), {}, [{"operator": "Exists"}], True),
        (node(taints=[TAINT]), {}, [{"key": "dedicated", "operator": "Exists", "effect": "NoExecute"}], False),
    ],
)
def test_only_nodes_are_asked_that_pods_may_run_on(
    found: dict[str, Any], selector: dict[str, Any], tolerations: list[dict[str, Any]], expected: bool
) -> None:
    assert fits(found, placement(selector, tolerations)) is expected


def test_each_node_gets_a_hardened_pod_and_one_is_enough_where_they_are_not_known() -> None:
    secret, *pods = objects("shop", IMAGE, LOGIN, placement({"pool": "apps"}, [TAINT], ["shop-pull"]), ["one", "two"])
    assert (secret["kind"], secret["type"]) == ("Secret", "kubernetes.io/dockerconfigjson")
    assert [pod["spec"]["nodeName"] for pod in pods] == ["one", "two"]
    for pod in pods:
        (container,) = pod["spec"]["containers"]
        assert container["imagePullPolicy"] == "Always"
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["imagePullSecrets"] == [{"name": secret["metadata"]["name"]}]
        assert not pod["spec"]["automountServiceAccountToken"]
    (pod,) = objects("shop", IMAGE, {}, placement({"pool": "apps"}, [TAINT]), [])
    assert pod["spec"]["nodeSelector"] == {"pool": "apps"}
    assert "nodeName" not in pod["spec"]
    assert "imagePullSecrets" not in pod["spec"]


class World:
    """A cluster with one node whose pod is told to be in a state; it stays there."""

    def __init__(self, state: dict[str, Any], event: str = "", times: int = 2, **more: Any) -> None:
        self.state, self.event, self.times, self.more = state, event, times, more
        self.pods: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.now = 0.0

    def look(self, *_request: str) -> tuple[list[dict[str, Any]], list[str]]:
        return [node()], []

    def apply(self, definition: dict[str, Any]) -> None:
        self.pods = [item for item in definition["items"] if item["kind"] == "Pod"]

    def kubectl(self, *arguments: str) -> str:
        self.deleted += arguments
        return ""

    def clock(self) -> float:
        self.now += 1
        return self.now

    def objects(self, *_request: str) -> list[dict[str, Any]]:
        found = []
        for pod in self.pods:
            name = pod["metadata"]["name"]
            status = {"containerStatuses": [{"name": "pull", "state": self.state, **self.more}], "conditions": []}
            found.append({**pod, "metadata": {**pod["metadata"], "uid": name, "creationTimestamp": SINCE}, "status": status})
            about = {"involvedObject": {"kind": "Pod", "name": name}, "lastTimestamp": SINCE, "count": self.times}
            found.append({"kind": "Event", "metadata": {}, "reason": "Failed", "message": self.event, **about})
        return found


def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return pull_problems(world, "shop", IMAGE, LOGIN, {}, [], clock=world.clock)  # type: ignore[arg-type]


BACK_OFF = {"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{IMAGE}"'}}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("tls: failed to verify certificate: x509: certificate signed by unknown authority", r"does not trust the registry .*authority"),
        ("unexpected status from HEAD request: 401 Unauthorized", r"is private.*images_registry_credentials pull, too"),
        ("dial tcp: lookup registry.example.org on 10.96.0.10:53: no such host", "does not answer"),
        ("dial tcp 192.0.2.1:443: i/o timeout", "does not answer"),
        ("no match for platform in manifest: not found", "not for the node.s processor"),
    ],
)
def test_why_a_node_cannot_pull_is_one_sentence_with_its_remedy(words: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = f'Failed to pull image "{IMAGE}": rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": {words}'
    world = World(BACK_OFF, message)
    (sentence,), notes = asked(world, monkeypatch)
    assert sentence.startswith("Node one: ")
    assert notes == []
    assert re.search(says, sentence), sentence
    assert world.deleted[:2] == ["delete", "pods,secrets"]


@pytest.mark.parametrize(
    ("state", "more"),
    [
        ({"waiting": {"reason": "ContainerCreating"}}, {"imageID": "sha256:1"}),
        ({"waiting": {"reason": "RunContainerError", "message": "exec: /nothing: no such file or directory"}}, {}),
        ({"waiting": {"reason": "CreateContainerError"}}, {}),
        ({"terminated": {"reason": "StartError", "exitCode": 128}}, {}),
        ({"running": {}}, {}),
    ],
)
def test_an_image_that_arrived_is_enough_whatever_its_container_does(
    state: dict[str, Any], more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(state, **more)
    assert asked(world, monkeypatch) == ([], [])
    assert world.deleted


def test_a_pod_that_only_waits_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({"waiting": {"reason": "ContainerCreating"}})
    problems, (note,) = asked(world, monkeypatch)
    assert problems == []
    assert "was not checked: shop-pull-0 did not get so far within 90 s" in note


def test_a_pod_that_may_not_be_made_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({})

    def refuse(_definition: dict[str, Any]) -> None:
        raise Failure('pods "shop-pull-0" is forbidden: exceeded quota')

    monkeypatch.setattr(world, "apply", refuse)
    problems, (note,) = asked(world, monkeypatch)
    assert problems == []
    assert "exceeded quota" in note


def test_a_status_without_a_container_is_no_pull() -> None:
    assert not is_pulled({"status": {"phase": "Pending"}})


@pytest.mark.parametrize(
    ("image", "available", "expected"), [(IMAGE, 1, True), (IMAGE, 0, False), ("registry.example.org/teams/web:1", 1, False)]
)
def test_nobody_is_asked_where_pods_run_from_the_registry(image: str, available: int, expected: bool) -> None:
    class Running:
        def objects(self, *_request: str) -> list[dict[str, Any]]:
            containers = [{"name": "web", "image": image}]
            return [{"spec": {"template": {"spec": {"containers": containers}}}, "status": {"availableReplicas": available}}]

    assert needless(Running(), "shop", REGISTRY) is expected  # type: ignore[arg-type]
