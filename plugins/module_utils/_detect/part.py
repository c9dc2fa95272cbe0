# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One part of a repository: what its folder becomes."""

from __future__ import annotations

import posixpath
from pathlib import Path

from .._core.errors import Failure
from .evidence import dockerfiles, own_dockerfile
from .folder import Folder, join
from .model import Fact, OwnDockerfile, Part, Problem
from .node_part import detect_node
from .node_project import read_package, workspace_members
from .python_part import Started, detect_python, name_of
from .python_project import is_project, read_project
from .python_source import Sources
from .tables import STATIC_PORT

NOTHING = (
    "holds no application that is known: no package.json with a framework or a start script, no Python application, no index.html, no "
    "Dockerfile"
)


def detect_part(folder: Path, root: Path | None = None) -> Part:
    """Return what ONE folder becomes: the part that answers requests, or else its worker.

    Args:
        folder: The part's folder, as ``build.context`` names it.
        root: The repository, in which a workspace's lock may stand above the folder; by default the nearest folder above with ``.git``.

    Raises:
        Failure: The folder is none, holds nothing that is known, or a manifest in it cannot be parsed.
    """
    folder = Path(folder).expanduser().absolute()
    top = (
        Path(root).expanduser().absolute()
        if root
        else next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
    )
    if not folder.is_relative_to(top):
        raise Failure(f"{folder} is not in {top}.")
    repository = Folder(top)
    where = folder.relative_to(top).as_posix()
    if not folder.is_dir():
        raise Failure(f"{folder} is no folder: give the folder that the application's source stands in.")
    parts = parts_of(repository, where)
    if not parts:
        raise Failure(f"{folder} {NOTHING}.")
    return parts[0]


def projects(folder: Folder) -> list[str]:
    """Return the folders that have a manifest of Python or Node, the nearest to the root first."""
    names = ("package.json", "pyproject.toml", "Pipfile", "setup.py", "setup.cfg", "requirements.txt", "requirements.in")
    found = dict.fromkeys(posixpath.dirname(path) or "." for path in folder.files if posixpath.basename(path) in names)
    return [where for where in found if folder.first(where, "package.json") or is_project(folder, where)]


def parts_of(folder: Folder, where: str) -> list[Part]:
    """Return what a folder becomes: several parts where a project has workers, none where it is a library."""
    others = [other for other in projects(folder) if other != where and (where == "." or other.startswith(f"{where}/"))]
    found: list[Part] = []
    if is_project(folder, where):
        found += _python_parts(folder, where, others)
    if folder.first(where, "package.json") and not found:
        found += _node_parts(folder, where, others)
    dockerfile = _own(folder, where)
    if not found and (folder.first(where, "index.html") and not others and not folder.first(where, "package.json")):
        found.append(_static(folder, where))
    if not found and dockerfile:
        found.append(_only_dockerfile(folder, where, dockerfile))
    return found


def _own(folder: Folder, where: str) -> OwnDockerfile | None:
    paths = dockerfiles(folder, where)
    return own_dockerfile(folder, paths[0]) if paths and posixpath.basename(paths[0]) in ("Dockerfile", "Containerfile") else None


def _python_parts(folder: Folder, where: str, others: list[str]) -> list[Part]:
    project = read_project(folder, where)
    sources = Sources(folder, where, [other for other in others if is_project(folder, other)])
    parts: list[Part] = []
    for started in detect_python(folder, project, sources):
        parts.append(_python_part(folder, where, project.workspace, started, parts[0].name if parts else "", project.problems))
    return parts


def _python_part(folder: Folder, where: str, workspace: str, started: Started, first: str, problems: list[Problem]) -> Part:
    base = component_name(name_of(folder, where))
    name = f"{base}-{started.suffix}" if started.suffix and first else base
    return Part(
        name,
        where,
        started.kind,
        Fact(workspace, join(workspace, "pyproject.toml") if workspace != where else ""),
        started.command,
        started.port,
        Fact(""),
        python=started.python,
        dockerfile=_own(folder, where),
        same_image_as=first,
        problems=(*(() if first else problems), *started.problems),
    )


def _node_parts(folder: Folder, where: str, others: list[str]) -> list[Part]:
    if workspace_members(folder, where) and "next" not in folder.table(join(where, "package.json"), "dependencies"):
        return []
    package = read_package(folder, where)
    started = detect_node(folder, package, [other for other in others if folder.first(other, "package.json")])
    if not started:
        return []
    context = Fact(package.workspace, package.lock.value if package.workspace != where else "")
    return [
        Part(
            component_name(name_of(folder, where)),
            where,
            started.kind,
            context,
            started.command,
            started.port,
            Fact(""),
            node=started.node,
            dockerfile=_own(folder, where),
            problems=(*package.problems, *started.problems),
        )
    ]


def _static(folder: Folder, where: str) -> Part:
    page = folder.first(where, "index.html")
    port = Fact(STATIC_PORT, note="Our choice: a static server of ours.")
    return Part(
        component_name(name_of(folder, where)),
        where,
        Fact("static", page),
        Fact(where),
        Fact(()),
        port,
        Fact("/", page),
        dockerfile=_own(folder, where),
    )


def _only_dockerfile(folder: Folder, where: str, own: OwnDockerfile) -> Part:
    port = Fact(own.ports[0] if own.ports else 0, folder.at(own.path, r"^\s*EXPOSE\b") if own.ports else own.path)
    command = Fact(own.command, folder.at(own.path, r"^\s*(CMD|ENTRYPOINT)\b"))
    return Part(
        component_name(name_of(folder, where)), where, Fact("dockerfile", own.path), Fact(where), command, port, Fact(""), dockerfile=own
    )


def component_name(text: str) -> str:
    """Return a name that a component may have: lower-case letters, digits and hyphens, a letter first, at most 50 characters."""
    name = "".join(character if character.isascii() and character.isalnum() else "-" for character in text.lower()).strip("-")
    while "--" in name:
        name = name.replace("--", "-")
    return (name if name[:1].isalpha() else f"app-{name}".rstrip("-"))[:50].rstrip("-")
