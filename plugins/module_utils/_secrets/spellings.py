# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of a secret value that must not show, and the spellings that each may leak in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import quopri
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from .._core.texts import text as as_text
from .ordinary import is_ordinary
from .parts import SHORTEST, parts, public_bytes

LONGEST = 512
"""Bytes of a text that are searched; a longer one is searched by its last ones, because many begin alike (tokens, URLs)."""


_BYTE_BY_BYTE = {
    "%{0}": "URL-encoded, all escaped",
    "\\x{0}": "escaped byte by byte",
    "={0}": "quoted-printable, all escaped",
    "&#x{0};": "HTML, all escaped",
    "&#{1};": "HTML, all escaped",
    "\\{1:03o}": "octal",
    "{0}:": "hexadecimal, byte by byte",
    "{0} ": "hexadecimal, byte by byte",
    "0x{0}, ": "hexadecimal, byte by byte",
    "0x{0},": "hexadecimal, byte by byte",
    "{1}, ": "a list of bytes",
    "{1},": "a list of bytes",
}
"""How a byte is written, with its two hexadecimal digits and its number, and what a text is called that is written so."""


@dataclass(frozen=True, order=True)
class Secret:
    """A text that must not be found: where it belongs, what identifies it, and the text itself, which is never shown."""

    label: str
    fingerprint: str
    text: bytes = field(repr=False)


def secrets_of(values: Mapping[str, str]) -> tuple[list[Secret], list[str]]:
    """Return what is searched for these values, by label, and a sentence for each that cannot be searched.

    Of several lines each is searched, or what stands behind its key; of JSON its leaves; of a PEM file the lines of its private parts;
    of a URL its password and tokens as well. Public material, which is what stands in certificates and public keys, is no secret.
    """
    public = public_bytes(values.values())
    texts: dict[str, list[str]] = {}
    notes = []
    for label, value in values.items():
        ordinary = 0
        for part in parts(value, public):
            name = f"{label} ({part.what})" if part.what else label
            if len(part.text.encode()) < SHORTEST:
                notes.append(f"{name} is shorter than {SHORTEST} bytes and was not searched: choose a longer value if it is a credential.")
            elif part.is_ordinary:
                ordinary += 1
            elif part.is_whole and is_ordinary(name, part.text):
                notes.append(
                    f"{name} is a common word, number or address, which also stands where nobody put a credential, and was not searched: "
                    "choose a random value if it is a credential."
                )
            elif name not in texts.setdefault(part.text, []):
                texts[part.text].append(name)
        if ordinary:
            notes.append(f"{label}: {ordinary} of its texts are common words, numbers or addresses, and were not searched.")
    return [Secret(", ".join(names), fingerprint(part), part.encode()[-LONGEST:]) for part, names in texts.items()], notes


def labelled(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values by label; those of components are called like the Kubernetes Secret and key that hold them."""
    found = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found.update({f"{name}-{kind}/{key}": as_text(secret) for kind, keys in value.items() for key, secret in keys.items()})
        else:
            found[name] = as_text(value)
    return found


def fingerprint(text: str) -> str:
    """Return 8 hex digits of SHA-256, as ``printf %s TEXT | sha256sum`` begins: enough to compare two texts, not to know one."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def spellings(text: bytes) -> dict[bytes, str]:
    """Return every spelling of a text that is searched, with what it is called."""
    plain = {text: "raw", **escaped(text)}
    found = dict(plain)
    for spelling, name in plain.items():
        if name in ("raw", "JSON", "URL-encoded"):
            outer = dict.fromkeys(_base64(spelling), "base64" if name == "raw" else f"base64 of {name}")
            found = {**outer, **found}
    for name, coded in _encodings(text).items():
        found = {coded: name, **dict.fromkeys(_base64(coded), f"base64 of {name}"), **found}
    for encoded in _base64(text):
        twice = dict.fromkeys(_base64(encoded), "base64 of base64")
        again = {spelling: f"base64, {name}" for spelling, name in _quoted(encoded).items() if name in ("JSON", "URL-encoded")}
        found = {**twice, **again, **found}
    return {spelling: name for spelling, name in found.items() if len(spelling) >= SHORTEST}


def escaped(text: bytes) -> dict[bytes, str]:
    """Return the spellings in which characters are written as others, with what each is called."""
    found = _quoted(text)
    string = text.decode("utf-8", "surrogateescape")
    units = [string.encode("utf-16-be", "surrogatepass")[i : i + 2].hex() for i in range(0, 2 * _utf16_length(string), 2)]
    # As numbers without a leading zero; of most texts these are the bytes.
    others = "" if text.isascii() and min(text, default=16) >= 16 else string
    for upper, digits in ((False, str.lower), (True, str.upper)):
        found.setdefault(b"".join(b"\\u" + digits(unit).encode() for unit in units), "JSON, all escaped")
        found.setdefault(digits(text.hex()).encode(), "hexadecimal")
        for form, name in _BYTE_BY_BYTE.items():
            # What parts two bytes does not stand behind the last one.
            written = _written(form, upper)
            found.setdefault("".join([written[byte] for byte in text]).rstrip(", :").encode(), name)
            found.setdefault("".join([form.format(digits(f"{ord(c):x}"), ord(c)) for c in others]).rstrip(", :").encode(), name)
    for apostrophe, quotation in (("&#x27;", "&quot;"), ("&#39;", "&quot;"), ("&#39;", "&#34;"), ("&apos;", "&quot;"), ("'", '"')):
        escaped_html = html.escape(string, quote=False).replace("'", apostrophe).replace('"', quotation)
        found.setdefault(as_bytes(escaped_html), "HTML")
        found.setdefault(escaped_html.encode("ascii", "xmlcharrefreplace") if string.isprintable() else as_bytes(escaped_html), "HTML")
    for python in (repr(string)[1:-1], repr(text)[2:-1], repr(b"'" + text)[3:-1]):
        found.setdefault(as_bytes(python), "Python")
    for quoted in (quopri.encodestring(text), quopri.encodestring(text, quotetabs=True), quopri.encodestring(text, header=True)):
        found.setdefault(quoted.replace(b"=\n", b""), "quoted-printable")
    found.setdefault(text.replace(b"'", b"''"), "YAML")
    found.setdefault(text.replace(b"'", b"'\"'\"'"), "shell")
    found.setdefault(text.replace(b"'", b"'\\''"), "shell")
    found.pop(text, None)
    found.pop(b"", None)
    return found


def _quoted(text: bytes) -> dict[bytes, str]:
    """Return the spellings of JSON and of URLs."""
    found: dict[bytes, str] = {}
    string = text.decode("utf-8", "surrogateescape")
    plain_json = json.dumps(string, ensure_ascii=False)[1:-1]
    slashes = [plain_json, json.dumps(string)[1:-1], _go_json(plain_json)]
    slashes += [spelling.replace("/", "\\/") for spelling in slashes]
    both_cases: list[Callable[[str], str]] = [str, lambda spelling: re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), spelling)]
    for spelling in dict.fromkeys(slashes):
        for case in both_cases:
            found.setdefault(as_bytes(case(spelling)), "JSON")
            found.setdefault(as_bytes(json.dumps(case(spelling))[1:-1]), "JSON in JSON")
    for safe in ("", "/", "!'()*", ";,/?:@&=+$#!'()*", ":", ":/"):
        for spelling in (quote(text, safe=safe), quote_plus(text, safe=safe)):
            found.setdefault(spelling.encode(), "URL-encoded")
            found.setdefault(re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), spelling).encode(), "URL-encoded")
            found.setdefault(spelling.replace("%", "%25").encode(), "URL-encoded twice")
    found.pop(text, None)
    return found


@cache
def _written(form: str, upper: bool) -> list[str]:
    """Return how each byte is written in a form of ``_BYTE_BY_BYTE``, with large or small hexadecimal digits."""
    digits = "{:02X}" if upper else "{:02x}"
    return [form.format(digits.format(byte), byte) for byte in range(256)]


def _encodings(text: bytes) -> dict[str, bytes]:
    """Return a text in other encodings than UTF-8, by name; base64 of UTF-16 is what PowerShell takes."""
    string = text.decode("utf-8", "surrogateescape")
    names = {name: string.encode(name, "surrogatepass") for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")}
    return {name.upper(): coded for name, coded in names.items()} | {
        "hexadecimal": text.hex().encode(),
        "Hexadecimal": text.hex().upper().encode(),
    }


def _utf16_length(string: str) -> int:
    return len(string.encode("utf-16-be", "surrogatepass")) // 2


def _go_json(spelling: str) -> str:
    return spelling.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def as_bytes(string: str) -> bytes:
    """Return a text's bytes, also those that are no UTF-8."""
    return string.encode("utf-8", "surrogateescape")


def _base64(text: bytes) -> Iterator[bytes]:
    """Yield what of the base64 of a longer text is certain to stand there, at each of the three alignments, in both alphabets."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + text)
        # Characters that hold bits of what stands before or after the text differ.
        certain = encoded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6]
        yield certain
        yield certain.translate(bytes.maketrans(b"+/", b"-_"))
