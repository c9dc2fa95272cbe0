# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts in a value that give it away: a URL's password, lines, what stands behind a key, leaves of JSON, private keys."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

from .._core.hosts import split_url
from .ordinary import CREDENTIAL, is_ordinary

SHORTEST = 8
"""Bytes: a shorter text also occurs by chance, so that finding it says nothing."""

PASSWORD = "its password"
"""What the password of a URL is called."""

NAME = re.compile(r" \([^()]*\)$")
"""What names a part, at the end of its label."""

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_PUBLIC = ("CERTIFICATE", "PUBLIC KEY", "CRL", "PARAMETERS")
_COMMENT = re.compile(r"(?:#|;|//|--|<!--|/\*|\*)(?:\s|$)|#|//")
_PAIR = re.compile(r"""(?:export\s+|set\s+)?["']?([\w.$-]+)["']?\s*(?:=>?|:(?!//))\s*(\S.*)""")
_ELEMENT = re.compile(r"<([\w:.-]+)[^>]*>([^<]+)</\1>")
_QUOTED = re.compile(r'"([^"\\]{8,})"|' + r"'([^'\\]{8,})'")
_PASSWORD = re.compile(r"""\b(?:\w*password|pwd)\s*[ =:]\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s'";&,]+))""", re.IGNORECASE)
_IDENTIFIER = re.compile(r"(?:project|client|tenant|account|subscription)_?id$|e-?mail$|user_?(?:name)?$|host_?(?:name)?$", re.IGNORECASE)
"""Names of what is shown elsewhere, too."""
_PUNCTUATION = re.compile(r"[{}<>\"'`;!$]")
_NO_PASSWORDS = ("", "x-oauth-basic", "x-token-auth", "oauth2")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")


class Part(NamedTuple):
    """A text within a value."""

    text: str
    what: str = ""
    """What it is in the value, such as ``its password``; empty for a value of one line itself."""
    is_ordinary: bool = False
    """Whether it stands in any file, so that finding it would say nothing."""
    is_whole: bool = False
    """Whether it is the value itself, or the password that it is there for."""


def parts(value: str, public: bytes) -> Iterator[Part]:
    """Yield the texts of a value that are searched, and those that are not because they are ordinary.

    Args:
        value: The value.
        public: Bytes of keys and certificates that are no secret.
    """
    for kind, body in _PEM.findall(value):
        if not kind.endswith(_PUBLIC):
            for line in body.replace("\\n", "\n").split():
                if ":" not in line and len(line) >= SHORTEST and _decoded(line) not in public and not _is_preamble(line):
                    yield Part(line)
    rest = _PEM.sub("\n", value).strip()
    if not rest:
        return
    lines = rest.splitlines()
    document = _document(rest)
    if len(lines) == 1:
        if rest == value.strip():
            yield Part(rest, is_whole=True)
        yield from (Part(text, PASSWORD, is_whole=True) for text in url_passwords(rest))
        yield from (Part(text, "its token") for text in url_tokens(rest))
        if document is None and not split_url(rest):
            yield from (Part(text, PASSWORD) for text in _passwords(rest))
    if document is not None:
        yield from _leaves(document, "", public)
    elif len(lines) > 1:
        found = [part for number, line in enumerate(lines, 1) for part in _line(line.strip(), f"line {number}", public)]
        if all(part.is_ordinary for part in found):  # then they are words that somebody chose, and the longest say most
            longest = max((len(part.text) for part in found), default=0)
            found = [part._replace(is_ordinary=len(part.text) < longest) for part in found]
        yield from found


def public_bytes(values: Iterable[str]) -> bytes:
    """Return what certificates and public keys hold, and the public keys of private ones, which stand in the same file."""
    blocks = [(kind, body) for value in values for kind, body in _PEM.findall(value)]
    given = [_decoded(body) for kind, body in blocks if kind.endswith(_PUBLIC)]
    derived = [_public_key(f"-----BEGIN {kind}-----{body}-----END {kind}-----\n") for kind, body in blocks if kind.endswith("PRIVATE KEY")]
    return b"".join([*given, *derived])


def url_passwords(value: str) -> list[str]:
    """Return a URL's password, as it stands there and decoded; nothing where there is none."""
    url = split_url(value)
    return list(dict.fromkeys([url.password, unquote(url.password)])) if url and url.password else []


def url_tokens(value: str) -> list[str]:
    """Return what else of a URL lets in whoever knows it: a user name without a password, and what stands behind telling keys."""
    url = split_url(value)
    if not url:
        return []
    tokens = [url.username] if url.username and (url.password or "") in _NO_PASSWORDS else []
    tokens += [text for text in re.findall(r"[?&#;]([^&#;]+)", value) if _lets_in(*text.partition("=")[::2])]
    raw = [token.partition("=")[2] or token for token in tokens]
    raw += [text for key, text in parse_qsl(url.query) if _lets_in(key, text)]
    return [text for text in dict.fromkeys([*raw, *map(unquote, raw)]) if len(text.encode()) >= SHORTEST]


def _lets_in(key: str, text: str) -> bool:
    return bool(re.search(CREDENTIAL.pattern + "|^sig", key, re.IGNORECASE)) and not is_ordinary(key, text)


def _is_common(key: str, text: str) -> bool:
    return bool(_IDENTIFIER.search(key)) or is_ordinary(key, _PUNCTUATION.sub(" ", text))


def _line(line: str, what: str, public: bytes) -> Iterator[Part]:
    if _COMMENT.match(line) or len(line.encode()) < SHORTEST:
        return
    line = line.removeprefix("- ").lstrip()
    pair = _PAIR.match(line) or _ELEMENT.search(line)
    key, behind = (pair[1], _unquoted(pair[2])) if pair else ("", line)
    texts = list(dict.fromkeys([behind, *(one or other for one, other in _QUOTED.findall(line)), *_passwords(line), *_fields(line)]))
    inner = [part for text in texts if text != line for part in _within(text, public)]
    long = [text for text in texts if len(text.encode()) >= SHORTEST]
    if not pair or not long:
        yield Part(line, what, _is_common(key, line))
    for text in long:
        if text != line:
            yield Part(text, what, _is_common(PASSWORD if text in _passwords(line) else key, text))
    yield from (part._replace(what=what) for part in inner)


def _within(text: str, public: bytes) -> Iterator[Part]:
    """Yield what stands in a text that is a URL, or base64 of a text, as in a Kubernetes Secret."""
    yield from (Part(found) for found in [*url_passwords(text), *url_tokens(text)])
    if _BASE64.fullmatch(text) and len(text) % 4 == 0:
        try:
            content = base64.b64decode(text).decode()
        except ValueError:
            return
        if "-----BEGIN " in content or (content.isprintable() and len(content.encode()) >= SHORTEST):
            yield from parts(content, public)


def _leaves(document: object, key: str, public: bytes) -> Iterator[Part]:
    if isinstance(document, dict):
        for name, value in document.items():
            yield from _leaves(value, str(name), public)
    elif isinstance(document, list):
        for value in document:
            yield from _leaves(value, key, public)
    elif isinstance(document, str) or (isinstance(document, int | float) and not isinstance(document, bool)):
        text, what = str(document).strip(), f"its {key}" if key else "its text"
        if "\n" in text or "-----BEGIN " in text:
            yield from (part._replace(what=what) for part in parts(text, public))
        elif len(text.encode()) >= SHORTEST:
            yield Part(text, what, _is_common(key, text))
            yield from (part._replace(what=what) for part in _within(text, public))


def _document(text: str) -> object:
    """Return what a JSON object or array holds; nothing for another text."""
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _fields(line: str) -> list[str]:
    """Return the last field of a line of several, as in .pgpass, .htpasswd and .netrc."""
    fields = [field for field in line.split(":") if field]
    return [fields[-1]] if len(fields) > 1 and not line.startswith(("http", "{", "[")) and " " not in fields[-1] else []


def _passwords(text: str) -> list[str]:
    return [found for groups in _PASSWORD.findall(text) for found in groups if len(found.encode()) >= SHORTEST]


def _unquoted(text: str) -> str:
    text = text.strip().rstrip(",;")
    if text[:1] in ("'", '"') and text[0] in text[1:]:
        return text[1:].rpartition(text[0])[0]
    return re.sub(r"\s+#.*", "", text)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()))
    except ValueError:
        return text.encode()


def _is_preamble(line: str) -> bool:
    """Tell whether a line is how every OpenSSH key begins."""
    return _decoded(line).startswith(b"openssh-key-v1")


def _public_key(pem: str) -> bytes:
    try:
        from cryptography.hazmat.primitives import serialization as forms

        load = forms.load_ssh_private_key if "OPENSSH" in pem else forms.load_pem_private_key
        public = load(pem.encode(), None).public_key()
        spki = public.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo)
        return spki + base64.b64decode(public.public_bytes(forms.Encoding.OpenSSH, forms.PublicFormat.OpenSSH).split()[1])
    except Exception:  # no cryptography here, an encrypted key, a kind that it does not know: then every line of it is searched
        return b""
