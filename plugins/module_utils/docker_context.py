# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Docker build would send to the engine: the files of its context after .dockerignore, and a digest of them.

The rules are those of moby/patternmatcher, which BuildKit uses. They are written out here because the Docker SDK's older matcher
takes half a second to import, more than the whole second run of the images role; a test compares the two.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple


class Pattern(NamedTuple):
    """A line of a .dockerignore file."""

    text: str
    regex: re.Pattern[str]
    negated: bool

    def matches(self, path: str) -> bool:
        """Tell whether the pattern names the path or a folder that it is in."""
        parts = path.split("/")
        return any(self.regex.fullmatch("/".join(parts[: length + 1])) for length in reversed(range(len(parts))))

    def may_match_below(self, folder: str) -> bool:
        """Tell whether the pattern could name something in the folder."""
        for wanted, part in zip(self.text.split("/"), folder.split("/"), strict=False):
            if "**" in wanted:
                return True
            if not re.fullmatch(_regex(wanted), part):
                return False
        return True


class Context(NamedTuple):
    """A build context as the engine would get it."""

    digest: str
    files: int
    size: int
    """Bytes."""


def parse_ignore(text: str) -> list[Pattern]:
    """Read a .dockerignore file."""
    patterns = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        negated = line.strip().startswith("!")
        name = os.path.normpath(line.strip().removeprefix("!").strip()).lstrip("/")
        if name not in ("", "."):
            patterns.append(Pattern(name, re.compile(_regex(name), re.DOTALL), negated))
    return patterns


def _regex(pattern: str) -> str:
    """Translate a pattern: ``**`` crosses folders, ``*`` and ``?`` do not, ``[...]`` and ``\\`` as in Go's filepath.Match."""
    result = ""
    rest = pattern
    while rest:
        if found := re.match(r"\*\*/?", rest):
            result += ".*" if found.end() == len(rest) else "(?:.*/)?"
        elif found := re.match(r"\[\^?[^\]]+\]", rest):
            result += found[0]
        elif found := re.match(r"\\.|.", rest, re.DOTALL):
            result += {"*": "[^/]*", "?": "[^/]"}.get(found[0], re.escape(found[0][-1]))
        rest = rest[found.end() if found else 1 :]
    return result


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """Return the ignore file that BuildKit would use: ``<Dockerfile>.dockerignore`` wins over the context's own."""
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if candidate.is_file():
            return candidate
    return None


def context_entries(context: Path, patterns: Sequence[Pattern]) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what the context holds, in a stable order, as paths relative to it, each with its status.

    A folder that is ignored itself appears when something in it does not.
    """
    yield from _entries(str(context), "", patterns)


def _entries(folder: str, prefix: str, patterns: Sequence[Pattern]) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as scan:
        children = sorted(scan, key=lambda child: child.name)
    for child in children:
        path = prefix + child.name
        ignored = False
        for pattern in patterns:
            if pattern.negated == ignored and pattern.matches(path):
                ignored = not pattern.negated
        if not child.is_dir(follow_symlinks=False):
            if not ignored:
                yield path, child.stat(follow_symlinks=False)
            continue
        inside: Iterator[tuple[str, os.stat_result]] = iter(())
        if not ignored or any(pattern.negated and pattern.may_match_below(path) for pattern in patterns):
            inside = _entries(child.path, f"{path}/", patterns)
        first = next(inside, None)
        if not ignored or first:
            yield path, child.stat(follow_symlinks=False)
        if first:
            yield first
            yield from inside


def read_context(context: Path, dockerfile: Path) -> Context:
    """Digest a build context: paths, kinds, permissions, link targets and contents; not owners and times, which a build drops.

    Raises:
        OSError: A file cannot be read.
    """
    ignore = ignore_file(context, dockerfile)
    patterns = parse_ignore(ignore.read_text(encoding="utf-8")) if ignore else []
    digest = hashlib.sha256()
    files = size = 0
    for path, status in context_entries(context, patterns):
        if stat.S_ISREG(status.st_mode):
            with (context / path).open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            files, size = files + 1, size + status.st_size
        elif stat.S_ISLNK(status.st_mode):
            content = str((context / path).readlink())
        elif stat.S_ISDIR(status.st_mode):
            content = ""
        else:
            continue  # sockets and devices do not travel
        digest.update(f"{path}\0{status.st_mode:o}\0{content}\n".encode("utf-8", "surrogateescape"))
    return Context(digest.hexdigest(), files, size)
