# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's graph, and whether a network enforces it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.graph import PROGRAMS, Edge, edges, network_values, probe
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import Component, load_components

WEB = {"name": "web", "image": "web:1", "port": 80, "service": {"type": "NodePort"}, "connects_to": ["api"], "outside": False}
API = {"name": "api", "image": "api:1", "port": 8000, "connects_to": ["db"], "migration": {"command": ["migrate"]}}
DB = {"name": "db", "image": "db:1", "port": 5432, "extra": True, "connects_to": [], "outside": False, "service": {"port": 6000}}
OPEN = {"name": "cron", "image": "cron:1", "port": 1}

CONTROL, CLOSED = Edge("web", "api", 8000), Edge("web", "db", 6000)


def loaded(*raw: dict[str, object]) -> list[Component]:
    components, problems = load_components(list(raw))
    assert problems == []
    return components


def test_each_component_lets_in_what_connects_to_it_migrations_included() -> None:
    values = network_values(loaded(WEB, API, DB))
    assert {name: value["from"] for name, value in values.items()} == {"web": [], "api": ["web"], "db": ["api", "api-migration"]}


def test_a_setup_and_a_test_may_call_their_own_component() -> None:
    job = {"command": ["x"]}
    values = network_values(loaded(WEB, API, {**DB, "setup": job, "test": job, "migration": job}))
    assert values["db"]["from"] == ["api", "api-migration", "db-setup", "db-test"]


def test_nothing_connects_to_a_component_without_a_port() -> None:
    worker: dict[str, object] = {"name": "worker", "image": "w:1"}
    components = loaded(worker, OPEN, API | {"connects_to": []})
    assert network_values(components)["worker"]["outside"]
    assert [edge.target for found in edges(components) for edge in found].count("worker") == 0
    _, problems = load_components([worker, {**API, "connects_to": ["worker"]}])
    (problem,) = problems
    assert problem == "Component api: connects_to names worker, which has no port to connect to: give it one, or take it out."


def test_a_connection_goes_to_the_port_of_the_container() -> None:
    values = network_values(loaded(WEB, API, DB))
    assert values["api"] == {"from": ["web"], "outside": True, "to": [{"name": "db", "port": 5432}]}
    assert values["db"]["to"] == []


def test_a_component_that_does_not_say_may_connect_to_all() -> None:
    values = network_values(loaded(WEB, API, DB, OPEN))
    assert "to" not in values["cron"]
    assert all("cron" in values[name]["from"] for name in ("web", "api", "db"))


def test_an_unknown_component_and_its_own_are_no_targets() -> None:
    _, problems = load_components([{**WEB, "connects_to": ["apj"]}, {**API, "connects_to": ["api"]}])
    assert problems == [
        "Component web: connects_to names apj, which is no other component: correct it.",
        "Component api: connects_to names api, which is no other component: correct it.",
    ]


def test_what_is_published_or_does_not_run_is_not_forbidden() -> None:
    allowed, forbidden = edges(loaded(WEB, API, {**DB, "replicas": 0}))
    assert allowed == [CONTROL]
    assert forbidden == []
    allowed, forbidden = edges(loaded(WEB, API, DB))
    assert forbidden == [CLOSED, Edge("db", "api", 8000)]
    assert allowed == [CONTROL, Edge("api", "db", 6000)]


class Network:
    """Pods whose images have some programs, and what they reach."""

    def __init__(self, reached: set[str], programs: Sequence[str] = ("node",)) -> None:
        self.reached, self.programs = reached, programs

    def __call__(self, component: str, command: Sequence[str]) -> tuple[int, str]:
        if command[0] not in self.programs:
            return 126, ""
        return 0, json.dumps({address: address in self.reached for address in command[3:]})


@pytest.mark.parametrize(
    ("network", "found"),
    [
        (Network({"api:8000", "db:6000"}), "ignored"),
        (Network({"api:8000"}), "enforced"),
        (Network({"api:8000"}, ["python3"]), "enforced"),
        (Network(set()), "unknown"),  # nothing opens at all: that proves no policy
        (Network({"api:8000"}, []), "unknown"),
    ],
)
def test_what_a_pod_reaches_tells_whether_policies_are_enforced(network: Network, found: str) -> None:
    assert probe([CONTROL], [CLOSED], network)[0] == found


def test_without_an_allowed_connection_nothing_is_proven() -> None:
    assert probe([], [CLOSED], Network(set()))[0] == "unknown"


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """A port that takes connections and one that does not."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        yield server.getsockname()[1], silent.getsockname()[1]


@pytest.mark.parametrize("command", [(sys.executable, *PROGRAMS[0][1:]), PROGRAMS[-1]], ids=["python", "node"])
def test_the_programs_tell_an_open_port_from_a_closed_one(command: Sequence[str], ports: tuple[int, int]) -> None:
    assert shutil.which(command[0])
    targets = [f"127.0.0.1:{port}" for port in ports]
    done = subprocess.run([*command, *targets], capture_output=True, text=True, check=True, timeout=20)
    assert json.loads(done.stdout) == {targets[0]: True, targets[1]: False}
