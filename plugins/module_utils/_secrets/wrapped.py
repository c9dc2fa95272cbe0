# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Encoded text that goes over several lines, and archives that are written as base64.

Lines may end as on Unix or Windows, or with an escaped line break as in JSON; they may be indented, commented out, or strings of
their own in a source file.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

LONGEST_RUN = 16 << 20
"""Bytes of base64 text that holds an archive, such as Helm's records (which are at most 1 MiB)."""

LONGEST_BREAK = 64
"""Bytes between two lines of one text."""

SHORTEST_RUN = 32
"""The same, where a text begins like an archive by chance."""

_DIGIT = rb"[A-Za-z0-9+/_-]"
_BREAK = (
    rb"(?:[\"'][ \t]{0,8}[+,.\\]?|\\)?[ \t]{0,8}(?:\\r)?(?:\\n|\r?\n)[ \t]{0,32}"  # what ends a line
    rb"(?:(?:[#>*;|]|//|--)[ \t]{1,8}|[#>*;|])?[\"']?"  # what begins the next one
)
_TEXT = re.compile(rb"(?:" + _DIGIT + rb"++={0,2}" + _BREAK + rb")*+" + _DIGIT + rb"*+")
_MORE = re.compile(rb"(?:[A-Za-z0-9+/=_-]++|" + _BREAK + rb")*+")
_LINE_BREAK = re.compile(
    rb"\n(?:(?<=D{12}\n)|(?<=D{12}[\r\"'\\,]\n)|(?<=D{12}[\"'\\][\r+,\\]\n)|(?<=D{12}[\"'] [+,\\]\n))[ \t\"'#>*;|/-]{0,40}D".replace(
        b"D", _DIGIT
    )
)
_ESCAPED_BREAK = re.compile(rb"\\n(?:(?<=D{12}\\n)|(?<=D{12}\\r\\n))[ \t\"'#>*;|/-]{0,40}D".replace(b"D", _DIGIT))
_SOFT_BREAK = re.compile(rb"=\r?\n")
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_LONGEST_LINE = 4096
_SOFT_LINE = 998
"""Bytes that a line of a mail may have (RFC 5322)."""
_AROUND = b" \t\r,\\#>*;|"
_QUOTES = (b"'", b'"')
_COMMENTS = (b"//", b"--")
_BLANKS = (b" ", b"\t")

_ANYWHERE = (b"H4sI", b"SDRzS")
"""How base64 of gzip begins, and of that once more."""
_IN_TEXT = (b"UEsDB", b"Qlpo", b"/Td6WFo", b"_Td6WFo", b"eJ", b"eN")
"""The same of zip, bzip2, xz and zlib; looked for in what is all text, and where a word begins."""


def joined(window: bytes) -> bytes:
    """Return the lines of a window that may be parts of one encoded text, without what parts them; nothing where there are none."""
    texts = [_unbroken(text) for text in _texts(window)]
    texts += _soft_lines(window)
    return b"\n".join(texts)


def _texts(window: bytes) -> Iterator[bytes]:
    breaks = [_LINE_BREAK] if b"\n" in window else []
    breaks += [_ESCAPED_BREAK] if b"\\n" in window else []
    for kind in breaks:
        end = 0
        for found in kind.finditer(window):
            if found.start() < end:
                continue
            before = window[max(found.start() - _LONGEST_LINE, 0) : found.start()].removesuffix(b"\\r").rstrip(b"\r\"'\\,+ ")
            start = max(found.start() - _LONGEST_LINE, 0) + len(before.rstrip(_DIGITS))
            if text := _TEXT.match(window, start):
                end = text.end()
                yield text[0]


def _soft_lines(window: bytes) -> Iterator[bytes]:
    """Yield lines that quoted-printable broke, whole again."""
    text, end = b"", -1
    for found in _SOFT_BREAK.finditer(window):
        earliest = max(found.start() - _SOFT_LINE, 0)
        start = max(window.rfind(b"\n", earliest, found.start()) + 1, earliest)
        if start != end and text:
            yield text + window[end : end + _SOFT_LINE].partition(b"\n")[0]
            text = b""
        text += window[start : found.start()]
        end = found.end()
    if text:
        yield text + window[end : end + _SOFT_LINE].partition(b"\n")[0]


def _unbroken(text: bytes) -> bytes:
    """Return the lines of a text in one."""
    lines = text.replace(b"\\r", b"").replace(b"\\n", b"\n").split(b"\n")
    return b"".join(_bare(line.strip(_AROUND)) for line in lines)


def _bare(line: bytes) -> bytes:
    """Return what a line holds beside its quotes or the mark of a comment."""
    quote = line[:1]
    if quote in _QUOTES:
        return line[1:].partition(quote)[0]
    if line[:2] in _COMMENTS and line[2:3] in _BLANKS:
        line = line[2:].lstrip()
    return line.partition(b'"')[0].partition(b"'")[0]


def archive_start(text: bytes, position: int = 0) -> int:
    """Return where the next archive begins that is written as base64, or -1."""
    starts = [start for mark in _ANYWHERE if (start := text.find(mark, position)) >= 0]
    if b"\0" not in text:
        for mark in _IN_TEXT:
            start = text.find(mark, position)
            while start >= 0 and not _begins(text, start):
                start = text.find(mark, start + 1)
            starts += [start] if start >= 0 else []
    return min(starts, default=-1)


def _begins(text: bytes, start: int) -> bool:
    before, word = text[max(start - 1, 0) : start], text[start : start + SHORTEST_RUN]
    if (before and before in _DIGITS) or len(word) < SHORTEST_RUN or word[:16].strip(_DIGITS):
        return False
    head = base64.b64decode(word[:4], b"-_")
    return word[:1] != b"e" or is_zlib(head)


def is_zlib(head: bytes) -> bool:
    """Tell whether a stream begins like one of zlib's own format (RFC 1950) of a window of 32 KiB."""
    return head[:1] == b"x" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0 and not head[1] & 0x20


def run_end(text: bytes, position: int) -> int:
    """Return where base64 text ends that stands at a position, over all its lines."""
    found = _MORE.match(text, position)
    return found.end() if found else position


def decoded(run: bytes) -> bytes:
    """Return what a base64 text of any alphabet holds, lines joined."""
    digits = _unbroken(run).translate(bytes.maketrans(b"-_", b"+/"), b"=")
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return base64.b64decode(digits + b"=" * (-len(digits) % 4))
