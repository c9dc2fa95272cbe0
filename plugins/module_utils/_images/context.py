# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Docker build would send to the engine: the files of its context after .dockerignore, and a digest of them."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .dockerfile import ALL, Reach
from .ignore import Pattern, is_ignored, parse_ignore

LONGEST_INTERPRETER_LINE = 256
"""Bytes that Linux reads of a script's first line (BINPRM_BUF_SIZE)."""


class Context(NamedTuple):
    """A build context as the engine would get it."""

    digest: str
    files: int
    size: int
    """Bytes."""
    windows_scripts: tuple[str, ...] = ()
    """Files whose first line names an interpreter and ends as on Windows."""


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """Return the ignore file that BuildKit would use: ``<Dockerfile>.dockerignore`` wins over the context's own."""
    for candidate in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if candidate.is_file():
            return candidate
    return None


def context_entries(context: Path, patterns: Sequence[Pattern], reach: Reach = ALL) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what the context holds, in a stable order, as paths relative to it, each with its status, as far as a build can reach it.

    A folder that is ignored itself appears when something in it is not.

    Raises:
        OSError: A folder cannot be read.
        IgnoreFileError: A pattern cannot be used.
    """
    yield from _entries(str(context), "", patterns, (), reach)


def _entries(
    folder: str, prefix: str, patterns: Sequence[Pattern], above: Sequence[bool], reach: Reach
) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as scan:
        children = sorted(scan, key=lambda child: child.name)
    for child in children:
        path = prefix + child.name
        held = reach.holds(path)
        if not held and not reach.leads_through(path):
            continue
        ignored, results = is_ignored(path, patterns, above)
        if not child.is_dir(follow_symlinks=False):
            if not ignored:
                yield path, child.stat(follow_symlinks=False)
            continue
        inside: Iterator[tuple[str, os.stat_result]] = iter(())
        if not ignored or any(pattern.negated and pattern.may_match_below(path) for pattern in patterns):
            inside = _entries(child.path, f"{path}/", patterns, results, reach)
        first = next(inside, None)
        if held and (not ignored or first):
            yield path, child.stat(follow_symlinks=False)
        if first:
            yield first
            yield from inside


def read_context(context: Path, dockerfile: Path, reach: Reach = ALL) -> Context:
    """Digest a build context: paths, kinds, permissions, link targets and contents; not owners and times, which a build drops.

    What the Dockerfile cannot reach does not count: a change of it makes no other image.

    Raises:
        OSError: A file cannot be read.
        IgnoreFileError: BuildKit refuses the ignore file.
    """
    ignore = ignore_file(context, dockerfile)
    patterns = parse_ignore(ignore.read_bytes(), str(ignore)) if ignore else []
    digest = hashlib.sha256()
    files = size = 0
    windows_scripts = []
    for path, status in context_entries(context, patterns, reach):
        if stat.S_ISLNK(status.st_mode) and reach.leads_through(path):
            return read_context(context, dockerfile)  # BuildKit follows it, to wherever it leads
        if stat.S_ISREG(status.st_mode):
            with (context / path).open("rb") as file:
                first = file.readline(LONGEST_INTERPRETER_LINE)
                if first.startswith(b"#!") and first.endswith(b"\r\n"):
                    windows_scripts.append(path)
                file.seek(0)
                content = hashlib.file_digest(file, "sha256").hexdigest()
            files, size = files + 1, size + status.st_size
        elif stat.S_ISLNK(status.st_mode):
            content = str((context / path).readlink())
        elif stat.S_ISDIR(status.st_mode):
            content = ""
        else:
            continue  # sockets and devices do not travel
        digest.update(f"{path}\0{status.st_mode:o}\0{content}\n".encode("utf-8", "surrogateescape"))
    return Context(digest.hexdigest(), files, size, tuple(windows_scripts))
