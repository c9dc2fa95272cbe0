# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edges of the machine that the engine and the cluster are managed through: commands, files, processes, time.

Tests replace `Machine`; everything that decides lives elsewhere.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = 127
TIMED_OUT = 124


class Failure(Exception):
    """What is wrong, where, and what to do next, in sentences for a person."""


@dataclass(frozen=True)
class Completed:
    """How a command ended. `code` is its exit code, 127 when it does not exist, 124 when its time was up."""

    code: int
    out: str = ""
    err: str = ""

    @property
    def last_line(self) -> str:
        """The last line with something to read, of standard error if it has one."""
        lines = [line.strip() for line in (self.err if self.err.strip() else self.out).splitlines() if line.strip()]
        return lines[-1] if lines else ""


class Machine:
    """This machine; paths are below `root` so that tests can have a machine of their own."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def run(self, argv: Sequence[str], *, timeout: float = 60, env: Mapping[str, str] | None = None) -> Completed:
        """Run a command in its own process group, and end the whole group when `timeout` (seconds) is over."""
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env={**os.environ, "LC_ALL": "C", **(env or {})},
                process_group=0,
            )
        except OSError as error:
            return Completed(NOT_FOUND, err=str(error))
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            return Completed(TIMED_OUT, out, err)
        return Completed(process.returncode, out, err)

    def spawn(self, argv: Sequence[str], log: str) -> Callable[[], bool]:
        """Start a process in a session of its own that outlives this one, its output appended to `log`.

        Returns a function that tells whether it still runs.
        """
        with self.path(log).open("ab") as output:
            process = subprocess.Popen(
                argv,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": _system_path()},
                start_new_session=True,
            )
        return lambda: process.poll() is None

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
