# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through streams of any length, and through the archives in them, in memory of a fixed size."""

from __future__ import annotations

import bz2
import hashlib
import http.client
import io
import lzma
import os
import re
import struct
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Protocol

from .._secrets import wrapped
from .._secrets.matcher import Matcher

WINDOW = 1 << 20
"""Bytes that are looked at at once."""

DEPTH = 8
"""Archives in archives."""

SPOOL = 1 << 30
"""Bytes of zip archives that are put aside at a time: they are read from their end."""

IN_MEMORY = 4 << 20
"""Bytes of a zip archive that is put aside in memory; a larger one goes to a temporary file."""

RESERVE = 1 << 30
"""Bytes that stay free where temporary files are."""

DIRECTORY = 16 << 20
"""Bytes of a zip archive's directory, for which zipfile takes ten times as much memory."""

EXPANSION = 200
"""Bytes that a byte of an archive may unpack to, what is nested in it included; text is packed to a tenth, zeros to a thousandth."""

ANYWAY = 64 << 20
"""Bytes that any archive may unpack to, however small it is."""

PATIENCE = 600.0
"""Seconds for an archive."""

XZ_MEMORY = 256 << 20
"""Bytes for the dictionary of an xz stream; xz -9 needs 64 MiB."""

NAMED = 1000
"""Archives that could not be opened and are remembered by name."""

REMEMBERED = 400_000
"""Windows that are remembered, with some 100 bytes each, so that the same content is not searched again in another place."""

_LONGEST_NAME = 600
_BLOCK = tarfile.BLOCKSIZE
_EXTENSIONS = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_WITHOUT_CONTENT = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
_PIECE = 1 << 16
_DAMAGED = (
    OSError,
    EOFError,
    ArithmeticError,
    LookupError,
    MemoryError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)
"""What Python's modules raise over the bytes of an archive, be they as they may."""


class StreamError(Exception):
    """A stream broke off; the message is why."""


class Stream(Protocol):
    """What can be read to its end."""

    def read(self, size: int, /) -> bytes | None:
        """Return at most ``size`` bytes, none at the end."""


class _Outermost:
    """A stream whose errors are told from those of a damaged archive in it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes | None:
        try:
            return self._stream.read(size)
        except (OSError, http.client.HTTPException) as error:
            raise StreamError(str(error) or type(error).__name__) from error


@dataclass(frozen=True, order=True)
class Finding:
    """A secret that was found: never its value."""

    where: str
    label: str
    fingerprint: str
    spelling: str


@dataclass
class Tally:
    """What was looked at."""

    items: int = 0
    bytes: int = 0
    """Bytes that were compared; what stands in an archive counts where it is unpacked."""
    findings: set[Finding] = field(default_factory=set)
    sealed: list[str] = field(default_factory=list)
    """Archives that could not be opened, a sentence for each of the first ``NAMED``; their bytes were compared as they are."""
    unopened: int = 0
    """How many they are."""


class Source(io.BufferedIOBase):
    """A stream whose bytes pass a function as they are read, up to a limit."""

    def __init__(self, stream: Stream, passed: Callable[[bytes], None] | None = None, limit: int | None = None, head: bytes = b"") -> None:
        self._stream = stream
        self._passed = passed
        self._left = limit
        self._head = head

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return ``size`` bytes, fewer only at the end."""
        wanted = size if size is not None and size >= 0 else 1 << 62
        if self._left is not None:
            wanted = min(wanted, self._left)
        parts = [self._head[:wanted]]
        self._head = self._head[wanted:]
        missing = wanted - len(parts[0])
        while missing and (part := self._stream.read(min(missing, WINDOW))):
            parts.append(part)
            missing -= len(part)
        content = b"".join(parts)
        if self._left is not None:
            self._left -= len(content)
        if self._passed and content:
            self._passed(content)
        return content

    def read1(self, size: int = -1, /) -> bytes:
        return self.read(WINDOW if size < 0 else size)

    def drain(self) -> None:
        """Read what is left."""
        while self.read(WINDOW):
            pass


class _Decompressor(Protocol):
    """What bz2 and lzma have."""

    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Inflate:
    """The same of zlib, for gzip (``wbits`` 31) and for zlib's own format (15)."""

    def __init__(self, wbits: int) -> None:
        self._member = zlib.decompressobj(wbits=wbits)
        self._rest = b""

    @property
    def eof(self) -> bool:
        return self._member.eof

    @property
    def needs_input(self) -> bool:
        return not self._rest

    @property
    def unused_data(self) -> bytes:
        return self._member.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        unpacked = self._member.decompress(self._rest + data, max_length)
        self._rest = self._member.unconsumed_tail
        return unpacked


class _Unpacked:
    """What stands in a compressed stream, up to where it is damaged; unlike gzip.open it loses nothing that stands before.

    Attributes:
        damaged: Whether it ended too early.
    """

    def __init__(self, raw: Source, new: Callable[[], _Decompressor]) -> None:
        self._raw = raw
        self._new = new
        self._member = new()
        self._over = False
        self.damaged = False

    def read(self, size: int, /) -> bytes:
        while not self._over:
            try:
                unpacked = self._next(size)
            except _DAMAGED:
                self._over = self.damaged = True
                return b""
            if unpacked:
                return unpacked
        return b""

    def _next(self, size: int) -> bytes:
        if not self._member.eof:
            asked = self._member.needs_input
            content = self._raw.read(_PIECE) if asked else b""
            unpacked = self._member.decompress(content, size)
            self._over = self.damaged = asked and not content and not unpacked and not self._member.eof
            return unpacked
        # What follows is another member, or zeros that fill up a block.
        content = self._member.unused_data.lstrip(b"\0") or self._raw.read(_PIECE).lstrip(b"\0")
        self._over = not content
        self._member = self._new()
        return self._member.decompress(content, size) if content else b""


class _Budget:
    """What an archive, with all that is nested in it, may cost: bytes in proportion to its own, and time.

    Attributes:
        exceeded: Whether that was too little.
    """

    def __init__(self) -> None:
        self._left = ANYWAY
        self._until = time.monotonic() + PATIENCE
        self.exceeded = False

    def earn(self, count: int) -> None:
        """Count bytes of the archive itself."""
        self._left += EXPANSION * count

    def metered(self, unpacked: Stream) -> Stream:
        """Return a stream that ends where the budget does."""
        return _Metered(unpacked, self)

    def spend(self, count: int) -> bool:
        """Count bytes that were unpacked, and tell whether they were still allowed."""
        self._left -= count
        self.exceeded = self.exceeded or self._left < 0 or time.monotonic() > self._until
        return not self.exceeded


class _Metered:
    def __init__(self, stream: Stream, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget

    def read(self, size: int, /) -> bytes | None:
        content = b"" if self._budget.exceeded else self._stream.read(size)
        return content if content and self._budget.spend(len(content)) else b""


class Scanner:
    """Looks for secrets in streams, one after the other.

    Attributes:
        tally: What was looked at so far.
        overlap: Bytes of a stream that are looked at again with what follows.
        clean: Digests of windows in which nothing was found; scanners may share them.
    """

    def __init__(self, matcher: Matcher, spool_limit: int = SPOOL, clean: set[bytes] | None = None) -> None:
        self._matcher = matcher
        self._spool_left = spool_limit
        self._budget: _Budget | None = None
        self._guessing = False
        self.overlap = matcher.overlap
        self.tally = Tally()
        self.clean = set() if clean is None else clean

    def scan(self, where: str, stream: Stream) -> None:
        """Look through a stream to its end, under a name that findings are reported with.

        Raises:
            StreamError: The stream broke off before its end.
        """
        self.tally.items += 1
        self.look(where, where.encode("utf-8", "surrogateescape"))
        self._scan(where, _Outermost(stream), 0)

    def _scan(self, where: str, stream: Stream, depth: int) -> None:
        head = Source(stream).read(_BLOCK)
        source = Source(stream, head=head)
        opened = _opener(head)
        if opened and depth >= DEPTH:
            self._seal(where, f"is an archive within {DEPTH} others")
        elif opened:
            opened(self, where, source, depth)
            return
        elif what := next((name for magic, name in _UNKNOWN.items() if head.startswith(magic)), ""):
            self._seal(where, f"is {what}, which Python's standard library cannot open")
        with self._window(where, depth) as window:
            Source(source, window.pass_on).drain()

    @contextmanager
    def _window(self, where: str, depth: int = DEPTH) -> Iterator[_Window]:
        window = _Window(self, where, depth)
        try:
            yield window
        finally:
            window.finish()

    @contextmanager
    def _unpacking(self, where: str) -> Iterator[tuple[_Budget, Callable[[int], None]]]:
        """Bound what an archive may cost. One within another lives on the other's budget: its own bytes earn nothing."""
        if self._budget:
            yield self._budget, lambda count: None
            return
        self._budget = budget = _Budget()
        try:
            yield budget, budget.earn
        finally:
            self._budget = None
        if budget.exceeded:
            self._seal(where, f"unpacks to more than {EXPANSION} times its size, or for more than {PATIENCE:.0f} s", is_certain=True)

    def unwrap(self, where: str, run: bytes, depth: int) -> None:
        """Look into an archive that is written as base64."""
        if depth < DEPTH:
            guessing, self._guessing = self._guessing, True
            self._scan(f"{where}!base64", io.BytesIO(wrapped.decoded(run)), depth + 1)
            self._guessing = guessing

    def _tar(self, where: str, source: Source, depth: int) -> None:
        with self._window(where) as window:
            structure = Source(source, window.pass_on)
            longer: dict[str, str] = {}
            while header := structure.read(_BLOCK):
                if not header.strip(b"\0"):
                    continue
                try:
                    member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
                    if member.type in _EXTENSIONS and member.size < WINDOW:
                        longer.update(_longer(member.type, structure.read(_padded(member.size))))
                        continue
                    size = 0 if member.type in _WITHOUT_CONTENT else int(longer.get("size", member.size))
                except _DAMAGED:
                    self._seal(where, "is damaged, or no tar archive")
                    break
                if member.type == tarfile.GNUTYPE_SPARSE:
                    _skip_sparse_map(structure, header)
                if size:
                    self._scan(_named(where, longer.get("path", member.name)), Source(source, limit=size), depth + 1)
                    structure.read(_padded(size) - size)
                longer = {}
            structure.drain()

    def _compressed(self, where: str, source: Source, depth: int, new: Callable[[], _Decompressor]) -> _Unpacked:
        with self._window(where) as window, self._unpacking(where) as (budget, earn):

            def passed(raw: bytes) -> None:
                window.pass_on(raw)
                earn(len(raw))

            raw = Source(source, passed)
            unpacked = _Unpacked(raw, new)
            self._scan(f"{where}!", budget.metered(unpacked), depth + 1)
            raw.drain()
        return unpacked

    def _whole(self, where: str, source: Source, depth: int, new: Callable[[], _Decompressor]) -> None:
        if self._compressed(where, source, depth, new).damaged:
            self._seal(where, "is damaged")

    def _gzip(self, where: str, source: Source, depth: int) -> None:
        self._whole(where, source, depth, lambda: _Inflate(31))

    def _bzip2(self, where: str, source: Source, depth: int) -> None:
        self._whole(where, source, depth, bz2.BZ2Decompressor)

    def _xz(self, where: str, source: Source, depth: int) -> None:
        self._whole(where, source, depth, lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY))

    def _zlib(self, where: str, source: Source, depth: int) -> None:
        # Its two bytes also begin what is something else, so that a damaged one is no news.
        self._compressed(where, source, depth, lambda: _Inflate(15))

    def _zip(self, where: str, source: Source, depth: int) -> None:
        with (
            self._window(where) as window,
            self._unpacking(where) as (budget, earn),
            # A file has mode 0600 and no name, so that it goes with this process.
            tempfile.SpooledTemporaryFile(IN_MEMORY) as spool,
        ):
            raw = Source(source, window.pass_on)
            why = self._put_aside(raw, spool)
            kept = spool.tell()
            self._spool_left -= kept
            earn(kept)
            try:
                if not why:
                    self._members(where, zipfile.ZipFile(spool), budget, depth)
            except _DAMAGED:
                why = "is damaged, or no zip archive"
            self._spool_left += kept
            if why:
                self._seal(where, why)
            raw.drain()

    def _put_aside(self, raw: Source, spool: IO[bytes]) -> str:
        """Copy a zip archive; return why it cannot be opened."""
        try:
            while part := raw.read(min(WINDOW, self._spool_left - spool.tell())):
                if _free() < RESERVE:
                    return f"was not put aside, because {tempfile.gettempdir()} has less than {RESERVE >> 30} GiB free"
                spool.write(part)
            if raw.read(1):
                return f"has more than {self._spool_left >> 20} MiB"
            if _directory(spool) > DIRECTORY:
                return f"has a directory of more than {DIRECTORY >> 20} MiB"
        except OSError as error:
            return f"was not put aside ({error.strerror})"
        return ""

    def _members(self, where: str, archive: zipfile.ZipFile, budget: _Budget, depth: int) -> None:
        for member in archive.infolist():
            name = _named(where, member.filename)
            try:
                with archive.open(member) as content:
                    self._scan(name, budget.metered(content), depth + 1)
            except _DAMAGED:
                self._seal(name, "is damaged or encrypted")

    def look(self, where: str, window: bytes) -> bool:
        """Note the secrets in a window, and tell whether there were none."""
        found = self._matcher.search(window)
        for secret, spelling in found:
            self.tally.findings.add(Finding(self._matcher.censored(where), secret.label, secret.fingerprint, spelling))
        return not found

    def _seal(self, where: str, why: str, *, is_certain: bool = False) -> None:
        # Not every text that looks like base64 of an archive is one, and what a budget cut off is not damaged.
        if not is_certain and (self._guessing or (self._budget and self._budget.exceeded)):
            return
        self.tally.unopened += 1
        if len(self.tally.sealed) < NAMED:
            self.tally.sealed.append(f"{self._matcher.censored(where)} {why}: its content was not looked at.")


_ARCHIVES: list[tuple[bytes, int, Callable[[Scanner, str, Source, int], None]]] = [
    (b"ustar", 257, Scanner._tar),
    (b"\x1f\x8b\x08", 0, Scanner._gzip),
    (b"PK\x03\x04", 0, Scanner._zip),
    (b"BZh", 0, Scanner._bzip2),
    (b"\xfd7zXZ\0", 0, Scanner._xz),
]
"""First bytes of an archive, where they stand, and what opens it."""

_UNKNOWN = {
    b"\x28\xb5\x2f\xfd": "compressed with zstd",
    b"\x04\x22\x4d\x18": "compressed with LZ4",
    b"\x1f\x9d": "compressed with compress",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"hsqs": "a SquashFS image",
    b"!<arch>\ndebian-binary": "a Debian package",
}
"""First bytes of an archive that cannot be opened, and what it is."""


def _opener(head: bytes) -> Callable[[Scanner, str, Source, int], None] | None:
    for magic, at, method in _ARCHIVES:
        if head[at : at + len(magic)] == magic:
            return method
    if head.startswith(b"#!") and b"PK\x03\x04" in head:  # a program with its archive behind it, as zipapp makes them
        return Scanner._zip
    return Scanner._zlib if wrapped.is_zlib(head) else None


class _Window:
    """Passes a stream in pieces to the matcher, each with the end of what came before it.

    With a depth it also looks into archives that stand in it as base64.
    """

    def __init__(self, scanner: Scanner, where: str, depth: int) -> None:
        self._scanner = scanner
        self._where = where
        self._depth = depth
        self._waiting: list[bytes] = []
        self._size = 0
        self._tail = b""
        self._run = b""

    def pass_on(self, content: bytes) -> None:
        """Take the next bytes of the stream."""
        self._waiting.append(content)
        self._size += len(content)
        if self._size >= WINDOW:
            together = b"".join(self._waiting)
            whole = self._size - self._size % WINDOW
            self._waiting, self._size = [together[whole:]], self._size - whole
            for start in range(0, whole, WINDOW):
                self._look(together[start : start + WINDOW])

    def finish(self) -> None:
        """Look at what is left."""
        if self._size:
            self._look(b"".join(self._waiting))
        self._waiting, self._size = [], 0
        self._unwrap()

    def _look(self, part: bytes) -> None:
        scanner = self._scanner
        scanner.tally.bytes += len(part)
        window = self._tail + part
        digest = hashlib.sha256(window).digest()[:16]
        if self._run or digest not in scanner.clean:
            is_clean = scanner.look(self._where, window)
            if self._depth < DEPTH:
                # A mark may straddle two pieces.
                is_clean = not self._collect(window, len(window) - len(part)) and is_clean
                if is_clean and len(scanner.clean) < REMEMBERED:
                    scanner.clean.add(digest)
        self._tail = window[max(len(window) - scanner.overlap, 0) :]

    def _collect(self, window: bytes, tail: int) -> bool:
        """Gather base64 text that may hold an archive; tell whether there is any."""
        position, any_there = tail, bool(self._run)
        if self._run:
            rest, self._run = self._run, b""
            position = tail + self._gather(rest + window[tail:], 0) - len(rest)
        else:
            position = max(tail - wrapped.SHORTEST_RUN, 0)
        while (start := wrapped.archive_start(window, position)) >= 0:
            any_there = True
            position = self._gather(window, start)
        return any_there

    def _gather(self, text: bytes, start: int) -> int:
        """Take the run that begins there; return where it ends, or, since it may go on, the end of the text."""
        end = wrapped.run_end(text, start)
        if len(text) - end <= wrapped.LONGEST_BREAK and end - start < wrapped.LONGEST_RUN:
            self._run = text[start:]
            return len(text)
        self._run = text[start:end]
        self._unwrap()
        return max(end, start + 1)

    def _unwrap(self) -> None:
        run, self._run = self._run, b""
        if run:
            self._scanner.unwrap(self._where, run[: wrapped.run_end(run, 0)], self._depth)


def _longer(kind: bytes, body: bytes) -> dict[str, str]:
    """Return the path and the size that an extension of a tar header holds."""
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": body.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    if kind == tarfile.GNUTYPE_LONGLINK:
        return {}
    text = body.decode("utf-8", "surrogateescape")
    return dict(re.findall(r"\d+ (path)=(.*)\n", text)) | dict(re.findall(r"\d+ (size)=(\d+)\n", text))


def _skip_sparse_map(structure: Source, header: bytes) -> None:
    more = header[482]
    while more:
        block = structure.read(_BLOCK)
        more = block[504] if len(block) == _BLOCK else 0


def _named(where: str, name: str) -> str:
    """Return the name of a file in an archive; anybody may write one of a megabyte."""
    whole = f"{where}!/{name}"
    return whole if len(whole) <= _LONGEST_NAME else f"{whole[: _LONGEST_NAME // 2]}...{whole[-_LONGEST_NAME // 2 :]}"


def _free() -> int:
    """Return the free bytes where temporary files are."""
    status = os.statvfs(tempfile.gettempdir())
    return status.f_bavail * status.f_frsize


def _directory(spool: IO[bytes]) -> int:
    """Return the bytes of a zip archive's directory, as its end record says (APPNOTE.TXT 4.3.14 and 4.3.16)."""
    size = spool.tell()
    spool.seek(max(size - (1 << 16) - 256, 0))
    end = spool.read()
    spool.seek(size)
    large, small = end.rfind(b"PK\x06\x06"), end.rfind(b"PK\x05\x06")
    found = [int.from_bytes(end[at + first : at + last], "little") for at, first, last in ((large, 40, 48), (small, 12, 16)) if at >= 0]
    return next((count for count in found if count != 0xFFFFFFFF), 0)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
