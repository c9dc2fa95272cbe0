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

QUOTED = 400
"""Characters of a log that a message quotes."""

TAIL = 5
"""Last lines that are quoted where none of them tells more than the others."""

FOLLOWING = 3
"""Lines behind an exception's first one that still belong to its message."""

# The lines of a stack: of Python, of JavaScript, Java and .NET, of Ruby.
_FRAME = re.compile(r'\s+(File "|at |from |\.\.\. \d+ more)')
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


class LogRule(NamedTuple):
    """What a line of a log means, and what to do."""

    name: str
    pattern: str
    """A regular expression, whatever the case, for a part of the line."""
    remedy: str
    """Whole sentences; ``{path}`` is the path that the line names."""
    path: str = ""
    """A regular expression for the beginning of that path; without one, a line need not name any."""


_OWNER = (
    r"(?:chmod|chown|utime|permissions? (?:of|on)|owner(?:ship)? of|changing (?:permissions|ownership)).*"
    r"(?:not permitted|permission denied|\bEPERM\b)"
    r"|(?:not permitted|\bEPERM\b).*(?:chmod|chown|utime)|not permitted: ['\"]/"
)

LOG_RULES = (
    LogRule(
        "Host that is refused",
        r"invalid (?:http_)?host header|DisallowedHost|blocked hosts?\b|host is not allowed|is not allowed\..*allowedHosts",
        "The application answers to certain names only: name one of them as Host in the headers of its probes (probes.readiness.headers) "
        "and checks (request.headers), or accept this one.",
    ),
    LogRule(
        "No home folder",
        r"read-only file ?system|\bEROFS\b|permission denied|\bEACCES\b",
        "Its user has no home folder, so it writes to {path}: set HOME to /tmp in the component's env.",
        path=r"/\.\w",
    ),
    LogRule(
        "Read-only root",
        r"read-only file ?system|\bEROFS\b",
        "The container's root is read-only: name the folder, {path} or the one it lies in, in the component's writable_paths; "
        "what has to stay belongs into persistence.",
        path="/",
    ),
    LogRule(
        "Read-only root, no path",
        r"read-only file ?system|\bEROFS\b|no usable temporary directory",
        "The container's root is read-only: name the folder that it writes to in the component's writable_paths.",
    ),
    LogRule(
        "Port below 1024",
        r"\b(?:bind|listen|socket)\b.*(?:permission denied|\bEACCES\b)|(?:permission denied|\bEACCES\b).*(?:\b(?:bind|listen)\b|:\d{1,3}$)",
        "A process that is not root may be refused ports below 1024: let it listen on a higher one, and set the component's port to that.",
    ),
    LogRule(
        "Another user",
        r"(?:setgroups|setgid|setuid|initgroups|gosu|su-exec|seteuid|setresuid|chroot)\b.*(?:not permitted|\bEPERM\b)",
        "The process may not become another user: set run_as_user to that user's number, and start the program without gosu or su.",
    ),
    LogRule(
        "Owner or mode of a folder",
        _OWNER,
        "The process is not root, so it may not change the owner or mode of {path}, which is root's, as a volume's root is. Let it use a "
        "folder of its own inside, with the image's variable for that (PostgreSQL: PGDATA={path}/data), or set run_as_user to the image's "
        "own user.",
        path="/",
    ),
    LogRule(
        "Owner or mode of a folder, no path",
        _OWNER,
        "The process is not root, so it may not change the owner or mode of what is not its own: let it use a folder of its own inside its "
        "volume, with the image's variable for that (PostgreSQL: PGDATA), or set run_as_user to the image's own user.",
    ),
    LogRule(
        "Folder of another user",
        r"permission denied|\bEACCES\b",
        "The process runs as the user number run_as_user, who may not use {path}: set that to the image's own user, "
        "name the folder in writable_paths, or let the Dockerfile give it to that user.",
        path="/",
    ),
    LogRule(
        "Program for another processor",
        r"exec format error",
        "The program is for another kind of processor, or a script without a first line such as #!/bin/sh: build it for the node's.",
    ),
    LogRule(
        "localhost",
        r"(?:refused|cannot connect|can't connect).*(?:localhost|127\.0\.0\.1|::1)|(?:localhost|127\.0\.0\.1|::1).*refused",
        "localhost is the pod itself: write the name of the component that is meant instead.",
    ),
    LogRule(
        "Unknown host",
        r"name or service not known|name does not resolve|could not translate host name|\bENOTFOUND\b|\bEAI_AGAIN\b|no such host|"
        r"name resolution|UnknownHostException|nodename nor servname|host not found in upstream|could not resolve host",
        "No host has that name in the cluster: components are reached by their names, at the port of their Service.",
    ),
    LogRule(
        "Too little memory",
        r"heap out of memory|OutOfMemoryError|\bMemoryError\b|cannot allocate memory|\bENOMEM\b",
        "Its memory is used up: raise resources.limits.memory.",
    ),
    LogRule(
        "Full disk",
        r"no space left on device|\bENOSPC\b|disk quota exceeded",
        "The disk is full: make room on the node, or raise persistence.size.",
    ),
)
"""The first that matches what tells most, or else one of the other lines, gives the remedy."""

_QUOTES = str.maketrans({"\N{LEFT SINGLE QUOTATION MARK}": "'", "\N{RIGHT SINGLE QUOTATION MARK}": "'", "`": "'"})


def hint(log: str) -> str:
    """Return what to do about what a log says; empty where no rule knows."""
    told, lines = telling(log), lines_of(log)
    for line in [told, *_loud(lines)[:TAIL]] if told else lines[: -TAIL - 1 : -1]:
        if rule := _rule(line):
            return rule.remedy.format(path=path_in(line))
    return ""


def _rule(line: str) -> LogRule | None:
    path = path_in(line)
    return next((rule for rule in LOG_RULES if re.search(rule.pattern, line, re.IGNORECASE) and re.match(rule.path, path)), None)


def path_in(line: str) -> str:
    """Return the absolute path that a line is about: one in quotes, or else the last one; empty without any."""
    plain = line.translate(_QUOTES)
    quoted: list[str] = re.findall(r"""['"](/[^'"]+)['"]""", plain)
    bare: list[str] = re.findall(r"(?:^|[\s(=])(/[^\s'\"():,;]+)", plain)
    return next(iter([*quoted, *reversed(bare)]), "").rstrip(".")
