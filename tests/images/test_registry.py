# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role images with a real registry, which asks for a login over TLS: Debian's docker-registry, started here, on this machine alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import docker
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PASSWORD = "not-a-real-one"
HTPASSWD = "tester:$2b$05$abcdefghijklmnopqrstuuwVBVSLHPKGG8t74gllyQNy7UMhrRL0i"
"""The password above, by bcrypt."""


class Server(NamedTuple):
    """A registry that runs."""

    name: str
    ca: Path
    other_ca: Path
    log: Path


def program(folder: Path) -> str:
    """Return docker-registry, from the package's archive where it is not installed."""
    if not (found := shutil.which("docker-registry")):
        subprocess.run(["apt-get", "download", "docker-registry"], cwd=folder, check=True)
        archive = next(folder.glob("docker-registry_*.deb"))
        subprocess.run(["dpkg-deb", "--extract", str(archive), str(folder / "package")], check=True)
        found = str(folder / "package/usr/bin/docker-registry")
    return found


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("registry")
    for name in ("ca", "other"):
        key = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key"]
        openssl(folder, "req", "-x509", *key, "-out", f"{name}.crt", "-days", "2", "-subj", f"/CN={name}")
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=registry")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", "-days", "2"]
    openssl(folder, "x509", "-req", "-in", "server.csr", "-out", "server.crt", *signed)
    (folder / "htpasswd").write_text(f"{HTPASSWD}\n", encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"127.0.0.1:{port}", "tls": {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")}},
        "auth": {"htpasswd": {"realm": "test", "path": str(folder / "htpasswd")}},
    }
    (folder / "settings.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen([program(folder), "serve", str(folder / "settings.yml")], stdout=sink, stderr=sink)
    try:
        until = time.monotonic() + 20
        while True:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < until, log.read_text(encoding="utf-8")
            time.sleep(0.1)
        yield Server(f"127.0.0.1:{port}/team", folder / "ca.crt", folder / "other.crt", log)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "web").mkdir()
    (folder / "web/Dockerfile").write_text("FROM scratch\nCOPY page /page\nUSER 10001\n", encoding="utf-8")
    (folder / "web/page").write_text(f"{folder}\n", encoding="utf-8")
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "roles": ["plannoir.deploy.images"],
        "tasks": [
            {
                "name": "Write the result",
                "ansible.builtin.copy": {"dest": str(folder / "refs"), "content": "{{ images_result.refs | to_json }}"},
            }
        ],
    }
    (folder / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    return folder


def play(project: Path, server: Server, password: str = PASSWORD, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run the role, with the variables in a file."""
    given = {
        "ansible_python_interpreter": sys.executable,
        "app_name": "shop",
        "app_namespace": "shop",
        "app_services": [],
        "app_components": [{"name": "web", "build": {"context": "web"}, "port": 8080}],
        "cluster_engine": {key: os.environ[key] for key in ("DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH") if key in os.environ},
        "cluster_kubeconfig": str(project / "kubeconfig"),
        "cluster_context": "none",
        "cluster_bin": "",
        "images_registry": server.name,
        "images_registry_credentials": {"username": "tester", "password": password},
        "images_registry_ca": str(server.ca),
        **more,
    }
    (project / "given.json").write_text(json.dumps(given), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "ANSIBLE_LOCALHOST_WARNING": "false"}
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", "@given.json", "play.yml", "-vvv"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_what_is_built_is_pushed_once_and_referred_to_by_its_digest(server: Server, project: Path) -> None:
    settings = Path.home() / ".docker/config.json"
    before = settings.read_bytes() if settings.exists() else None
    client = docker.from_env()
    try:
        first = play(project, server)
        assert first.returncode == 0, first.stdout[-3000:]
        reference = json.loads((project / "refs").read_text(encoding="utf-8"))["web"]
        assert re.fullmatch(rf"{re.escape(server.name)}/shop-web@sha256:[0-9a-f]{{64}}", reference)
        assert "is pushed" in first.stdout
        # The engine finds there what the reference says.
        login = {"username": "tester", "password": PASSWORD}
        assert client.images.get_registry_data(reference, auth_config=login).id == reference.rpartition("@")[2]

        written = server.log.read_text(encoding="utf-8").count("PUT")
        second = play(project, server)
        assert second.returncode == 0, second.stdout[-3000:]
        assert re.search(r"changed=0 ", second.stdout), second.stdout[-3000:]
        assert json.loads((project / "refs").read_text(encoding="utf-8"))["web"] == reference
        assert server.log.read_text(encoding="utf-8").count("PUT") == written

        (project / "web/page").write_text("another one\n", encoding="utf-8")
        third = play(project, server)
        assert json.loads((project / "refs").read_text(encoding="utf-8"))["web"] != reference
        assert "DELETE" not in re.sub(r"DELETE[^\n]*/blobs/uploads/", "", server.log.read_text(encoding="utf-8"))
        for run in (first, second, third):
            assert PASSWORD not in run.stdout + run.stderr
        assert (settings.read_bytes() if settings.exists() else None) == before
    finally:
        for image in client.images.list(f"{server.name}/shop-web"):
            client.images.remove(image.id, force=True)


def test_what_is_wrong_with_the_registry_is_said_before_anything_is_built(server: Server, project: Path) -> None:
    def said(**given: Any) -> str:
        run = play(project, server, **given)
        assert run.returncode != 0
        assert "Build the images side by side" not in run.stdout
        return re.sub(r"\s+", " ", run.stdout)

    assert "refuses the login of tester" in said(password="wrong")
    assert "is not trusted" in said(images_registry_ca=str(server.other_ca))
    assert "does not answer (Connection refused)" in said(images_registry="127.0.0.1:1/team")
