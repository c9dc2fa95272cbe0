# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published binaries, downloaded from a local server that is laid out like the official hosts."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import make, official, pins
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import plan as planning
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.store import Store

ROOT = Path(__file__).parents[3]
SYSTEM = platform.system().lower()
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
MINIKUBE = f"minikube/{pins.MINIKUBE}/minikube-{SYSTEM}-{MACHINE}"
KUBECTL = f"kubernetes/{pins.KUBERNETES}/bin/{SYSTEM}/{MACHINE}/kubectl"
HELM = f"helm/helm-{pins.HELM}-{SYSTEM}-{MACHINE}.tar.gz"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The files of a server laid out like the official hosts."""
    root = tmp_path / "site"
    for path in (MINIKUBE, KUBECTL):
        write(root / path, f"program {path}".encode())
        (root / f"{path}.sha256").write_text(sha256(root / path), encoding="utf-8")
    archive, program = io.BytesIO(), b"program helm"
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        entry = tarfile.TarInfo(f"{SYSTEM}-{MACHINE}/helm")
        entry.size = len(program)
        tar.addfile(entry, io.BytesIO(program))
    write(root / HELM, archive.getvalue())
    (root / f"{HELM}.sha256sum").write_text(f"{sha256(root / HELM)}  {Path(HELM).name}\n", encoding="utf-8")
    return root


@pytest.fixture
def settings(tmp_path: Path, site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(official, "PATIENCE", 30)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield {
        "source": "auto",
        "minikube": True,
        "cache_dir": str(tmp_path / "cache"),
        "minikube_version": pins.MINIKUBE,
        "kubernetes_version": pins.KUBERNETES,
        "helm_version": pins.HELM,
        "minikube_url": f"{url}/minikube",
        "kubectl_url": f"{url}/kubernetes",
        "helm_url": f"{url}/helm/",
        "registry_urls": [f"{url}/"],
    }
    server.shutdown()
    server.server_close()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def made(settings: dict[str, Any], name: str) -> bool:
    """Put a program where the role downloads it to, and have the store take it."""
    program = official.programs(settings).get(name)
    if program and not make.official_is_there(Store(Path(settings["cache_dir"])), program):
        write(program.folder(Path(settings["cache_dir"]) / "downloads") / (program.member or name), f"program {name}".encode())
    return make.make({**settings, "source": "official", "name": name}).changed


class Role:
    """The role toolchain in a play."""

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder, self.settings = folder, settings
        self.bin = Path(settings["cache_dir"]) / "bin"

    def run(self, *options: str) -> str:
        variables = {f"toolchain_{name}": value for name, value in self.settings.items() if name != "source"}
        play = [{"hosts": "localhost", "gather_facts": False, "roles": ["plannoir.deploy.toolchain"], "vars": variables}]
        play[0]["vars"] |= {"toolchain_source": "official"}  # type: ignore[operator]  # it is the dictionary above
        (self.folder / "play.yml").write_text(json.dumps(play), encoding="utf-8")
        command = ["ansible-playbook", "--inventory=localhost,", "--connection=local", *options, str(self.folder / "play.yml")]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr


@pytest.fixture
def role(tmp_path: Path, settings: dict[str, Any]) -> Role:
    return Role(tmp_path, settings)


def test_programs_are_downloaded_once_and_can_be_run(role: Role, site: Path) -> None:
    assert "failed=0" in role.run("--check")
    assert not Path(role.settings["cache_dir"]).exists()
    out = role.run()
    assert "failed=0" in out, out
    for name, content in (("minikube", f"program {MINIKUBE}"), ("kubectl", f"program {KUBECTL}"), ("helm", "program helm")):
        assert (role.bin / name).read_text(encoding="utf-8") == content
        assert os.access(role.bin / name, os.X_OK)
    shutil.rmtree(site)  # a second run asks for nothing
    assert "changed=0" in role.run()


def test_a_wrong_checksum_is_refused_and_nothing_is_installed(role: Role, site: Path) -> None:
    with (site / HELM).open("ab") as file:
        file.write(b"x")
    out = " ".join(role.run().split())
    told = rf"helm {re.escape(pins.HELM)} cannot be taken from \S+{HELM} \(The checksum for \S+ did not match.*\): mend"
    assert re.search(told, out), out
    assert not (role.bin / "helm").exists()


def test_a_version_that_was_never_published_is_one_sentence(role: Role) -> None:
    role.settings["minikube_version"] = "v9.9.9"
    out = " ".join(role.run().split())
    assert re.search(r"minikube v9\.9\.9 cannot be taken from http\S+ \(.*404.*\): mend the network, correct its version", out), out
    assert not (role.bin / "minikube").exists()


def test_a_half_downloaded_program_is_not_taken_for_a_whole_one(settings: dict[str, Any]) -> None:
    made(settings, "minikube")
    os.truncate(Path(settings["cache_dir"]) / "bin/minikube", 3)
    assert [program["name"] for program in planning.plan(settings).programs] == ["minikube", "kubectl", "helm"]
    assert made(settings, "minikube")
    assert (Path(settings["cache_dir"]) / "bin/minikube").read_text(encoding="utf-8") == "program minikube"


def test_auto_takes_official_when_every_host_answers(settings: dict[str, Any]) -> None:
    plan = planning.plan(settings)
    assert plan.source == "official"
    assert [program["name"] for program in plan.programs] == ["minikube", "kubectl", "helm"]
    assert not plan.node_image
    assert not plan.problems


@pytest.mark.parametrize("variable", ["minikube_url", "kubectl_url", "helm_url", "registry_urls"])
def test_auto_takes_packages_when_one_host_does_not_answer(settings: dict[str, Any], variable: str) -> None:
    dead = "http://127.0.0.1:9/"
    settings[variable] = [dead] if variable == "registry_urls" else dead
    assert planning.decide(Store(Path(settings["cache_dir"])), settings) == "packages"


def test_auto_waits_no_longer_than_its_patience_for_a_host_that_says_nothing(
    settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(official, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings["helm_url"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        assert not official.hosts_answer(list(official.programs(settings).values()), [])
        assert time.monotonic() - start < 5


def test_auto_asks_nothing_when_the_answer_is_remembered(settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    planning.plan(settings)
    made(settings, "minikube")
    monkeypatch.setattr(official, "hosts_answer", lambda *_: pytest.fail("the network was asked"))
    assert planning.plan(settings).source == "official"


def test_auto_asks_again_for_another_version(settings: dict[str, Any]) -> None:
    planning.plan(settings)
    made(settings, "minikube")
    settings["helm_version"] = "v9.9.9"
    assert planning.decide(Store(Path(settings["cache_dir"])), settings) == "packages"


def test_check_mode_writes_nothing(settings: dict[str, Any]) -> None:
    planning.plan(settings, check=True)
    assert make.make({**settings, "source": "official", "name": "minikube"}, check=True).changed
    assert not Path(settings["cache_dir"]).exists()


def test_a_plan_with_everything_there_is_empty(settings: dict[str, Any]) -> None:
    for name in ("minikube", "kubectl", "helm"):
        made(settings, name)
    assert planning.plan(settings).programs == []


def test_an_unknown_program_is_named_with_the_known_ones(settings: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="choose one of minikube, kubectl, helm"):
        made(settings, "kubelet")


def test_a_program_that_nobody_downloaded_is_one_sentence(settings: dict[str, Any]) -> None:
    with pytest.raises(Failure, match=r"^kubectl was not downloaded to \S+/downloads/kubectl-\w+/kubectl: run the role"):
        make.make({**settings, "source": "official", "name": "kubectl"})


def test_another_cluster_needs_no_minikube(settings: dict[str, Any]) -> None:
    planned = planning.plan({**settings, "source": "official", "minikube": False})
    assert [program["name"] for program in planned.programs] == ["kubectl", "helm"]
