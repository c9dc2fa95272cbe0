from __future__ import annotations

from pathlib import Path

import pytest

from app.database_url import DEFAULTS, connection_parameters, prepares_statements

NEON = "ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech"
PLAIN = {"user": "u", "password": "p", "host": "h", "port": "5432", "dbname": "d"}


@pytest.mark.parametrize(
    ("url", "parameters"),
    [
        ("postgres://u:p@h:5432/d", PLAIN),
        ("postgresql://u:p@h:5432/d", PLAIN),
        ("postgresql+asyncpg://u:p@h:5432/d", PLAIN),
        ("postgresql+psycopg2://u:p@h:5432/d", PLAIN),
        ("POSTGRES://u:p@h:5432/d", PLAIN),
        (" 'postgres://u:p@h:5432/d'\n", PLAIN),
        ("postgres://h/d", {"host": "h", "dbname": "d"}),
        ("postgres://u:p%40%2F%3A%25@h/d", {"user": "u", "password": "p@/:%", "host": "h", "dbname": "d"}),
        ("postgres://u:p@[::1]:5432/d", PLAIN | {"host": "::1"}),
        ("postgres://u:p@h:5432/d?sslmode=require", PLAIN | {"sslmode": "require"}),
        ("postgresql+asyncpg://u:p@h:5432/d?ssl=require", PLAIN | {"sslmode": "require"}),
        ("postgres://u:p@h:5432/d?ssl=true", PLAIN | {"sslmode": "require"}),
        ("postgres://u:p@h:5432/d?ssl=false", PLAIN | {"sslmode": "disable"}),
        (
            "postgres://u:p@h:5432/d?schema=public&pgbouncer=true&connection_limit=1&statement_cache_size=0",
            PLAIN,
        ),
        ("postgres://u:p@h:5432/d?connect_timeout=15", PLAIN | {"connect_timeout": "15"}),
        (
            f"postgresql://u:p@{NEON}/d?sslmode=require&channel_binding=require",
            {
                "user": "u",
                "password": "p",
                "host": NEON,
                "dbname": "d",
                "sslmode": "require",
                "channel_binding": "require",
            },
        ),
        ("postgres://u:p@h:5432/d?options=endpoint%3Dep-1", PLAIN | {"options": "endpoint=ep-1"}),
        ("postgres://a:1,b:2/d", {"host": "a,b", "port": "1,2", "dbname": "d"}),
        ("postgres:///d?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "d"}),
    ],
)
def test_every_spelling_is_understood(url: str, parameters: dict[str, str]) -> None:
    assert connection_parameters(url) == DEFAULTS | parameters


@pytest.mark.parametrize(
    ("query", "prepares"),
    [
        ("", True),
        ("?sslmode=require", True),
        ("?pgbouncer=true", False),
        ("?sslmode=require&statement_cache_size=0", False),
        ("?prepared_statement_cache_size=0", False),
        ("?statement_cache_size=100", True),
    ],
)
def test_statements_are_prepared_unless_the_url_says_that_its_pooler_cannot(query: str, prepares: bool) -> None:
    assert prepares_statements(f"postgres://u:p@{NEON}/d{query}") is prepares


def test_a_ca_file_turns_verification_on() -> None:
    ca_file = Path("/etc/tls/ca.crt")
    verified = {"sslmode": "verify-full", "sslrootcert": "/etc/tls/ca.crt"}
    assert connection_parameters("postgres://u:p@h:5432/d", ca_file) == DEFAULTS | PLAIN | verified
    chosen = connection_parameters("postgres://u:p@h:5432/d?sslmode=require", ca_file)
    assert chosen["sslmode"] == "require"


def test_verification_without_a_ca_file_uses_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    found = connection_parameters("postgres://u:p@h:5432/d?sslmode=verify-full")
    assert found["sslrootcert"] == "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must be a PostgreSQL URL"),
        ("nonsense", "must be a PostgreSQL URL"),
        ("mysql://u:hunter2@h/d", "must be a PostgreSQL URL"),
        ("sqlite:///hunter2", "must be a PostgreSQL URL"),
        ("postgres://", "names no host"),
        ("postgres:///d", "names no host"),
        ("postgres://u:hunter2%zz@h/d", "cannot be parsed; percent-encode"),
        ("postgres://u:hunter2@x@h/d", "cannot be parsed; percent-encode"),
        ("postgres://u:hunter2@h/d?sslmod=require", "does not know: sslmod"),
        ("postgres://u:hunter2@h/d?sslmode=hunter2", "unknown sslmode"),
        ("postgres://u:hunter2@h/d?schema=other", "does not know: schema"),
    ],
)
def test_a_malformed_url_is_explained_without_its_values(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as raised:
        connection_parameters(url)
    assert "hunter2" not in str(raised.value)
