# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every spelling of a secret value is found, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import quopri
import random
import textwrap
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.matcher import Matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import (
    LONGEST,
    fingerprint,
    labelled,
    secrets_of,
)
from leak_world import CANARY, LABEL, matcher

CERTIFICATE_BODY = base64.b64encode(bytes(range(200))).decode()
CERTIFICATE = f"-----BEGIN CERTIFICATE-----\n{chr(10).join(textwrap.wrap(CERTIFICATE_BODY, 64))}\n-----END CERTIFICATE-----\n"
PRIVATE_BODY = textwrap.wrap(base64.b64encode(os.urandom(48) + bytes(range(48)) + os.urandom(30)).decode(), 64)
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n".format("\n".join(PRIVATE_BODY))


def full(value: str, digits: str) -> str:
    return "".join(f"%{byte:{digits}}" for byte in value.encode())


def units(value: str, digits: str) -> str:
    return "".join(f"\\u{ord(character):{digits}}" for character in value)


def encoded(value: str, before: int) -> str:
    return base64.b64encode(b"x" * before + value.encode() + b"after").decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": str,
    **{f"base64 at {before}": lambda value, before=before: encoded(value, before) for before in range(3)},  # type: ignore[misc]
    **{
        f"URL-safe base64 at {before}": lambda value, before=before: base64.urlsafe_b64encode(  # type: ignore[misc]
            b"x" * before + value.encode()
        ).decode()
        for before in range(3)
    },
    "base64 without padding": lambda value: base64.b64encode(value.encode()).decode().rstrip("="),
    "base64 of base64": lambda value: base64.b64encode(base64.b64encode(b"yz" + value.encode())).decode(),
    "base64 of JSON": lambda value: base64.b64encode(json.dumps({"key": value}).encode()).decode(),
    "base64 in JSON of PHP": lambda value: encoded(value, 1).replace("/", "\\/"),
    "base64 in a URL": lambda value: quote(encoded(value, 2), safe=""),
    "wrapped base64": lambda value: "\n".join(textwrap.wrap(encoded("y" * 45 + value, 0), 64)),
    "indented base64": lambda value: "\r\n    ".join(textwrap.wrap(encoded("y" * 45 + value, 0), 64)),
    "URL-encoded": lambda value: quote(value, safe=""),
    "URL-encoded, small hex": lambda value: "".join(c.lower() if c.startswith("%") else c for c in _percents(quote(value, safe=""))),
    "URL-encoded form": quote_plus,
    "URL-encoded path": lambda value: quote(value, safe="/"),
    "encodeURIComponent": lambda value: quote(value, safe="!'()*"),
    "encodeURI": lambda value: quote(value, safe=";,/?:@&=+$#!'()*"),
    "URL-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
    "every byte URL-encoded": lambda value: full(value, "02X"),
    "every byte URL-encoded, small hex": lambda value: full(value, "02x"),
    "JSON": json.dumps,
    "JSON in UTF-8": lambda value: json.dumps(value, ensure_ascii=False),
    "JSON of PHP": lambda value: json.dumps(value).replace("/", "\\/"),
    "JSON of Go": lambda value: json.dumps(value, ensure_ascii=False).replace("&", "\\u0026").replace("<", "\\u003c"),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)),
    "every character as JSON escape": lambda value: units(value, "04x"),
    "every character as JSON escape, capital": lambda value: units(value, "04X"),
    "HTML": html.escape,
    "YAML": lambda value: value.replace("'", "''"),
    "shell": lambda value: value.replace("'", "'\"'\"'"),
    "hexadecimal": lambda value: value.encode().hex(),
    "wrapped hexadecimal": lambda value: "\n".join(textwrap.wrap(("y" * 25 + value).encode().hex(), 60)),
    "base64 behind comments": lambda value: "\n# ".join(textwrap.wrap(encoded("y" * 45 + value, 0), 64)),
    "base64 behind slashes": lambda value: "\n    // ".join(textwrap.wrap(encoded("y" * 45 + value, 0), 64)),
    "base64 lines in JSON": lambda value: json.dumps("\r\n".join(textwrap.wrap(encoded("y" * 45 + value, 0), 64))),
    "base64 strings of a program": lambda value: "(\n".join(
        f'  "{line}"' for line in textwrap.wrap(encoded("y" * 45 + value, 0), 64)
    ).replace("(", " +"),
    "base64 in a list": lambda value: json.dumps(textwrap.wrap(encoded("y" * 45 + value, 0), 64), indent=2),
    "base64 of hexadecimal": lambda value: base64.b64encode(b"x" + value.encode().hex().encode()).decode(),
    "base64 of UTF-16": lambda value: base64.b64encode(f"echo {value}".encode("utf-16-le")).decode(),
    "HTML by numbers": lambda value: "".join(f"&#{ord(character)};" for character in value),
    "HTML by hexadecimal numbers": lambda value: "".join(f"&#x{ord(character):X};" for character in value),
    "HTML of Go": lambda value: html.escape(value, quote=False).replace('"', "&#34;").replace("'", "&#39;"),
    "quoted-printable": lambda value: quopri.encodestring(f"Your password is here, keep it well: {value} {value}".encode()).decode(),
    "every byte quoted-printable": lambda value: "".join(f"={byte:02X}" for byte in value.encode()),
    "every byte escaped": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    "bytes of Python": lambda value: repr(value.encode()),
    "octal": lambda value: "".join(f"\\{byte:03o}" for byte in value.encode()),
    "bytes of Node": lambda value: json.dumps(list(value.encode())),
    "bytes with colons": lambda value: value.encode().hex(":"),
    "bytes of C": lambda value: ", ".join(f"0x{byte:02x}" for byte in value.encode()),
}
ENCODINGS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


def _percents(text: str) -> list[str]:
    parts = text.split("%")
    return [parts[0], *(piece for part in parts[1:] for piece in (f"%{part[:2]}", part[2:]))]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_value_is_found_in_every_spelling(spelling: str) -> None:
    text = f"before {SPELLINGS[spelling](CANARY)} after"
    assert {secret.label for secret, name in matcher().search(text.encode())} == {LABEL}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("before", ["", "x", "xyz"])
def test_a_value_is_found_in_every_encoding(encoding: str, before: str) -> None:
    assert matcher().search(b"\n" * len(before) + f"{before}{CANARY}".encode(encoding))


@pytest.mark.parametrize("length", [*range(8, 24), 31, 32, 43, 64])
def test_a_value_of_any_length_is_found_wherever_it_stands(length: int) -> None:
    """However coarse the samples are that its spellings lead to."""
    value = "".join(random.Random(length).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))
    known = matcher(value)
    for shift in range(0, 32, 3):
        for spelling in (value.encode(), base64.b64encode(value.encode()), value.encode("utf-16-le")):
            assert known.search(b"." * shift + spelling + b"." * 9), (shift, spelling)


@pytest.mark.parametrize("count", [1, 20, 200])
def test_many_short_values_are_found(count: int) -> None:
    values = {f"key {number}": f"q7x{hashlib.sha256(b'%d' % number).hexdigest()[: 5 + number % 9]}" for number in range(count)}
    known = Matcher(secrets_of(values)[0])
    found = known.search(" ".join(values.values()).encode())
    assert {secret.label for secret, name in found} == set(values)


@pytest.mark.parametrize("shift", range(16))
def test_a_value_is_found_wherever_it_stands(shift: int) -> None:
    found = matcher("0123456789abcdef").search(b"." * shift + b"0123456789abcdef")
    assert {name for secret, name in found} == {"raw"}


def test_a_value_of_eight_bytes_is_found() -> None:
    assert matcher("s3cr3t#1").search(b"the password is s3cr3t#1")
    assert matcher("s3cr3t#1").search(base64.b64encode(b"password=s3cr3t#1;"))


def test_nothing_is_found_where_nothing_stands() -> None:
    noise = os.urandom(1 << 20)
    assert not matcher().search(noise + base64.b64encode(noise) + CANARY[:-1].encode())


def test_a_short_value_is_told_instead_of_searched() -> None:
    secrets, notes = secrets_of({"backend-env/DEBUG": "true"})
    assert secrets == []
    assert notes == ["backend-env/DEBUG is shorter than 8 bytes and was not searched: choose a longer value if it is a credential."]


def test_the_password_of_a_url_is_searched_as_it_is_and_decoded() -> None:
    secrets, _ = secrets_of({"backend-env/URL": "postgresql://me:pass%2Fword!@database/x"})
    assert {secret.text for secret in secrets if "password" in secret.label} == {b"pass%2Fword!", b"pass/word!"}


def test_one_text_has_all_its_labels() -> None:
    secrets, _ = secrets_of({"a-env/URL": "postgresql://me:hunter2hunter2@db/x", "b-env/PASSWORD": "hunter2hunter2"})
    assert {secret.label for secret in secrets} == {"a-env/URL", "a-env/URL (its password), b-env/PASSWORD"}
    assert {secret.fingerprint for secret in secrets} >= {fingerprint("hunter2hunter2")}


def test_a_certificate_is_no_secret() -> None:
    assert secrets_of({"database-files/ca.crt": CERTIFICATE}) == ([], [])


def test_a_private_key_is_searched_by_its_lines() -> None:
    secrets, _ = secrets_of({"database-files/tls.key": PRIVATE_KEY})
    assert {secret.text.decode() for secret in secrets} == set(PRIVATE_BODY)
    found = Matcher(secrets).search(base64.b64encode(f"x{PRIVATE_KEY}".encode()))
    assert {secret.label for secret, name in found} == {"database-files/tls.key"}


def test_the_public_part_of_a_private_key_is_no_secret() -> None:
    secrets, _ = secrets_of({"database-files/tls.key": PRIVATE_KEY, "database-files/tls.crt": CERTIFICATE})
    assert {secret.text.decode() for secret in secrets} == {PRIVATE_BODY[0], PRIVATE_BODY[2]}


def test_a_long_value_is_searched_by_its_end() -> None:
    value = "eyJhbGciOiJIUzI1NiJ9." + os.urandom(LONGEST).hex()
    assert matcher(value).search(value[-LONGEST:].encode())
    assert matcher(value).overlap < 20 * LONGEST


def test_values_of_components_are_called_like_their_secrets() -> None:
    values = {"backend": {"env": {"KEY": "1"}, "migration": {"URL": True}}, "frontend": {}, "vault password": "x"}
    assert labelled(values) == {"backend-env/KEY": "1", "backend-migration/URL": "true", "vault password": "x"}


@pytest.mark.parametrize("spelling", ["raw", "URL-encoded", "JSON", "base64 at 0"])
def test_a_name_is_shown_without_the_value(spelling: str) -> None:
    text = f"/tmp/{SPELLINGS[spelling](CANARY)}/file"
    shown = matcher().censored(text)
    assert not matcher().search(shown.encode())
    assert fingerprint(CANARY) in shown
    assert matcher().censored("/tmp/file") == "/tmp/file"


def test_a_secret_never_shows_its_text() -> None:
    assert CANARY not in repr(secrets_of({LABEL: CANARY}))


def test_a_fingerprint_is_the_beginning_of_sha256() -> None:
    assert fingerprint("Zq9hunter") == hashlib.sha256(b"Zq9hunter").hexdigest()[:8]
