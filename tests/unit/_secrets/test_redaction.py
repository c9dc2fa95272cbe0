# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that a Secret holds survives in a diagnosis."""

from __future__ import annotations

import base64
import json
import textwrap
from urllib.parse import quote

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.redaction import REDACTED, Redactor
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import spellings
from leak_world import CANARY, matcher

PASSWORD = 'pa"ss/w0rd'
URL = f"postgresql://plannoir:{quote(PASSWORD, safe='')}@database:5432/plannoir?sslmode=require"


def secret(*values: str) -> dict[str, dict[str, str]]:
    return {"data": {f"KEY_{index}": base64.b64encode(value.encode()).decode() for index, value in enumerate(values)}}


@pytest.mark.parametrize(
    "leak",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        json.dumps(PASSWORD)[1:-1],
        base64.b64encode(PASSWORD.encode()).decode(),
    ],
    ids=["raw", "url", "json", "base64"],
)
def test_a_value_is_taken_out_in_every_spelling(leak: str) -> None:
    assert Redactor([secret(PASSWORD)]).redact(f"login with {leak} failed") == f"login with {REDACTED} failed"


def test_the_password_of_a_url_is_taken_out_where_it_stands_alone() -> None:
    assert Redactor([secret(URL)]).redact(f"password {PASSWORD} refused") == f"password {REDACTED} refused"


def test_a_trailing_newline_in_a_secret_hides_nothing() -> None:
    assert "t0psecret" not in Redactor([secret("t0psecret\n")]).redact("key t0psecret is wrong")


def test_each_line_of_a_key_is_taken_out() -> None:
    assert "MIIEvQ" not in Redactor([secret("-----BEGIN\nMIIEvQ\n-----END")]).redact("at MIIEvQ")


def test_a_short_value_does_not_eat_other_words() -> None:
    assert Redactor([secret("on", "t")]).redact("on attempt 3 on host") == f"{REDACTED} attempt 3 {REDACTED} host"


def test_credentials_of_an_unknown_url_are_taken_out() -> None:
    assert Redactor().redact("GET https://user:pw@models.example/v1") == f"GET https://{REDACTED}@models.example/v1"


def test_a_secret_without_data_has_no_values() -> None:
    assert Redactor([{}, {"data": None}]).redact("as it was") == "as it was"


@pytest.mark.parametrize("spelling", [spelling for spelling in sorted(spellings(CANARY.encode())) if b"\0" not in spelling])
def test_what_the_audit_finds_is_taken_out(spelling: bytes) -> None:
    text = f"before {spelling.decode()} behind"
    assert matcher().search(text.encode())
    shown = Redactor([secret(CANARY)]).redact(text)
    assert not matcher().search(shown.encode())
    assert REDACTED in shown


LONG = "long" * 200 + CANARY
WRAPPED = "\n".join(textwrap.wrap(base64.b64encode(CANARY.encode()).decode(), 12))


@pytest.mark.parametrize(("value", "leak"), [(CANARY, WRAPPED), (LONG, LONG[-600:])], ids=["wrapped base64", "the end of a long one"])
def test_what_the_audit_finds_in_pieces_is_not_shown(value: str, leak: str) -> None:
    assert matcher(value).search(leak.encode())
    assert not matcher(value).search(Redactor([secret(value)]).redact(leak).encode())
