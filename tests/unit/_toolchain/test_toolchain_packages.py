# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolchain built from packages: the plan, Go, the base image and the images, with compilers and the engine faked."""

from __future__ import annotations

import io
import json
import os
import shutil
import socket
import struct
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import catalogue, debian, images, make, pins
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import go as golang
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import plan as planning
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.host import last_words

RECIPES = Path(__file__).parents[3] / "roles/toolchain/files"
Labels = dict[str, dict[str, str]]
OPTIONS = dict.fromkeys(("network_policy", "local_volumes", "containerd", "registry", "metrics_server"), True)
"""What asks for the optional programs."""


class Machine:
    """Stands for the compiler, mmdebstrap, docker and the network; `engine` holds the engine's images and their labels."""

    def __init__(self) -> None:
        self.engine: Labels = {}
        self.built: list[str] = []
        self.bases: set[str] = set()
        self.killed_in = ""

    def build(self, _go: str, program: catalogue.GoProgram, name: str, _recipes: Path, into: Path, _log: Path) -> None:
        for file in [name] if len(program.packages) == 1 else [package.rsplit("/", 1)[1] for package in program.packages]:
            (into / file).write_text(file, encoding="utf-8")
        if self.killed_in == name:
            raise KeyboardInterrupt
        self.built.append(name)

    def rootfs(self, _debian: catalogue.Debian, into: Path, _mirror: str, _log: Path) -> None:
        (into / debian.ROOTFS).write_text("rootfs", encoding="utf-8")

    def import_base(self, _engine: Docker, _rootfs: Path, digest: str, _log: Path) -> None:
        self.engine[pins.BASE_IMAGE] = self.engine[catalogue.base_image(digest)] = {debian.LABEL: digest}

    def build_image(self, _engine: Docker, base: str, _context: Path, _contexts: Mapping[str, Path], _log: Path, *options: str) -> None:
        self.bases.add(base)
        for option in options:
            if option.startswith("--output=type=tar,dest="):
                Path(option.split("dest=")[1]).write_text("layer", encoding="utf-8")
            if option.startswith("--tag="):
                self.engine[option.removeprefix("--tag=")] = {}

    def labels(self, *refs: str) -> Labels:
        return {ref: self.engine[ref] for ref in refs if ref in self.engine}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    fake = Machine()
    monkeypatch.setattr(golang, "build", fake.build)
    monkeypatch.setattr(golang, "machine_go", lambda: "/usr/bin/go")
    monkeypatch.setattr(golang, "proxy_problem", lambda: "")
    monkeypatch.setattr(debian, "make_rootfs", fake.rootfs)
    monkeypatch.setattr(debian, "import_base", fake.import_base)
    monkeypatch.setattr(debian, "build_image", fake.build_image)
    monkeypatch.setattr(Docker, "labels", fake.labels)
    monkeypatch.setattr(planning, "output", lambda *_args, **_options: "26.1.5")
    return fake


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, Any]:
    return {
        "source": "packages",
        "cache_dir": str(tmp_path / "cache"),
        "recipes": str(RECIPES),
        "engine_host": "",
        "debian_mirror": "",
        "become": False,
        "minikube": True,
        "network_policy": False,
        "metrics_server": False,
        "local_volumes": False,
        "containerd": False,
        "registry": False,
        "minikube_version": pins.MINIKUBE,
        "kubernetes_version": pins.KUBERNETES,
        "helm_version": pins.HELM,
        "minikube_url": "",
        "kubectl_url": "",
        "helm_url": "",
        "registry_urls": [],
    }


def missing(settings: dict[str, Any]) -> list[str]:
    return [program["name"] for program in planning.plan(settings).programs]


def make_all(settings: dict[str, Any]) -> None:
    for name in missing(settings):
        assert make.make({**settings, "name": name}).changed, name


def test_everything_is_made_once(machine: Machine, settings: dict[str, Any]) -> None:
    assert missing({**settings, **OPTIONS}) == list(catalogue.programs())
    make_all(settings)
    assert missing(settings) == []
    assert missing({**settings, "network_policy": True}) == ["kube-router", "image-kube-router"]
    assert missing({**settings, "metrics_server": True}) == ["metrics-server", "image-metrics-server"]
    assert missing({**settings, "containerd": True}) == ["node-containerd-image"]
    assert missing({**settings, "registry": True}) == ["registry-image"]
    assert planning.plan(settings).node_image in machine.engine
    for path in ("bin/minikube", "bin/kubectl", "bin/helm", f"minikube-cache/linux/amd64/{pins.KUBERNETES}/kubelet"):
        assert (Path(settings["cache_dir"]) / path).is_file()


def test_a_second_call_for_the_same_program_makes_nothing(machine: Machine, settings: dict[str, Any]) -> None:
    assert make.make({**settings, "name": "helm"}).changed
    assert not make.make({**settings, "name": "helm"}).changed
    assert machine.built == ["helm"]


def test_a_killed_run_resumes_with_the_program_that_it_was_at(machine: Machine, settings: dict[str, Any]) -> None:
    machine.killed_in = "kubelet"
    with pytest.raises(KeyboardInterrupt):
        make_all(settings)
    machine.killed_in, done = "", list(machine.built)
    assert missing(settings)[0] == "kubelet"
    make_all(settings)
    assert machine.built[: len(done)] == done
    assert machine.built.count("minikube") == 1


def test_a_half_written_program_is_made_again(machine: Machine, settings: dict[str, Any]) -> None:
    make_all(settings)
    os.truncate(Path(settings["cache_dir"]) / "bin/helm", 1)
    assert missing(settings) == ["helm"]
    make_all(settings)
    assert (Path(settings["cache_dir"]) / "bin/helm").read_text(encoding="utf-8") == "helm"


def test_images_that_the_engine_lost_are_made_again_without_a_compiler(machine: Machine, settings: dict[str, Any]) -> None:
    make_all(settings)
    machine.engine.clear()
    machine.built.clear()
    assert missing(settings) == ["base-image", "node-image"]
    make_all(settings)
    assert machine.built == []


def test_a_debian_image_that_somebody_pulled_is_used_and_never_replaced(machine: Machine, settings: dict[str, Any]) -> None:
    machine.engine[pins.BASE_IMAGE] = {}
    assert "base-image" not in missing(settings)
    assert not make.make({**settings, "name": "base-image"}).changed
    make_all(settings)
    assert machine.bases == {pins.BASE_IMAGE}


def test_our_own_base_image_of_another_recipe_is_replaced(machine: Machine, settings: dict[str, Any]) -> None:
    machine.engine[pins.BASE_IMAGE] = {debian.LABEL: "older"}
    assert missing(settings)[0] == "base-image"


def test_images_are_built_on_our_own_base_image_whoever_holds_its_public_name(machine: Machine, settings: dict[str, Any]) -> None:
    make.make({**settings, "name": "base-image"})
    machine.engine[pins.BASE_IMAGE] = {}
    make_all(settings)
    assert machine.bases == {catalogue.base_image(catalogue.digests(RECIPES)["base-image"])}


def test_go_is_fetched_first_where_the_machine_has_none(
    machine: Machine, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "machine_go", lambda: "")
    assert missing(settings)[0] == "go"
    with pytest.raises(Failure, match=r"Go 1\.26 or newer was not found"):
        make.make({**settings, "name": "helm"})


def test_versions_that_the_recipes_do_not_build_are_named_together(machine: Machine, settings: dict[str, Any]) -> None:
    settings |= {"kubernetes_version": "v1.33.0", "helm_version": "v4.0.0"}
    problems = planning.plan(settings).problems
    assert [problem.split(":")[0] for problem in problems] == [
        f"toolchain_source packages builds {pins.KUBERNETES} and not v1.33.0",
        f"toolchain_source packages builds {pins.HELM} and not v4.0.0",
    ]


def test_what_would_stop_the_build_is_said_before_it_begins(
    machine: Machine, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(golang, "proxy_problem", lambda: "No Go module proxy answers (asked none).")
    monkeypatch.setattr(shutil, "which", lambda name: None if name in ("mmdebstrap", "gcc") else f"/usr/bin/{name}")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 10**9))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(planning, "output", lambda *_args, **_options: "")
    problems = planning.plan(settings).problems
    assert "has 1.0 GB free and the toolchain needs 10 GB" in problems[0]
    assert "No Go module proxy answers" in problems[-3]
    assert "mmdebstrap and gcc must be installed and that takes root: run `apt-get install mmdebstrap gcc`" in problems[-2]
    assert "docker client or its buildx plugin is missing" in problems[-1]
    # A run in check mode has not started the engine.
    assert planning.plan(settings, check=True).problems == problems[:-1]


def test_missing_debian_packages_are_listed_for_root(machine: Machine, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "mmdebstrap" else f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    plan = planning.plan(settings)
    assert plan.packages[:1] == ["mmdebstrap"]
    assert plan.problems == []


def toolchain_zip(path: Path) -> str:
    """Write a module zip like golang.org/toolchain's and return Go's checksum of it."""
    with zipfile.ZipFile(path, "w") as content:
        for name, text in (("bin/go", "go"), ("pkg/tool/linux_amd64/link", "link"), ("src/x.go", "package x")):
            content.writestr(f"golang.org/toolchain@v0.0.1-{catalogue.GO}.linux-amd64/{name}", text)
    with zipfile.ZipFile(path) as content:
        return golang.module_sum(content)


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module proxy on disk that has Go, and GOPROXY naming it after one that has not."""
    folder = tmp_path / "proxy/golang.org/toolchain/@v"
    folder.mkdir(parents=True)
    path = folder / f"v0.0.1-{catalogue.GO}.linux-amd64.zip"
    monkeypatch.setattr(catalogue, "GO_SUM", toolchain_zip(path))
    monkeypatch.setenv("GOPROXY", f"file://{tmp_path}/empty,file://{tmp_path}/proxy|direct")
    return path


def test_go_comes_from_the_first_proxy_that_has_it_and_can_be_run(proxy: Path, tmp_path: Path) -> None:
    into = tmp_path / "go"
    into.mkdir()
    golang.fetch_go(into)
    assert os.access(into / "bin/go", os.X_OK)
    assert os.access(into / "pkg/tool/linux_amd64/link", os.X_OK)
    assert not (into / "go.zip").exists()


@pytest.mark.parametrize("answer", ["reset", "cut", "chunk", "page"])
def test_a_proxy_that_breaks_off_or_answers_with_a_page_is_passed_over(
    proxy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if answer == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            self.send_response(200)
            length = ("Content-Length", "1000" if answer == "cut" else "6")
            self.send_header(*(("Transfer-Encoding", "chunked") if answer == "chunk" else length))
            self.end_headers()
            self.wfile.write(b"ff\r\nshort" if answer == "chunk" else b"<html>")

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.delenv("http_proxy", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        broken = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("GOPROXY", f"{broken},{os.environ['GOPROXY']}")
        (tmp_path / "go").mkdir()
        golang.fetch_go(tmp_path / "go")
        monkeypatch.setenv("GOPROXY", broken)
        (tmp_path / "none").mkdir()
        with pytest.raises(Failure, match=rf"No Go module proxy has go1\S+ \(asked {broken}\)"):
            golang.fetch_go(tmp_path / "none")
        server.shutdown()
    assert (tmp_path / "go/bin/go").is_file()


def test_a_go_with_another_checksum_is_refused(proxy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "GO_SUM", "h1:other")
    with pytest.raises(Failure, match=r"has the checksum h1:\S+ and not h1:other: use another GOPROXY"):
        golang.fetch_go(tmp_path)


def test_no_proxy_with_go_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(Failure, match=r"No Go module proxy has go1\.26\.8 \(asked none\): install Go 1\.26 or newer"):
        golang.fetch_go(tmp_path)


def test_the_proxies_of_gos_own_configuration_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOPROXY", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert golang.proxies() == [golang.DEFAULT_PROXY]
    (tmp_path / "go").mkdir()
    (tmp_path / "go/env").write_text("GOSUMDB=off\nGOPROXY=https://mirror.example/go/,direct\n", encoding="utf-8")
    assert golang.proxies() == ["https://mirror.example/go"]


def test_a_go_older_than_the_recipes_need_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/go")
    for version, used in (("go1.25.9", ""), ("go1.26.0", "/usr/bin/go"), ("go1.27rc1", "/usr/bin/go"), ("", "")):
        monkeypatch.setattr(golang, "output", lambda *_, version=version: version)
        assert golang.machine_go() == used


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe and a compiler that writes its folder, flags and arguments to the program."""
    (tmp_path / "recipes/go/agent").mkdir(parents=True)
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOAMD64", "v4")
    monkeypatch.setenv("GOEXPERIMENT", "rangefunc")
    go = tmp_path / "go"
    go.write_text(
        '#!/bin/sh\n[ -z "$BROKEN" ] || { echo "no such module" >&2; exit 1; }\n'
        'echo "$PWD $GOFLAGS $CGO_ENABLED $GOAMD64 ${GOEXPERIMENT:-plain} $@" > "$4"\n'
    )
    go.chmod(0o755)
    return str(go)


def test_a_program_is_compiled_from_what_its_recipe_pins_whatever_the_machines_flags_say(compiler: str, tmp_path: Path) -> None:
    program = catalogue.GoProgram("agent", ("example.org/agent/cmd",), {"example.org/agent.Version": "v1"})
    golang.build(compiler, program, "agent", tmp_path / "recipes", tmp_path, tmp_path / "log")
    assert (tmp_path / "agent").read_text(encoding="utf-8") == (
        f"{tmp_path}/recipes/go/agent -buildvcs=false -trimpath 0 v1 plain build -mod=readonly -o {tmp_path}/agent"
        " -ldflags -s -w -X example.org/agent.Version=v1 example.org/agent/cmd\n"
    )


def test_what_the_compiler_says_last_is_told(compiler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKEN", "1")
    with pytest.raises(Failure, match="no such module"):
        golang.build(
            compiler, catalogue.GoProgram("agent", ("example.org/agent",)), "agent", tmp_path / "recipes", tmp_path, tmp_path / "log"
        )


def test_the_base_image_uses_the_mirrors_and_options_of_the_machines_apt() -> None:
    targets = [
        ("http://mirror.example/debian", "bookworm", "/etc/keys/mirror.gpg"),
        ("http://mirror.example/debian", "bookworm-updates", ""),
        ("http://mirror.example/security", "bookworm-security", ""),
        ("http://other.example/node", "nodistro", ""),
    ]
    config = 'Acquire::http::Proxy "http://proxy.example:3128";\nAcquire::Check-Date "false";\nDir "/";\n'
    assert debian.apt_settings("trixie", targets, config) == debian.AptSettings(
        (
            "deb [signed-by=/etc/keys/mirror.gpg] http://mirror.example/debian trixie main",
            "deb http://mirror.example/security trixie-security main",
            "deb http://mirror.example/debian trixie-updates main",
        ),
        ("/etc/keys/mirror.gpg",),
        {"Acquire::http::Proxy": "http://proxy.example:3128", "Acquire::Check-Date": "false"},
    )


def test_a_machine_without_debian_sources_uses_debians_own_mirrors() -> None:
    settings = debian.apt_settings("trixie", [("http://archive.ubuntu.com/ubuntu", "noble", "")], "")
    assert f"deb [signed-by={debian.KEYRING}] http://deb.debian.org/debian trixie main" in settings.sources
    own = debian.apt_settings("trixie", [], "", "http://mirror.example/debian")
    assert f"deb [signed-by={debian.KEYRING}] http://mirror.example/debian trixie main" in own.sources


def test_an_image_archive_holds_the_program_and_is_the_same_every_time(tmp_path: Path) -> None:
    program = tmp_path / "etcd"
    program.write_bytes(b"etcd")
    for number in ("1", "2"):
        images.write_layer(program, "/usr/local/bin/etcd", tmp_path / f"layer{number}")
        images.write_archive("registry.k8s.io/etcd:3.6.5-0", tmp_path / f"layer{number}", ["/etcd"], tmp_path / f"image{number}")
    assert (tmp_path / "image1").read_bytes() == (tmp_path / "image2").read_bytes()
    with tarfile.open(tmp_path / "image1") as tar:
        manifest = json.loads(content(tar, "manifest.json"))[0]
        assert manifest["RepoTags"] == ["registry.k8s.io/etcd:3.6.5-0"]
        assert json.loads(content(tar, manifest["Config"]))["config"]["Entrypoint"] == ["/etcd"]
        with tarfile.open(fileobj=io.BytesIO(content(tar, manifest["Layers"][0]))) as layer:
            entry = layer.getmember("usr/local/bin/etcd")
            assert (entry.size, entry.mode, entry.mtime) == (4, 0o755, 0)
            assert layer.getnames() == ["usr", "usr/local", "usr/local/bin", "usr/local/bin/etcd"]


def content(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file is not None
    return file.read()


def test_a_failure_is_told_by_the_first_line_that_names_an_error(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("I: start\nE: cannot find the package.\nI: removing\nE: mmdebstrap failed to run\n", encoding="utf-8")
    assert last_words(log) == "E: cannot find the package"
    log.write_text("\x1b[31mmissing go.sum entry\x1b[0m\n\n", encoding="utf-8")
    assert last_words(log) == "missing go.sum entry"
    log.write_text("", encoding="utf-8")
    assert last_words(log) == "it said nothing"


def test_the_password_of_apts_proxy_reaches_neither_a_command_line_nor_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"Acquire::http::Proxy": "http://joe:TOPSECRET@proxy.test:3128", "Acquire::Retries": "3"}
    settings = debian.AptSettings(("deb http://mirror.test/debian trixie main",), (), options)
    monkeypatch.setattr(debian, "machine_apt_settings", lambda *_: settings)
    into = tmp_path / "made here"
    into.mkdir()
    root = tmp_path / "root"
    (root / "etc/apt/apt.conf.d").mkdir(parents=True)
    copied = root / "etc/apt/apt.conf.d/99plannoir-proxy"
    seen: list[str] = []

    def bootstrap(argv: list[str], _log: Path, given: str = "") -> None:
        seen.extend([*argv, given])
        for kind in ("--setup-hook=", "--customize-hook="):  # as mmdebstrap calls a hook that is no program
            for hook in (word.removeprefix(kind) for word in argv if word.startswith(kind) and "plannoir-proxy" in word):
                subprocess.run(["sh", "-c", hook, "exec", str(root)], check=True)
            if kind == "--setup-hook=":
                seen.append(f"{copied.stat().st_mode & 0o777:o}")
                assert copied.read_text() == 'Acquire::http::Proxy "http://joe:TOPSECRET@proxy.test:3128";\n'

    monkeypatch.setattr(debian, "run", bootstrap)
    debian.make_rootfs(
        next(c.recipe for c in catalogue.programs().values() if isinstance(c.recipe, catalogue.Debian)), into, "", into / "log"
    )
    assert "TOPSECRET" not in " ".join(seen)
    assert '--aptopt=Acquire::Retries "3"' in seen
    assert seen[-1] == "600"
    assert not copied.exists()
    assert list(into.iterdir()) == []
