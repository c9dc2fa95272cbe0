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

    def get(path: str) -> tuple[int, str]:
        if path == "/readyz":
            return 200, "ok"
        if path.endswith("/daemonsets"):
            return 200, json.dumps({"items": [{"metadata": meta} for meta in agents]})
        conditions: list[dict[str, Any]] = [{"type": "Ready", "status": ready}]
        if path == "/api/v1/nodes/plannoir":
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
        "State": {"Running": True, "StartedAt": STARTED},
        "NetworkSettings": {
            "Networks": {"plannoir": {"IPAddress": "192.168.49.2"}},
            "Ports": {"8443/tcp": [{"HostIp": "127.0.0.1", "HostPort": "32769"}], "53/udp": None},
        },
    }
    machine.answers["docker container inspect plannoir"] = Completed(0, json.dumps([found]))
    node = nodes.inspect(machine, "plannoir")
    assert node is not None
    assert (node.running, node.ip, node.published(8443), node.published(53), node.published(1)) == (True, "192.168.49.2", 32769, 0, 0)


def test_no_container_is_told_from_no_engine(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers["docker container inspect"] = Completed(1, "[]", "Error response from daemon: No such container: plannoir")
    assert nodes.inspect(machine, "plannoir") is None
    machine.answers["docker container inspect"] = Completed(1, "", "Cannot connect to the Docker daemon")
    with pytest.raises(Failure, match=r"does not answer \(Cannot connect"):
        nodes.inspect(machine, "plannoir")


def test_a_ready_cluster_has_nothing_to_complain_of() -> None:
    assert nodes.cluster_complaint(cluster(), "plannoir", STARTED) == ""


def test_a_node_that_is_not_ready_is_named() -> None:
    assert nodes.cluster_complaint(cluster(ready="Unknown"), "plannoir", STARTED) == "the node is not Ready"


@pytest.mark.parametrize("app", ["kube-proxy", "kube-dns"])
def test_what_the_api_server_remembers_from_before_the_nodes_start_does_not_count(app: str) -> None:
    complaint = nodes.cluster_complaint(cluster({app: EARLIER}), "plannoir", STARTED)
    assert complaint == f"no pod of {app} in kube-system is ready since the node started"


def test_an_api_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    get = nodes.api(Files.of(str(tmp_path), "plannoir"), 1)
    assert nodes.api_complaint(get).startswith("the API server is not ready (")
