# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated Dockerfiles as a person's own: beside the inventory that names them, never in the source folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._component.spec import BUILD_SPEC
from .._core.errors import Failure
from .._detect.inventory import sealed, state_of
from .source import DOCKERFILE, source_of

FOLDER = "images"
"""Folder of an inventory with a folder for each image."""


@dataclass(frozen=True)
class Ejected:
    """The files of one image."""

    part: str
    context: str
    """What it is built from, relative to the application's folder."""
    folder: Path
    texts: Mapping[str, str]
    """Content by file name."""

    @property
    def build(self) -> dict[str, str]:
        """What of a component's ``build`` names the Dockerfile."""
        return {"context": self.context, "dockerfile": f"{{{{ inventory_dir }}}}/{FOLDER}/{self.part}/{DOCKERFILE}"}

    def files(self) -> list[dict[str, str]]:
        """Return path, content and state of each file, the state as ``state_of`` tells it."""
        return [
            {"part": self.part, "path": str(self.folder / name), "content": text, "state": state_of(self.folder / name, text)}
            for name, text in self.texts.items()
        ]


def ejected(builds: Mapping[str, Mapping[str, Any]], root: Path, inventory: Path, *, wanted: bool) -> Iterator[Ejected]:
    """Yield the images whose generated Dockerfile is the person's: all where that is wanted, else those that an earlier run wrote.

    Args:
        builds: A component's ``build`` by its name.
        root: The application's folder.
        inventory: The inventory's folder.
        wanted: Whether the person asks for them now.

    Raises:
        Failure: No Dockerfile can be generated; a line for each reason, with the part's name.
    """
    for part, given in builds.items():
        folder = inventory / FOLDER / part
        if not wanted and not (folder / DOCKERFILE).exists():
            continue
        defaults = {option: definition.get("default") for option, definition in BUILD_SPEC.items()}
        try:
            source = source_of({**defaults, **given}, root)
        except Failure as error:
            raise Failure("\n".join(f"{part}: {line}" for line in str(error).splitlines())) from None
        if source.generated:
            ignored = source.dockerfile.with_name(f"{DOCKERFILE}.dockerignore")
            texts = {path.name: sealed(path.read_text(encoding="utf-8")) for path in (source.dockerfile, ignored)}
            yield Ejected(part, os.path.relpath(source.context.resolve(), root.resolve()), folder, texts)
