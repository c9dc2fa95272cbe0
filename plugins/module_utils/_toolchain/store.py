# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolchain's cache: one folder for each program and digest, which is whole or not there, and the published files linked to them.

Layout below the cache folder: components/NAME/DIGEST/{record.json and the program's files}, bin/ and minikube-cache/ (hard links),
downloads/, logs/NAME.log, source.json.
"""

from __future__ import annotations

import fcntl
import filecmp
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RECORD = "record.json"
_UNFINISHED = ".unfinished-"


@dataclass(frozen=True)
class Store:
    """The cache folder `root`."""

    root: Path

    def folder(self, name: str, digest: str) -> Path:
        return self.root / "components" / name / digest

    @property
    def downloads(self) -> Path:
        """Folder for what is downloaded and not yet a program."""
        return self.root / "downloads"

    def log(self, name: str) -> Path:
        """Return the file for a build's output; its folder is made."""
        path = self.root / "logs" / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def is_whole(self, name: str, digest: str) -> bool:
        """Tell whether each file of a program is there as it was recorded, by its size and time of change."""
        folder = self.folder(name, digest)
        try:
            files = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
            for path, recorded in files.items():
                found = (folder / path).stat()
                if (found.st_size, found.st_mtime_ns) != (recorded["size"], recorded["mtime_ns"]):
                    return False
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True

    @contextmanager
    def making(self, name: str, digest: str) -> Iterator[Path]:
        """Give an empty folder to make a program in; when the block ends well, the folder becomes the program in one step."""
        parent = self.folder(name, digest).parent
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left)
        # A compiler that outlived its killed run must not write into this folder.
        unfinished = parent / f"{_UNFINISHED}{digest}-{os.getpid()}"
        unfinished.mkdir()
        yield unfinished
        files = {str(path.relative_to(unfinished)): _recorded(path) for path in sorted(unfinished.rglob("*")) if _is_file(path)}
        record = unfinished / RECORD
        record.write_text(json.dumps({"program": name, "digest": digest, "files": files}, indent=1), encoding="utf-8")
        _flush(record)
        final = self.folder(name, digest)
        if final.exists():
            shutil.rmtree(final)
        unfinished.rename(final)
        _flush(parent)

    def is_published(self, name: str, digest: str, publish: Mapping[str, Sequence[str]]) -> bool:
        """Tell whether the published paths are links to the program's files."""
        folder = self.folder(name, digest)
        return all(_same(folder / file, self.root / target) for file, targets in publish.items() for target in targets)

    def publish(self, name: str, digest: str, publish: Mapping[str, Sequence[str]]) -> bool:
        """Link the published paths to the program's files, each in one step; tell whether one changed."""
        changed = False
        for file, targets in publish.items():
            for target in targets:
                source, link = self.folder(name, digest) / file, self.root / target
                if _same(source, link):
                    continue
                link.parent.mkdir(parents=True, exist_ok=True)
                fresh = link.with_name(f".{link.name}.{os.getpid()}")
                fresh.unlink(missing_ok=True)
                _link(source, fresh)
                fresh.replace(link)
                changed = True
        return changed

    def prune(self, name: str, keep: int = 2) -> None:
        """Delete all but the newest folders of a program."""
        made = [path for path in self.folder(name, "x").parent.glob("*/") if (path / RECORD).is_file()]
        for path in sorted(made, key=lambda path: (path / RECORD).stat().st_mtime, reverse=True)[keep:]:
            shutil.rmtree(path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait until no other run makes a program in this cache folder; the kernel frees the lock of a killed one."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _recorded(path: Path) -> dict[str, object]:
    _flush(path)
    found = path.stat()
    return {"sha256": sha256(path), "size": found.st_size, "mtime_ns": found.st_mtime_ns}


def _link(source: Path, target: Path) -> None:
    """Give a file a second name; a copy with its time of change where the file system has no links of any kind."""
    for link in (target.hardlink_to, target.symlink_to):
        try:
            link(source.absolute())
        except OSError:
            continue
        return
    shutil.copy2(source, target)


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other) or filecmp.cmp(one, other)
    except OSError:
        return False


def _flush(path: Path) -> None:
    """Have the kernel write a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
