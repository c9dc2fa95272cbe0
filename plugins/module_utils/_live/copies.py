# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copying files into a running pod with its own sh and tar: one call, whatever number of files."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence

from .._component.names import live_name
from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.process import Completed
from .changes import Source

WITHIN = 20.0
"""Seconds for one call."""

NEW_POD = 75
"""Exit code when the pod has not been given everything yet (EX_TEMPFAIL)."""

MARK = ".plannoir-live"
"""File in the first folder of a pod that has been given everything. A pod that takes another one's place has the image's files."""

# Times are not taken over: a file whose time is older than before would not count as changed.
SOME = f'[ -e "$0" ] || exit {NEW_POD}; rm -rf -- "$@"; exec tar --extract --touch --no-same-owner --file=- --directory=/'
ALL = 'tar --extract --touch --no-same-owner --file=- --directory=/ && : >"$0" && find "$@" ! -type d'
REMOVE = 'rm -f -- "$@"'


class Copies:
    """Brings files of a component's source folder to its pod."""

    def __init__(self, cluster: Cluster, source: Source) -> None:
        self._cluster = cluster
        self._source = source
        self._mark = f"{next(iter(source.folders.values()))}/{MARK}"

    @property
    def folders(self) -> list[str]:
        """The folders whose files are copied."""
        return list(self._source.folders)

    def everything(self) -> None:
        """Make the pod's folders what the source's are; raises Failure, and OSError where a file cannot be read."""
        files = self._source.files()
        there = self._run(ALL, *self._source.folders.values(), given=archive(self._source, files))
        wanted = {self._source.destination(path) for path in files} | {self._mark}
        superfluous = sorted(set(filter(None, there.out.split("\n"))) - wanted)
        if superfluous:
            self._run(REMOVE, *superfluous)

    def some(self, paths: Sequence[str]) -> None:
        """Copy changed files, and remove those that are gone; everything where the pod is a new one. Raises as ``everything`` does."""
        files = [path for path in paths if (self._source.context / path).is_file()]
        gone = [self._source.destination(path) for path in paths if not (self._source.context / path).exists()]
        if self._run(SOME, *gone, given=archive(self._source, files), accepted=NEW_POD).code == NEW_POD:
            self.everything()

    def _run(self, script: str, *arguments: str, given: bytes = b"", accepted: int = 0) -> Completed:
        done = self._cluster.execute(live_name(self._source.component), ["sh", "-c", script, self._mark, *arguments], WITHIN, given)
        if done.code not in (0, accepted):
            raise Failure(f"its pod takes no files ({done.last_line or f'no end within {WITHIN:g} s'})")
        return done


def archive(source: Source, paths: Sequence[str]) -> bytes:
    """Return a tar archive of files of a source, each with the name that it has in the pod, and a mode that lets it be replaced."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.GNU_FORMAT, dereference=True) as tar:
        for path in paths:
            try:
                data = (source.context / path).read_bytes()
            except FileNotFoundError:  # gone since it was listed; that is the next change
                continue
            member = tarfile.TarInfo(source.destination(path).lstrip("/"))
            member.size = len(data)
            member.mode = (source.context / path).stat().st_mode & 0o777 | 0o600
            tar.addfile(member, io.BytesIO(data))
    return content.getvalue()
