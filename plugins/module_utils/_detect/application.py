# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository as a whole: its parts, the services that they share, the one origin that they are reached at."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .._core.errors import Failure
from .evidence import ComposeService, compose_services, dockerfiles
from .folder import Folder, component_name
from .model import Application, Fact, Part, Problem
from .part import NOTHING, parts_of, projects
from .routes import is_page, origin
from .schedules import scheduled_parts
from .services import service_of_image
from .tables import LOCKS, NO_PARTS
from .variables import committed


def detect_application(root: Path, name: str = "", *, locked: bool = True) -> Application:
    """Return what a repository, or one folder, holds.

    Args:
        root: The folder.
        name: Of the application; by default the folder's.
        locked: Whether a lock file counts that does not fit what its manifest asks for: it is a problem then, and else not used.

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
        if "{{" in where:
            skipped.append(f"{where} (a template, from which cookiecutter or copier makes a project: adopt what they make)")
            continue
        found = parts_of(folder, where)
        if not locked and any(problem.fact == "lock file" and problem.stops for part in found for problem in part.problems):
            found = [replace(part, locked=False) for part in parts_of(Folder(root, LOCKS), where)]
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
    parts, others = _first_application(parts)
    parts, shims = _without_shims(folder, parts)
    parts = _named(parts)
    skipped += [*others, *shims]
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
    return any(_is_below(where, part.folder) for part in parts)


def _is_below(where: str, above: str) -> bool:
    return above in (".", where) or where.startswith(f"{above}/")


def _first_application(parts: list[Part]) -> tuple[list[Part], list[str]]:
    """Return the parts without those of another application further down: a page below the first one's folder, or what stands beside it.

    Pages in folders of one depth belong together, as those of a workspace do.
    """
    pages = [part for part in parts if is_page(part) and part.port.value]
    out: dict[str, None] = {}
    for page in pages[1:]:
        if page.folder.count("/") > pages[0].folder.count("/"):
            above = posixpath.dirname(page.folder)
            alone = not above or _is_below(pages[0].folder, above)
            out[page.folder if alone else above] = None
    left = [part for part in parts if not any(_is_below(part.folder, where) for where in out)]
    return left, [f"{where} (another application with a page of its own: adopt it by that folder)" for where in out]


def _without_shims(folder: Folder, parts: list[Part]) -> tuple[list[Part], list[str]]:
    """Return the parts without those that only start another part for a host such as Vercel, by way of ``sys.path``."""
    shims: list[str] = []
    for part in parts:
        file = part.kind.source.rpartition(":")[0]
        if not part.python or part.same_image_as or "sys.path" not in folder.text(file):
            continue
        inner = [other for other in parts if other.python and other.folder != part.folder and _is_below(other.folder, part.folder)]
        for other in inner:
            if re.search(rf"""["'/]{re.escape(posixpath.basename(other.folder))}["'/]""", folder.text(file)):
                shims.append(f"{file} (it starts {other.folder} for another host)")
                parts = [each for each in parts if each is not part and not (each.same_image_as and each.folder == part.folder)]
                break
    return parts, shims


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
