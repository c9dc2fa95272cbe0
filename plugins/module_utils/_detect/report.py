# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found, as rows that a person reads: part, fact, value, place, what it was chosen among, note."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

from .model import Application, Fact, Part


class Row(NamedTuple):
    """A fact of a part; the application's own have an empty part."""

    part: str
    fact: str
    value: str
    source: str = ""
    choices: tuple[str, ...] = ()
    note: str = ""


def rows(application: Application) -> Iterator[Row]:
    """Yield all facts, those of the parts first."""
    for part in application.parts:
        yield from _part(part)
        yield from (_row(part.name, f"{variable} =", fact) for owner, variable, fact in application.values if owner == part.name)
    for name, fact in application.services.items():
        yield _row("", f"service {name}", fact)
    for route in application.routes:
        how = f"{route.part}, {'without the prefix' if route.strip else 'as it is'}"
        yield Row("", f"route {route.prefix}", how, route.fact.source, route.fact.choices, route.fact.note)


def _row(part: str, name: str, fact: Fact[Any]) -> Row:
    return Row(part, name, str(fact.value), fact.source, fact.choices, fact.note)


def _part(part: Part) -> Iterator[Row]:
    name = part.name
    yield Row(name, "folder", part.folder)
    yield _row(name, "kind", part.kind)
    if part.context.value != part.folder:
        yield _row(name, "build context", part.context)
    if part.same_image_as:
        yield Row(name, "image", f"that of {part.same_image_as}")
    if python := part.python:
        named = ("manager", python.manager), ("lock", python.lock), ("python", python.version), ("entry", python.entry)
        yield from (_row(name, fact, value) for fact, value in named if not part.same_image_as or (fact == "entry" and not part.schedule))
        if python.source_root.value != part.folder and not part.schedule:
            yield _row(name, "run from", python.source_root)
        if python.interface != "worker" and not part.schedule:
            yield _row(name, "server", python.server)
    if (node := part.node) and not part.same_image_as:
        named_node = (
            ("manager", node.manager),
            ("manager's version", node.manager_version),
            ("lock", node.lock),
            ("node", node.version),
            ("build script", node.build),
            ("site's folder", node.output),
        )
        yield from (_row(name, fact, value) for fact, value in named_node if value.value or fact == "lock")
    if part.command.value:
        yield Row(name, "command", shlex.join(part.command.value), part.command.source, part.command.choices, part.command.note)
    if part.schedule:
        yield _row(name, "schedule", part.schedule)
    if part.port.value:
        yield _row(name, "port", part.port)
    if part.health.value:
        yield _row(name, "health", part.health)
    if part.dockerfile and not part.schedule:
        fit = (
            f"not fit to use: {part.dockerfile.unfit}"
            if part.dockerfile.unfit
            else f"starts from {', '.join(part.dockerfile.bases) or 'scratch'}"
        )
        yield Row(name, "Dockerfile", fit, part.dockerfile.path)
    if migration := part.migration:
        how = shlex.join(migration.command) if migration.command else "none"
        yield Row(name, "migration", f"{migration.tool.value}: {how}", migration.tool.source, migration.tool.choices, migration.note)
    for service, fact in part.services.items():
        yield _row(name, f"uses {service}", fact)
    for variable in part.variables if not part.same_image_as else ():
        words = [
            variable.role,
            variable.form,
            "secret" if variable.secret else "",
            "" if variable.phase == "process" else f"read by {variable.phase}",
        ]
        words += ["required" if variable.required else "" if variable.default is None else f"else {variable.default or 'empty'}"]
        yield Row(name, f"variable {variable.name}", ", ".join(word for word in words if word), variable.source, (), variable.note)


def snapshot(application: Application) -> dict[str, Any]:
    """Return the facts as a fixture's snapshot holds them: by part and name, each as ``value (place)``."""
    found: dict[str, Any] = {}
    for row in rows(application):
        where = f" ({row.source})" if row.source else ""
        found.setdefault(row.part or "application", {})[row.fact] = f"{row.value}{where}"
    if application.problems:
        found["problems"] = [f"{'stops' if problem.stops else 'note'}: {problem}" for problem in application.problems]
    return found


def table(application: Application) -> list[str]:
    """Return the facts as lines of text for a person."""
    lines: list[str] = []
    last = None
    for row in rows(application):
        if row.part != last:
            lines.append(f"{row.part or 'The application'}:")
            last = row.part
        where = f"   [{row.source}]" if row.source else ""
        lines.append(f"  {row.fact}: {row.value}{where}")
        if row.choices:
            lines.append(f"      chosen among {'; '.join(row.choices)}")
        if row.note:
            lines.append(f"      {row.note}")
    return lines
