# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where DOCKER_HOST and its like lead."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._engine.environment import environment_problems

CERTIFICATES = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/home/me/.minikube/certs"}


@pytest.mark.parametrize(
    "environment",
    [
        {"DOCKER_HOST": "tcp://192.168.49.2:2376", **CERTIFICATES, "MINIKUBE_ACTIVE_DOCKERD": "shop"},
        {"DOCKER_HOST": "tcp://127.0.0.1:32771", **CERTIFICATES, "MINIKUBE_ACTIVE_DOCKERD": "shop"},
        {"DOCKER_HOST": "tcp://127.0.0.1:32771", **CERTIFICATES},
        {"DOCKER_HOST": "ssh://docker@127.0.0.1:32768", "MINIKUBE_ACTIVE_DOCKERD": "shop"},  # minikube docker-env --ssh-host
    ],
)
def test_an_engine_inside_a_node_is_named_with_the_way_back(environment: dict[str, str]) -> None:
    (problem,) = environment_problems(environment)
    assert problem.startswith(f"DOCKER_HOST is {environment['DOCKER_HOST']}, the engine inside a cluster's node")
    assert "unset DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH MINIKUBE_ACTIVE_DOCKERD" in problem
    assert ("of the profile shop" in problem) == ("MINIKUBE_ACTIVE_DOCKERD" in environment)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DOCKER_HOST": ""},
        {"DOCKER_HOST": "unix:///var/run/docker.sock"},
        {"DOCKER_HOST": "unix:///run/user/1000/docker.sock", **CERTIFICATES},
        {"DOCKER_HOST": "tcp://127.0.0.1:2375"},
        {"DOCKER_HOST": "tcp://localhost:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/home/me/.docker"},
        {"MINIKUBE_ACTIVE_DOCKERD": "shop"},  # left behind after `unset DOCKER_HOST`
        {"DOCKER_CONTEXT": "desktop-linux", "DOCKER_CONFIG": "/home/me/.docker"},
    ],
)
def test_an_engine_of_this_machine_passes(environment: dict[str, str]) -> None:
    assert list(environment_problems(environment)) == []


@pytest.mark.parametrize(("host", "said"), [("ssh://me@build", "only unix:// and tcp://"), ("tcp://192.0.2.7:2375", "another machine")])
def test_an_engine_that_no_cluster_of_this_machine_can_run_in_is_named(host: str, said: str) -> None:
    (problem,) = environment_problems({"DOCKER_HOST": host})
    assert problem.startswith(f"DOCKER_HOST is {host}")
    assert said in problem
