# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a log tells why a process fails: the exception's own line rather than the end of its traceback, and what to do about it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, NamedTuple

from .._core.texts import filled
from .log_rules import LOG_RULES, LogRule

QUOTED = 400
"""Characters of a log that a message quotes."""

TAIL = 5
"""Last lines that are quoted where none of them tells more than the others."""

READ = 1000
"""Characters of a line in which a rule is looked for: a line may be endless, and a pattern takes the square of it."""

FOLLOWING = 3
"""Lines behind an exception's first one that still belong to its message."""

# The lines of a stack: of Python, of JavaScript, Java and .NET, of Ruby.
_FRAME = re.compile(r'\s+(File "|at |from |\.\.\. \d+ more)|Require stack:$|- /')
_PYTHON = re.compile(r"( *)(Exception Group )?Traceback \(most recent call last\)")
_NAMED = re.compile(r"(?:Uncaught )?[\w.$]*(?:Error|Exception)\b.*:")
_BAR = re.compile(r"^ *[|+](?: |(?=-|\+))")
"""What Python puts before each line of a group of exceptions."""
_LOUD = re.compile(
    r"\b(FATAL|PANIC|CRITICAL|EMERG|ALERT|ERROR|fatal|panic(?=:)|critical|emerg|\w*[Ee]rror(?=[:\]])|\w+Exception(?=:)|Uncaught|Unhandled"
    r"|[Ff]ailed|cannot|can't)\b"
    r"|(?i:read-only file ?system|permission denied|not permitted|no such file|no usable)"
)
_STARTS = re.compile(
    r"(Exception in thread|Caused by:|Unhandled exception|panic:|thread '.*' panicked|PHP Fatal error:|Uncaught |fatal error:)"
)
_CALM = re.compile(r"(?i)\b(?:info|notice|debug|warn|warning)\b *[\]:|]|^(?:info|debug|notice|warn|warning)\b")
"""A line that says itself that it is no failure, whatever words it has."""

# What SQLAlchemy, Alembic and Node put behind the message.
_ASIDE = re.compile(r"\[SQL:|\(Background on this error|\[parameters:|Node\.js v\d|\s*[\^~]+\s*$|\}\s*$|DETAIL:\s*$")


def lines_of(log: str) -> list[str]:
    """Return a log's lines with something to read; one that is JSON becomes its message and its exception's text."""
    return [line for text in log.splitlines() for line in _plain(_BAR.sub("", text.rstrip(), count=1)) if line.strip()]


def telling(log: str) -> str:
    """Return what a log says of a failure: the last exception's message, or the last line that calls itself an error; else nothing."""
    lines = lines_of(log)
    at = _exception(lines)
    if at is None:
        loud = _loud(lines)
        return _cut(next((line for line in loud[:TAIL] if _rule(line)), next(iter(loud), "")))
    message = [lines[at].strip()]
    for line in lines[at + 1 : at + 1 + FOLLOWING]:
        if _ASIDE.match(line) or _FRAME.match(line) or _PYTHON.match(line) or _LOUD.search(line):
            break
        message.append(line.strip())
    return _cut(" | ".join(message))


def evidence(log: str) -> str:
    """Return the sentence that quotes a log; empty without one."""
    if told := telling(log):
        return f"Its log says: {told}"
    last = [line.strip() for line in lines_of(log)[-TAIL:]]
    return f"Its last lines: {_cut(' | '.join(last))}" if last else ""


def _loud(lines: list[str]) -> list[str]:
    """Return the lines that call themselves an error, the last one first."""
    found = [line.strip() for line in lines if _LOUD.search(line) and not _FRAME.match(line) and not _CALM.search(line)]
    return found[::-1]


def _exception(lines: list[str]) -> int | None:
    """Return the line with the message of the last exception that nothing caught."""
    found = None
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        if _STARTS.search(line) and not line.startswith((" ", "\t")):
            found = number + 1 if "panicked at" in line and number + 1 < len(lines) and line.rstrip().endswith(":") else number
        elif _FRAME.match(line) and before and not before[0].isspace() and not _FRAME.match(before) and not _PYTHON.match(before):
            # JavaScript, Java, .NET and Ruby put the message before the stack; it may have several lines.
            above = list(takewhile(lambda at: not _FRAME.match(lines[at]), range(number - 1, max(-1, number - 2 - FOLLOWING), -1)))
            found = next((at for at in above if _NAMED.match(lines[at]) or _STARTS.match(lines[at])), number - 1)
        elif _after_python_stack(lines, number):
            found = number
    return found


def _after_python_stack(lines: list[str], number: int) -> bool:
    """Tell whether a line is the message behind a Python traceback: the first that is no deeper than the word ``Traceback``."""
    line = lines[number]
    for earlier in range(number - 1, -1, -1):
        if start := _PYTHON.match(lines[earlier]):
            return number > earlier + 1 and _depth(line) <= len(start[1])
        if _depth(lines[earlier]) == 0:
            return False
    return False


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _plain(text: str) -> Iterator[str]:
    try:
        entry = json.loads(text) if text.lstrip().startswith("{") else None
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        yield text
        return
    level = str(_field(entry, "level", "severity", "levelname", "log.level") or "")
    message = str(_field(entry, "message", "msg", "event", "error") or "")
    yield f"{level.upper()} {message}".strip() or text
    exception = _field(entry, "exc_info", "exception", "stack", "stack_trace", "traceback", "err", "error")
    if isinstance(exception, Mapping):
        exception = _field(exception, "stack", "traceback", "message")
    if isinstance(exception, str) and exception != message:
        yield from exception.splitlines()


def _field(entry: Mapping[str, Any], *names: str) -> Any:
    return next((entry[name] for name in names if entry.get(name)), None)


def _cut(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}..."


_QUOTES = str.maketrans({"\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "`": "'"})


class Advice(NamedTuple):
    """What a rule says of a log."""

    rule: LogRule
    line: str
    """The one that the rule is about."""
    remedy: str


def advice(log: str, component: str = "the component") -> Advice | None:
    """Return what to do about what a component's log says; nothing where no rule knows."""
    told, lines = telling(log), lines_of(log)
    for line in [told, *_loud(lines)[:TAIL]] if told else lines[: -TAIL - 1 : -1]:
        if found := _rule(line):
            rule, match = found
            name = next(filter(None, match.groups()), "what the log names")
            return Advice(rule, line, filled(rule.remedy, component=component, path=path_in(line), name=name))
    return None


def hint(log: str, component: str = "the component") -> str:
    """Return what to do about what a component's log says; empty where no rule knows."""
    found = advice(log, component)
    return found.remedy if found else ""


def _rule(line: str) -> tuple[LogRule, re.Match[str]] | None:
    line = line[:READ]
    path = path_in(line)
    for rule in LOG_RULES:
        if re.match(rule.path, path) and (match := re.search(rule.pattern, line, re.IGNORECASE)):
            return rule, match
    return None


def path_in(line: str) -> str:
    """Return the absolute path that a line is about: one in quotes, or else the last one; empty without any."""
    plain = line.translate(_QUOTES)
    quoted: list[str] = re.findall(r"""['"](/[^'"]+)['"]""", plain)
    bare: list[str] = re.findall(r"(?:^|[\s(=])(/[^\s'\"():,;]+)", plain)
    return next(iter([*quoted, *reversed(bare)]), "").rstrip(".")
