# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an image is built from: a folder and a Dockerfile, the person's own or one that is generated from what the folder says."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .._core.errors import Failure
from .._core.files import write_private

DOCKERFILE = "Dockerfile"


class Choice(NamedTuple):
    """What a component's ``build`` decides of a generated Dockerfile; of its arguments the names."""

    python: str
    node: str
    language: str
    arguments: tuple[str, ...]
    locked: bool


@dataclass(frozen=True)
class Source:
    """A build context and its Dockerfile.

    Attributes:
        folder: What ``build.context`` names.
        context: What the engine gets: the same folder, or the workspace above it that a generated Dockerfile needs.
        dockerfile: Where the Dockerfile is; a generated one is in the cache, with its ignore file beside it.
        generated: Whether it is generated.
        offer: What a person can write where the image that it starts from cannot be had.
        notes: What a person should know of it.
    """

    folder: Path
    context: Path
    dockerfile: Path
    generated: bool = False
    offer: str = ""
    notes: tuple[str, ...] = ()


def is_generated(build: Mapping[str, Any], folder: Path) -> bool:
    """Tell whether the Dockerfile is generated: where it is asked for, and where nobody wrote one."""
    if not folder.is_dir():
        return False
    return bool(build.get("generate")) or (build["dockerfile"] == DOCKERFILE and not (folder / DOCKERFILE).exists())


def source_of(build: Mapping[str, Any], root: Path) -> Source:
    """Return what a component's image is built from; a Dockerfile that is generated is written to the cache where that has changed.

    Args:
        build: ``BUILD_SPEC`` with its defaults.
        root: Folder that relative contexts are relative to.

    Raises:
        Failure: No Dockerfile can be generated; a line for each reason.
    """
    folder = root / Path(build["context"]).expanduser()
    if not is_generated(build, folder):
        return Source(folder, folder, folder / build["dockerfile"])
    python, node, language = (str(build.get(option) or "") for option in ("python", "node", "language"))
    return _generated(folder, root, Choice(python, node, language, tuple(sorted(build["args"])), bool(build.get("locked", True))))


def _generated(folder: Path, root: Path, choice: Choice) -> Source:
    top = _repository(folder.resolve(), root.resolve())
    where = cache_folder() / hashlib.sha256(json.dumps([str(folder.resolve()), str(top), choice]).encode()).hexdigest()[:16]
    record = _record(where / "record.json")
    key = _key(folder, Path(record.get("context", folder)), top)
    if record.get("key") != key or not (where / DOCKERFILE).is_file():
        record = _generate(where, folder, top, choice)
    return Source(folder, Path(record["context"]), where / DOCKERFILE, True, record["offer"], tuple(record["notes"]))


def _generate(where: Path, folder: Path, top: Path, choice: Choice) -> dict[str, Any]:
    # Only this needs them, and a second run does without.
    from .._detect.part import detect_part
    from .generate import generate
    from .recipe import Choices

    part = detect_part(folder.resolve(), top, choice.language, locked=choice.locked)
    made = generate(part, top, Choices(dict.fromkeys(choice.arguments, ""), choice.python, choice.node))
    context = folder if top / made.context == folder.resolve() else top / made.context
    record = {"context": str(context), "offer": made.offer, "notes": made.notes, "key": _key(folder, context, top)}
    try:
        write_private(where / DOCKERFILE, made.dockerfile)
        write_private(where / f"{DOCKERFILE}.dockerignore", made.ignore)
        write_private(where / "record.json", json.dumps(record))
    except OSError as error:
        raise Failure(f"{where} cannot be written ({error.strerror}): make it writable, or set XDG_CACHE_HOME elsewhere.") from None
    return record


def cache_folder() -> Path:
    """Return where generated Dockerfiles are kept, one for each folder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plannoir/dockerfiles"


def _repository(folder: Path, root: Path) -> Path:
    """Return the repository of a folder, in which a workspace's lock may stand above it; the application's folder where there is none."""
    if found := next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None):
        return found
    return root if folder.is_relative_to(root) else folder


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _key(folder: Path, context: Path, top: Path) -> str:
    """Digest what a Dockerfile follows from: names, sizes and times of the source's files, of those above it, and of this code itself."""
    digest = hashlib.sha256(_code().encode())
    from .._detect.folder import Folder

    files = [context / path for path in Folder(context).files]
    above = folder.resolve()
    while above != top and above != above.parent:
        above = above.parent
        files += (path for path in above.iterdir() if path.is_file())
    for path, status in _statuses(files):
        digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _statuses(files: list[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    for path in files:
        try:
            yield path, path.stat()
        except OSError:  # a link that leads nowhere, or what somebody removed just now
            continue


@lru_cache(maxsize=1)
def _code() -> str:
    here = Path(__file__).parent
    packages = [here, here.parent / "_detect"]
    try:
        statuses = [
            (path.name, path.stat().st_size, path.stat().st_mtime_ns) for folder in packages for path in sorted(folder.glob("*.py"))
        ]
    except OSError:
        statuses = []
    # A module that Ansible packed has no files, and runs once.
    return json.dumps(statuses) if statuses else os.urandom(16).hex()
