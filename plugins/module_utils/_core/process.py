# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the machine: run to their end, read while they run, or started to outlive this process.

Each has a process group of its own, which ends as a whole when its time is up or when whoever waits for it is interrupted.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .errors import Failure

# No program ends with these.
NOT_FOUND = 256
TIMED_OUT = 257


@dataclass(frozen=True)
class Completed:
    """How a program ended. ``code`` is its exit code, NOT_FOUND when it cannot be run, TIMED_OUT when its time was up."""

    code: int
    out: str = ""
    err: str = ""

    @property
    def last_line(self) -> str:
        """The last line with something to read, of standard error if it has one."""
        lines = [line.strip() for line in (self.err if self.err.strip() else self.out).splitlines() if line.strip()]
        return lines[-1] if lines else ""


def run(
    argv: Sequence[str],
    *,
    timeout: float | None = 60,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    given: str | bytes = "",
    log: Path | None = None,
) -> Completed:
    """Run a program to its end.

    Args:
        argv: The program and its arguments; no shell.
        timeout: Seconds; nothing for as long as it takes.
        environment: Variables beside those of this process.
        folder: Working folder.
        given: Its standard input.
        log: File that takes its whole output, which then is not returned.
    """
    with contextlib.ExitStack() as stack:
        try:
            sink = stack.enter_context(log.open("wb")) if log else None
            process = _start(
                argv,
                environment,
                folder,
                stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                stdout=sink or subprocess.PIPE,
                stderr=subprocess.STDOUT if sink else subprocess.PIPE,
            )
        except OSError as error:
            return Completed(NOT_FOUND, err=error.strerror or str(error))
        code = None
        try:
            out, err = process.communicate((given if isinstance(given, bytes) else given.encode()) or None, timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            out, err = process.communicate()
            code = TIMED_OUT
        except BaseException:
            _end(process)
            raise
        return Completed(process.returncode if code is None else code, _text(out), _text(err))


def watched(
    argv: Sequence[str],
    look: Callable[[], bool],
    *,
    period: float,
    given: str = "",
    patience: float = 10,
    environment: Mapping[str, str] | None = None,
) -> Completed:
    """Run a program, and tell it to end as soon as ``look`` returns true.

    Args:
        argv: The program and its arguments; no shell.
        look: Called while it runs, with ``period`` seconds between two calls.
        period: Seconds.
        given: Its standard input.
        patience: Seconds that it has to end by itself when it is told to.
        environment: Variables beside those of this process.

    Returns:
        How it ended; with the code TIMED_OUT when it was told to end.
    """
    try:
        process = _start(argv, environment, None, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except OSError as error:
        return Completed(NOT_FOUND, err=error.strerror or str(error))
    told, unsent = False, given.encode() or None
    try:
        while True:
            try:
                out, err = process.communicate(unsent, patience if told else period)
                return Completed(TIMED_OUT if told else process.returncode, _text(out), _text(err))
            except subprocess.TimeoutExpired:
                unsent = None  # the rest of it is on its way
                if told:
                    _end(process)
                elif look():
                    told = True
                    os.killpg(process.pid, signal.SIGTERM)
    except BaseException:
        _end(process)
        raise


def output(argv: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Return a program's standard output, or nothing when it is missing or fails within 60 s."""
    done = run(argv, environment=environment)
    return "" if done.code else done.out


DAEMON_VARIABLES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR"),
        *("DOCKER_RAMDISK", "DOCKER_TMPDIR", "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)
DAEMON_PREFIXES = ("LC_", "DOCKERD_", "MOBY_", "BUILDKIT_", "CONTAINERD_")
"""What dockerd and containerd read. A list of what may be handed on, because nobody can list what a person's credentials are called."""


def daemon_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what of an environment a daemon gets, which keeps it for as long as it runs."""
    return {name: value for name, value in environment.items() if name in DAEMON_VARIABLES or name.startswith(DAEMON_PREFIXES)}


def spawn(argv: Sequence[str], log: Path, environment: Mapping[str, str]) -> Callable[[], bool]:
    """Start a daemon in a session of its own that outlives this process, its output appended to ``log``.

    Of this process's environment it gets what ``daemon_environment`` leaves.

    Returns:
        A function that tells whether it still runs.
    """
    with log.open("ab") as sink:
        process = subprocess.Popen(
            argv,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**daemon_environment(os.environ), **environment},
            start_new_session=True,
        )
    return lambda: process.poll() is None


@dataclass(frozen=True)
class Command:
    """A program that is run for its output; its time limit is in seconds."""

    argv: Sequence[str]
    folder: str | None = None
    environment: Mapping[str, str] | None = None
    timeout: float = 3600

    @property
    def name(self) -> str:
        """The program and its first words, without options."""
        return " ".join([Path(self.argv[0]).name, *(word for word in self.argv[1:4] if not word.startswith("-"))])


def side_by_side(commands: Mapping[str, Command], look: Callable[[str, Path], None], *, period: float) -> Iterator[tuple[str, Completed]]:
    """Run programs at the same time and yield each when it ends, ``out`` having all that it printed; there is no time limit.

    When the caller stops asking, those that still run are ended.

    Args:
        commands: The programs, by a name that is a file's name.
        look: Takes the name of each that runs, with the file that its output goes to, every ``period`` seconds.
        period: Seconds.
    """
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="plannoir-logs-")))
        running: dict[str, subprocess.Popen[bytes]] = {}
        for name, command in commands.items():
            try:
                with (folder / name).open("wb") as log:
                    process = _start(
                        command.argv,
                        command.environment,
                        Path(command.folder) if command.folder else None,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                    )
            except OSError as error:
                yield name, Completed(NOT_FOUND, err=error.strerror or str(error))
            else:
                running[name] = process
                stack.callback(_end, process)
        while running:
            for name, process in list(running.items()):
                if process.poll() is None:
                    look(name, folder / name)
                    continue
                del running[name]
                yield name, Completed(process.returncode, _text((folder / name).read_bytes()))
            if running:
                time.sleep(period)


class Running:
    """A program while it runs, with its output as a stream.

    Raises:
        Failure: It cannot be run, fails, or does not end in time; the last two when the block is left.
    """

    stream: IO[bytes]

    def __init__(self, command: Command, given: bytes = b"", *, merged: bool = False, accepted: Collection[int] = (0,)) -> None:
        """Set up a program.

        Args:
            command: What is run.
            given: Its standard input.
            merged: Whether what it writes to standard error belongs to its output.
            accepted: Exit codes that are fine.
        """
        self._command = command
        self._given = given
        self._merged = merged
        self._accepted = accepted
        self._late = False

    def __enter__(self) -> Running:
        command = self._command
        with tempfile.TemporaryFile() as given:
            given.write(self._given)
            given.seek(0)
            self._errors = tempfile.TemporaryFile()
            folder = Path(command.folder) if command.folder else None
            try:
                self._process = _start(
                    command.argv,
                    command.environment,
                    folder,
                    stdin=given,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT if self._merged else self._errors,
                )
            except OSError as error:
                self._errors.close()
                raise Failure(f"{command.argv[0]} cannot be run ({error.strerror}): install it, or name its folder.") from error
        self.stream = self._process.stdout  # type: ignore[assignment]  # it is a pipe, as asked for above
        self._timer = threading.Timer(command.timeout, self._end_late)
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            _end(self._process)
        self.stream.close()
        code = self._process.wait()
        self._timer.cancel()
        with self._errors as errors:
            errors.seek(0)
            last = errors.read().decode("utf-8", "replace").strip().split("\n")[-1]
        if kind:
            return
        if self._late:
            raise Failure(f"{self._command.name} did not end within {self._command.timeout:g} s: see why, or give it more time.")
        if code not in self._accepted:
            raise Failure(f"{self._command.name} failed ({last or f'exit code {code}'}): mend that, or leave the place out.")

    def end(self) -> None:
        """End it from another thread than the one that reads its output."""
        _end(self._process)

    def _end_late(self) -> None:
        self._late = _end(self._process)


def _start(argv: Sequence[str], environment: Mapping[str, str] | None, folder: Path | None, **streams: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, cwd=folder, env={**os.environ, **(environment or {})}, process_group=0, **streams)


def _end(process: subprocess.Popen[bytes]) -> bool:
    """End a program with all its children, and tell whether it still ran."""
    if process.poll() is not None:
        return False
    os.killpg(process.pid, signal.SIGKILL)
    return True


def _text(output: bytes | None) -> str:
    return (output or b"").decode("utf-8", "replace")
