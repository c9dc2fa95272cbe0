# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from fake_engine import EngineHandler, serving


class Handler(EngineHandler):
    """Answers like an engine with one image, whose archive is 3 MB long."""

    archive: ClassVar[bytes] = b"x" * 3_000_000
    loaded: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        if self.path.startswith("/images/get"):
            self.answer(200, self.archive)
        elif self.path == "/images/debian%3Atrixie-slim/json":
            self.answer(200, b'{"Id": "sha256:1", "Config": {"Labels": {"made": "here"}}}')
        elif self.path == "/images/json":
            self.answer(500, b'{"message": "the disk is full"}')
        else:
            self.answer(404, b'{"message": "No such image"}')

    def do_POST(self) -> None:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.loaded.append(body)
        self.answer(200, b'{"stream": "Loaded"}\n' if body[:1] == b"x" else b'{"error": "no archive"}\n')


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Docker]:
    Handler.loaded.clear()
    with serving(tmp_path, Handler) as environment:
        yield Docker(environment)


def test_the_labels_are_those_of_the_images_that_the_engine_has(engine: Docker) -> None:
    assert engine.labels("debian:trixie-slim", "absent:1") == {"debian:trixie-slim": {"made": "here"}}


def test_an_engine_is_found_where_the_docker_client_finds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "docker"
    client.write_text('#!/bin/sh\n[ "$1 $2" = "context inspect" ] && echo unix:///from/context\n')
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("DOCKER_HOST", "")
    assert Docker.at("").client == {"DOCKER_HOST": "unix:///from/context"}
    assert Docker.at("tcp://127.0.0.1:1").host == "tcp://127.0.0.1:1"


def test_a_missing_image_has_no_id(engine: Docker) -> None:
    assert engine.image_id("debian:trixie-slim") == "sha256:1"
    assert engine.image_id("debian:other") is None


def test_an_image_is_streamed_from_engine_to_engine(engine: Docker) -> None:
    engine.copy_images(["debian:trixie-slim"], engine)
    assert Handler.loaded == [Handler.archive]


def test_an_archive_that_is_refused_is_an_error(engine: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "archive", b"broken")
    with pytest.raises(Failure, match=r"did not take debian:trixie-slim: no archive\."):
        engine.copy_images(["debian:trixie-slim"], engine)


def test_a_refusal_is_told_in_the_engines_words(engine: Docker) -> None:
    with pytest.raises(Failure, match=r"refused GET /images/json: the disk is full\.$"):
        engine.images()


def test_an_engine_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"unix:///.*/absent does not answer .*: start it"):
        Docker({"DOCKER_HOST": f"unix://{tmp_path}/absent"}).images()


def test_a_host_of_another_kind_is_refused() -> None:
    with pytest.raises(Failure, match="ssh://me@there is not supported"):
        Docker({"DOCKER_HOST": "ssh://me@there"}).images()


@pytest.mark.parametrize("variable", ["DOCKER_CERT_PATH", "DOCKER_CONFIG"])
def test_missing_certificates_are_named(variable: str, tmp_path: Path) -> None:
    environment = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", variable: str(tmp_path)}
    with pytest.raises(Failure, match=f"certificates of the Docker Engine in {tmp_path} cannot be used"):
        Docker(environment).images()
