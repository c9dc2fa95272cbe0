# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that a Secret holds survives in a diagnosis."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._release.redaction import REDACTED, redact, secret_values

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
    assert redact(f"login with {leak} failed", secret_values([secret(PASSWORD)])) == f"login with {REDACTED} failed"


def test_the_password_of_a_url_is_taken_out_where_it_stands_alone() -> None:
    assert redact(f"password {PASSWORD} refused", secret_values([secret(URL)])) == f"password {REDACTED} refused"


def test_a_trailing_newline_in_a_secret_hides_nothing() -> None:
    assert "t0psecret" not in redact("key t0psecret is wrong", secret_values([secret("t0psecret\n")]))


def test_each_line_of_a_key_is_taken_out() -> None:
    assert "MIIEvQ" not in redact("at MIIEvQ", secret_values([secret("-----BEGIN\nMIIEvQ\n-----END")]))


def test_a_short_value_does_not_eat_other_words() -> None:
    assert redact("on attempt 3 on host", secret_values([secret("on", "t")])) == f"{REDACTED} attempt 3 {REDACTED} host"


def test_credentials_of_an_unknown_url_are_taken_out() -> None:
    assert redact("GET https://user:pw@models.example/v1", set()) == f"GET https://{REDACTED}@models.example/v1"


def test_a_secret_without_data_has_no_values() -> None:
    assert secret_values([{}, {"data": None}]) == set()
