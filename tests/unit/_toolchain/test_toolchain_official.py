# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published binaries, downloaded from a local server that is laid out like the official hosts."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import platform
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import make, official
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import plan as planning
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.store import Store

SYSTEM = platform.system().lower()
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
MINIKUBE = f"minikube/v1.38.1/minikube-{SYSTEM}-{MACHINE}"
KUBECTL = f"kubernetes/v1.34.4/bin/{SYSTEM}/{MACHINE}/kubectl"
HELM = f"helm/helm-v3.20.0-{SYSTEM}-{MACHINE}.tar.gz"


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
        "cache_dir": str(tmp_path / "cache"),
        "minikube_version": "v1.38.1",
        "kubernetes_version": "v1.34.4",
        "helm_version": "v3.20.0",
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
    return make.make({**settings, "source": "official", "name": name}).changed


def test_programs_are_downloaded_once_and_can_be_run(settings: dict[str, Any]) -> None:
    for name, content in (("minikube", f"program {MINIKUBE}"), ("kubectl", f"program {KUBECTL}"), ("helm", "program helm")):
        assert made(settings, name)
        program = Path(settings["cache_dir"]) / "bin" / name
        assert program.read_text(encoding="utf-8") == content
        assert os.access(program, os.X_OK)
        assert not made(settings, name)


@pytest.mark.parametrize(("name", "path"), [("minikube", MINIKUBE), ("kubectl", KUBECTL), ("helm", HELM)])
def test_a_wrong_checksum_is_refused_and_nothing_is_installed(settings: dict[str, Any], site: Path, name: str, path: str) -> None:
    with (site / path).open("ab") as file:
        file.write(b"x")
    with pytest.raises(Failure, match=rf"{path} has the checksum \w+ and not the published \w+: nothing was installed"):
        made(settings, name)
    assert not (Path(settings["cache_dir"]) / "bin" / name).exists()


def test_a_version_that_was_never_published_is_one_sentence(settings: dict[str, Any]) -> None:
    settings["minikube_version"] = "v9.9.9"
    with pytest.raises(
        Failure, match=r"^minikube v9\.9\.9 is not at http\S+ \(404 [^)]+\): correct its version or toolchain_minikube_url\.$"
    ):
        made(settings, "minikube")


def test_a_host_that_does_not_answer_is_one_sentence(settings: dict[str, Any]) -> None:
    settings["kubectl_url"] = "http://127.0.0.1:9"
    with pytest.raises(Failure, match=r"does not answer \(.*refused\): mend the network, correct toolchain_kubectl_url"):
        made(settings, "kubectl")


def test_a_page_instead_of_a_checksum_is_refused(settings: dict[str, Any], site: Path) -> None:
    (site / f"{MINIKUBE}.sha256").write_text("<html>log in</html>", encoding="utf-8")
    with pytest.raises(Failure, match="holds no SHA-256 checksum of minikube"):
        made(settings, "minikube")


def test_a_half_downloaded_program_is_not_taken_for_a_whole_one(settings: dict[str, Any]) -> None:
    made(settings, "minikube")
    os.truncate(Path(settings["cache_dir"]) / "bin/minikube", 3)
    assert [component["name"] for component in planning.plan(settings).components] == ["minikube", "kubectl", "helm"]
    assert made(settings, "minikube")
    assert (Path(settings["cache_dir"]) / "bin/minikube").read_text(encoding="utf-8") == f"program {MINIKUBE}"


def test_auto_takes_official_when_every_host_answers(settings: dict[str, Any]) -> None:
    plan = planning.plan(settings)
    assert plan.source == "official"
    assert [component["name"] for component in plan.components] == ["minikube", "kubectl", "helm"]
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
    planning.plan(settings, remember=False)
    assert make.make({**settings, "source": "official", "name": "minikube"}, check=True).changed
    assert not Path(settings["cache_dir"]).exists()


def test_a_plan_with_everything_there_is_empty(settings: dict[str, Any]) -> None:
    for name in ("minikube", "kubectl", "helm"):
        made(settings, name)
    assert planning.plan(settings).components == []


def test_an_unknown_component_is_named_with_the_known_ones(settings: dict[str, Any]) -> None:
    with pytest.raises(Failure, match="choose one of minikube, kubectl, helm"):
        made(settings, "kubelet")
