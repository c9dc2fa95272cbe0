# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The push to a registry: what the engine is asked, what is said before a build, and what counts as no longer needed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION
from ansible_collections.plannoir.deploy.plugins.module_utils._core.registry import Registry
from ansible_collections.plannoir.deploy.plugins.module_utils._images import push
from fake_engine import EngineHandler, serving

NAME = "registry.example.org/team"
WEB, API = f"{NAME}/shop-web:1", f"{NAME}/shop-api:1"
DIGEST = f"sha256:{'b' * 64}"


class Open(Registry):
    """A registry that takes everything and asks nobody."""

    def check_push(self, reference: str) -> None:
        pass

    def tags(self, reference: str) -> list[str]:
        return ["0", "1", "2"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[tuple[Docker, dict[str, Any]]]:
    """An engine, and what it was told and shall say."""
    state: dict[str, Any] = {"refused": "", "distrust": "", "logins": [], "images": []}

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            if self.path == "/version":
                self.answer(200, b'{"Os": "linux", "Arch": "amd64"}')
            elif self.path == "/images/json":
                self.answer(200, json.dumps(state["images"]).encode())
            elif state["distrust"]:
                self.answer(500, json.dumps({"message": state["distrust"]}).encode())
            else:
                self.answer(404, b'{"message": "manifest unknown"}')

        def do_POST(self) -> None:
            state["logins"].append(json.loads(base64.urlsafe_b64decode(self.headers["X-Registry-Auth"])))
            lines: list[dict[str, Any]] = [{"status": "Layer already exists", "progressDetail": {}, "id": "a"}]
            lines += [
                {"status": "Pushing", "progressDetail": {"current": size, "total": 2000000}, "id": "b"} for size in (1000000, 2000000)
            ]
            refused = state["refused"] and state["refused"] in self.path
            lines += [{"errorDetail": {}, "error": "denied"} if refused else {"progressDetail": {}, "aux": {"Tag": "1", "Digest": DIGEST}}]
            self.answer(200, "".join(f"{json.dumps(line)}\r\n" for line in lines).encode())

    with serving(tmp_path, Engine) as environment:
        yield Docker(environment), state


def test_each_image_is_pushed_with_the_login_and_one_that_is_refused_ends_no_other(engine: tuple[Docker, dict[str, Any]]) -> None:
    docker, state = engine
    state["refused"] = "shop-web"
    shown: list[str] = []
    pushed, problems = push.push_images([WEB, API], Open(NAME, "joe", "secret"), docker, shown.append)
    assert [(image["ref"], image["digest"], image["sent"]) for image in pushed] == [(API, DIGEST, 2000000)]
    assert len(problems) == 1
    assert f"{WEB} could not be pushed (denied)" in problems[0]
    assert state["logins"] == [{"username": "joe", "password": "secret", "serveraddress": "registry.example.org"}] * 2
    assert shown[0].endswith(f"{API} is pushed, 2.0 MB were sent")


def test_a_large_image_is_heard_of(engine: tuple[Docker, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(push, "QUIET", 0.0)
    shown: list[str] = []
    push.push_images([WEB], Open(NAME), engine[0], shown.append)
    assert shown[0].endswith(f"{WEB}: 1 of 2 MB are sent")


def test_an_engine_that_does_not_trust_the_registry_and_another_processor_are_named(engine: tuple[Docker, dict[str, Any]]) -> None:
    docker, state = engine
    assert push.push_problems([WEB], Open(NAME), docker, []) == []
    assert push.push_problems([WEB], Open(NAME), docker, ["linux/amd64", "linux/arm64"]) == []
    state["distrust"] = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    distrust, platform = push.push_problems([WEB, API], Open(NAME), docker, ["linux/arm64"])
    assert "x509" in distrust
    assert "/etc/docker/certs.d/registry.example.org/ca.crt" in distrust
    assert "builds images for linux/amd64, and the cluster's nodes are linux/arm64" in platform


def test_nodes_that_may_not_be_listed_are_said_not_to_be_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def objects(answer: Any) -> Callable[..., Any]:
        def asked(self: Cluster, *request: str) -> Any:
            if isinstance(answer, Failure):
                raise answer
            return answer

        return asked

    monkeypatch.setattr(Cluster, "is_there", True)
    node = {"status": {"nodeInfo": {"operatingSystem": "linux", "architecture": "arm64"}}}
    monkeypatch.setattr(Cluster, "objects", objects([node, node]))
    assert push.node_platforms(Cluster()) == (["linux/arm64"], [])
    monkeypatch.setattr(Cluster, "objects", objects(Failure("nodes is forbidden.")))
    assert push.node_platforms(Cluster()) == ([], ["Whether the nodes can run what is built here was not checked: nodes is forbidden."])


def test_what_neither_is_wanted_nor_among_the_newest_here_is_listed(engine: tuple[Docker, dict[str, Any]]) -> None:
    docker, state = engine
    state["images"] = [
        {"Id": tag, "Created": int(tag), "RepoTags": [f"{NAME}/shop-web:{tag}"], "Labels": {APPLICATION: "shop"}} for tag in ("0", "1", "2")
    ]
    assert push.unneeded([WEB], Open(NAME), docker, 5) == []
    assert push.unneeded([WEB], Open(NAME), docker, 1) == [f"{NAME}/shop-web:0"]
