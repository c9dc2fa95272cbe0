# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel's instances of inotify, which the programs of all nodes share."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import watches
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.watches import EACH, FIRST, SHIMS, in_use, watch_problems
from fake_machine import FakeMachine


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path)
    machine.write("/proc/sys/fs/inotify/max_user_instances", "128\n")
    return machine


def test_the_nodes_that_the_kernel_has_room_for_are_counted_beside_what_is_in_use(
    machine: FakeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = 128 - FIRST - 2 * EACH
    monkeypatch.setattr(watches, "in_use", lambda _proc: used)
    assert watch_problems(machine, 2) == []
    (problem,) = watch_problems(machine, 3)
    assert f"is 128 on this machine, {used} of them are in use" in problem
    assert "there is room for 2 of 3 nodes" in problem
    assert "`sudo sysctl fs.inotify.max_user_instances=512`" in problem
    assert "lower minikube_nodes" in problem


def test_the_programs_of_the_first_node_count_where_it_does_not_run(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "in_use", lambda _proc: 128 - 2 * EACH)
    assert watch_problems(machine, 2, first=False) == []
    assert watch_problems(machine, 2) != []


def test_with_version_2_of_cgroups_pods_count_too(machine: FakeMachine) -> None:
    room = (128 - FIRST) // (EACH + SHIMS)
    assert watch_problems(machine, room + 1) == []
    machine.write("/sys/fs/cgroup/cgroup.controllers")
    (problem,) = watch_problems(machine, room + 1)
    assert f"each node takes about {EACH + SHIMS}, so there is room for {room} of" in problem


def test_where_not_one_node_more_has_room_another_cluster_is_in_the_way(machine: FakeMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watches, "in_use", lambda _proc: 128)
    (problem,) = watch_problems(machine, 1)
    assert "room for 0 of 1 node:" in problem
    assert problem.endswith("or stop another cluster.")


def test_what_is_advised_is_enough_for_what_is_wanted(machine: FakeMachine) -> None:
    (problem,) = watch_problems(machine, 100)
    assert f"max_user_instances={FIRST + 100 * EACH}`" in problem


def test_a_system_without_inotify_refuses_nothing(tmp_path: Path) -> None:
    assert watch_problems(FakeMachine(tmp_path), 9) == []


def test_instances_of_processes_that_may_be_looked_into_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = "anon_inode:inotify"
    for process, links in {"1": [watch, watch, "/dev/null"], "22": [watch], "self": []}.items():
        folder = tmp_path / process / "fd"
        folder.mkdir(parents=True)
        for number, link in enumerate(links):
            (folder / str(number)).symlink_to(link)
    (tmp_path / "33").mkdir()  # ends meanwhile
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(watches, "ROOT_USER", owner)
    assert in_use(tmp_path) == 3
    monkeypatch.setattr(watches, "ROOT_USER", owner + 1)
    assert in_use(tmp_path) == 0
