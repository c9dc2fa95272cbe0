# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions of Go's package regexp, as far as patterns of a .dockerignore become them.

Python reads character classes, escapes, ``$`` and ``{`` in other ways, so they are written anew. The rest is the same: groups, ``.``,
``*``, ``?``, ``^``, ``|``. The rules are those of Go's regexp/syntax/parse.go.

Left out: ``\\x41``, octal numbers, ``\\p{Greek}``, ``\\Q...\\E`` and ``[:^alpha:]``.
"""

from __future__ import annotations

import re

REPEAT_LIMIT = 1000

_SHORTHANDS = {
    r"\d": r"\d",
    r"\D": r"\D",
    r"\w": r"\w",
    r"\W": r"\W",
    r"\s": r"\t\n\f\r ",
    r"\S": r"\x00-\x08\x0b\x0e-\x1f!-\U0010ffff",
}
_CONTROL = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NAMED = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t-\r ",
    "upper": "A-Z",
    "word": r"\w",
    "xdigit": "0-9A-Fa-f",
}


def compile_go(expression: str) -> re.Pattern[str]:
    """Compile an expression, to be used with ``search``.

    Raises:
        ValueError: Go refuses it, or it is left out here; the message is a clause that says why and what to do.
    """
    result = ""  # Python repeats an anchor only when it stands in a group.
    rest = expression
    while rest:
        if rest[0] == "[":
            piece, rest = _character_class(rest)
        elif rest[0] == "\\":
            piece, rest = _escape(rest)
        elif repeated := re.match(r"\{(\d+)(?:,(\d*))?\}", rest):
            if max(int(count or 0) for count in repeated.groups()) > REPEAT_LIMIT:
                raise ValueError(f"{repeated[0]} is more than {REPEAT_LIMIT} repetitions: write \\ before a brace that is meant itself")
            piece, rest = repeated[0], rest[repeated.end() :]
        else:
            piece, rest = {"$": r"\Z", "{": r"\{", "^": "(?:^)"}.get(rest[0], rest[0]), rest[1:]
        result += piece
    try:
        return re.compile(result, re.ASCII)
    except re.error as error:
        raise ValueError("braces in it repeat nothing, or too much: write \\ before a brace that is meant itself") from error


def _escape(text: str) -> tuple[str, str]:
    if text[1:2] == "z":
        return r"(?:\Z)", text[2:]
    if text[1:2] in ("A", "b", "B"):
        return f"(?:{text[:2]})", text[2:]
    if found := _SHORTHANDS.get(text[:2]):
        return f"[{found}]", text[2:]
    character, rest = _character(text)
    return re.escape(character), rest


def _character_class(text: str) -> tuple[str, str]:
    sign = "^" if text[1:2] == "^" else ""
    rest = text[1 + len(sign) :]
    members = ""
    while not members or not rest.startswith("]"):
        if named := re.match(r"\[:(.*?):\]", rest, re.DOTALL):
            if named[1] not in _NAMED:
                raise ValueError(f"{named[0]} is no class of characters that can be used here: write the characters themselves")
            members, rest = members + _NAMED[named[1]], rest[named.end() :]
        elif found := _SHORTHANDS.get(rest[:2]):
            members, rest = members + found, rest[2:]
        else:
            low, rest = high, rest = _character(rest)
            if re.match(r"-[^\]]", rest, re.DOTALL):
                high, rest = _character(rest[1:])
            if high < low:
                raise ValueError(f"the range {low}-{high} runs backwards: turn it round, or write \\ before a bracket that is meant itself")
            members += re.escape(low) + (f"-{re.escape(high)}" if high != low else "")
    return f"[{sign}{members}]", rest[1:]


def _character(text: str) -> tuple[str, str]:
    if not text:
        raise ValueError("a [ in it is not closed: close it, or write \\ before a bracket that is meant itself")
    if text[0] != "\\":
        return text[0], text[1:]
    name = text[1:2]
    if name in _CONTROL:
        return _CONTROL[name], text[2:]
    if name.isalnum() or not name.isascii():
        raise ValueError(f"\\{name} has no meaning that can be used here: write / between folders, and letters and digits without \\")
    return name, text[2:]
