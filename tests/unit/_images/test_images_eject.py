# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A generated Dockerfile that a person takes over: the same image, beside the inventory, and never replaced once it was edited."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.inventory import app_file, sealed
from ansible_collections.plannoir.deploy.plugins.module_utils._images.eject import Ejected, ejected
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import Base, plan_images

from scripts.detect import APPS


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def source(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    shutil.copytree(APPS / name, folder)
    (folder / ".git").mkdir()
    return folder


def taken_over(folder: Path, inventory: Path, *, wanted: bool = True) -> tuple[list[Ejected], dict[str, Any]]:
    application = detect_application(folder)
    builds = app_file(application, (), 31080).builds
    found = list(ejected(builds, folder, inventory, wanted=wanted))
    text = app_file(application, (), 31080, {image.part: image.build for image in found}).text
    return found, {each["name"]: each["build"] for each in yaml.safe_load(text)["app_components"]}


def write(images: list[Ejected]) -> None:
    for image in images:
        image.folder.mkdir(parents=True, exist_ok=True)
        for file in image.files():
            Path(file["path"]).write_text(file["content"], encoding="utf-8")


@pytest.mark.parametrize("name", ["flask-factory", "npm-workspaces", "next-vercel-cron"])
def test_it_is_built_from_the_same_files_by_the_same_instructions(tmp_path: Path, name: str) -> None:
    folder, inventory = source(tmp_path, name), tmp_path / "inventory"
    generated = {part: build for part, build in app_file(detect_application(folder), (), 31080).builds.items() if "generate" not in build}
    found, builds = taken_over(folder, inventory)
    write(found)
    for part in generated:
        own = {**builds[part], "dockerfile": builds[part]["dockerfile"].replace("{{ inventory_dir }}", str(inventory))}
        (before,), problems = plan_images({part: generated[part]}, "shop", folder, Base(), 1 << 30)
        (after,), more = plan_images({part: own}, "shop", folder, Base(), 1 << 30)
        assert problems + more == []
        assert (Path(after.context).resolve(), after.files, after.size) == (Path(before.context).resolve(), before.files, before.size)
        assert Path(after.dockerfile).read_text().partition("\n")[2] == Path(before.dockerfile).read_text()
        assert Path(after.dockerfile).is_relative_to(inventory)


def test_a_component_of_the_same_image_has_the_same_build(tmp_path: Path) -> None:
    _found, builds = taken_over(source(tmp_path, "celery-fastapi"), tmp_path / "inventory")
    assert len(builds) > 1
    assert len({str(build) for build in builds.values()}) == 1


def test_what_a_person_edited_is_told_from_what_an_earlier_run_wrote(tmp_path: Path) -> None:
    folder, inventory = source(tmp_path, "flask-factory"), tmp_path / "inventory"
    found, _builds = taken_over(folder, inventory)
    assert {file["state"] for file in found[0].files()} == {"missing"}
    write(found)
    assert {file["state"] for file in found[0].files()} == {"same"}
    newer = replace(found[0], texts={name: sealed("FROM scratch\n") for name in found[0].texts})
    assert {file["state"] for file in newer.files()} == {"untouched"}
    path = found[0].folder / "Dockerfile"
    path.write_text(path.read_text() + "LABEL mine=1\n", encoding="utf-8")
    assert [file["state"] for file in found[0].files()] == ["edited", "same"]


def test_a_later_run_goes_on_naming_what_was_taken_over_and_takes_over_nothing_unasked(tmp_path: Path) -> None:
    folder, inventory = source(tmp_path, "flask-factory"), tmp_path / "inventory"
    assert taken_over(folder, inventory, wanted=False)[0] == []
    found, builds = taken_over(folder, inventory)
    write(found)
    assert taken_over(folder, inventory, wanted=False)[1] == builds


def test_a_dockerfile_of_the_persons_stays_where_it_is(tmp_path: Path) -> None:
    found, builds = taken_over(source(tmp_path, "dockerfile-go"), tmp_path / "inventory")
    assert found == []
    assert all("dockerfile" not in build for build in builds.values())


def test_what_cannot_be_generated_is_said_with_its_part(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^web: "):
        list(ejected({"web": {"context": "none", "args": {}}}, _empty(tmp_path), tmp_path / "inventory", wanted=True))


def _empty(tmp_path: Path) -> Path:
    (tmp_path / "empty/none").mkdir(parents=True)
    return tmp_path / "empty"
