# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where DOCKER_HOST and its like lead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker_client import missing_helper
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
        {"DOCKER_HOST": "unix:///run/user/1000/docker.sock", "DOCKER_CERT_PATH": "/home/me/.minikube/certs"},
        {"DOCKER_HOST": "tcp://127.0.0.1:2375"},
        {"DOCKER_HOST": "tcp://localhost:2376"},  # a proxy of one's own
        {"DOCKER_HOST": "tcp://localhost:2375", "DOCKER_CERT_PATH": "/home/me/.docker"},
        {"DOCKER_HOST": "tcp://localhost:2376", "DOCKER_CERT_PATH": "/home/me/.docker", "DOCKER_TLS": "1"},
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


@pytest.mark.parametrize("value", ["1", "0", "false"])
@pytest.mark.parametrize("host", ["", "tcp://127.0.0.1:2376", "unix:///var/run/docker.sock"])
def test_tls_without_certificates_is_named_and_with_them_passes(host: str, value: str, tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": host, "DOCKER_TLS_VERIFY": value, "DOCKER_CERT_PATH": str(tmp_path)}
    (problem,) = environment_problems(environment)
    assert problem.startswith("DOCKER_TLS_VERIFY is set (any text counts, also 0), and ")
    assert "unset DOCKER_TLS_VERIFY DOCKER_CERT_PATH" in problem
    (tmp_path / "ca.pem").touch()
    assert list(environment_problems(environment)) == []
    assert list(environment_problems({**environment, "DOCKER_CERT_PATH": "", "DOCKER_CONFIG": str(tmp_path)})) == []


def test_a_context_of_ones_own_has_its_certificates_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "colima"}', encoding="utf-8")
    environment = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": str(tmp_path)}
    assert list(environment_problems(environment)) == []
    assert list(environment_problems({**environment, "DOCKER_CONTEXT": "default"})) != []


def test_certificates_that_are_not_used_are_named() -> None:
    (problem,) = environment_problems({"DOCKER_HOST": "tcp://127.0.0.1:2376", "DOCKER_CERT_PATH": "/home/me/.docker"})
    assert problem.endswith("run `export DOCKER_TLS_VERIFY=1` and this again.")


@pytest.mark.parametrize(
    ("settings", "registry", "named"),
    [
        ({"credsStore": "desktop.exe"}, "ghcr.io", "docker-credential-desktop.exe"),
        ({"credsStore": "there", "credHelpers": {"gcr.io": "gcloud"}}, "gcr.io", "docker-credential-gcloud"),
        ({"credHelpers": {"https://index.docker.io/v1/": "pass"}}, "registry-1.docker.io", "docker-credential-pass"),
        ({"credsStore": "there"}, "ghcr.io", ""),
        ({"credsStore": "missing", "credHelpers": {"ghcr.io": "there"}}, "ghcr.io", ""),
        ({"credHelpers": {"gcr.io": "gcloud"}}, "ghcr.io", ""),
        ({"auths": {"ghcr.io": {}}}, "ghcr.io", ""),
        ({"credsStore": ""}, "ghcr.io", ""),
        ([], "ghcr.io", ""),
        (None, "ghcr.io", ""),
    ],
)
def test_a_credential_helper_that_is_missing_is_named(settings: object, registry: str, named: str, tmp_path: Path) -> None:
    if settings is not None:
        (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    (tmp_path / "docker-credential-there").touch(mode=0o755)
    said = missing_helper(registry, {"DOCKER_CONFIG": str(tmp_path), "PATH": str(tmp_path)})
    assert bool(said) == bool(named)
    assert named in said
