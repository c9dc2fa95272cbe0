# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which changes reach a running pod, which are released, and which do not count."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._live.changes import Edit, Source, changed_since, edit_of

LIVE = {
    "target": "live",
    "sync": [{"from": "app", "to": "/srv/code"}],
}
MIGRATION = {"command": ["migrate"], "sources": ["app/migrations"]}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    for name in ("app/main.py", "app/migrations/1.py", "app-old/main.py", "tests/test_main.py", "requirements.txt", "app/.env"):
        (tmp_path / "web" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "web" / name).write_text("")
    (tmp_path / "web/Dockerfile").write_text("FROM a AS base\nCOPY app requirements.txt ./\nFROM base AS live\nFROM base\n")
    (tmp_path / "web/.dockerignore").write_text("**/*.tmp\n")
    raw = [{"name": "web", "port": 80, "build": {"context": "web"}, "live": LIVE, "migration": MIGRATION}]
    (component,), problems = load_components(raw)
    assert problems == []
    return Source.of(component, tmp_path)


def told(source: Source, *names: str) -> Edit:
    return edit_of({source.context / name for name in names}, [source])


@pytest.mark.parametrize(
    ("name", "copied"),
    [("app/main.py", True), ("app/new/deep.py", True), ("app/migrations/2.py", False), ("requirements.txt", False), ("Dockerfile", False)],
)
def test_a_change_is_copied_or_released(source: Source, name: str, copied: bool) -> None:
    edit = told(source, name)
    assert (edit.copied, edit.released) == (({"web": [name]}, {}) if copied else ({}, {"web": [name]}))


@pytest.mark.parametrize("name", ["tests/test_main.py", "app/scratch.tmp", "app/.env", "app-old/main.py", "../other/file"])
def test_what_no_image_has_does_not_count(source: Source, name: str) -> None:
    assert told(source, name) == Edit()


def test_a_removed_file_counts(source: Source) -> None:
    (source.context / "app/main.py").unlink()
    assert told(source, "app/main.py").copied == {"web": ["app/main.py"]}


def test_an_ignore_file_is_released(source: Source) -> None:
    assert told(source, ".dockerignore").released == {"web": [".dockerignore"]}


def test_a_component_without_the_option_is_released(source: Source) -> None:
    plain = Source("web", source.context, source.dockerfile, ("",))
    assert edit_of({source.context / "app/main.py"}, [plain]).released == {"web": ["app/main.py"]}


def test_a_path_has_its_place_in_the_pod(source: Source) -> None:
    assert source.destination("app/a b/main.py") == "/srv/code/a b/main.py"
    assert source.destination("app-old/main.py") == ""


def test_what_changed_during_a_release_is_told_but_for_what_is_copied_anyway(source: Source) -> None:
    began = time.time()
    for path in source.context.rglob("*"):
        os.utime(path, (began - 60, began - 60))
    assert changed_since(began, [source]) == Edit()
    os.utime(source.context / "app/main.py", (began + 1, began + 1))
    assert changed_since(began, [source]) == Edit()
    os.utime(source.context / "requirements.txt", (began + 1, began + 1))
    assert changed_since(began, [source]).released == {"web": ["requirements.txt"]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"build": None, "image": "shop/web:1"}, "live runs a stage of the Dockerfile of build"),
        ({"persistence": {"path": "/data"}}, "one volume cannot serve both"),
        ({"live": {**LIVE, "writable_paths": ["/srv/code"]}}, "live: /srv/code is mounted 2 times"),
        ({"live": {**LIVE, "sync": []}}, "live.sync must hold something"),
        ({"live": {**LIVE, "sync": [{"from": "../app", "to": "/a"}]}}, "live.sync.from must be a folder or file below the build context"),
        ({"live": {**LIVE, "sync": [{"from": ".", "to": "/a"}]}}, "live.sync.from must be a folder or file below the build context"),
    ],
)
def test_options_that_do_not_fit_are_named(changes: dict[str, object], said: str) -> None:
    raw = {"name": "web", "port": 80, "build": {"context": "web"}, "live": LIVE, **changes}
    problems = load_components([{key: value for key, value in raw.items() if value is not None}])[1]
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("folder", ["app", "src/my app", "..hidden", "a.b/c-d", "app/"])
def test_innocent_folders_are_taken(folder: str) -> None:
    live = {**LIVE, "sync": [{"from": folder.rstrip("/"), "to": "/srv/code"}]}
    assert load_components([{"name": "web", "port": 80, "build": {"context": "web"}, "live": live}])[1] == []


def test_another_components_name_may_not_be_that_of_what_runs_live() -> None:
    web = {"name": "web", "port": 80, "build": {"context": "web"}, "live": LIVE}
    problems = load_components([web, {"name": "web-live", "port": 80, "image": "a/b:1"}])[1]
    assert any("would each make deployments/web-live" in problem for problem in problems), problems
