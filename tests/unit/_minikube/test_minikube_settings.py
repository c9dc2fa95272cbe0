# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import settings
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import Settings
from fake_machine import FakeMachine

PARAMS: dict[str, Any] = {
    "profile": "plannoir",
    "kubernetes_version": "v1.34.4",
    "cpus": 2,
    "memory": "4g",
    "ports": [30080],
    "node_image": "plannoir/node:1",
    "extra_config": ["apiserver.v=2"],
    "encryption": True,
    "nodes": 1,
    "container_runtime": "docker",
}
WANTED = settings.settings_from(PARAMS)
CONFIG: dict[str, Any] = {
    "KicBaseImage": "plannoir/node:1",
    "Memory": 4096,
    "CPUs": 2,
    "Driver": "docker",
    "ExposedPorts": ["127.0.0.1:30080:30080"],
    "KubernetesConfig": {
        "KubernetesVersion": "v1.34.4",
        "ContainerRuntime": "docker",
        "ExtraOptions": [
            {"Component": "apiserver", "Key": "v", "Value": "2"},
            {
                "Component": "apiserver",
                "Key": "encryption-provider-config",
                "Value": "/var/lib/minikube/certs/encryption-plannoir.json",
            },
        ],
    },
}


@pytest.mark.parametrize(("text", "mib"), [("4096", 4096), ("4096m", 4096), ("4g", 4096), ("4GiB", 4096), ("2000 MB", 2000)])
def test_memory_is_read_in_mib(text: str, mib: int) -> None:
    assert settings.parse_memory(text) == mib


def test_every_wrong_setting_is_reported_in_one_sentence_of_its_own() -> None:
    wrong = {
        **PARAMS,
        "profile": "a_b",
        "kubernetes_version": "1.34",
        "cpus": 1,
        "memory": "1g",
        "ports": [0, 30080],
        "extra_config": ["v=2"],
    }
    with pytest.raises(Failure) as caught:
        settings.settings_from(wrong)
    assert str(caught.value).splitlines() == [
        "minikube_profile must be 2 to 63 lower-case letters, digits and hyphens, a letter or digit first and last: "
        "the cluster's node is called so. It is 'a_b'.",
        "minikube_kubernetes_version '1.34' is not a version; write it like v1.30.0, or leave it empty.",
        "minikube_memory 1g is too little; Kubernetes needs at least 1800 MiB.",
        "minikube_cpus 1 is too few; Kubernetes needs at least 2.",
        "minikube_ports names 0; a port lies between 1 and 65535.",
        "minikube_extra_config has v=2; write it like apiserver.v=2.",
    ]


def test_an_amount_of_memory_that_is_none_is_refused() -> None:
    with pytest.raises(Failure, match="minikube_memory 'much' is not an amount"):
        settings.settings_from({**PARAMS, "memory": "much"})


def test_a_cluster_made_as_wanted_shows_no_drift() -> None:
    assert WANTED.drift_from(Settings.from_config(CONFIG)) == []


def test_each_difference_from_a_cluster_is_drift() -> None:
    other = settings.settings_from(
        {**PARAMS, "kubernetes_version": "v1.35.0", "cpus": 4, "memory": "6g", "ports": [30081], "extra_config": []}
    )
    assert other.drift_from(Settings.from_config({**CONFIG, "Driver": "kvm2"})) == [
        {"setting": "kubernetes_version", "have": "v1.34.4", "want": "v1.35.0"},
        {"setting": "cpus", "have": "2", "want": "4"},
        {"setting": "memory", "have": "4096 MiB", "want": "6144 MiB"},
        {"setting": "ports", "have": "30080", "want": "30081"},
        {"setting": "extra_config", "have": "apiserver.v=2", "want": "none"},
        {"setting": "driver", "have": "kvm2", "want": "docker"},
    ]


def test_minikubes_own_node_image_is_never_drift() -> None:
    wanted = settings.settings_from({**PARAMS, "node_image": ""})
    assert wanted.drift_from(Settings.from_config({**CONFIG, "KicBaseImage": "gcr.io/k8s-minikube/kicbase:v0.0.50"})) == []


def test_the_settings_are_what_minikube_is_started_with() -> None:
    assert WANTED.start_arguments() == [
        "--driver=docker",
        "--container-runtime=docker",
        "--kubernetes-version=v1.34.4",
        "--cpus=2",
        "--memory=4096mb",
        "--ports=127.0.0.1:30080:30080",
        "--base-image=plannoir/node:1",
        "--extra-config=apiserver.v=2",
        "--extra-config=apiserver.encryption-provider-config=/var/lib/minikube/certs/encryption-plannoir.json",
    ]


def test_a_cluster_larger_than_the_machine_is_refused(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.answers["docker info"] = Completed(0, f"2 {3 << 30}\n")
    wanted = settings.settings_from({**PARAMS, "cpus": 3})
    assert settings.machine_problems(machine, wanted) == [
        "minikube_cpus 3 is more than the 2 of this machine's Docker Engine.",
        "minikube_memory 4096 MiB is more than the 3072 MiB of this machine's Docker Engine.",
    ]


def test_a_version_that_minikube_does_not_know_is_refused() -> None:
    known = settings.known_versions('["v1.36.0-alpha.1", "v1.35.1", "v1.35.0"]')
    assert "v1.34.4 is not known to this minikube, whose newest is v1.35.1" in settings.version_problems(known, WANTED, None)[0]
    assert settings.version_problems(known, replace(WANTED, kubernetes_version="v1.36.0"), None)


@pytest.mark.parametrize("known", [[], ["v1.34.4"], ["v1.36.0-alpha.1", "v1.35.1", "v1.34.1", "v1.34.0"], ["v1.34.0-rc.1", "v1.34.0"]])
def test_a_patch_of_a_version_that_minikube_knows_is_known(known: list[str]) -> None:
    assert settings.version_problems(known, WANTED, None) == []


def test_a_version_that_the_toolchain_did_not_make_is_refused(tmp_path: Path) -> None:
    (tmp_path / "linux/amd64/v1.33.1").mkdir(parents=True)
    (problem,) = settings.version_problems([], WANTED, tmp_path)
    assert f"v1.34.4 is not among what the toolchain made (v1.33.1 in {tmp_path})" in problem
    (tmp_path / "linux/amd64/v1.34.4").mkdir()
    assert settings.version_problems([], WANTED, tmp_path) == []


def test_a_port_in_use_is_named_with_the_container_that_has_it(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"Port {port} of 127.0.0.1 is in use by another process" in settings.port_problems(machine, [port])[0]
        machine.answers["docker ps"] = Completed(0, "web\n")
        assert f"Port {port} of 127.0.0.1 is in use by the container web" in settings.port_problems(machine, [port])[0]
    assert settings.port_problems(machine, [port]) == []
