# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._engine import packages
from fake_machine import FakeMachine

ALL_CAPABILITIES = "CapBnd:\t000001ffffffffff\n"
WITHOUT_SYS_RESOURCE = "CapBnd:\t000001fffeffffff\n"
BOOKWORM = "docker.io:\n  Installed: (none)\n  Candidate: 20.10.24+dfsg1\ndocker-buildx:\n  Installed: (none)\n  Candidate: (none)\n"
NEWER = (
    "docker.io:\n  Candidate: 26.1.5\ndocker-cli:\n  Candidate: 26.1.5\ndocker-buildx:\n  Candidate: 0.13\ncontainerd:\n  Candidate: 1.7\n"
)


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    machine = FakeMachine(tmp_path)
    machine.write("/etc/os-release", 'ID=debian\nVERSION_CODENAME="bookworm"\n')
    machine.write("/proc/self/status", WITHOUT_SYS_RESOURCE)
    machine.write("/proc/sys/kernel/cap_last_cap", "40\n")
    machine.path("/etc/apt/sources.list.d").mkdir(parents=True)
    machine.path("/etc/apt/preferences.d").mkdir()
    machine.answers = {"apt-get": Completed(0), "apt-cache policy": Completed(0, BOOKWORM)}
    return machine


def test_the_capabilities_of_the_machine_are_read_from_its_bounding_set() -> None:
    assert packages.missing_capabilities(WITHOUT_SYS_RESOURCE, 40)
    assert not packages.missing_capabilities(ALL_CAPABILITIES, 40)


def test_the_distributions_own_packages_are_taken_where_they_do(machine: FakeMachine) -> None:
    machine.answers["apt-cache policy"] = Completed(0, NEWER)
    assert packages.plan(machine) == packages.EnginePackages(packages.PACKAGES)


def test_a_docker_that_cannot_run_privileged_here_comes_from_the_next_suite(machine: FakeMachine) -> None:
    plan = packages.plan(machine)
    assert plan.suite == "trixie"
    assert "Docker 20.10.24 cannot run privileged containers" in str(plan)


def test_an_old_docker_is_no_reason_on_a_machine_with_every_capability(machine: FakeMachine) -> None:
    machine.write("/proc/self/status", ALL_CAPABILITIES)
    assert packages.plan(machine).reasons == ("the distribution's own suite has no docker-buildx",)


def test_a_release_without_a_known_next_suite_is_left_to_the_person(machine: FakeMachine) -> None:
    machine.write("/etc/os-release", "VERSION_CODENAME=buster\n")
    with pytest.raises(Failure, match=r"release buster\); install Docker Engine and its buildx plugin by hand"):
        packages.plan(machine)


def test_the_next_suite_comes_from_the_machines_own_mirrors_and_serves_nothing_else(machine: FakeMachine) -> None:
    machine.write(
        "/etc/apt/sources.list.d/debian.sources",
        "Types: deb\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm\nSigned-By: /keys/one.gpg\n"
        "\nTypes: deb\nURIs: http://mirror.test/security\nSuites: bookworm-security\nSigned-By:\n -----BEGIN\n .\n -----END\n",
    )
    machine.write("/etc/apt/sources.list", "\ndeb [arch=amd64 signed-by=/keys/two.gpg] http://mirror.test/debian bookworm-updates main\n")
    machine.answers["apt-get indextargets"] = Completed(
        0,
        "/etc/apt/sources.list.d/debian.sources:1|http://mirror.test/debian|bookworm|main\n"
        "/etc/apt/sources.list.d/debian.sources:2|http://mirror.test/security|bookworm-security|main\n"
        "/etc/apt/sources.list:2|http://mirror.test/debian|bookworm-updates|main\n"
        "/etc/apt/sources.list:9|http://elsewhere.test|nodistro|main\n",
    )
    during: dict[str, str] = {}

    def install() -> Completed:
        during.update({name: machine.read(name) for name in (packages.SOURCES_FILE, packages.PREFERENCES_FILE)})
        return Completed(0)

    machine.answers["apt-get install"] = install
    assert packages.install(machine).suite == "trixie"
    assert during[packages.SOURCES_FILE].split("\n\n") == [
        "Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie\nComponents: main\nSigned-By: /keys/one.gpg",
        "Types: deb\nURIs: http://mirror.test/security\nSuites: trixie-security\nComponents: main\nSigned-By: \n -----BEGIN\n .\n -----END",
        "Types: deb\nURIs: http://mirror.test/debian\nSuites: trixie-updates\nComponents: main\nSigned-By: /keys/two.gpg\n",
    ]
    assert during[packages.PREFERENCES_FILE] == (
        "Package: *\nPin: release n=/^trixie/\nPin-Priority: -1\n\n"
        "Package: docker.io docker-cli docker-buildx containerd\nPin: release n=/^trixie/\nPin-Priority: 990\n\n"
    )
    assert machine.commands[-2:] == [
        "apt-get update -q",
        "apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 docker.io docker-cli docker-buildx containerd",
    ]


@pytest.mark.parametrize("code", [0, 100])
def test_the_newer_suite_goes_with_its_reason(machine: FakeMachine, code: int) -> None:
    machine.answers["apt-get indextargets"] = Completed(0, "/etc/apt/sources.list:1|http://mirror.test/debian|bookworm|main\n")
    machine.answers["apt-get install"] = Completed(code)
    with pytest.raises(Failure) if code else nullcontext():
        packages.install(machine)
    assert machine.ran("apt-get install")
    assert packages.leftovers(machine) == []


def test_a_machine_without_a_source_to_copy_is_told_so(machine: FakeMachine) -> None:
    with pytest.raises(Failure, match="apt has no source for Debian bookworm"):
        packages.install(machine)
    assert not machine.path(packages.PREFERENCES_FILE).exists()


def test_a_failed_installation_quotes_apt(machine: FakeMachine) -> None:
    machine.answers["apt-cache policy"] = Completed(0, NEWER)
    machine.answers["apt-get update"] = Completed(100, err="W: mirror\nE: Could not resolve mirror.test\n")
    machine.answers["apt-get install"] = Completed(100, err="E: Unable to fetch some archives\n")
    with pytest.raises(Failure, match=r"Unable to fetch some archives .apt-get update: E: Could not resolve mirror.test.; mend apt"):
        packages.install(machine)
