# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder that is read, never run: its files, their texts and data, and the line on which something stands."""

from __future__ import annotations

import functools
import json
import os
import posixpath
import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from .._core.errors import Failure

LARGEST = 8_000_000
"""Bytes of a file that is still read; a lock of a large monorepo has about 2 MB."""
MOST_FILES = 50_000
"""Files of a repository that are looked at."""
OTHERS_FOLDERS = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "__pycache__", "site-packages"),
        *("venv", "env", "virtualenv", "htmlcov", "coverage", "target"),
    )
)
"""Folders that hold what a tool made or fetched."""
MADE_FOLDERS = frozenset(("dist", "build", "out"))
"""Folders that builds write to, unless Python packages stand in them."""


class Folder:
    """A repository's folder. All paths are relative to it, with ``/``, and ``.`` for itself."""

    def __init__(self, root: Path, without: Collection[str] = ()) -> None:
        """Take the folder, and names of files that count as not there; ``Failure`` where there is no such folder."""
        self._without = frozenset(without)
        self.root = Path(root).expanduser()
        if not self.root.is_dir():
            raise Failure(f"{self.root} is no folder: give the folder that the application's source stands in.")
        self.root = self.root.resolve()
        self._texts: dict[str, str | None] = {}
        self._data: dict[str, Any] = {}

    @functools.cached_property
    def files(self) -> list[str]:
        """All files that may matter, sorted, those nearer to the root first."""
        return sorted(self._walk(), key=lambda path: (path.count("/"), path))

    def _walk(self) -> Iterator[str]:
        count = 0
        for folder, folders, names in os.walk(self.root):
            where = Path(folder).relative_to(self.root).as_posix()
            folders[:] = sorted(name for name in folders if self._matters(Path(folder), name))
            for name in names:
                if name in self._without:
                    continue
                count += 1
                if count > MOST_FILES:
                    raise Failure(f"{self.root} holds more than {MOST_FILES} files: give the folder of the application itself.")
                yield name if where == "." else f"{where}/{name}"

    @staticmethod
    def _matters(parent: Path, name: str) -> bool:
        if name.startswith(".") or name in OTHERS_FOLDERS or (parent / name / "pyvenv.cfg").exists():
            return False
        if name in MADE_FOLDERS:
            return (parent / name / "__init__.py").exists()
        return not (parent / name).is_symlink()

    def holds(self, path: str) -> bool:
        """Tell whether a file is there, hidden ones included."""
        return posixpath.basename(path) not in self._without and (self.root / path).is_file()

    def below(self, folder: str, *endings: str) -> list[str]:
        """Return the files in a folder and those below, with one of the endings."""
        start = "" if folder == "." else f"{folder}/"
        return [path for path in self.files if path.startswith(start) and (not endings or path.endswith(endings))]

    def text(self, path: str) -> str:
        """Return a file's text; empty where there is none, where it is no text, or beyond ``LARGEST``."""
        if path not in self._texts:
            try:
                file = self.root / path
                self._texts[path] = file.read_text(encoding="utf-8-sig", errors="replace") if file.stat().st_size <= LARGEST else ""
            except OSError:
                self._texts[path] = ""
        return self._texts[path] or ""

    def data(self, path: str) -> Any:
        """Return what a .json, .toml, .yaml file holds; an empty dictionary where it is missing, ``Failure`` where it cannot be read."""
        if path not in self._data:
            self._data[path] = self._parsed(path)
        return self._data[path]

    def _parsed(self, path: str) -> Any:
        text = self.text(path)
        if not text.strip():
            return {}
        try:
            if path.endswith((".toml", "uv.lock", "poetry.lock", "pdm.lock")):
                return tomllib.loads(text)
            if path.endswith((".yaml", ".yml")):
                return _yaml(text)
            return _json(text)
        except ValueError as error:
            raise Failure(f"{path} cannot be read: {' '.join(str(error).split())}. Mend it.") from None

    def table(self, path: str, *keys: str) -> dict[str, Any]:
        """Return the dictionary at a path of keys in a file; an empty one where there is none."""
        value = self.data(path)
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}

    def at(self, path: str, pattern: str = "", after: str = "") -> str:
        """Return ``file:line`` of the first line that a pattern is found in, behind the line of another; ``file`` where it is in none."""
        text = self.text(path)
        start = 0
        if after and (first := re.search(after, text, re.MULTILINE)):
            start = first.end()
        found = re.compile(pattern, re.MULTILINE).search(text, start) if pattern else None
        return f"{path}:{text.count(chr(10), 0, found.start()) + 1}" if found else path

    def part_name(self, where: str) -> str:
        """Return what a folder's part is called: as the folder, or ``web`` for the repository itself, whose name the application has."""
        return component_name(where.rpartition("/")[2]) if where != "." else "web"

    def first(self, folder: str, *names: str) -> str:
        """Return the path of the first of these files that a folder holds; empty for none."""
        return next((path for name in names if self.holds(path := join(folder, name))), "")


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


_BESIDE_JSON = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*.*?\*/)*[}\]])', re.DOTALL)
"""Texts, which stay, and what JSON has not: comments, and commas behind the last element."""


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        # A lock of bun's has thousands of lines: json5 takes seconds.
        return json.loads(_BESIDE_JSON.sub(lambda match: match[1] or " ", text))
    except ValueError:
        try:
            import json5
        except ImportError:
            raise
        return json5.loads(text)


def join(folder: str, *names: str) -> str:
    """Join paths within a folder; ``.`` is the folder itself."""
    return posixpath.normpath("/".join((folder, *names)))


def parents(path: str) -> list[str]:
    """Return the folders that a path lies in, the nearest first, the root last; a folder counts as its own first."""
    folders = [path]
    while folders[-1] != ".":
        folders.append(posixpath.dirname(folders[-1]) or ".")
    return folders


def relative(path: str, folder: str) -> str:
    """Return a path as it is called within a folder."""
    return posixpath.relpath(path, folder)


def component_name(text: str) -> str:
    """Return a name that a component may have: lower-case letters, digits and hyphens, a letter first, at most 50 characters."""
    name = "".join(character if character.isascii() and character.isalnum() else "-" for character in text.lower()).strip("-")
    while "--" in name:
        name = name.replace("--", "-")
    return (name if name[:1].isalpha() else f"app-{name}".rstrip("-"))[:50].rstrip("-")
