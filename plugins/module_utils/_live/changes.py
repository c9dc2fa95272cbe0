# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of files means: which of them are copied into a running pod, and which need a build and a release."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from .._images.context import context_entries, ignore_file, ignore_files, is_left_out
from .._images.dockerfile import parse_dockerfile, reach
from .._images.ignore import Pattern, is_ignored, parse_ignore
from .._images.source import source_of


@dataclass(frozen=True)
class Source:
    """The source folder of a component."""

    component: str
    context: Path
    dockerfile: Path
    targets: tuple[str, ...]
    """Stages that are built of it."""
    live: Mapping[str, Any] | None = None
    """The component's option of that name."""
    migration: tuple[str, ...] = ()
    """Files and folders that its migration runs from: a change of them is no edit of what runs."""

    @classmethod
    def of(cls, component: Mapping[str, Any], root: Path) -> Source:
        """Return the source folder of a component with ``build``; relative folders are relative to ``root``."""
        build, live = component["build"], component["live"]
        # As the watcher names files, and as Docker reads them.
        source = source_of(build, root)
        context = source.context.resolve()
        targets = (build["target"], *([live["target"]] if live else []))
        migration = (component["migration"] or {}).get("sources") or ()
        return cls(
            component["name"],
            context,
            source.dockerfile if source.generated else context / build["dockerfile"],
            targets,
            live,
            tuple(migration),
        )

    @property
    def folders(self) -> dict[str, str]:
        """Folder of the context -> folder in the pod, of what is copied."""
        return {folder["from"].rstrip("/"): folder["to"].rstrip("/") for folder in self.live["sync"]} if self.live else {}

    def patterns(self) -> list[Pattern]:
        """Return the patterns of the ignore file that counts; raises as ``within`` does."""
        ignore = ignore_file(self.context, self.dockerfile)
        return parse_ignore(ignore.read_bytes(), str(ignore)) if ignore else []

    def within(self, paths: Collection[Path]) -> list[str]:
        """Return those of absolute paths that a build can see, relative to the context; a path need not be there any more.

        Raises:
            OSError: The Dockerfile or the ignore file cannot be read.
            IgnoreFileError: A pattern cannot be used.
        """
        own = [path for path in paths if path.is_relative_to(self.context)]
        also = [path for path in paths if path in (self.dockerfile, *ignore_files(self.context, self.dockerfile))]
        if not own:
            return [path.name for path in also]
        parsed, patterns = parse_dockerfile(self.dockerfile.read_bytes()), self.patterns()
        reaches = [reach(parsed, target) for target in self.targets]
        found = {path.name: None for path in also}
        for absolute in own:
            path = absolute.relative_to(self.context)
            ignored, results = False, list[bool]()
            for part in [*reversed(path.parents), path][1:]:
                ignored, results = is_ignored(str(part), patterns, results)
                if is_left_out(str(self.context / part), is_folder=part != path):
                    ignored = True
                    break
            if not ignored and any(one.holds(str(path)) for one in reaches):
                found[str(path)] = None
        return list(found)

    def destination(self, path: str) -> str:
        """Return where a path of the context is in the pod; empty for what is built and released."""
        if any(PurePosixPath(path).is_relative_to(kept) for kept in self.migration):
            return ""
        for folder, to in self.folders.items():
            if PurePosixPath(path).is_relative_to(folder):
                return to + path[len(folder) :]
        return ""

    def files(self) -> list[str]:
        """Return every file that is copied; raises as ``within`` does."""
        found = (path for path, _status in context_entries(self.context, self.patterns()) if self.destination(path))
        return [path for path in found if (self.context / path).is_file()]


@dataclass
class Edit:
    """What to do about files that changed."""

    copied: dict[str, list[str]] = field(default_factory=dict)
    """Component -> paths of its context."""
    released: dict[str, list[str]] = field(default_factory=dict)


def edit_of(paths: Collection[Path], sources: Iterable[Source]) -> Edit:
    """Tell what to do about changed paths; raises as ``Source.within`` does."""
    edit = Edit()
    for source in sources:
        for path in source.within(paths):
            group = edit.copied if source.destination(path) else edit.released
            group.setdefault(source.component, []).append(path)
    return edit


def changed_since(instant: float, sources: Iterable[Source]) -> Edit:
    """Tell what to do about what changed after an instant (seconds since the epoch), while nobody watched; copied files are left out."""
    edit = Edit()
    for source in sources:
        entries = [(source.context / path, status.st_mtime) for path, status in context_entries(source.context, source.patterns())]
        others = (source.dockerfile, ignore_file(source.context, source.dockerfile))
        entries += [(path, path.stat().st_mtime) for path in filter(None, others) if path.exists()]
        newer = [path for path, changed in entries if changed > instant and not path.is_dir()]
        if released := edit_of(newer, [source]).released:
            edit.released.update(released)
    return edit
