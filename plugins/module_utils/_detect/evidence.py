# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person once wrote for other hosts: Dockerfiles, compose files, Procfiles. It breaks ties and is never believed alone."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._core.errors import Failure
from .._images.dockerfile import Dockerfile, parse_dockerfile
from .folder import Folder, join, parents
from .model import OwnDockerfile
from .tables import DEVELOPMENT_COMMANDS

COMPOSE_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml", "docker-compose.prod.yml", "compose.prod.yaml")
_ENTRY = re.compile(r"(?<![\w./:-])([A-Za-z_]\w*(?:\.\w+)*):([A-Za-z_]\w*)(?:\(\))?(?![\w./:-])")
_SERVERS = re.compile(r"\b(uvicorn|gunicorn|hypercorn|granian|daphne|fastapi|waitress-serve|celery|arq|rq)\b")


@dataclass(frozen=True)
class Command:
    """A command that somebody wrote, and where."""

    text: str
    source: str


@dataclass(frozen=True)
class ComposeService:
    """A service of a compose file; its build's folder is relative to the root, and may not exist."""

    name: str
    source: str
    image: str
    folder: str
    command: str
    ports: tuple[int, ...]
    environment: tuple[str, ...]


def dockerfiles(folder: Folder, where: str) -> list[str]:
    """Return the Dockerfiles of a folder, the one that is called so first."""
    named = re.compile(r"(Dockerfile|Containerfile)([.-][\w.-]+)?|[\w.-]+\.[Dd]ockerfile")
    paths = [
        path for path in folder.below(where) if (posixpath.dirname(path) or ".") == where and named.fullmatch(posixpath.basename(path))
    ]
    return sorted(
        (path for path in paths if not path.endswith(".dockerignore")), key=lambda path: (posixpath.basename(path) != "Dockerfile", path)
    )


def own_dockerfile(folder: Folder, path: str) -> OwnDockerfile:
    """Return what a Dockerfile starts from and ends with, and why it is not fit to use as it is."""
    parsed = parse_dockerfile(folder.text(path).encode())
    stages = {stage.name for stage in parsed.stages if stage.name}
    bases = tuple(
        dict.fromkeys(
            filled(stage.base, parsed) for stage in parsed.stages if stage.base.lower() not in stages and stage.base.lower() != "scratch"
        )
    )
    command, ports = docker_command(parsed), []
    for stage in parsed.stages[-1:]:
        for instruction in stage.instructions:
            if instruction.name == "EXPOSE":
                ports += [int(number) for word in instruction.words() if (number := word.partition("/")[0]).isdecimal()]
    text = " ".join(command)
    unfit = ""
    if not parsed.stages:
        unfit = "it has no FROM"
    elif not command and not bases:
        unfit = "it starts nothing"
    elif any(re.search(pattern, text) for pattern in DEVELOPMENT_COMMANDS):
        unfit = f"its command is a development server: {text}"
    return OwnDockerfile(path, bases, command, tuple(ports), unfit)


def filled(text: str, parsed: Dockerfile) -> str:
    """Return a FROM with the defaults of the ARGs before it in the place of their names."""
    return re.sub(r"\$\{?(\w+)(?::-([^}]*))?\}?", lambda match: parsed.arguments.get(match[1]) or match[2] or match[0], text)


def docker_command(parsed: Dockerfile) -> tuple[str, ...]:
    """Return the words of the last stage's ENTRYPOINT and CMD."""
    words: dict[str, list[str]] = {}
    for stage in parsed.stages[-1:]:
        for instruction in stage.instructions:
            if instruction.name in ("CMD", "ENTRYPOINT"):
                words[instruction.name] = instruction.words()
    return (*words.get("ENTRYPOINT", []), *words.get("CMD", []))


def compose_services(folder: Folder) -> list[ComposeService]:
    """Return what the compose files of the root, and of folders one below, declare; one that cannot be read declares nothing."""
    found: list[ComposeService] = []
    for path in [path for path in folder.files if path.count("/") <= 1 and posixpath.basename(path) in COMPOSE_FILES]:
        try:
            services = folder.table(path, "services")
        except Failure:
            continue
        for name, service in services.items():
            if isinstance(service, dict):
                found.append(_compose_service(folder, path, str(name), service))
    return found


def _compose_service(folder: Folder, path: str, name: str, service: dict[str, Any]) -> ComposeService:
    build = service.get("build")
    context = build.get("context", ".") if isinstance(build, dict) else build
    command = service.get("command") or ""
    environment = service.get("environment") or {}
    names = environment if isinstance(environment, dict) else [str(entry).partition("=")[0] for entry in environment]
    ports = [int(number) for entry in service.get("ports") or [] if (number := _container_port(entry)).isdecimal()]
    return ComposeService(
        name,
        folder.at(path, rf"^\s+[\"']?{re.escape(name)}[\"']?\s*:", after=r"^services\s*:"),
        str(service.get("image") or ""),
        join(posixpath.dirname(path) or ".", str(context)) if context else "",
        " ".join(map(str, command)) if isinstance(command, list) else str(command),
        tuple(ports),
        tuple(map(str, names)),
    )


def _container_port(entry: Any) -> str:
    return str(entry.get("target", "")) if isinstance(entry, dict) else str(entry).rpartition(":")[2].partition("/")[0]


def commands(folder: Folder, where: str) -> list[Command]:
    """Return the commands that start a part somewhere, the most trustworthy first."""
    found: list[Command] = []
    for place in parents(where):
        if procfile := folder.first(place, "Procfile"):
            for number, line in enumerate(folder.text(procfile).splitlines(), 1):
                if ":" in line and not line.startswith("#"):
                    found.append(Command(line.partition(":")[2].strip(), f"{procfile}:{number}"))
    for path in [*dockerfiles(folder, where), *(dockerfiles(folder, ".") if where != "." else [])]:
        if command := docker_command(parse_dockerfile(folder.text(path).encode())):
            found.append(Command(" ".join(command), folder.at(path, r"^\s*(CMD|ENTRYPOINT)\b")))
    found += [
        Command(service.command, service.source)
        for service in compose_services(folder)
        if service.command and service.folder in (where, ".")
    ]
    if manifest := folder.first(where, "package.json"):
        for name, text in folder.table(manifest, "scripts").items():
            if _SERVERS.search(str(text)):
                found.append(Command(str(text), folder.at(manifest, rf'"{re.escape(name)}"\s*:', after=r'"scripts"')))
    for path in folder.below(where, ".sh", "Makefile", "render.yaml", "fly.toml", "railway.json", "railway.toml", "nixpacks.toml"):
        if path.count("/") - (0 if where == "." else where.count("/") + 1) > 1:
            continue
        for number, line in enumerate(folder.text(path).splitlines(), 1):
            if _SERVERS.search(line) and not line.lstrip().startswith("#"):
                found.append(Command(line.strip(), f"{path}:{number}"))
    return found


def entries(found: list[Command]) -> Iterator[tuple[str, str, str]]:
    """Yield module, attribute and place of each ``module:attribute`` that a command hands to a server."""
    for command in found:
        if _SERVERS.search(command.text):
            for module, attribute in _ENTRY.findall(command.text):
                if "." in module or not module.isupper():
                    yield module, attribute, command.source


def words(text: str) -> list[str]:
    """Return a command's words, as a shell would; by blanks where its quotes do not end."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
