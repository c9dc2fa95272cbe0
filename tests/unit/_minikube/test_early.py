# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of a cluster before anything is built."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.early import early_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from fake_machine import FakeMachine


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 on which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path, programs=["docker"])
    machine.answers = {
        "docker container inspect": Completed(1, "[]", "No such container: plannoir"),
        "docker ps": Completed(0, "their-web\n"),
    }
    return machine


def problems(machine: FakeMachine, *ports: int, recreate: bool = False, nodes: int = 1) -> list[str]:
    wanted = {"profile": "plannoir", "home": str(machine.root), "ports": list(ports), "recreate": recreate, "nodes": nodes}
    return list(early_problems(machine, wanted))


def make_cluster(machine: FakeMachine, *ports: int) -> None:
    files = Files.of(str(machine.root), "plannoir")
    files.folder.mkdir(parents=True)
    config: dict[str, Any] = {"ExposedPorts": [f"127.0.0.1:{port}:{port}" for port in ports]}
    (files.folder / "config.json").write_text(json.dumps(config))


def test_what_holds_a_port_is_named_where_there_is_no_cluster_yet(machine: FakeMachine, taken: int) -> None:
    (problem,) = problems(machine, taken)
    assert problem.startswith(f"Port {taken} of 127.0.0.1 is in use by the container their-web")


def test_a_container_of_another_minikube_home_is_named_and_not_its_ports(machine: FakeMachine, taken: int) -> None:
    machine.answers["docker container inspect"] = Completed(0, "0123abcd\n")
    (problem,) = problems(machine, taken)
    assert problem.startswith(f"A container named plannoir exists, but {machine.root}/.minikube has no such profile")


def test_a_half_made_cluster_is_ours(machine: FakeMachine) -> None:
    machine.answers["docker container inspect"] = Completed(0, "0123abcd\n")
    creating = Files.of(str(machine.root), "plannoir").creating
    creating.parent.mkdir(parents=True)
    creating.touch()
    assert problems(machine, 30080) == []


def test_a_cluster_that_is_there_costs_no_program_and_holds_its_own_ports(machine: FakeMachine, taken: int) -> None:
    make_cluster(machine, taken, 30081)
    assert problems(machine, taken) == []
    assert problems(machine) == []
    assert machine.commands == []


def test_a_port_that_a_cluster_does_not_publish_is_named_with_both_ways_out(machine: FakeMachine) -> None:
    make_cluster(machine, 30080)
    (problem,) = problems(machine, 30080, 30081)
    assert "was made with port 30080 published on 127.0.0.1, so nothing would listen on port 30081" in problem
    assert "minikube_recreate=true" in problem
    assert problems(machine, 30080, 30081, recreate=True) == []


def test_nodes_for_whose_watches_the_kernel_has_no_room_are_refused_before_anything_is_built(machine: FakeMachine) -> None:
    machine.write("/proc/sys/fs/inotify/max_user_instances", "128\n")
    assert problems(machine, nodes=3) == []
    (problem,) = problems(machine, nodes=30)
    assert "fs.inotify.max_user_instances is 128" in problem
    make_cluster(machine)
    assert problems(machine, nodes=30) == []


def test_without_docker_nothing_is_said_of_containers(machine: FakeMachine) -> None:
    machine.answers = {}
    assert problems(machine, 0) == []
