# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is built from where nobody wrote a Dockerfile: when it is generated, when it is kept, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._detect import part
from ansible_collections.plannoir.deploy.plugins.module_utils._images import plan, registries
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import Base, first_base_problems, migration_sources, plan_images
from ansible_collections.plannoir.deploy.plugins.module_utils._images.source import Source, source_of
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.requirements import source_problems

APPS = Path(__file__).parents[2] / "fixtures/apps"
FLASK = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "root"
    (folder / "web").mkdir(parents=True)
    (folder / "web/app.py").write_text(FLASK)
    (folder / "web/requirements.txt").write_text("flask==3.1.0\ngunicorn==23.0.0\n")
    return folder


def build(**others: Any) -> dict[str, Any]:
    return {"context": "web", "dockerfile": "Dockerfile", "generate": False, "python": None, "args": {}, "target": "", **others}


def source(root: Path, **others: Any) -> Source:
    return source_of(build(**others), root)


def tag(root: Path, **others: Any) -> str:
    images, problems = plan_images({"web": {"context": "web", **others}}, "app", root, Base("debian:trixie-slim", "sha256:1"), 2**28)
    assert problems == []
    return images[0].ref


def test_a_folder_without_a_dockerfile_gets_one_that_is_not_written_into_it(root: Path) -> None:
    found = source(root)
    assert found.generated
    assert found.dockerfile.is_file()
    assert found.dockerfile.is_relative_to(root.parent / "cache/plannoir/dockerfiles")
    assert sorted(path.name for path in (root / "web").iterdir()) == ["app.py", "requirements.txt"]


def test_a_dockerfile_of_the_persons_is_used_unless_one_is_asked_for(root: Path) -> None:
    own = root / "web/Dockerfile"
    own.write_text("FROM scratch\n")
    assert source(root) == Source(root / "web", root / "web", own)
    assert source(root, generate=True).generated
    assert own.read_text() == "FROM scratch\n"


def test_a_dockerfile_that_is_named_and_missing_is_no_wish_for_another(root: Path) -> None:
    assert not source(root, dockerfile="prod.Dockerfile").generated
    assert list(source_problems({"component": "web", **build(dockerfile="prod.Dockerfile")}, root)) == [
        f"The Dockerfile of web, {root}/web/prod.Dockerfile, is missing: correct build.dockerfile."
    ]


def test_a_second_run_detects_nothing_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = source(root)

    def fail(*_arguments: object) -> None:
        pytest.fail("the folder was looked at again")

    monkeypatch.setattr(part, "detect_part", fail)
    assert source(root) == first


def test_an_edit_that_moves_the_entry_point_is_seen(root: Path) -> None:
    before = source(root).dockerfile.read_text()
    (root / "web/app.py").unlink()
    (root / "web/service.py").write_text(FLASK)
    after = source(root).dockerfile.read_text()
    assert '"app:app"' in before
    assert '"service:app"' in after


def test_a_version_file_above_the_folder_is_seen(root: Path) -> None:
    (root / ".git").mkdir()
    source(root)
    (root / ".python-version").write_text("3.11\n")
    assert "python3.11-minimal/bookworm" in source(root).dockerfile.read_text()


def test_two_components_of_a_folder_have_a_dockerfile_each_where_they_differ(root: Path) -> None:
    assert source(root, args={"A": "1"}).dockerfile == source(root, args={"A": "2"}).dockerfile
    assert source(root, args={"A": "1"}).dockerfile != source(root).dockerfile
    assert source(root, python="3.11").dockerfile != source(root).dockerfile


def test_the_tag_follows_the_text_the_ignore_file_and_the_source(root: Path) -> None:
    first = tag(root)
    assert tag(root) == first
    generated = source(root).dockerfile
    ignored = generated.with_name("Dockerfile.dockerignore")
    ignored.write_text(f"{ignored.read_text()}**/*.nothing\n")
    second = tag(root)
    generated.write_text(f"{generated.read_text()}# another word\n")
    third = tag(root)
    (root / "web/app.py").write_text(f"{FLASK}# an edit\n")
    assert len({first, second, third, tag(root)}) == 4


def test_what_is_ignored_makes_no_other_tag(root: Path) -> None:
    first = tag(root)
    (root / "web/.env").write_text("KEY=1\n")
    (root / "web/__pycache__").mkdir()
    (root / "web/__pycache__/app.pyc").write_bytes(b"1")
    (root / "web/node_modules").mkdir()
    assert tag(root) == first


def test_env_files_are_named_although_the_ignore_file_names_them(root: Path) -> None:
    (root / "web/.env.production").write_text("KEY=1\n")
    (root / "web/.env.example").write_text("KEY=\n")
    images, _problems = plan_images({"web": {"context": "web"}}, "app", root, Base(), 2**28)
    assert images[0].environment_files() == [".env.production"]


def test_a_member_of_a_workspace_is_built_from_the_folder_that_has_the_lock(root: Path) -> None:
    found = source_of(build(context=str(APPS / "turborepo/apps/web")), root)
    assert found.context == APPS / "turborepo"
    assert found.folder == APPS / "turborepo/apps/web"


def test_sources_of_a_migration_stay_relative_to_what_the_person_named(root: Path) -> None:
    build_of_member = build(context=str(APPS / "uv-workspace/packages/api"))
    component = {"name": "web", "build": build_of_member, "migration": {"sources": ["pyproject.toml"]}}
    digests, problems = migration_sources([component], root)
    assert problems == []
    assert digests["web"]


def refused(app: str, root: Path, **others: Any) -> list[str]:
    return list(source_problems({"component": "web", **build(context=str(APPS / app), **others)}, root))


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("bad-stale-lock", ("lock file (", "it lacks httpx", "run uv lock")),
        ("bad-two-applications", ("entry point (", "2 applications could be it")),
        ("bad-entry", ("entry point (", "does not exist")),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_is(app: str, words: tuple[str, ...], root: Path) -> None:
    [problem] = refused(app, root)
    assert problem.startswith("Component web: ")
    for word in words:
        assert word in problem
    assert "Or write a Dockerfile into" in problem


def test_a_lock_that_does_not_fit_is_not_read_where_the_person_says_so(root: Path) -> None:
    assert refused("bad-stale-lock", root, locked=False) == []
    text = source_of(build(context=str(APPS / "bad-stale-lock"), locked=False), root).dockerfile.read_text(encoding="utf-8")
    assert "uv.lock" not in text
    assert "httpx" in text or "pyproject.toml" in text
    (root / "web/requirements.txt").unlink()
    manifest = {"name": "web", "scripts": {"build": "next build"}, "dependencies": {"next": "15.1.0"}}
    (root / "web/package.json").write_text(json.dumps(manifest))
    (root / "web/package-lock.json").write_text('{"lockfileVersion": 3, "packages": {"": {"dependencies": {"react": "19.0.0"}}}}')
    (root / "web/app").mkdir()
    (root / "web/app/page.tsx").write_text("export default () => null")
    assert "does not fit" in next(source_problems({"component": "web", **build()}, root))
    text = source_of(build(locked=False), root).dockerfile.read_text(encoding="utf-8")
    assert "npm ci" not in text
    assert "npm install" in text


def test_a_folder_without_a_lock_and_without_anything_else_to_install_from_is_refused(root: Path) -> None:
    (root / "web/requirements.txt").unlink()
    (root / "web/setup.py").write_text("from setuptools import setup\nsetup(install_requires=['flask'])\n")
    [problem] = source_problems({"component": "web", **build()}, root)
    assert "lock file (web/setup.py): there is none that says what to install" in problem


@pytest.mark.parametrize(
    "innocent", ["fastapi-uv", "static-site", "next-npm", "bad-two-locks", "dockerfile-go", "django-celery", "next-fastapi/backend"]
)
def test_what_can_be_built_is_not_refused(innocent: str, root: Path) -> None:
    assert refused(innocent, root) == []


def test_a_python_that_cannot_be_had_is_refused_with_the_line_that_accepts_the_nearest(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "web/.python-version").write_text("3.12\n")
    monkeypatch.setattr(plan, "unreachable", lambda names: registries.unreachable(names, lambda _host: "no answer"))
    [problem] = first_base_problems([{"component": "web", **build()}], root)
    assert problem.startswith("Component web: what its folder asks for is in python:3.12-slim-trixie only")
    assert 'write python: "3.13" into build to take it.' in problem
    assert first_base_problems([{"component": "web", **build(python="3.13")}], root) == []


def test_live_without_a_dockerfile_of_the_persons_is_refused(root: Path) -> None:
    [problem] = source_problems({"component": "web", "live": True, **build()}, root)
    assert "live runs a stage of a Dockerfile of yours" in problem
    assert "copy the generated one, whose path -v shows" in problem
    (root / "web/Dockerfile").write_text("FROM scratch AS live\n")
    assert list(source_problems({"component": "web", "live": True, **build()}, root)) == []


def test_a_cache_that_cannot_be_written_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "file"))
    [problem] = source_problems({"component": "web", **build()}, root)
    assert "cannot be written" in problem
    assert "XDG_CACHE_HOME" in problem
