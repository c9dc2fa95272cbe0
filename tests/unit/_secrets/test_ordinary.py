# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole .env file in a Secret: its words and addresses are told from its credentials, and what is not searched is said."""

from __future__ import annotations

import random
import string

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.ordinary import is_ordinary
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import secrets_of


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("NODE_ENV", "production"),
        ("DB_PASSWORD", "postgres"),
        ("TZ", "Europe/Berlin"),
        ("LANG", "en_US.UTF-8"),
        ("MAIL_FROM", "shop@example.com"),
        ("AWS_REGION", "eu-central-1"),
        ("PUBLIC_URL", "http://127.0.0.1:30080"),
        ("REDIS_URL", "redis://cache:6379/0"),
        ("JWT_ISSUER", "https://shop.example.com"),
        ("OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1"),
        ("SMTP_HOST", "smtp.gmail.com"),
        ("MODEL", "openai/gpt-4o-mini"),
        ("DJANGO_SETTINGS_MODULE", "config.settings.production"),
        ("APP_NAME", "My Little Shop"),
        ("JAVA_OPTS", "-Xmx512m -Xms256m"),
        ("SINCE", "2024-01-15"),
        ("VERSION", "v1.30.0-alpha"),
    ],
)
def test_words_numbers_and_addresses_are_ordinary(key: str, value: str) -> None:
    assert is_ordinary(f"api-env/{key}", value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DB_PASSWORD", "correct-horse-battery"),
        ("PASSPHRASE", "sunshine"),
        ("API_KEY", "sk-or-v1-0123abcd"),
        ("ANY", "S3cretValue-1234567"),
        ("SLACK", "https://hooks.slack.com/services/T00000000/B00000000/XXXXabcdXXXXef12"),
        ("DATABASE_URL", "postgresql://shop:shop@database:5432/shop"),
        ("SENTRY", "https://abcdef@o1.ingest.sentry.io/1"),
        ("ADMIN_PIN", "48219312"),
        ("CARD", "4111-1111-1111-1111"),
        ("ANY", "0433059784751904"),
    ],
)
def test_what_may_be_a_credential_is_not_ordinary(key: str, value: str) -> None:
    assert not is_ordinary(f"api-env/{key}", value)


def test_random_values_are_never_ordinary_where_a_credential_is_named_and_hardly_elsewhere() -> None:
    chance = random.Random(7)
    values = ["".join(chance.choices(string.ascii_letters + string.digits, k=16)) for _ in range(5000)]
    assert not any(is_ordinary("API_TOKEN", value) for value in values)
    assert sum(is_ordinary("ANY", value) for value in values) < 25


def test_what_is_not_searched_is_said_with_its_reason() -> None:
    secrets, notes = secrets_of({"api-env/NODE_ENV": "production", "api-env/DEBUG": "0", "api-env/API_KEY": "Zq9hunterZq9"})
    assert [secret.label for secret in secrets] == ["api-env/API_KEY"]
    assert [note.partition(",")[0] for note in notes] == [
        "api-env/NODE_ENV is a common word",
        "api-env/DEBUG is shorter than 8 bytes and was not searched: choose a longer value if it is a credential.",
    ]
    assert "production" not in "".join(notes)
