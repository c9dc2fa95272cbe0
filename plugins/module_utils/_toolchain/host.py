# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that build the toolchain, with their output in a log."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from .._core import process
from .._core.errors import Failure


def run(argv: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None, given: str = "") -> None:
    """Run a program, for as long as it takes, with its output in `log`.

    Raises Failure with the program's last words when it fails.
    """
    done = process.run(argv, timeout=None, environment=env, folder=cwd, given=given, log=log)
    if done.code == process.NOT_FOUND:
        raise Failure(f"{argv[0]} could not be run ({done.err}); install it or put it on PATH, then run this again.")
    if done.code:
        words = " ".join(argv[:3])
        raise Failure(f"`{words}` failed ({last_words(log)}); its whole output is in {log}; mend the cause, then run this again.")


def last_words(log: Path) -> str:
    """Return the line of a log that most likely names the error, without colour and at most 300 characters long."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(?i)(e|error|fatal)\b.*:", line)] or lines[-1:]
    return telling[0][:300].rstrip(".") if telling else "it said nothing"
