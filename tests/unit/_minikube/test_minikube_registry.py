# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry beside the nodes, and the authority that they trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core import registry as core
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.registry import Beside, authority, ca_file, trust
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import CONTAINERD, DOCKER
from fake_machine import FakeMachine

CA = "-----BEGIN CERTIFICATE-----\nnot a real one\n-----END CERTIFICATE-----\n"
NAME = "192.168.49.254:5000"


class World:
    """A machine with a cluster's network, and a registry that takes one password."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.machine = FakeMachine(folder)
        self.files = Files.of(str(folder), "plannoir")
        self.files.folder.mkdir(parents=True)
        self.found: dict[str, Any] | None = None
        self.password = ""
        network = [{"IPAM": {"Config": [{"Subnet": "192.168.49.0/24", "Gateway": "192.168.49.1"}]}}]
        self.machine.answers = {
            "docker container inspect": self._inspect,
            "docker network inspect plannoir": Completed(0, json.dumps(network)),
            "docker rm": self._remove,
            "docker run": self._run,
            "docker start": lambda: self._run(image=False),
            "docker exec plannoir-registry cat": Completed(0, CA),
            "docker exec --interactive plannoir-registry registry login": self._log_in,
        }
        monkeypatch.setattr(core, "Registry", self.registry)

    def registry(self, name: str, _username: str, password: str, ca: str) -> Any:
        world = self

        class Answer:
            def check(self) -> None:
                if (name, password) != (NAME, world.password) or Path(ca).read_text(encoding="utf-8") != CA:
                    raise Failure("refused")

        return Answer()

    def beside(self, password: str = "first", image: str = "plannoir/registry:1") -> Beside:
        return Beside(self.machine, self.files, image, "me", password)

    def _inspect(self) -> Completed:
        if not self.found:
            return Completed(1, "[]", "Error: No such container: plannoir-registry")
        return Completed(0, json.dumps([self.found]))

    def _run(self, *, image: bool = True) -> Completed:
        name = self.machine.commands[-1].split()[-2] if image or not self.found else self.found["Config"]["Image"]
        self.found = {
            "Name": "/plannoir-registry",
            "Config": {"Image": name},
            "State": {"Running": True, "StartedAt": ""},
            "NetworkSettings": {"Networks": {"plannoir": {"IPAddress": "192.168.49.254"}}, "Ports": {}},
        }
        return Completed(0)

    def _remove(self) -> Completed:
        self.found = None
        return Completed(0)

    def _log_in(self) -> Completed:
        given = self.machine.given[-1]
        assert isinstance(given, str)
        self.password = given
        return Completed(0)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_it_gets_the_last_address_of_the_nodes_network_and_its_password_on_standard_input(world: World) -> None:
    beside = world.beside()
    assert beside.ensure(check=False) == NAME
    assert beside.actions == ["start the registry plannoir-registry"]
    (command,) = world.machine.ran("docker run")
    assert "--network=plannoir --ip=192.168.49.254" in command
    assert not [command for command in world.machine.commands if "first" in command]
    assert ca_file(world.files).read_text(encoding="utf-8") == CA


def test_a_second_run_asks_the_engine_once_and_changes_nothing(world: World) -> None:
    world.beside().ensure(check=False)
    world.machine.commands.clear()
    again = world.beside()
    assert again.ensure(check=False) == NAME
    assert again.actions == []
    assert world.machine.commands == ["docker container inspect plannoir-registry"]


def test_a_new_password_keeps_the_images(world: World) -> None:
    world.beside().ensure(check=False)
    world.machine.commands.clear()
    again = world.beside("second")
    assert again.ensure(check=False) == NAME
    assert again.actions
    assert world.password == "second"
    assert not world.machine.ran("docker rm")


def test_one_that_was_stopped_is_started_and_one_of_an_older_image_made_anew(world: World) -> None:
    world.beside().ensure(check=False)
    assert world.found
    world.found["State"]["Running"] = False
    world.machine.commands.clear()
    world.beside().ensure(check=False)
    assert world.machine.ran("docker start")
    assert not world.machine.ran("docker rm")
    world.beside(image="plannoir/registry:2").ensure(check=False)
    assert world.machine.ran("docker rm --force --volumes plannoir-registry")
    assert world.found["Config"]["Image"] == "plannoir/registry:2"


def test_check_mode_starts_nothing(world: World) -> None:
    beside = world.beside()
    assert beside.ensure(check=True) == ""
    assert beside.actions == ["start the registry plannoir-registry"]
    assert world.machine.commands == ["docker container inspect plannoir-registry"]


def test_the_published_programs_bring_none(world: World) -> None:
    with pytest.raises(Failure, match="name a registry of your own in images_registry"):
        world.beside(image="").ensure(check=False)


def test_the_engine_of_this_machine_trusts_it_once(world: World) -> None:
    beside = world.beside()
    name = beside.ensure(check=False)
    beside.have_engine_trust(name)
    assert world.machine.path(f"/etc/docker/certs.d/{NAME}/ca.crt").read_text(encoding="utf-8") == CA
    again = world.beside()
    again.have_engine_trust(name)
    assert again.actions == []


@pytest.mark.parametrize(("runtime", "folder"), [(CONTAINERD, "/etc/containerd/certs.d"), (DOCKER, "/etc/docker/certs.d")])
def test_nodes_that_lack_the_authority_get_it_where_their_runtime_looks(tmp_path: Path, runtime: str, folder: str) -> None:
    machine = FakeMachine(tmp_path)
    path = f"{folder}/registry.example.org:5000/ca.crt"
    machine.answers = {
        "docker exec": Completed(0),
        f"docker exec a cat {path}": Completed(0, CA),
        f"docker exec b cat {path}": Completed(1, "", "cat: No such file or directory"),
    }
    arguments = (machine, ["a", "b"], runtime, "registry.example.org:5000/team", CA)
    assert trust(*arguments, check=True) == ["have b trust the registry registry.example.org:5000"]
    assert not machine.ran("docker exec --interactive")
    assert trust(*arguments, check=False)
    (command,) = machine.ran("docker exec --interactive")
    assert command.startswith("docker exec --interactive b ")
    assert command.endswith(path)
    assert machine.given[-1] == CA


def test_a_node_that_does_not_take_it_is_named(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers = {"docker exec": Completed(1, "", "Error response from daemon: container b is not running")}
    with pytest.raises(Failure, match=r"The node b cannot be told to trust registry\.example\.org"):
        trust(machine, ["b"], CONTAINERD, "registry.example.org", CA, check=False)


def test_the_authority_is_a_file_or_its_text(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CA, encoding="utf-8")
    assert authority(CA) == authority(str(tmp_path / "ca.pem")) == CA
    with pytest.raises(Failure, match=r"images_registry_ca: .* cannot be read"):
        authority(str(tmp_path / "none"))
