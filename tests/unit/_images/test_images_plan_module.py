# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module images_plan where no engine answers: an error, and in check mode the first of what will be made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.plannoir.deploy.plugins.module_utils._core import labels
from ansible_collections.plannoir.deploy.plugins.modules import images_plan
from fake_engine import EngineHandler, serving

ROLES = Path(__file__).parents[3] / "roles"


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    nobody = f"unix://{tmp_path}/nobody"
    monkeypatch.setenv("DOCKER_HOST", nobody)
    (tmp_path / "Dockerfile").write_text("ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE}\nUSER 1000\n", encoding="utf-8")
    return {
        "app_name": "plannoir",
        "builds": {"web": {"context": "."}},
        "root": str(tmp_path),
        "base_image": "debian:trixie-slim",
        "base_engine": nobody,
    }


def run(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    with patch_module_args(given), pytest.raises(SystemExit):
        images_plan.main()
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def test_without_an_engine_a_run_says_so(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert "nobody does not answer" in run(given, capsys)["msg"]


def test_in_check_mode_what_no_engine_has_would_be_built(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    result = run({**given, "_ansible_check_mode": True}, capsys)
    assert result["changed"]
    assert [image["exists"] for image in result["images"]] == [False]
    assert result["diff"]["after"].startswith("plannoir/web:")
    assert result["labels"] == {labels.APPLICATION: "plannoir"}


def test_after_another_text_each_image_is_built_once_from_what_is_newest(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there: list[dict[str, Any]] = []

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            found = b'{"Id": "sha256:1"}' if "debian" in self.path or "node" in self.path else b""
            body = json.dumps(there).encode() if self.path.startswith("/images/json") else found
            self.answer(200 if body else 404, body)

    (tmp_path / "other").mkdir()
    (tmp_path / "other/Dockerfile").write_text("FROM node:22\n", encoding="utf-8")
    with serving(tmp_path, Engine) as environment:
        monkeypatch.setenv("DOCKER_HOST", environment["DOCKER_HOST"])
        given.update(base_engine=environment["DOCKER_HOST"], builds={"web": {"context": "."}, "other": {"context": "other"}})

        def planned(**more: str) -> dict[str, Any]:
            result = run({**given, **more}, capsys)
            return {image["name"]: (image["ref"], image["fresh"], image["pull"]) for image in result["images"]}

        before = planned()
        after = planned(refresh="2026-11")
        assert [entry[1:] for entry in before.values()] == [(False, False)] * 2
        assert {name: entry[1:] for name, entry in after.items()} == {"web": (True, False), "other": (True, True)}
        assert all(before[name][0] != after[name][0] for name in after)
        there.append({"RepoTags": ["plannoir/other:0123"], "Labels": {labels.REFRESH: "2026-11"}})
        assert planned(refresh="2026-11")["other"][1:] == (False, False)
        assert planned(refresh="2026-12")["other"][1:] == (True, True)
        assert run({**given, "refresh": "2026-11"}, capsys)["labels"][labels.REFRESH] == "2026-11"


def test_what_the_machines_engine_has_is_copied_and_not_built(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"debian:trixie-slim"}

    class Machine(EngineHandler):
        def do_GET(self) -> None:
            name = unquote(self.path.removeprefix("/images/").removesuffix("/json"))
            self.answer(200 if name in there | {"/info"} else 404, b'{"Id": "sha256:1"}')

    class Node(EngineHandler):
        def do_GET(self) -> None:
            self.answer(404, b"{}")

    (tmp_path / "other").mkdir()
    (tmp_path / "other/Dockerfile").write_text((tmp_path / "Dockerfile").read_text(), encoding="utf-8")
    (folder := tmp_path / "node").mkdir()
    with serving(tmp_path, Machine) as machine, serving(folder, Node) as node:
        monkeypatch.setenv("DOCKER_HOST", node["DOCKER_HOST"])
        given.update(base_engine=machine["DOCKER_HOST"], builds={"web": {"context": "."}, "other": {"context": "other"}})
        planned = run(given, capsys)
        web, other = planned["refs"]["web"], planned["refs"]["other"]
        assert planned["copies"] == ["debian:trixie-slim"]
        there.add(web)
        planned = run(given, capsys)
        assert planned["copies"] == [web, "debian:trixie-slim"]
        assert planned["diff"]["after"] == f"{web}\n{other}\n"
        there.add(other)
        planned = run({**given, "_ansible_check_mode": True}, capsys)
        assert planned["copies"] == [web, other]
        assert planned["changed"]


def test_no_role_spells_the_label_of_an_application() -> None:
    assert [str(path) for path in ROLES.rglob("tasks/*.yml") if labels.APPLICATION in path.read_text(encoding="utf-8")] == []


def test_for_a_registry_no_engine_that_builds_is_asked_what_exists(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    given.update(base_image="", registry="registry.example.org/team")
    named = run(given, capsys)
    reference = named["refs"]["web"]
    assert re.fullmatch(r"registry\.example\.org/team/plannoir-web:[0-9a-f]{12}", reference)
    assert [image["exists"] for image in named["images"]] == [False]
    assert not named["changed"]
    assert [image["exists"] for image in run({**given, "present": [reference]}, capsys)["images"]] == [True]
    would = run({**given, "present": [], "_ansible_check_mode": True}, capsys)
    assert would["changed"]
    assert would["diff"]["after"] == f"{reference}\n"
