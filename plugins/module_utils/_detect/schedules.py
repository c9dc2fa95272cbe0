# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What other hosts run at certain times: vercel.json calls a path, render.yaml and railway.json run a command of a part's image."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .._component.schedules import cron_problem
from .._component.specification import FORMATS
from .evidence import words
from .folder import Folder, component_name, join
from .model import Fact, Part, Problem

CALLERS = {
    "node": (
        "node",
        "-e",
        "fetch(process.argv[1], { headers: { 'user-agent': 'vercel-cron/1.0', authorization: 'Bearer ' + process.env.CRON_SECRET } })"
        ".then(r => { if (!r.ok) throw Error(r.url + ' answers ' + r.status) })",
    ),
    "python": (
        "python",
        "-c",
        "import os, sys, urllib.request as u; h = dict([('User-Agent', 'vercel-cron/1.0'), "
        "('Authorization', 'Bearer ' + os.environ.get('CRON_SECRET', ''))]); u.urlopen(u.Request(sys.argv[1], headers=h))",
    ),
}
"""What asks for a path as Vercel does, and fails where the answer is no success; a part's image has one of the two programs."""

CALLED_WITH = "CRON_SECRET"
"""The only variable that such a call needs."""

_RUNNERS = re.compile(r"(?:uv|poetry|pdm|pipenv)\s+run\s+(?:--\S+\s+)*")
_SCRIPTS = re.compile(r"(?:npm|pnpm|bun)\s+run\s+([\w:.-]+)|(?:yarn|pnpm)\s+([\w:.-]+)")
_SHELL = re.compile(r"&&|[|;<>`$*]|\bcd\b")


class _Run(NamedTuple):
    """What is to run: in which part's folder, when, and the path that is called or the command that is run."""

    folder: str
    cron: str
    source: str
    path: str = ""
    command: str = ""
    name: str = ""


def scheduled_parts(folder: Folder, parts: Sequence[Part]) -> tuple[list[Part], list[Problem]]:
    """Return the parts that run by a schedule, of the image of another part; and what cannot be taken over."""
    found: list[Part] = []
    problems: list[Problem] = []
    for run in _runs(folder):
        owner = next((part for part in parts if part.folder == run.folder and not part.same_image_as and (part.python or part.node)), None)
        if owner is None and len(answering := [part for part in parts if part.port.value and (part.python or part.node)]) == 1:
            owner = answering[0]
        command, why = _command(folder, run, owner)
        if not owner or why:
            said = f"it is left out: {why or 'it is of no part that is known'}; write a component with schedule for it."
            problems.append(Problem(owner.name if owner else "the repository", f"schedule {run.cron}", run.source, said, stops=False))
            continue
        name = component_name(f"{owner.name}-{run.name or posixpath.basename(run.path.partition('?')[0].rstrip('/')) or 'cron'}")
        taken = {part.name for part in (*parts, *found)}
        found.append(
            replace(
                owner,
                name=next(each for each in (name, *(f"{name[:46]}-{number}" for number in range(2, 99))) if each not in taken),
                kind=Fact("cron", run.source),
                command=Fact(command, run.source),
                port=Fact(0),
                health=Fact(""),
                same_image_as=owner.name,
                variables=tuple(variable for variable in owner.variables if not run.path or variable.name == CALLED_WITH),
                services={} if run.path else owner.services,
                migration=None,
                paths=(),
                problems=(),
                schedule=Fact(run.cron, run.source),
            )
        )
    return found, problems


def _runs(folder: Folder) -> Iterator[_Run]:
    for path in folder.files:
        where, name = posixpath.dirname(path) or ".", posixpath.basename(path)
        if name == "vercel.json":
            for entry in _dictionaries(folder.data(path), "crons"):
                called = str(entry.get("path", ""))
                yield _Run(where, str(entry.get("schedule", "")), folder.at(path, re.escape(f'"{called}"')), path=called)
        elif name in ("render.yaml", "render.yml"):
            for entry in _dictionaries(folder.data(path), "services"):
                if entry.get("type") == "cron":
                    label, command = str(entry.get("name", "")), str(entry.get("startCommand") or entry.get("dockerCommand") or "")
                    source = folder.at(path, rf"name:\s*[\"']?{re.escape(label)}\b")
                    yield _Run(join(where, str(entry.get("rootDir") or ".")), str(entry.get("schedule", "")), source, "", command, label)
        elif name in ("railway.json", "railway.toml"):
            deploy = folder.table(path, "deploy")
            if deploy.get("cronSchedule"):
                source = folder.at(path, "cronSchedule")
                yield _Run(where, str(deploy["cronSchedule"]), source, "", str(deploy.get("startCommand") or ""), "cron")


def _dictionaries(data: Any, key: str) -> list[dict[str, Any]]:
    found = data.get(key) if isinstance(data, dict) else None
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _command(folder: Folder, run: _Run, owner: Part | None) -> tuple[tuple[str, ...], str]:
    """Return the words of the process, and why there is none."""
    if not re.fullmatch(FORMATS["cron"]["pattern"], run.cron):
        return (), f"it is not {FORMATS['cron']['says']}"
    if problem := cron_problem(run.cron):
        return (), problem
    if owner and run.path:
        if not run.path.startswith("/"):
            return (), "its path does not begin with a slash"
        if not owner.port.value or owner.kind.value == "static":
            return (), f"{owner.name} has no server that answers"
        return (*CALLERS["node" if owner.node else "python"], f"http://{owner.name}:{owner.port.value}{run.path}"), ""
    text = _RUNNERS.sub("", run.command.strip())
    if (script := _SCRIPTS.fullmatch(text)) and (manifest := folder.first(run.folder, "package.json")):
        text = str(folder.table(manifest, "scripts").get(script[1] or script[2]) or text)
    if not text:
        return (), "it names no command"
    found = tuple(words(text))
    if _SHELL.search(text) or found[0] in ("npm", "npx", "pnpm", "yarn", "bun", "bunx", "sh", "bash", "tsx", "ts-node"):
        return (), f"its command {text!r} needs what an image does not have (a shell, a package manager)"
    return ("python", *found[1:]) if found[0] == "python3" else found, ""
