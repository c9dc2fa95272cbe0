# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look through streams of any length, and through the archives in them, in memory of a fixed size."""

from __future__ import annotations

import base64
import bz2
import http.client
import io
import lzma
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from .._secrets.matcher import Matcher

WINDOW = 1 << 20
"""Bytes that are looked at at once."""

DEPTH = 8
"""Archives in archives."""

SPOOL = 1 << 30
"""Bytes of a zip archive, which has to be put into a temporary file because it is read from its end."""

RUN = 16 << 20
"""Bytes of base64 text that holds gzip, such as Helm's records (which are at most 1 MiB)."""

_BLOCK = tarfile.BLOCKSIZE
_EXTENSIONS = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_WITHOUT_CONTENT = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE)
_GZIP_IN_BASE64 = re.compile(rb"H4sI|SDRzS")  # of a gzip stream, and of that once more
_MARK = 5
_PIECE = 1 << 16
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]")
_DAMAGED = (OSError, EOFError, RuntimeError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)


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
    """Archives that could not be opened, a sentence each; their bytes were compared as they are."""


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


class _Gunzip:
    """The same of zlib."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
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


class Scanner:
    """Looks for secrets in streams, one after the other.

    Attributes:
        tally: What was looked at so far.
        overlap: Bytes of a stream that are looked at again with what follows.
    """

    def __init__(self, matcher: Matcher, spool_limit: int = SPOOL) -> None:
        self._matcher = matcher
        self._spool_limit = spool_limit
        self.overlap = matcher.overlap
        self.tally = Tally()

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
        opened = next((method for magic, at, method in _ARCHIVES if head[at : at + len(magic)] == magic), None)
        if opened and depth >= DEPTH:
            self._seal(where, f"is an archive within {DEPTH} others")
        elif opened:
            opened(self, where, source, depth)
            return
        window = _Window(self, where, depth)
        Source(source, window.pass_on).drain()
        window.finish()

    def unwrap(self, where: str, run: bytes, depth: int) -> None:
        """Look into a gzip stream that is written as base64."""
        run = run.rstrip(b"=")
        run = run[: len(run) - (len(run) % 4 == 1)] + b"=" * (-len(run) % 4)
        sealed = len(self.tally.sealed)
        if depth < DEPTH:
            self._scan(f"{where}!base64", io.BytesIO(base64.b64decode(run)), depth + 1)
        # Not every text that begins so is a whole gzip stream; that is no news.
        del self.tally.sealed[sealed:]

    def _tar(self, where: str, source: Source, depth: int) -> None:
        structure = Source(source, _Window(self, where).pass_on)
        longer: dict[str, str] = {}
        while header := structure.read(_BLOCK):
            if not header.strip(b"\0"):
                continue
            try:
                member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
            except tarfile.TarError:
                self._seal(where, "is damaged, or no tar archive")
                break
            if member.type in _EXTENSIONS and member.size < WINDOW:
                longer.update(_longer(member.type, structure.read(_padded(member.size))))
                continue
            if member.type == tarfile.GNUTYPE_SPARSE:
                _skip_sparse_map(structure, header)
            size = 0 if member.type in _WITHOUT_CONTENT else int(longer.get("size", member.size))
            name = f"{where}!/{longer.get('path', member.name)}"
            longer = {}
            self._scan(name, Source(source, limit=size), depth + 1)
            structure.read(_padded(size) - size)
        structure.drain()

    def _compressed(self, where: str, source: Source, depth: int, new: Callable[[], _Decompressor]) -> None:
        raw = Source(source, _Window(self, where).pass_on)
        unpacked = _Unpacked(raw, new)
        self._scan(f"{where}!", unpacked, depth + 1)
        if unpacked.damaged:
            self._seal(where, "is damaged")
        raw.drain()

    def _gzip(self, where: str, source: Source, depth: int) -> None:
        self._compressed(where, source, depth, _Gunzip)

    def _bzip2(self, where: str, source: Source, depth: int) -> None:
        self._compressed(where, source, depth, bz2.BZ2Decompressor)

    def _xz(self, where: str, source: Source, depth: int) -> None:
        self._compressed(where, source, depth, lzma.LZMADecompressor)

    def _zstandard(self, where: str, source: Source, depth: int) -> None:
        self._seal(where, "is compressed with zstd, which Python's standard library cannot open")
        Source(source, _Window(self, where).pass_on).drain()

    def _zip(self, where: str, source: Source, depth: int) -> None:
        raw = Source(source, _Window(self, where).pass_on)
        # Made with mode 0600 and without a name, so that it goes with this process.
        with tempfile.TemporaryFile() as spool:
            while part := raw.read(min(WINDOW, self._spool_limit - spool.tell())):
                spool.write(part)
            if raw.read(1):
                self._seal(where, f"has more than {self._spool_limit >> 20} MiB")
                raw.drain()
                return
            try:
                self._members(where, zipfile.ZipFile(spool), depth)
            except _DAMAGED:
                self._seal(where, "is damaged, or no zip archive")

    def _members(self, where: str, archive: zipfile.ZipFile, depth: int) -> None:
        for member in archive.infolist():
            name = f"{where}!/{member.filename}"
            try:
                with archive.open(member) as content:
                    self._scan(name, content, depth + 1)
            except _DAMAGED:
                self._seal(name, "is damaged or encrypted")

    def look(self, where: str, window: bytes) -> None:
        """Note the secrets in a window."""
        for secret, spelling in self._matcher.search(window):
            self.tally.findings.add(Finding(self._matcher.censored(where), secret.label, secret.fingerprint, spelling))

    def _seal(self, where: str, why: str) -> None:
        self.tally.sealed.append(f"{self._matcher.censored(where)} {why}: its content was not looked at.")


_ARCHIVES: list[tuple[bytes, int, Callable[[Scanner, str, Source, int], None]]] = [
    (b"ustar", 257, Scanner._tar),
    (b"\x1f\x8b\x08", 0, Scanner._gzip),
    (b"PK\x03\x04", 0, Scanner._zip),
    (b"BZh", 0, Scanner._bzip2),
    (b"\xfd7zXZ\0", 0, Scanner._xz),
    (b"\x28\xb5\x2f\xfd", 0, Scanner._zstandard),
]
"""First bytes of an archive, where they stand, and what opens it."""


class _Window:
    """Passes a stream in pieces to the matcher, each with the end of what came before it.

    With a depth it also looks into gzip streams that stand in it as base64.
    """

    def __init__(self, scanner: Scanner, where: str, depth: int = DEPTH) -> None:
        self._scanner = scanner
        self._where = where
        self._depth = depth
        self._tail = b""
        self._run = bytearray()

    def pass_on(self, content: bytes) -> None:
        """Look at the next bytes of the stream."""
        self._scanner.tally.bytes += len(content)
        for start in range(0, len(content), WINDOW):
            part = content[start : start + WINDOW]
            window = self._tail + part
            self._scanner.look(self._where, window)
            if self._depth < DEPTH:
                # A mark may straddle two pieces.
                self._collect(part if self._run else window[-len(part) - _MARK + 1 :])
            self._tail = window[max(len(window) - self._scanner.overlap, 0) :]

    def finish(self) -> None:
        """Look into what the stream ended with."""
        run, self._run = bytes(self._run), bytearray()
        if run:
            self._scanner.unwrap(self._where, run, self._depth)

    def _collect(self, part: bytes) -> None:
        position = 0
        while True:
            if not self._run:
                mark = _GZIP_IN_BASE64.search(part, position)
                if not mark:
                    return
                position = mark.start()
            end = next(_NOT_BASE64.finditer(part, position), None)
            rest = part[position : end.start() if end else len(part)]
            self._run += rest
            position += len(rest)
            if not end and len(self._run) < RUN:
                return
            self.finish()


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


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
