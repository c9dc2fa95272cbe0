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
from .ignore import IgnoreFileError, Pattern, is_ignored, parse_ignore

EXAMPLES = (".example", ".sample", ".template", ".dist", ".defaults")
"""Ends of the names of .env files that hold nobody's values."""

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
    left_out: tuple[str, ...] = ()
    """What the ignore file lets pass and no image gets all the same."""


def is_left_out(path: str, *, is_folder: bool) -> bool:
    """Tell whether no image gets what stands there: a history, credentials, or what was installed on another machine."""
    name = path.rpartition("/")[2]
    if name in (".git", ".env", "node_modules") or (name.startswith(".env.") and not name.endswith(EXAMPLES)):
        return True
    return is_folder and Path(path, "pyvenv.cfg").is_file()


def ignore_file(context: Path, dockerfile: Path) -> Path | None:
    """Return the ignore file that BuildKit would use: ``<Dockerfile>.dockerignore`` wins over the context's own."""
    return next((candidate for candidate in ignore_files(context, dockerfile) if candidate.is_file()), None)


def ignore_files(context: Path, dockerfile: Path) -> tuple[Path, Path]:
    """Return where BuildKit looks for an ignore file, the one that wins first."""
    return dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"


def context_entries(
    context: Path, patterns: Sequence[Pattern], reach: Reach = ALL, left_out: list[str] | None = None
) -> Iterator[tuple[str, os.stat_result]]:
    """Yield what the context holds, in a stable order, as paths relative to it, each with its status, as far as a build can reach it.

    A folder that is ignored itself appears when something in it is not. What no image gets is added to ``left_out`` instead.

    Raises:
        OSError: A folder cannot be read.
        IgnoreFileError: A pattern cannot be used.
    """
    yield from _entries(str(context), "", patterns, (), reach, [] if left_out is None else left_out)


def _entries(
    folder: str, prefix: str, patterns: Sequence[Pattern], above: Sequence[bool], reach: Reach, left_out: list[str]
) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(folder) as scan:
        children = sorted(scan, key=lambda child: child.name)
    for child in children:
        path = prefix + child.name
        held = reach.holds(path)
        if not held and not reach.leads_through(path):
            continue
        ignored, results = is_ignored(path, patterns, above)
        is_folder = child.is_dir(follow_symlinks=False)
        is_open = not ignored or (is_folder and any(pattern.negated and pattern.may_match_below(path) for pattern in patterns))
        if is_open and is_left_out(child.path, is_folder=is_folder):
            left_out.append(path)
            continue
        if not is_folder:
            if not ignored:
                yield path, child.stat(follow_symlinks=False)
            continue
        inside: Iterator[tuple[str, os.stat_result]] = iter(())
        if is_open:
            inside = _entries(child.path, f"{path}/", patterns, results, reach, left_out)
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
    written = ignore.read_bytes() if ignore else b""
    if b"\0" in written:
        raise IgnoreFileError(
            f"{ignore} is UTF-16, or no text at all, so that BuildKit would ignore nothing of what it names: save it as UTF-8 "
            "(PowerShell: Out-File -Encoding utf8)."
        )
    patterns = parse_ignore(written, str(ignore))
    digest = hashlib.sha256()
    files = size = 0
    windows_scripts = []
    left_out: list[str] = []
    for path, status in context_entries(context, patterns, reach, left_out):
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
    return Context(digest.hexdigest(), files, size, tuple(windows_scripts), tuple(left_out))
