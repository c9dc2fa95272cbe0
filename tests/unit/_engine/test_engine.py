# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import TIMED_OUT, Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._engine import engine, packages
from fake_machine import FakeMachine

RUNNING = Completed(0, '{"Version": "26.1.5", "ApiVersion": "1.45"}')
DOWN = Completed(1, "null", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
DENIED = Completed(1, "null", "permission denied while trying to connect to the Docker daemon socket")
POLICY = "docker.io:\n  Installed: (none)\n  Candidate: 26.1.5\ndocker-buildx:\n  Candidate: 0.13.1\n"


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    """Return a machine with an engine that is installed and does not run."""
    machine = FakeMachine(tmp_path, programs=["docker", "dockerd", "apt-get"])
    machine.answers = {
        "docker context inspect": Completed(0, "unix:///var/run/docker.sock\n"),
        "docker version": DOWN,
        "docker buildx version": Completed(0, "github.com/docker/buildx 0.13.1 0.13.1-3\n"),
        "apt-cache policy": Completed(0, POLICY),
        "apt-get": Completed(0),
    }
    return machine


def start_running(machine: FakeMachine) -> Callable[[], bool]:
    def spawn() -> bool:
        machine.answers["docker version"] = RUNNING
        return True

    return spawn


def failure(machine: FakeMachine, *, manage: bool = True) -> str:
    with pytest.raises(Failure) as caught:
        engine.ensure(machine, manage=manage, timeout=60, check=False)
    return str(caught.value)


def test_a_running_engine_is_used_as_it_is(machine: FakeMachine) -> None:
    machine.answers["docker version"] = RUNNING
    result = engine.ensure(machine, manage=True, timeout=60, check=False)
    assert not result["changed"]
    assert (result["host"], result["version"], result["api_version"]) == ("unix:///var/run/docker.sock", "26.1.5", "1.45")
    assert result["buildx"] == "0.13.1"
    assert machine.spawned == []


def test_a_stopped_engine_is_started(machine: FakeMachine) -> None:
    machine.on_spawn = start_running(machine)
    result = engine.ensure(machine, manage=True, timeout=60, check=False)
    assert result["started"]
    assert not result["installed"]
    assert machine.spawned == ["/usr/bin/dockerd"]


def test_a_stopped_engine_is_started_by_systemd_where_that_is_process_1(machine: FakeMachine) -> None:
    machine.path("/run/systemd/system").mkdir(parents=True)

    def enable() -> Completed:
        machine.answers["docker version"] = RUNNING
        return Completed(0)

    machine.answers["systemctl enable --now docker.service"] = enable
    assert engine.ensure(machine, manage=True, timeout=60, check=False)["started"]
    assert machine.spawned == []


def test_an_absent_engine_is_installed_and_started(machine: FakeMachine) -> None:
    machine.programs -= {"docker", "dockerd"}

    def install() -> Completed:
        machine.programs |= {"docker", "dockerd"}
        return Completed(0)

    machine.answers["apt-get install"] = install
    machine.on_spawn = start_running(machine)
    result = engine.ensure(machine, manage=True, timeout=60, check=False)
    assert result["installed"]
    assert result["started"]
    assert result["actions"] == ["install docker.io docker-buildx", "start the Docker Engine"]


def test_check_mode_says_what_would_happen_and_does_nothing(machine: FakeMachine) -> None:
    machine.programs -= {"docker", "dockerd"}
    result = engine.ensure(machine, manage=True, timeout=60, check=True)
    assert result["actions"] == ["install docker.io docker-buildx", "start the Docker Engine"]
    assert result["diff"]["before"] == {"engine": "absent"}
    assert machine.ran("apt-get") == []
    assert machine.spawned == []


@pytest.mark.parametrize(
    ("programs", "answer", "sentence"),
    [
        (["apt-get"], DOWN, "is not installed on this machine (there is no docker client); install it with `sudo apt-get install"),
        (["docker", "apt-get"], DOWN, "is not installed on this machine (Cannot connect"),
        (["docker"], DOWN, "install it by hand (https://docs.docker.com/engine/install/)"),
        (["docker", "dockerd"], DOWN, "is installed but not running (Cannot connect"),
        (["docker", "dockerd"], DENIED, '`sudo usermod -aG docker "$USER"`'),
        (["docker", "dockerd"], Completed(TIMED_OUT), "not running (no answer within 3.5 s)"),
    ],
)
def test_an_engine_that_may_not_be_managed_is_refused_with_cause_and_remedy(
    machine: FakeMachine, programs: list[str], answer: Completed, sentence: str
) -> None:
    machine.programs = set(programs)
    machine.answers["docker version"] = answer
    assert sentence in failure(machine, manage=False)
    assert machine.ran("apt-get") == []
    assert machine.spawned == []


def test_an_engine_elsewhere_is_never_replaced_by_a_local_one(machine: FakeMachine) -> None:
    machine.answers["docker context inspect"] = Completed(0, "tcp://build.test:2376\n")
    assert "The Docker Engine at tcp://build.test:2376 does not answer" in failure(machine)
    assert machine.spawned == []


def test_an_ordinary_user_is_told_how_to_get_the_engine_started(machine: FakeMachine) -> None:
    machine.root_user = False
    assert "-e engine_become=true -K" in failure(machine)


def test_an_engine_that_ends_at_once_is_reported_with_its_last_words(machine: FakeMachine) -> None:
    machine.write(engine.LOG, 'time="x" level=info msg="Starting up"\ninvalid userland-proxy-path\n')
    machine.on_spawn = lambda: False
    assert "but ended at once (invalid userland-proxy-path); its log is /var/log/dockerd.log" in failure(machine)
    assert machine.clock == 0


def test_an_engine_that_stays_silent_is_reported_with_the_last_error_of_its_log(machine: FakeMachine) -> None:
    machine.write(engine.LOG, 'time="x" level=error msg="no \\"iptables\\" here" x=1\ntime="x" level=info msg="still trying"\n')
    assert 'did not answer within 60 s (no \\"iptables\\" here)' in failure(machine)


def test_a_missing_buildx_is_installed(machine: FakeMachine) -> None:
    machine.answers["docker version"] = RUNNING
    machine.answers["docker buildx version"] = Completed(1, err="docker: 'buildx' is not a docker command.")

    def install() -> Completed:
        machine.answers["docker buildx version"] = Completed(0, "github.com/docker/buildx 0.13.1 x\n")
        return Completed(0)

    machine.answers["apt-get install"] = install
    result = engine.ensure(machine, manage=True, timeout=60, check=False)
    assert result["actions"] == ["install docker-buildx"]
    assert result["buildx"] == "0.13.1"


def test_a_missing_buildx_that_may_not_be_installed_is_named(machine: FakeMachine) -> None:
    machine.answers["docker version"] = RUNNING
    machine.answers["docker buildx version"] = Completed(1)
    assert "has no buildx plugin; install the package docker-buildx" in failure(machine, manage=False)
    assert machine.ran("apt-get") == []


@pytest.mark.parametrize(("manage", "root", "check"), [(True, True, False), (True, True, True), (True, False, False), (False, True, False)])
def test_what_an_earlier_version_left_with_apt_is_removed_once(machine: FakeMachine, manage: bool, root: bool, check: bool) -> None:
    machine.answers["docker version"] = RUNNING
    machine.root_user = root
    for name in (packages.PREFERENCES_FILE, packages.SOURCES_FILE):
        machine.write(name, "left")
    machine.write("/etc/apt/preferences.d/nodejs", "theirs")
    result = engine.ensure(machine, manage=manage, timeout=60, check=check)
    acts = manage and root
    assert result["actions"] == (["remove the newer suite, and what holds it back, from apt"] if acts else [])
    assert bool(packages.leftovers(machine)) == (check or not acts)
    assert machine.read("/etc/apt/preferences.d/nodejs") == "theirs"
    if acts and not check:
        assert not engine.ensure(machine, manage=manage, timeout=60, check=False)["changed"]
