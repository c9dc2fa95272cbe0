# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The play that an action plugin is part of: who it is for others that wait for it, and what it holds until it ends."""

from __future__ import annotations

import fcntl
import getpass
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.plugin_utils import keeper

POLL = 0.3
"""Seconds between two looks at a lock that another run holds."""

QUIET = 1.0
"""Seconds of waiting of which nothing is said: a run that just ended lets go a moment later."""

REPEAT = 30.0
"""Seconds after which a waiting run says again for whom it waits."""


class Holder(NamedTuple):
    """A run that holds a lock. ``name`` is the same for all tasks of one play and for no other play."""

    name: str
    since: str
    """RFC 3339, UTC."""

    def __str__(self) -> str:
        since = f", since {self.since[:19].replace('T', ' ')} UTC" if self.since else ""
        return f"{self.name or 'another run'}{since}"


def play_pid() -> int:
    """Return the process of ``ansible-playbook``: a task runs in a fork of it, whose parent is another one when the play was killed."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent and parent.pid else os.getppid()


def play_name() -> str:
    """Name this play, as in ``joe@laptop, process 123``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in a container
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}, process {play_pid()}"


def wait_for(attempt: Callable[[], Holder | None], what: str, timeout: float) -> bool:
    """Call ``attempt`` until it returns no holder any more; say for whom it waits.

    Args:
        attempt: Tries to take the lock; returns who has it, or nothing when it is taken.
        what: What is locked, in the sentence.
        timeout: Seconds.

    Returns:
        Whether another run had it.

    Raises:
        Failure: It is still held after ``timeout``.
    """
    began, said = time.monotonic(), -REPEAT
    waited = False
    while holder := attempt():
        if os.getppid() != play_pid():
            raise Failure("The play that this task belongs to is gone. Nothing was changed.")
        waited, passed = True, time.monotonic() - began
        if passed >= timeout:
            raise Failure(
                f"{what} is in use by another run ({holder}), and still was after {timeout:g} s. Nothing was changed: "
                "wait until that run has ended, then run this again."
            )
        if passed >= QUIET and passed - said >= REPEAT:
            said = passed
            Display().display(f"{what} is in use by another run ({holder}); waiting for it, {timeout - passed:.0f} s at most.")
        time.sleep(POLL)
    return waited


def lock_file(path: Path) -> Holder | None:
    """Lock a file for this play, as flock(2) does; return who has it, or nothing when it is this play's.

    The kernel frees the lock when the process that keeps it is gone, however it ended.

    Raises:
        OSError: The file cannot be opened for writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = _holder(file.read())
            return None if holder.name == play_name() else holder
        file.truncate(0)
        file.write(json.dumps(Holder(play_name(), keeper.now())._asdict()))
        file.flush()
        keep(file.fileno())
    return None


def keep(descriptor: int = -1, renewal: Mapping[str, Any] | None = None) -> None:
    """Start the process that holds a lock until this play ends; see ``keeper``."""
    subprocess.Popen(
        [sys.executable, "-I", keeper.__file__, str(play_pid()), str(descriptor), *([json.dumps(renewal)] if renewal else [])],
        pass_fds=[descriptor] if descriptor >= 0 else [],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        # kubectl may need a cloud's credentials to renew the Lease, as long as this play does; Ansible's own, the vault's password, nobody.
        env={name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PLANNOIR_"))},
        start_new_session=True,
    )


def _holder(text: str) -> Holder:
    try:
        return Holder(**json.loads(text))
    except (ValueError, TypeError):
        return Holder("", "")
