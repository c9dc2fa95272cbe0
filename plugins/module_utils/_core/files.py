# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are written whole or not at all, and readable by their owner only unless they were more."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import Failure


def write_new(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all.

    Raises:
        Failure: The file is there already, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _draft(path, text) as draft:
            _name_new(draft, path)
    except OSError as error:
        if path.exists():
            raise Failure(f"{path} was written by another run at the same time: run this again.") from error
        raise Failure(f"{path} cannot be written ({error.strerror}): make its folder writable and run this again.") from error


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 whole or not at all, in place of what may be there; its folder is made with mode 0700.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _draft(path, text) as draft:
        draft.replace(path)


def replace_file(path: Path, text: str, before: bytes) -> None:
    """Replace a file whole or not at all; mode and owner stay, and a link still leads to it.

    Args:
        path: The file, or a link to it.
        text: Its new content.
        before: The content that the new one was made from.

    Raises:
        Failure: It holds something else by now, or cannot be written.
    """
    try:
        target = path.resolve(strict=True)
        with target.open("rb") as file, _draft(target, text, like=os.fstat(file.fileno())) as draft:
            with contextlib.suppress(OSError):  # of a file system without locks; the lock is for runs at the same instant
                fcntl.flock(file, fcntl.LOCK_EX)
            if target.read_bytes() != before:
                raise Failure(f"{path} was written by somebody else meanwhile: run this again. Nothing was changed.")
            draft.replace(target)
    except OSError as error:
        raise Failure(f"{path} cannot be written ({error.strerror}): make its folder writable and run this again.") from None


@contextlib.contextmanager
def _draft(path: Path, text: str, like: os.stat_result | None = None) -> Iterator[Path]:
    """Write a file of mode 0600, or of another one's mode and owner, beside ``path``, down to the disk; remove it if it is still there."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            if like:
                _make_alike(descriptor, like)
            os.fsync(descriptor)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _make_alike(descriptor: int, like: os.stat_result) -> None:
    mode = stat.S_IMODE(like.st_mode)
    try:
        os.fchown(descriptor, like.st_uid if os.geteuid() == 0 else -1, like.st_gid)
    except OSError:
        mode &= ~stat.S_IRWXG  # it is in another group now, which was given nothing
    if stat.S_IMODE(os.fstat(descriptor).st_mode) != mode:
        os.fchmod(descriptor, mode)


def _name_new(draft: Path, path: Path) -> None:
    """Give a draft its final name; unlike a rename, it never replaces what another run wrote meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: whoever makes the empty file may replace it
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            draft.replace(path)
        except OSError:
            path.unlink()
            raise
