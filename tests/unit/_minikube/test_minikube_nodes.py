# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters of several nodes, and those whose runtime is containerd."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import node as nodes
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import profile as minikube
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import settings
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.early import variable_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.images import load, worker_archives
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.profile import Loss, Profile
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.registry import ca_file
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import CONTAINERD, Settings
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.watches import EACH, FIRST
from fake_machine import FakeMachine
from test_minikube import WANTED, Lab
from test_minikube_settings import PARAMS

NODES = ["plannoir", "plannoir-m02", "plannoir-m03"]
THREE = replace(WANTED, nodes=3, container_runtime=CONTAINERD, ports=())
AGENT = {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": nodes.NETWORK_POLICY_AGENT, "namespace": "kube-system"}}


def write_archive(path: Path, *references: str) -> Path:
    """Write what `docker save` writes, as far as it is read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        manifest = json.dumps([{"Config": "c.json", "RepoTags": list(references), "Layers": []}]).encode()
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(manifest)
        tar.addfile(entry, io.BytesIO(manifest))
    return path


class Three(Lab):
    """A machine whose minikube makes three nodes, and an API server that keeps what is applied."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.running = dict.fromkeys(NODES, True)
        self.applied: list[str] = []
        self.images: dict[str, list[str]] = {}
        self.agent = [AGENT]
        self.archives: list[Path] = []
        self.machine.answers |= {"docker exec": self._exec, "docker rm": Completed(0)}

    def profile(self, wanted: Settings = THREE, cache_seed: Path | None = None) -> Profile:
        profile = super().profile(wanted, cache_seed)
        profile.archives = self.archives
        return profile

    def container(self, *, running: bool) -> Completed:
        super().container(running=running)
        shown = self.machine.answers["docker container inspect"]
        assert isinstance(shown, Completed)
        (first,) = json.loads(shown.out)
        self.running = dict.fromkeys(NODES, running)

        def inspect() -> Completed:
            asked = self.machine.commands[-1].split()[3:]
            found = [{**first, "Name": f"/{name}", "State": {**first["State"], "Running": self.running[name]}} for name in asked]
            return Completed(0, json.dumps(found))

        self.machine.answers["docker container inspect"] = inspect
        return Completed(0)

    def write_profile(self) -> None:
        super().write_profile()
        file = self.files.folder / "config.json"
        config = json.loads(file.read_text(encoding="utf-8"))
        config |= {"Nodes": [{"Name": ""}, {"Name": "m02"}, {"Name": "m03"}], "ExposedPorts": []}
        config["KubernetesConfig"]["ContainerRuntime"] = CONTAINERD
        file.write_text(json.dumps(config), encoding="utf-8")

    def _exec(self) -> Completed:
        words = self.machine.commands[-1].split()
        if "list" in words:
            return Completed(0, "\n".join(self.images.get(words[2], [])))
        return Completed(0)

    def _get(self, path: str, applied: Mapping[str, Any] | None = None, *, dry_run: bool = True) -> tuple[int, str]:
        if applied is not None and not dry_run:
            self.applied.append(path)
        if path.endswith(f"/daemonsets/{nodes.NETWORK_POLICY_AGENT}"):
            there = path in self.applied
            return (200, json.dumps({**AGENT, "status": {}})) if there or applied is not None else (404, "")
        if path.endswith("/scale"):
            return 200, "{}"
        return super()._get(path, applied)


@pytest.fixture
def lab(tmp_path: Path) -> Three:
    return Three(tmp_path)


def test_several_nodes_are_started_without_a_network_of_minikubes_and_nothing_is_published(lab: Three) -> None:
    result = lab.ensure(wanted=THREE)
    (command,) = lab.machine.ran("minikube start")
    assert "--nodes=3 --cni=false --wait=apiserver" in command
    assert "--container-runtime=containerd" in command
    assert "--ports" not in command
    assert result["host"] == "10.0.0.2"
    assert result["ports"] == []
    assert result["engine"] == {}


def test_they_get_their_network_before_they_are_waited_for_and_a_second_coredns_when_they_are_ready(
    lab: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    had: list[list[str]] = []

    def complaint(*_: object) -> str:
        had.append(list(lab.applied))
        return ""

    monkeypatch.setattr(nodes, "cluster_complaint", complaint)
    lab.ensure(wanted=THREE)
    (daemonset,) = had[0]
    assert daemonset.endswith(nodes.NETWORK_POLICY_AGENT)
    assert lab.applied[-1].endswith("/coredns/scale")


def test_a_second_run_asks_once_for_all_nodes_and_changes_nothing(lab: Three) -> None:
    lab.ensure(wanted=THREE)
    lab.machine.commands.clear()
    lab.applied = [path for path in lab.applied if "daemonsets" in path]
    result = lab.ensure(wanted=THREE)
    assert not result["changed"]
    assert lab.machine.commands == [f"docker container inspect {' '.join(NODES)}"]


def test_a_network_that_was_deleted_comes_back_and_check_mode_only_says_so(lab: Three) -> None:
    lab.ensure(wanted=THREE)
    lab.applied.clear()
    assert lab.ensure(wanted=THREE, check=True)["actions"] == ["connect the nodes of the cluster plannoir"]
    assert lab.applied == []
    assert lab.ensure(wanted=THREE)["changed"]
    assert lab.applied


def test_a_worker_that_does_not_run_is_started_with_the_others(lab: Three) -> None:
    lab.ensure(wanted=THREE)
    lab.running["plannoir-m03"] = False
    assert lab.ensure(wanted=THREE)["actions"] == ["start the cluster plannoir, because plannoir-m03 does not run"]
    assert not lab.ensure(wanted=THREE)["changed"]


def test_another_number_of_nodes_is_drift(lab: Three) -> None:
    lab.ensure(wanted=THREE)
    result = lab.ensure(wanted=replace(THREE, nodes=2))
    assert result["drift"] == [{"setting": "nodes", "have": "3", "want": "2"}]


def test_each_node_gets_what_it_lacks_and_the_first_one_nothing_that_minikube_brought(lab: Three, tmp_path: Path) -> None:
    seed = tmp_path / "seed"
    below = [write_archive(seed / path, f"registry.k8s.io/{number}:1") for number, path in enumerate(worker_archives())]
    lab.archives = [write_archive(tmp_path / "agent", "plannoir/kube-router:v1")]
    lab.images = {"plannoir": ["registry.k8s.io/0:1"], "plannoir-m02": ["docker.io/plannoir/kube-router:v1", "registry.k8s.io/0:1"]}
    profile = lab.profile(cache_seed=seed)
    lab.ensure(wanted=THREE)
    lab.machine.commands.clear()
    lab.machine.given.clear()
    minikube.ensure(lab.profile(cache_seed=seed), "started", recreate=False, check=False)
    assert lab.machine.ran("docker exec --interactive") == []
    lab.running["plannoir-m02"] = False
    minikube.ensure(profile, "started", recreate=False, check=False)
    taken = [
        (command.split()[3], given)
        for command, given in zip(lab.machine.commands, lab.machine.given, strict=True)
        if command.startswith("docker exec --interactive")
    ]
    agent, _pause, proxy, dns = (archive.read_bytes() for archive in (*lab.archives, *below))
    pause = _pause
    assert taken == [
        ("plannoir", agent),
        ("plannoir-m02", proxy),
        ("plannoir-m02", dns),
        *(("plannoir-m03", archive) for archive in (pause, proxy, dns, agent)),
    ]


def test_an_archive_that_is_none_and_a_node_that_takes_none_are_told(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers = {"docker exec": Completed(0), "docker exec --interactive": Completed(1, err="ctr: no space left on device\n")}
    with pytest.raises(Failure, match=r"The node a did not take the image of .*agent \(ctr: no space left on device\)"):
        load(machine, "a", CONTAINERD, [write_archive(tmp_path / "agent", "x/y:1")], 60)
    (tmp_path / "half").write_text("half")
    with pytest.raises(Failure, match="half is no archive of an image"):
        load(machine, "a", CONTAINERD, [tmp_path / "half"], 60)


def test_one_node_with_docker_takes_an_archive_by_its_engine(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers = {"docker exec": Completed(0, "plannoir/kube-router:v1\n")}
    assert not load(machine, "a", "docker", [write_archive(tmp_path / "one", "plannoir/kube-router:v1")], 60)
    assert load(machine, "a", "docker", [write_archive(tmp_path / "two", "plannoir/kube-router:v2")], 60)
    assert machine.ran("docker exec --interactive") == ["docker exec --interactive a docker load --quiet"]


def test_a_registry_beside_the_nodes_goes_first_because_it_is_in_their_network(lab: Three) -> None:
    lab.ensure(wanted=THREE)
    ca_file(lab.files).write_text("ca")
    lab.machine.write("/etc/docker/certs.d/10.0.0.254:5000/ca.crt", "ca")
    lab.machine.write("/etc/docker/certs.d/registry.example.org/ca.crt", "another")
    lab.ensure("absent", wanted=THREE, lost=Loss(data=True))
    commands = [command for command in lab.machine.commands if command.startswith(("docker rm", "docker network", "minikube delete"))]
    assert commands == [
        "docker rm --force --volumes plannoir-registry",
        "minikube delete --profile=plannoir",
        "docker network rm plannoir",  # which minikube leaves
    ]
    assert [path.name for path in lab.machine.path("/etc/docker/certs.d").iterdir()] == ["registry.example.org"]


def test_one_node_with_containerd_has_minikubes_bridge() -> None:
    one = settings.settings_from({**PARAMS, "container_runtime": CONTAINERD})
    assert "--cni=bridge" in one.start_arguments()
    assert not [argument for argument in settings.settings_from(PARAMS).start_arguments() if "cni" in argument]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"minikube_nodes": 0}, "minikube_nodes 0 is too few"),
        ({"minikube_nodes": 3, "minikube_container_runtime": "docker", "images_registry": "r.example.org"}, "docker has one node"),
        ({"minikube_nodes": 3, "minikube_ports": [30080], "images_registry": "r.example.org"}, "minikube_ports names 30080"),
        (
            {"minikube_nodes": 3},
            "minikube_nodes is 3, which has no engine that builds images in a node: name a registry in images_registry",
        ),
        ({"minikube_container_runtime": "containerd"}, "minikube_container_runtime is containerd, which has no engine"),
        ({"minikube_nodes": 2, "minikube_registry": True}, "minikube_registry: give images_registry_credentials"),
        ({"minikube_registry": True, "images_registry_credentials": {"username": "me"}}, "minikube_registry: give images_registry_cred"),
    ],
)
def test_variables_that_do_not_go_together_are_one_sentence(given: dict[str, Any], said: str) -> None:
    (problem,) = variable_problems(given)
    assert problem.startswith(said) or said in problem


LOGIN = {"images_registry_credentials": {"username": "me", "password": "not-a-real-one"}}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"minikube_nodes": "1", "minikube_ports": [30080]},
        {"minikube_nodes": 3, "images_registry": "r.example.org/team", "minikube_ports": []},
        {"minikube_nodes": 3, "minikube_registry": True, **LOGIN},
        {"minikube_nodes": 1, "minikube_container_runtime": "containerd", "images_registry": "r.example.org", "minikube_ports": [30080]},
        {"minikube_nodes": 1, "minikube_container_runtime": "docker", "images_registry": "r.example.org"},
        {"minikube_nodes": "many"},  # its type is told elsewhere
    ],
)
def test_variables_that_go_together_are_let_through(given: dict[str, Any]) -> None:
    assert list(variable_problems(given)) == []


def test_memory_counts_for_each_node(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers["docker info"] = Completed(0, f"8 {8 << 30}")
    assert settings.machine_problems(machine, replace(THREE, memory=2200)) == []
    (problem,) = settings.machine_problems(machine, replace(THREE, memory=4096))
    assert "4096 MiB for each of 3 nodes is more than the 8192 MiB" in problem


def test_nodes_that_the_kernel_has_no_room_for_are_refused_and_those_that_run_count_no_more(lab: Three) -> None:
    limit = "/proc/sys/fs/inotify/max_user_instances"
    lab.machine.write(limit, str(FIRST + 2 * EACH))
    with pytest.raises(Failure, match="room for 2 of 3 nodes"):
        lab.ensure(wanted=THREE)
    assert lab.machine.ran("minikube start") == []
    lab.machine.write(limit, str(FIRST + 3 * EACH))
    lab.ensure(wanted=THREE)
    lab.machine.write(limit, str(EACH))
    lab.running["plannoir-m03"] = False
    assert lab.ensure(wanted=THREE)["actions"] == ["start the cluster plannoir, because plannoir-m03 does not run"]
