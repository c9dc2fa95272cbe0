# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository as a whole: its parts, the services that they share, the one origin that they are reached at."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .._core.errors import Failure
from .evidence import ComposeService, compose_services, dockerfiles
from .folder import Folder, component_name
from .model import Application, Fact, Part, Problem
from .part import NOTHING, parts_of, projects
from .routes import origin
from .schedules import scheduled_parts
from .services import service_of_image
from .tables import NO_PARTS
from .variables import committed


def detect_application(root: Path, name: str = "") -> Application:
    """Return what a repository, or one folder, holds.

    Raises:
        Failure: It is no folder, holds nothing that is known, or a manifest in it cannot be parsed.
    """
    folder = Folder(root)
    places = list(dict.fromkeys([*projects(folder), *_others(folder)]))
    parts: list[Part] = []
    skipped: list[str] = []
    for where in sorted(places, key=lambda place: (place.count("/") if place != "." else -1, place)):
        if NO_PARTS & set(where.lower().split("/")):
            skipped.append(f"{where} (its name says that it is not deployed)")
            continue
        found = parts_of(folder, where)
        inner = [
            part
            for part in found
            if not (part.kind.value in ("dockerfile", "static") and part.python is None and part.node is None and _is_within(where, parts))
        ]
        parts += inner
        if not found and where != ".":
            skipped.append(f"{where} (a library, or nothing that is started)")
    if not parts:
        raise Failure(f"{folder.root} {NOTHING}.")
    parts = _named(parts)
    found_origin = origin(folder, parts)
    problems = [problem for part in parts for problem in part.problems]
    by_time, left_out = scheduled_parts(folder, parts)
    problems += [*found_origin.problems, *_committed(folder, parts), *left_out]
    services = _services(folder, parts)
    return Application(
        component_name(name or folder.root.name),
        str(folder.root),
        (*parts, *by_time),
        services,
        found_origin.routes,
        found_origin.values,
        tuple(problems),
        tuple(skipped),
    )


def _others(folder: Folder) -> list[str]:
    """Return the folders with a page, or a Dockerfile, and no manifest."""
    found = [
        posixpath.dirname(path) or "." for path in folder.files if posixpath.basename(path) in ("index.html", "Dockerfile", "Containerfile")
    ]
    not_pages = {"public", "static", "templates", "assets", "src"}
    return [
        where
        for where in found
        if not not_pages & set(where.split("/")) and (folder.first(where, "index.html") or dockerfiles(folder, where))
    ]


def _is_within(where: str, parts: Sequence[Part]) -> bool:
    return any(where == part.folder or part.folder == "." or where.startswith(f"{part.folder}/") for part in parts)


def _named(parts: list[Part]) -> list[Part]:
    """Give each part a name of its own: folders of the same name get the one above in front."""
    taken: set[str] = set()
    renamed: dict[tuple[str, str], str] = {}
    result: list[Part] = []
    for part in parts:
        name = part.name
        if name in taken:
            above = posixpath.basename(posixpath.dirname(part.folder))
            name = component_name(f"{above}-{name}") if above else name
        number = 2
        while name in taken:
            name, number = f"{part.name}-{number}", number + 1
        taken.add(name)
        renamed[part.folder, part.name] = name
        same = renamed.get((part.folder, part.same_image_as), part.same_image_as)
        result.append(replace(part, name=name, same_image_as=same))
    return result


def _services(folder: Folder, parts: Sequence[Part]) -> dict[str, Fact[str]]:
    found: dict[str, Fact[str]] = {}
    declared: list[ComposeService] = compose_services(folder)
    for part in parts:
        for name, fact in part.services.items():
            images = [f"{service.image} ({service.source})" for service in declared if service_of_image(service.image) == name]
            known = found.get(name)
            found[name] = known if known else replace(fact, choices=tuple(images))
    return found


def _committed(folder: Folder, parts: Sequence[Part]) -> list[Problem]:
    """Name the .env files that stand beside the sources: their values are never read."""
    found = []
    for where in dict.fromkeys([".", *(part.folder for part in parts)]):
        part = next((part.name for part in parts if part.folder == where), "the repository")
        for path in committed(folder, where):
            text = "its values are not read, and it stays out of the image; give what only you have by playbooks/secret.yml."
            found.append(Problem(part, ".env file", path, text, stops=False))
    return found
