# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes an image large: its dependencies, by the metadata that their installers left in it. Nothing in it is run."""

from __future__ import annotations

import csv
import json
import re
import tarfile
from collections.abc import Iterator, Sequence
from typing import IO, NamedTuple

from .._core.docker import Docker
from .tags import repository

LARGE = 10 * 10**6
"""Bytes from which on a dependency is named."""
_LONGEST = 8 * 10**6
"""Bytes of metadata that are read of one file."""
_PYTHON = re.compile(r"(?P<root>.*(?:site|dist)-packages)/(?P<rest>.+)")
_NODE = re.compile(r"(?P<root>.*node_modules/(?P<name>(?:@[^/]+/)?[^/@.][^/]*))/(?P<rest>.+)")


GROWTH = 1.05
"""How much larger than the one before an image is that is looked at again."""


class Held(NamedTuple):
    """A dependency, or a file that belongs to none: its name with its version, and its bytes in the image."""

    name: str
    size: int


def grown(engine: Docker, references: Sequence[str]) -> dict[str, int]:
    """Return the bytes of those images that are the first of their repository, or have grown since the one before.

    An edit's image has the dependencies that were named already, and nobody waits until all of it is read again.

    Raises:
        Failure: The engine does not answer.
    """
    found: dict[str, int] = {}
    before: dict[str, tuple[int, int]] = {}
    for image in engine.images():
        for tag in image["RepoTags"] or []:
            if tag in references:
                found[tag] = image["Size"]
            else:
                before[repository(tag)] = max(before.get(repository(tag), (0, 0)), (image["Created"], image["Size"]))
    return {tag: size for tag, size in found.items() if size > GROWTH * before.get(repository(tag), (0, 0))[1]}


def large(engine: Docker, reference: str) -> list[Held]:
    """Return what an image has of at least ``LARGE`` bytes, the largest first.

    Layers are read as they are sent, each once; what one hides of another is still sent with the image, so it counts.

    Raises:
        Failure: The engine does not answer, or has no such image.
    """
    files: dict[str, int] = {}
    records: dict[str, str] = {}
    versions: dict[str, str] = {}
    with engine.saved([reference]) as stream:
        for path, size, content in _entries(stream):
            files[path] = files.get(path, 0) + size
            if path.endswith(".dist-info/RECORD"):
                records[path] = content
            elif content:
                versions[path.rpartition("/")[0]] = _version(content)
    owners = {match["root"]: _Owners(match["root"], records) for path in records if (match := _PYTHON.fullmatch(path))}
    found: dict[str, int] = {}
    for path, size in files.items():
        if match := _NODE.fullmatch(path):
            name = f"{match['name']} {versions.get(match['root'], '')}".strip()
        elif (match := _PYTHON.fullmatch(path)) and match["root"] in owners:
            name = owners[match["root"]].of(match["rest"])
        else:
            name = f"/{path}"
        found[name] = found.get(name, 0) + size
    return sorted((Held(name, size) for name, size in found.items() if size >= LARGE), key=lambda held: -held.size)


def sentence(name: str, size: int, held: list[Held]) -> str:
    """Return what a person reads of an image."""
    of_it = ", ".join(f"{one.name} {one.size / 10**6:.0f}" for one in held)
    return f"{name}: {size / 10**6:.0f} MB{f', of it {of_it}' if held else ', and no dependency above 10'}"


def _entries(stream: IO[bytes]) -> Iterator[tuple[str, int, str]]:
    """Yield path, bytes, and the text where it is metadata, of each file of an archive that ``docker save`` makes."""
    with tarfile.open(fileobj=stream, mode="r|*") as saved:
        for blob in saved:
            layer = (
                saved.extractfile(blob) if blob.isfile() and (blob.name.endswith("layer.tar") or blob.name.startswith("blobs/")) else None
            )
            if layer is None:
                continue
            try:
                with tarfile.open(fileobj=layer, mode="r|*") as files:
                    for entry in files:
                        if entry.isfile():
                            path = entry.name.removeprefix("./").lstrip("/")
                            wanted = path.endswith(".dist-info/RECORD") or (
                                path.endswith("/package.json") and (match := _NODE.fullmatch(path)) and match["rest"] == "package.json"
                            )
                            content = files.extractfile(entry) if wanted and entry.size <= _LONGEST else None
                            yield path, entry.size, content.read().decode(errors="replace") if content else ""
            except tarfile.ReadError:  # a manifest or a configuration
                continue


def _version(manifest: str) -> str:
    try:
        return str(json.loads(manifest).get("version") or "")
    except (ValueError, AttributeError):
        return ""


class _Owners:
    """To which distribution of an environment each file belongs."""

    def __init__(self, root: str, records: dict[str, str]) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        for path, text in records.items():
            if not path.startswith(f"{root}/"):
                continue
            stem = path.removeprefix(f"{root}/").partition(".dist-info/")[0]
            name = stem.replace("-", " ", 1)
            for row in csv.reader(text.splitlines()):
                if row and not row[0].startswith((".", "/")):
                    self._files[row[0]] = name
                    self._folders.setdefault(row[0].partition("/")[0], name)

    def of(self, rest: str) -> str:
        """Return the distribution of a file; bytecode belongs to whom its source did."""
        source = re.sub(r"(?:__pycache__/)?([^/.]+)(?:\.cpython-\d+)?(?:\.opt-\d)?\.pyc$", r"\1.py", rest)
        top = rest.partition("/")[0]
        return self._files.get(rest) or self._files.get(source) or self._folders.get(top) or top
