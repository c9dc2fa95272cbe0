# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a source folder says, each fact with the place it came from.

Whoever builds ONE component calls ``detect_part(folder, root)`` of ``part.py`` and gets a ``Part``. What it needs of it:

- ``part.kind.value``: next, node, static, fastapi, starlette, flask, django, asgi, wsgi, celery, arq, rq, dockerfile.
- ``part.context.value``: the folder that an image has to be built from, relative to the root: the part's own, or its workspace's above it.
- ``part.python`` (None for others): ``manager.value`` (uv, poetry, pdm, pipenv, pip, pyproject), ``lock.value`` and ``manifest.value``
  (paths relative to the root), ``version.value`` ("3.13", what to take), ``requires.value`` ("" or ">=3.11,<3.14", what is allowed),
  ``entry.value`` ("src.main:app"), ``source_root.value`` (the folder to run from), ``is_factory``, ``interface`` (asgi, wsgi, worker),
  ``server.value`` and ``server_is_locked``, ``dependencies`` (all of the lock, name to version).
- ``part.node`` (None for others): ``manager.value`` (npm, pnpm, yarn, yarn-berry, bun), ``manager_version.value`` ("" or exact),
  ``lock.value``, ``version.value`` ("24" or a range), ``workspace`` (the package's name in a workspace, or ""), ``build.value`` and
  ``start.value`` (names of scripts, or ""), ``output.value`` (a static site's folder), ``dependencies``.
- ``part.command.value``: the words of the process; ``part.port.value``: 0 for what listens on none.
- ``part.problems``: what makes an image impossible, a sentence each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value_co = TypeVar("Value_co", covariant=True)


@dataclass(frozen=True)
class Fact(Generic[Value_co]):
    """A value, and why it is that.

    Attributes:
        value: What was found or chosen.
        source: ``file:line`` relative to the root; ``file`` where no line says it; empty for a choice of ours.
        choices: What it was chosen among, the value included, each as ``value (file:line)``; empty where there was nothing to choose.
        note: What a person should know of it, a sentence or nothing.
    """

    value: Value_co
    source: str = ""
    choices: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """What keeps a part from being built or run: ``fact`` at ``source``, the sentence, and whether it stops."""

    part: str
    fact: str
    source: str
    text: str
    stops: bool = True

    def __str__(self) -> str:
        where = f" ({self.source})" if self.source else ""
        return f"{self.part}: {self.fact}{where}: {self.text}"


@dataclass(frozen=True)
class Variable:
    """An environment variable that the code reads.

    Attributes:
        name: Its name.
        source: The first place that reads it.
        places: All of them.
        role: A name of ``roles.ROLES``, or empty.
        form: How the role's value is spelt: a URL's dialect, or ``json``, ``commas``, ``blanks``.
        secret: Whether its value must not be seen.
        phase: ``process``, ``build``, or ``both``.
        required: Whether the code fails, or does nothing useful, without it.
        default: The literal that the code falls back to; None without one. Never a value of a .env file.
        example: What .env.example says of it, where that is a sentence or a placeholder; a place ``file:line``.
        note: What a person should know of it.
    """

    name: str
    source: str
    places: tuple[str, ...] = ()
    role: str = ""
    form: str = ""
    secret: bool = False
    phase: str = "process"
    required: bool = False
    default: str | None = None
    example: str = ""
    note: str = ""


@dataclass(frozen=True)
class Migration:
    """How a part's tables are made: the tool, its command and what it runs from."""

    tool: Fact[str]
    command: tuple[str, ...]
    sources: tuple[str, ...] = ()
    can_run: bool = True
    note: str = ""
    bundle: tuple[str, ...] = ()
    """What a generated image of a Node part makes one file of, which its command runs: words of roles/images/files/migrate.cjs."""


@dataclass(frozen=True)
class Python:
    """What a Python part is made of; see the module's docstring."""

    manager: Fact[str]
    manifest: Fact[str]
    lock: Fact[str]
    version: Fact[str]
    requires: Fact[str]
    entry: Fact[str]
    source_root: Fact[str]
    interface: str
    server: Fact[str]
    server_is_locked: bool
    is_factory: bool = False
    is_package: bool = False
    dependencies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """What a Node part is made of; see the module's docstring."""

    manager: Fact[str]
    manager_version: Fact[str]
    lock: Fact[str]
    version: Fact[str]
    workspace: str
    build: Fact[str]
    start: Fact[str]
    output: Fact[str]
    dependencies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnDockerfile:
    """A Dockerfile of the person's: whether it is fit to use as it is, and what it starts from."""

    path: str
    bases: tuple[str, ...]
    command: tuple[str, ...]
    ports: tuple[int, ...]
    unfit: str = ""


WITHOUT_LOCK = ", or go without it: locked: false in its build (-e adopt_locked=false writes that)"
"""What else helps where a lock does not fit what its manifest asks for, and the source has to stay as it is."""


@dataclass(frozen=True)
class Part:
    """A part of an application: what becomes a component."""

    name: str
    folder: str
    kind: Fact[str]
    context: Fact[str]
    command: Fact[tuple[str, ...]]
    port: Fact[int]
    health: Fact[str]
    python: Python | None = None
    node: Node | None = None
    dockerfile: OwnDockerfile | None = None
    same_image_as: str = ""
    variables: tuple[Variable, ...] = ()
    services: Mapping[str, Fact[str]] = field(default_factory=dict)
    migration: Migration | None = None
    paths: tuple[str, ...] = ()
    gets: tuple[str, ...] = ()
    """Those of its paths that a GET without any parameter asks."""
    problems: tuple[Problem, ...] = ()
    locked: bool = True
    """Whether what its lock file says is installed, where it has one."""
    schedule: Fact[str] | None = None
    """When it runs, of a part that runs at certain times and ends: a cron expression."""


@dataclass(frozen=True)
class Route:
    """A prefix of the one origin, and the part that it leads to; whether the prefix is taken off."""

    prefix: str
    part: str
    strip: bool
    fact: Fact[str]


@dataclass(frozen=True)
class Application:
    """What a repository holds."""

    name: str
    root: str
    parts: tuple[Part, ...]
    services: Mapping[str, Fact[str]] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    values: tuple[tuple[str, str, Fact[str]], ...] = ()
    """Part, variable, and what it gets for the sake of the routes; ``{origin}`` in it is the public URL."""
    problems: tuple[Problem, ...] = ()
    skipped: Sequence[str] = ()
