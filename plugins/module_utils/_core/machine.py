# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of the machine that the engine and the cluster are managed through: commands, files, processes, time.

Tests replace `Machine`; everything that decides lives elsewhere.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from . import process
from .process import Completed


class Machine:
    """This machine; paths are below `root` so that tests can have a machine of their own."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def run(self, argv: Sequence[str], *, timeout: float = 60, env: Mapping[str, str] | None = None, given: str | bytes = "") -> Completed:
        """Run a command, whose messages are in English, for at most `timeout` seconds, `given` being its standard input."""
        return process.run(argv, timeout=timeout, environment={"LC_ALL": "C", **(env or {})}, given=given)

    def spawn(self, argv: Sequence[str], log: str) -> Callable[[], bool]:
        """Start a process that outlives this one, its output appended to `log`; return a function that tells whether it still runs."""
        return process.spawn(argv, self.path(log), {"PATH": _system_path()})

    def which(self, name: str) -> str | None:
        return shutil.which(name, path=_system_path())

    def is_root(self) -> bool:
        return os.geteuid() == 0

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str:
        """Return a file's text, or the empty string when there is none to read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def _system_path() -> str:
    """Return the search path with the system's own folders, which a person's PATH may lack: dockerd needs them too."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"])
