# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for secret values in places, one after the other, and tell what was found without telling the values."""

from __future__ import annotations

import hashlib
import io
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .._core.errors import Failure
from .._secrets.matcher import Matcher
from .places import PLACES, Elsewhere, Subject, explained
from .streams import Finding, Scanner, StreamError, Tally

PROCESSES = "processes"
WHAT = {
    **{name: (place.__doc__ or "").removeprefix("Yield ").removesuffix(".") for name, place in PLACES.items()},
    PROCESSES: "command lines of all processes, 50 times a second, as long as the audit takes",
}
"""Each place by name, in the order in which they are looked at, and what is looked at there; docs/audit.md shows it."""
REMEDY = "Rotate each value that is named, then take it out of the place where it stands: docs/secrets.md."

SHOWN = 10
"""Archives of a place that are named; the module's result has them all."""

_INTERVAL = 0.02
_REMEMBERED = 100_000
_PROC = Path("/proc")


@dataclass(frozen=True)
class Result:
    """What was seen of a place."""

    place: str
    tally: Tally
    seconds: float
    findings: list[Finding] = field(default_factory=list)
    error: str = ""
    """Why it could not be looked at."""
    note: str = ""
    """Why there is nothing to look at here."""

    def shown(self) -> dict[str, Any]:
        """Return the fields for a module's result."""
        return {
            "place": self.place,
            "items": self.tally.items,
            "bytes": self.tally.bytes,
            "seconds": round(self.seconds, 2),
            "findings": [vars(finding) for finding in self.findings],
            "unopened": self.tally.unopened,
            "sealed": self.tally.sealed,
            "error": self.error,
        }


class Sampler:
    """Reads the command lines of all processes, 50 times a second, from its start to its end; each is looked at once."""

    def __init__(self, matcher: Matcher, proc: Path = _PROC) -> None:
        self._scanner = Scanner(matcher)
        self._proc = proc
        self._seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._started = time.monotonic()

    def start(self) -> None:
        """Begin; the first sample is taken before this returns."""
        self._sample()
        self._thread.start()

    def end(self) -> Result:
        """Take a last sample and tell what was found."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._sample()
        tally = self._scanner.tally
        error = "" if tally.items else f"{self._proc} shows no process: leave the place {PROCESSES} out on this machine."
        return Result(PROCESSES, tally, time.monotonic() - self._started, sorted(tally.findings), error)

    def _run(self) -> None:
        while not self._over.wait(_INTERVAL):
            self._sample()

    def _sample(self) -> None:
        for file in self._proc.glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes()
            except OSError:
                continue  # it ended meanwhile
            known = hashlib.sha256(line).digest()
            if line and known not in self._seen:
                if len(self._seen) >= _REMEMBERED:
                    self._seen.clear()
                self._seen.add(known)
                program = Path(line.split(b"\0")[0].decode("utf-8", "replace")).name
                self._scanner.scan(f"process {file.parent.name} ({program})", io.BytesIO(line.replace(b"\0", b" ")))


def chosen(places: Collection[str]) -> Collection[str]:
    """Return the places to look at: all when none is named.

    Raises:
        ValueError: a name is no place.
    """
    unknown = [place for place in places if place not in WHAT]
    if unknown:
        raise ValueError(f"places: there is no {', '.join(unknown)}; the places are {', '.join(WHAT)}.")
    return places or list(WHAT)


def audit(subject: Subject, places: Collection[str], matcher: Matcher) -> Iterator[Result]:
    """Look at each of the places, in the order of ``WHAT``; the command lines of processes all the while."""
    sampler = Sampler(matcher) if PROCESSES in places else None
    if sampler:
        sampler.start()
    clean: set[bytes] = set()
    for name in PLACES:
        if name in places:
            yield _look(name, subject, matcher, clean)
    if sampler:
        yield sampler.end()


def _look(place: str, subject: Subject, matcher: Matcher, clean: set[bytes]) -> Result:
    scanner, started, where, error, note = Scanner(matcher, clean=clean), time.monotonic(), place, "", ""
    findings: list[Finding] = []
    try:
        try:
            for where, stream in PLACES[place](subject):
                scanner.scan(where, stream)
        except Elsewhere as elsewhere:
            note = f"{elsewhere.how}: {elsewhere}"
        findings = [
            replace(finding, where=matcher.censored(explained(place, subject, finding.where))) for finding in scanner.tally.findings
        ]
        if not scanner.tally.items and not note:
            error = "there was nothing to look at: correct where it is, or leave the place out."
    except Failure as problem:
        error = str(problem)
    except StreamError as problem:
        error = f"{where} broke off ({problem}): run the audit again."
    return Result(
        place,
        scanner.tally,
        time.monotonic() - started,
        sorted(findings or scanner.tally.findings),
        matcher.censored(error) if error else "",
        note,
    )


def problems(results: Sequence[Result]) -> list[str]:
    """Return a sentence for each finding, and for each place that could not be looked at."""
    found = [
        f"{result.place}: {finding.where}: the value of {finding.label} (SHA-256 {finding.fingerprint}...) is there, {finding.spelling}."
        for result in results
        for finding in result.findings
    ]
    return [
        *([*found, REMEDY] if found else []),
        *(f"The place {result.place} could not be looked at: {result.error}" for result in results if result.error),
    ]


def table(results: Sequence[Result]) -> list[str]:
    """Return what was looked at, a line for each place."""
    rows = [("place", "looked at", "MB", "s", "unopened", "found")]
    for result in results:
        size = f"{result.tally.bytes / 1e6:.1f}"
        counts = (str(result.tally.unopened), str(len(result.findings)))
        rows.append((result.place, str(result.tally.items), size, f"{result.seconds:.1f}", *counts))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        " | ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]) for row in rows
    ]


def not_here(results: Sequence[Result]) -> list[str]:
    """Return a sentence for each place that is not on this machine, or not wholly to be seen."""
    return [f"{result.place} {result.note}" for result in results if result.note]


def unopened(results: Sequence[Result]) -> list[str]:
    """Return a sentence for each archive that could not be opened, for the first of each place only."""
    told = []
    for result in results:
        sealed, count = result.tally.sealed, result.tally.unopened
        told += [f"{result.place}: {sentence}" for sentence in sealed[:SHOWN]]
        told += [f"{result.place}: so were {count - SHOWN} more archives."] if count > SHOWN else []
    return told
