# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of a secret value that must not show, and the spellings that each may leak in."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from .._component.spec import text as as_text
from .ordinary import is_ordinary

SHORTEST = 8
"""Bytes: a shorter text also occurs by chance, so that finding it says nothing."""

PASSWORD = " (its password)"
"""Ends the name of a URL's password."""

LONGEST = 512
"""Bytes of a text that are searched; a longer one is searched by its last ones, because many begin alike (tokens, URLs)."""

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_PUBLIC = ("CERTIFICATE", "PUBLIC KEY", "CRL", "PARAMETERS")


@dataclass(frozen=True, order=True)
class Secret:
    """A text that must not be found: where it belongs, what identifies it, and the text itself, which is never shown."""

    label: str
    fingerprint: str
    text: bytes = field(repr=False)


def secrets_of(values: Mapping[str, str]) -> tuple[list[Secret], list[str]]:
    """Return what is searched for these values, by label, and a sentence for each that cannot be searched.

    Of several lines the longest are searched, of a PEM file those of its private parts, and of a URL its password as well. Public
    material, which is what stands in certificates and public keys, is no secret.
    """
    public = b"".join(_public_parts(values.values()))
    texts: dict[str, list[str]] = {}
    notes = []
    for label, value in values.items():
        parts = [(label, line) for line in _telling_lines(value, public)]
        parts += [(f"{label}{PASSWORD}", password) for password in url_passwords(value)]
        for name, part in parts:
            if len(part.encode()) < SHORTEST:
                notes.append(f"{name} is shorter than {SHORTEST} bytes and was not searched: choose a longer value if it is a credential.")
            elif is_ordinary(name, part):
                notes.append(
                    f"{name} is a common word, number or address, which also stands where nobody put a credential, and was not searched: "
                    "choose a random value if it is a credential."
                )
            elif name not in texts.setdefault(part, []):
                texts[part].append(name)
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


def _telling_lines(value: str, public: bytes) -> list[str]:
    blocks = _PEM.findall(value)
    if blocks:
        lines = [line.strip() for kind, body in blocks if not kind.endswith(_PUBLIC) for line in body.splitlines() if ":" not in line]
        # A private key's file holds the public key, too.
        lines = [line for line in lines if line and _decoded(line) not in public]
    else:
        lines = [line.strip() for line in value.splitlines() if line.strip()]
    longest = max(map(len, lines), default=0)
    return [line for line in dict.fromkeys(lines) if len(line) == longest]


def _public_parts(values: Iterable[str]) -> Iterator[bytes]:
    return (_decoded(body) for value in values for kind, body in _PEM.findall(value) if kind.endswith(_PUBLIC))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except ValueError:
        return text.encode()


def url_passwords(value: str) -> list[str]:
    """Return a URL's password, as it stands there and decoded; nothing where there is none."""
    try:
        password = urlsplit(value.strip()).password
    except ValueError:
        return []
    return list(dict.fromkeys([password, unquote(password)])) if password else []


def spellings(text: bytes) -> dict[bytes, str]:
    """Return every spelling of a text that is searched, with what it is called."""
    plain = {text: "raw", **escaped(text)}
    found = dict(plain)
    for spelling, name in plain.items():
        if name in ("raw", "JSON", "URL-encoded"):
            outer = dict.fromkeys(_base64(spelling), "base64" if name == "raw" else f"base64 of {name}")
            found = {**outer, **found}
    for encoded in _base64(text):
        twice = dict.fromkeys(_base64(encoded), "base64 of base64")
        again = {spelling: f"base64, {name}" for spelling, name in escaped(encoded).items() if name in ("JSON", "URL-encoded")}
        found = {**twice, **again, **found}
    return {spelling: name for spelling, name in found.items() if len(spelling) >= SHORTEST}


def escaped(text: bytes) -> dict[bytes, str]:
    """Return the spellings in which characters are written as others, with what each is called."""
    found: dict[bytes, str] = {}
    string = text.decode("utf-8", "surrogateescape")
    plain_json = json.dumps(string, ensure_ascii=False)[1:-1]
    units = [string.encode("utf-16-be", "surrogatepass")[i : i + 2].hex() for i in range(0, 2 * _utf16_length(string), 2)]
    slashes = [plain_json, json.dumps(string)[1:-1], _go_json(plain_json)]
    slashes += [spelling.replace("/", "\\/") for spelling in slashes]
    both_cases: list[Callable[[str], str]] = [str, lambda spelling: re.sub(r"\\u[0-9a-f]{4}", lambda m: "\\u" + m[0][2:].upper(), spelling)]
    for spelling in slashes:
        for case in both_cases:
            found.setdefault(as_bytes(case(spelling)), "JSON")
            found.setdefault(as_bytes(json.dumps(case(spelling))[1:-1]), "JSON in JSON")
    for digits in (str.lower, str.upper):
        found.setdefault(b"".join(b"\\u" + digits(unit).encode() for unit in units), "JSON, all escaped")
        found.setdefault("".join(f"%{digits(f'{byte:02x}')}" for byte in text).encode(), "URL-encoded, all escaped")
        found.setdefault(digits(text.hex()).encode(), "hexadecimal")
    for safe in ("", "/", "!'()*", ";,/?:@&=+$#!'()*", ":", ":/"):
        for spelling in (quote(text, safe=safe), quote_plus(text, safe=safe)):
            found.setdefault(spelling.encode(), "URL-encoded")
            found.setdefault(re.sub(r"%[0-9A-F]{2}", lambda m: m[0].lower(), spelling).encode(), "URL-encoded")
            found.setdefault(spelling.replace("%", "%25").encode(), "URL-encoded twice")
    found.setdefault(as_bytes(html.escape(string)), "HTML")
    found.setdefault(as_bytes(repr(string)[1:-1]), "Python")
    found.setdefault(text.replace(b"'", b"''"), "YAML")
    found.setdefault(text.replace(b"'", b"'\"'\"'"), "shell")
    found.setdefault(text.replace(b"'", b"'\\''"), "shell")
    found.pop(text, None)
    return found


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
