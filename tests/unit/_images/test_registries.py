# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image that cannot be had is named before anything is built, and one that can be had is not."""

from __future__ import annotations

import socket
import time
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.references import registry
from ansible_collections.plannoir.deploy.plugins.module_utils._images import plan as images
from ansible_collections.plannoir.deploy.plugins.module_utils._images import registries
from ansible_collections.plannoir.deploy.plugins.module_utils._images.dockerfile import parse_dockerfile
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import Base, base_problems, plan_images
from ansible_collections.plannoir.deploy.plugins.module_utils._images.registries import bases, unreachable


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("FROM node:22", ["node:22"]),
        ("ARG V=22\nFROM node:${V}-alpine", ["node:22-alpine"]),
        ("ARG V\nFROM node:${V:-20}", ["node:20"]),
        ("ARG GIVEN=x\nFROM node:$GIVEN", ["node:given"]),
        ("ARG V\nFROM $V", []),
        ("FROM scratch", []),
        ("# nothing yet", []),
        ("FROM node:22 AS build\nFROM build\nCOPY --from=build /a /a", ["node:22"]),
        ("FROM python:3 AS unused\nFROM node:22", ["node:22"]),
        ("FROM scratch\nCOPY --from=ghcr.io/astral-sh/uv:1 /uv /uv", ["ghcr.io/astral-sh/uv:1"]),
        ("FROM node:22\nRUN --mount=from=golang:1,target=/go true\nCOPY --from=0 /a /a", ["node:22", "golang:1"]),
    ],
)
def test_the_images_that_a_build_takes(text: str, found: list[str]) -> None:
    assert bases(parse_dockerfile(text.encode()), "", {"GIVEN": "given"}) == found


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("node:22", "docker.io"),
        ("library/node", "docker.io"),
        ("docker.io/library/node:22", "docker.io"),
        ("ghcr.io/a/b@sha256:1", "ghcr.io"),
        ("localhost:5000/a", "localhost:5000"),
        ("mirror:5000/a/b", "mirror:5000"),
    ],
)
def test_the_registry_of_an_image(reference: str, host: str) -> None:
    assert registry(reference) == host


def test_each_registry_is_asked_once_and_none_on_this_machine() -> None:
    asked = []

    def ask(host: str) -> str:
        asked.append(host)
        return "no route" if host == "ghcr.io" else ""

    references = ["node:22", "python:3", "ghcr.io/a/b:1", "localhost:5000/x", "127.0.0.1:5000/x"]
    assert unreachable(references, ask) == {"ghcr.io/a/b:1": "ghcr.io: no route"}
    assert sorted(asked) == ["ghcr.io", "registry-1.docker.io"]


def test_a_slow_registry_is_left_to_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "PATIENCE", 0.1)

    def ask(host: str) -> str:
        time.sleep(2)
        return "late"

    started = time.monotonic()
    assert unreachable(["node:22", "ghcr.io/a/b"], ask) == {}
    assert time.monotonic() - started < 1


def test_a_port_that_nobody_listens_on_is_told_and_one_that_answers_anything_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as closed, socket.create_server(("127.0.0.1", 0)) as server:
        closed.bind(("127.0.0.1", 0))
        assert "refused" in registries._why_not(f"127.0.0.1:{closed.getsockname()[1]}")
        server.settimeout(5)
        monkeypatch.setattr(registries, "PATIENCE", 0.2)
        assert registries._why_not(f"127.0.0.1:{server.getsockname()[1]}") == ""


def test_a_registry_that_asks_for_a_login_takes_the_helper_that_docker_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def answers(url: str, *_arguments: object, **_options: object) -> None:
        raise HTTPError(url, 404 if "open" in url else 401, "no", Message(), None)

    monkeypatch.setattr(registries, "open_url", answers)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert registries._why_not("ghcr.io") == ""
    (tmp_path / "config.json").write_text('{"credsStore": "nowhere-to-be-found"}', encoding="utf-8")
    assert "docker-credential-nowhere-to-be-found, which is not on PATH" in registries._why_not("ghcr.io")
    assert registries._why_not("open.example") == ""  # nobody is asked for anything there


def test_a_problem_names_component_file_image_and_the_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine:
        def image_id(self, reference: str) -> str | None:
            return "sha256:1" if reference == "here:1" else None

        def mirrors(self) -> list[str]:
            return mirrors

    mirrors: list[str] = []
    (tmp_path / "Dockerfile").write_text(
        "ARG BASE_IMAGE=debian:trixie-slim\nFROM here:1\nFROM away:1 AS a\nFROM ${BASE_IMAGE}\nCOPY --from=a / /\n"
    )
    monkeypatch.setattr(images, "unreachable", lambda references: dict.fromkeys(references, "registry: no route"))
    planned, _ = plan_images({"web": {"context": "."}}, "shop", tmp_path, Base("debian:trixie-slim", "sha256:2"), 2**20)
    engine: Any = Engine()
    problems = base_problems(planned, engine, Base("debian:trixie-slim", "sha256:2"))
    assert len(problems) == 1
    assert problems[0].startswith(f"Component web: {tmp_path}/Dockerfile starts from away:1, which the engine does not have")
    for way in ("BASE_IMAGE", "mirror", "option image"):
        assert way in problems[0]
    assert base_problems([], engine, Base()) == []
    mirrors.append("https://mirror.example/")
    assert base_problems(planned, engine, Base("debian:trixie-slim", "sha256:2")) == []


def test_a_first_run_is_told_before_there_is_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def away(references: list[str]) -> dict[str, str]:
        asked.extend(references)
        return dict.fromkeys(references, "registry: no route")

    monkeypatch.setattr(images, "unreachable", away)
    for name, text in {
        "ours": "ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE}\n",
        "theirs": "ARG V=1\nFROM node:$V\n",
        "none": "FROM scratch\n",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
    sources = [
        {"component": name, "context": name, "dockerfile": "Dockerfile", "target": "", "args": {"V": 2}}
        for name in ("ours", "theirs", "none", "missing")
    ]
    problems = images.first_base_problems(sources, tmp_path)
    assert [problem.partition(":")[0] for problem in problems] == ["Component theirs"]
    assert asked == ["node:2"]
