# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that holds one lock for a whole play and goes with it; ``play`` starts it, as a program of its own.

Ansible runs each task in another process, so none of them can hold anything for the play. This one waits until the play is gone, ends what
a killed play left behind (modules and helm go on without it; seen on Linux only), and lets go of the lock.

Usage: keeper.py PLAY-PID LOCK-FD [RENEWAL]; RENEWAL is JSON: ``name`` of the holder, ``period`` in seconds, the commands ``renew`` and
``show``, which prints who holds the lock, and a list of commands ``release``, which alone is enough where there is nothing to renew.
``NOW`` in a command becomes the time.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PATIENCE = 5.0
"""Seconds that what a killed play left behind has to end by itself."""

PROC = Path("/proc")


def main(arguments: list[str]) -> None:
    """Hold the lock whose descriptor was inherited (-1: none), and renew what has to be, until the play is gone."""
    play, renewal = int(arguments[0]), json.loads(arguments[2]) if len(arguments) > 2 else {}
    pipes = private_pipes(play)
    wait_for_end(play, renewal.get("period", 60.0), lambda: renew(play, renewal))
    end_all(left_behind(play, pipes))
    for command in renewal.get("release", []):
        run(command)


def renew(play: int, renewal: Mapping[str, Any]) -> None:
    """Renew the lock; a play that lost it to another run, as a machine that slept does, is ended."""
    if "renew" not in renewal or run(renewal["renew"]) is not None:
        return
    holder = run(renewal["show"])
    if holder and holder != renewal["name"]:
        with contextlib.suppress(OSError):
            (PROC / str(play) / "fd/2").write_text(
                f"\nThis run was away too long and {holder} has taken over: it ends.\n", encoding="utf-8"
            )
        os.kill(play, signal.SIGTERM)


def wait_for_end(pid: int, period: float, each: Callable[[], None]) -> None:
    """Return when the process is gone; call ``each`` every ``period`` seconds meanwhile."""
    descriptor = -1
    with contextlib.suppress(AttributeError, OSError):  # not everywhere, and not of a process that is gone
        descriptor = os.pidfd_open(pid)
    while descriptor >= 0:
        if select.select([descriptor], [], [], period)[0]:
            return
        each()
    due = time.monotonic() + period
    while is_alive(pid):
        time.sleep(1)
        if time.monotonic() >= due:
            each()
            due = time.monotonic() + period


def is_alive(pid: int) -> bool:
    """Tell whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def run(command: list[str]) -> str | None:
    """Run a command and return what it printed, or nothing when it failed: what cannot be done now may be done the next time."""
    words = [word.replace("NOW", now()) for word in command]
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def now() -> str:
    """Return the time as Kubernetes writes a MicroTime."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def private_pipes(play: int) -> set[str]:
    """Return the pipes that the play made for its workers, which are forks of it: those that none of its ancestors has."""
    own = set(_pipes(play))
    ancestor = _parent(play)
    while ancestor > 1:
        own -= set(_pipes(ancestor))
        ancestor = _parent(ancestor)
    return own


def left_behind(play: int, pipes: set[str]) -> list[int]:
    """Return the processes of a play that is gone: workers, which still have its pipes, and all of their sessions, a worker first.

    Each worker leads a session of its own, in which its module and the module's commands run.
    """
    if not pipes:
        return []
    me, processes = os.getpid(), [int(entry.name) for entry in PROC.iterdir() if entry.name.isdecimal()]
    workers = [pid for pid in processes if pid not in (me, play) and pipes & set(_pipes(pid)) and _session(pid) == pid]
    return workers + [pid for pid in processes if pid not in workers and pid != me and _session(pid) in workers]


def end_all(pids: list[int]) -> None:
    """Ask processes to end, then make them; a worker is stopped first, so that it does not go on with the next step."""
    started = {pid: _start(pid) for pid in pids}
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
        _send(started, number)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(_is_same(pid, start) for pid, start in started.items()):
        time.sleep(0.05)
    _send(started, signal.SIGKILL)


def _send(started: Mapping[int, str], number: signal.Signals) -> None:
    for pid, start in started.items():
        if _is_same(pid, start):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)


def _pipes(pid: int) -> Iterator[str]:
    """Yield the pipes that a process has open, standard streams aside; none where there is no /proc, or no right to look."""
    with contextlib.suppress(OSError):
        for entry in (PROC / str(pid) / "fd").iterdir():
            with contextlib.suppress(OSError):
                target = str(entry.readlink())
                if target.startswith("pipe:") and int(entry.name) > 2:
                    yield target


def _fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (proc(5)); empty when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[1]) if fields else 0


def _session(pid: int) -> int:
    fields = _fields(pid)
    return int(fields[3]) if fields else 0


def _start(pid: int) -> str:
    fields = _fields(pid)
    return fields[19] if fields else ""


def _is_same(pid: int, start: str) -> bool:
    """Tell whether a process that began at ``start`` still runs; a dead one that nobody waited for does not."""
    fields = _fields(pid)
    return bool(start) and bool(fields) and fields[19] == start and fields[0] != "Z"


if __name__ == "__main__":
    main(sys.argv[1:])
