# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A .dockerignore file as BuildKit reads it: moby/patternmatcher and its ignorefile, asked folder by folder as tonistiigi/fsutil does.

The rules are written out here because the Docker SDK's older matcher takes half a second to import, more than the whole second run of
the images role, and because it differs from BuildKit.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import repeat
from typing import Literal, NamedTuple, TypeAlias

from .go_regex import compile_go

Kind: TypeAlias = Literal["exact", "prefix", "suffix", "regexp"]

LINE_LIMIT = 65536
"""Bytes; Go's bufio.Scanner refuses a line of this length."""

_BLANKS = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""What Go's strings.TrimSpace takes away; Python's strip takes more."""

_RANGE_END = r"(?:\\.|[^\\\]-])"
_CLASS = rf"\[(?:\^|(?!\^))(?:{_RANGE_END}(?:-{_RANGE_END})?)+\]"
_WELL_FORMED = re.compile(rf"(?:\**(?:\\?\.|\?)(?=\*))?+\**+(?:[^\\\[*]|\\.|{_CLASS})*(?:\*|\Z)", re.DOTALL)
"""What Go's filepath.Match takes when it is asked about the name ``.``: it looks no further than the first star behind what is no ``.``.

A class such as [^x] is not counted as one, so what stands behind its star is found out only when the pattern is asked.
"""


class IgnoreFileError(ValueError):
    """A .dockerignore file cannot be used; the message is a sentence that names the file and the line."""


class Pattern(NamedTuple):
    """A line of a .dockerignore file."""

    text: str
    negated: bool
    kind: Kind
    regex: re.Pattern[str] | None
    """Only of the kind regexp."""
    problem: str
    """A sentence when ``regex`` is lacking. BuildKit finds out when it first asks the pattern, which it may never do."""

    def matches(self, path: str) -> bool:
        """Tell whether the pattern names the path itself.

        Raises:
            IgnoreFileError: The pattern is no regular expression of Go.
        """
        if self.kind == "exact":
            return path == self.text
        if self.kind == "prefix":
            return path.startswith(self.text[:-2])
        if self.kind == "suffix":
            return path.endswith(self.text[2:]) or self.text[2:] == f"/{path}"
        if not self.regex:
            raise IgnoreFileError(self.problem)
        return bool(self.regex.search(_as_go_sees(path)))

    def may_match_below(self, folder: str) -> bool:
        """Tell whether the pattern could name something in the folder, at any depth."""
        if self.kind == "suffix":
            return True
        inside = f"{folder}/"
        if self.kind == "exact":
            return self.text.startswith(inside)
        if self.kind == "regexp" and any(mark in self.text for mark in "|{"):
            return True
        start = self.text[:-2] if self.kind == "prefix" else re.split(r"[*?\[\\^]", self.text, maxsplit=1)[0]
        if not (start.startswith(inside) or inside.startswith(start)):
            return False
        # Only these cross folders: a class such as [^a] names the slash, too, and so does an escape such as \D.
        return any(mark in self.text for mark in ("**", "[", "\\")) or self.text.count("/") >= inside.count("/")


def is_ignored(path: str, patterns: Sequence[Pattern], above: Sequence[bool] = ()) -> tuple[bool, list[bool]]:
    """Tell whether a path is ignored.

    Args:
        path: Relative to the context.
        patterns: Those of the file, in its order; the last one that matches decides.
        above: The second result for the folder that the path is in; empty for what lies in the context itself.

    Returns:
        Whether it is ignored, and for each pattern whether it matches the path or a folder that the path is in. A pattern that would
        change nothing is not asked.

    Raises:
        IgnoreFileError: A pattern that has to be asked cannot be.
    """
    ignored = False
    results = []
    for pattern, inherited in zip(patterns, above or repeat(False), strict=False):
        found = inherited or (pattern.negated == ignored and pattern.matches(path))
        if found:
            ignored = not pattern.negated
        results.append(found)
    return ignored, results


def parse_ignore(content: bytes, name: str = ".dockerignore") -> list[Pattern]:
    """Read a .dockerignore file.

    Args:
        content: The file's.
        name: The file's, for messages.

    Raises:
        IgnoreFileError: BuildKit refuses a line.
    """
    patterns = []
    for number, line in enumerate(content.split(b"\n"), 1):
        where = f"{name}, line {number}"
        if len(line) >= LINE_LIMIT:
            raise IgnoreFileError(f"{where} is longer than the {LINE_LIMIT} bytes that BuildKit reads: is this a .dockerignore?")
        readable = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        text = _entry(_as_go_sees(readable.decode("utf-8", "surrogateescape")))
        if text:
            patterns.append(_pattern(text, where))
    return patterns


def _as_go_sees(text: str) -> str:
    """Return the text with U+FFFD for each byte that is no UTF-8: so BuildKit passes patterns on, and so Go's regexp reads paths."""
    return text if text.isascii() else re.sub("[\udc80-\udcff]", "\ufffd", text)


def _entry(line: str) -> str:
    """Return what ignorefile.ReadAll and patternmatcher.New make of a line."""
    text = "" if line.startswith("#") else line.strip(_BLANKS)
    mark = "!" if text.startswith("!") else ""
    text = text.removeprefix("!").strip(_BLANKS)
    if text:
        text = _clean(text)
        text = text if text == "/" else text.removeprefix("/")
    text = (mark + text).strip(_BLANKS)
    return _clean(text) if text else ""


def _clean(path: str) -> str:
    """Clean a path as Go's filepath.Clean, which does not keep two slashes at the beginning."""
    return re.sub("^//", "/", os.path.normpath(path))


def _pattern(text: str, where: str) -> Pattern:
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text)
    negated = text.startswith("!")
    text = text.removeprefix("!")
    if not text:
        raise IgnoreFileError(f"{where} has nothing behind its !: name there what is to be kept, or remove the line.")
    if not _WELL_FORMED.match(text):
        raise IgnoreFileError(
            f'{where}: BuildKit refuses the pattern "{shown}", because its brackets or a \\ at its end are not complete: '
            "complete them, or write \\ before a character that is meant itself."
        )
    kind, expression = compiled(text)
    regex, problem = None, ""
    if kind == "regexp":
        try:
            regex = compile_go(expression)
        except ValueError as error:
            problem = f'{where}: the pattern "{shown}" cannot be used, because {error}.'
    return Pattern(text, negated, kind, regex, problem)


def compiled(text: str) -> tuple[Kind, str]:
    """Return how a cleaned pattern is compared, and its regular expression in Go's syntax, as Pattern.compile of moby/patternmatcher.

    As there, ``^``, ``|`` and ``{2}`` keep the meaning that they have in regular expressions.
    """
    kind: Kind = "exact"
    expression = "^"
    for token in re.finditer(r"\*\*/?|\\.|.", text, re.DOTALL):
        piece = token[0]
        if piece.startswith("**"):
            ends = token.end() == len(text)
            expression += ".*" if ends else "(.*/)?"
            kind = "prefix" if ends and kind == "exact" else "regexp"
            if token.start() == 0:
                kind = "suffix"
        elif piece in "*?":
            expression += "[^/]*" if piece == "*" else "[^/]"
            kind = "regexp"
        elif piece in ".+()$":
            expression += f"\\{piece}"
        else:
            expression += piece
            if piece in "[]" or len(piece) == 2:
                kind = "regexp"
    return kind, f"{expression}$"
