# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a component's schedule: times that Kubernetes does not take, and options of a process that goes on running."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .specification import OPTIONS

if TYPE_CHECKING:
    from .spec import Component

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of the months, from January on."""


class _Field(NamedTuple):
    """A field of a cron expression: its bounds, and the names of its numbers from the least on (robfig/cron's parser)."""

    name: str
    least: int
    most: int
    names: Sequence[str] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of week", 0, 6, _DAYS),
)

_LASTING: dict[str, str] = {
    "port": "listens on none",
    "probes": "is not asked how it is",
    "service": "is not reached by others",
    "replicas": "is one at a time",
    "autoscale": "is one at a time",
    "strategy": "is not rolled out",
    "persistence": "has no volume, which nobody would hold between two runs",
    "live": "has no server that reloads",
    "post_release": "is not there when a deployment ends",
    "topology_spread": "is one at a time",
}
"""Option -> why a pod that runs by a schedule has no use for it."""


def schedule_problems(component: Component) -> Iterator[str]:
    """Say what is wrong with the schedule of a component, and what does not go with it; the formats hold already."""
    schedule = component["schedule"]
    for option, why in _LASTING.items():
        if _is_given(component, option):
            yield f"a pod of a schedule {why}: leave out {option}, or schedule."
    if problem := cron_problem(schedule["cron"]):
        yield f"schedule.cron {schedule['cron']!r}: {problem}."
    if not _is_time_zone(schedule["time_zone"]):
        yield f"schedule.time_zone {schedule['time_zone']!r} is no time zone of the IANA database: write one such as Europe/Berlin."


def cron_problem(expression: str) -> str:
    """Say what Kubernetes would refuse of an expression of the format ``cron``, or why it never comes; nothing when it is well."""
    if expression.startswith("@"):
        return ""
    words = expression.split()
    found: list[set[int]] = []
    for word, field in zip(words, _FIELDS, strict=True):
        numbers: set[int] = set()
        for part in word.split(","):
            values = _numbers(part, field)
            if isinstance(values, str):
                return f"{part or 'nothing'} is no {field.name}: {values}"
            numbers |= values
        found.append(numbers)
    _minute, _hour, days, months, _weekday = found
    if words[4] in ("*", "?") and min(days) > max(_LONGEST[month - 1] for month in months):
        return "no such day is in these months, so that it never runs: correct the day or the month"
    return ""


def _numbers(part: str, field: _Field) -> set[int] | str:
    """Return the numbers that a part of a field names; else what it should be."""
    match = re.fullmatch(r"(?:(?P<all>[*?])|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?", part)
    bounds = f"{field.least} to {field.most}{f' or {field.names[0]} to {field.names[-1]}' if field.names else ''}"
    if not match:
        return f"write *, a number of {bounds}, a range such as {field.least}-{field.most}, or a step such as */2"
    step = int(match["step"] or 1)
    if not step:
        return "its step is 0, so write 1 or more"
    if match["all"]:
        return set(range(field.least, field.most + 1, step))
    first = _number(match["first"], field)
    last = first if not match["last"] else _number(match["last"], field)
    if first is None or last is None:
        sunday = ", and Sunday is 0" if field.names is _DAYS and "7" in (match["first"], match["last"]) else ""
        return f"it goes from {bounds}{sunday}"
    if last < first:
        return "its range ends before it begins, so write two, with a comma between them"
    return set(range(first, (field.most if match["step"] and not match["last"] else last) + 1, step))


def _number(word: str, field: _Field) -> int | None:
    number = int(word) if word.isdecimal() else field.names.index(word.lower()) + field.least if word.lower() in field.names else None
    return number if number is not None and field.least <= number <= field.most else None


def _is_given(component: Component, option: str) -> bool:
    value, definition = component[option], OPTIONS[option]
    return bool(_given(value, definition)) if definition["type"] == "dict" else value != definition.get("default")


def _given(value: Any, definition: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a dictionary that are not what they are by default."""
    options = definition["options"]
    return {key: item for key, item in (value or {}).items() if item is not None and item != options[key].get("default")}


def _is_time_zone(name: str) -> bool:
    """Tell whether a time zone is known; where this machine has no database of them, each is."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    for each in (name, "Europe/Berlin"):
        try:
            ZoneInfo(each)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        return each == name
    return True
