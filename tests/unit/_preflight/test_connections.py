# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A URL is judged by the driver that reads it; what is wrong with one is named without a piece of it."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.connections import is_inside, pasted_problem, url_problems

NEON = "postgresql://u:Zq9hunter@ep-cool-1{}.eu-central-1.aws.neon.tech/plannoir?sslmode=require"
DIRECT, POOLED = NEON.format(""), NEON.format("-pooler")

ENCODE = "has a character in its user name or password that breaks the URL: percent-encode it"
WEAK = "reaches a host outside the cluster without enforced TLS: add sslmode=require"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("postgresql://u:Zq9@hunter@db/x", ENCODE),
        ("postgresql://u:Zq9/hunter@db/x", ENCODE),
        ("postgresql://u:123/hunter@db/x", ENCODE),
        ("postgresql://u:Zq9?hunter@db/x", ENCODE),
        ("postgresql://u:Zq9#hunter@db/x", ENCODE),
        ("postgresql://u:Zq9%hunter@db/x", ENCODE),
        ("postgresql://u:Zq9 hunter@db/x", ENCODE),
        ("postgresql://u:Zq9[hunter@db/x", ENCODE),
        ("postgresql+asyncpg://u:Zq9@hunter@db/x", ENCODE),
        ("postgresql:///x", "names no host"),
        ("postgresql://u:Zq9@/x", "names no host"),
        ("postgresql://u:Zq9@db:54x2/x", "has a port that is no number from 1 to 65535"),
        ("postgresql://u:Zq9@db:70000/x", "has a port that is no number from 1 to 65535"),
        (
            "postgresql://u:Zq9@db/x?sslmode=required",
            "has an unknown sslmode: libpq and node-postgres read disable, allow, prefer, require",
        ),
        ("postgres://u:Zq9@db.shop.com/x", WEAK),
        ("postgresql+psycopg://u:Zq9@db.shop.com/x?sslmode=prefer", WEAK),
        ("postgresql://u:Zq9@8.8.8.8/x?sslmode=disable", WEAK),
        ("postgresql://u:Zq9@db,db.shop.com/x", WEAK),
        ("postgress://u:Zq9@db/x", "has an unknown scheme: did you mean postgres?"),
        ("postgresql+asyncpg://u:Zq9@db.shop.com/x", "reaches a host outside the cluster without enforced TLS: add ssl=require, or"),
        (
            "postgresql+asyncpg://u:Zq9@db.shop.com/x?ssl=require&channel_binding=require",
            "has channel_binding, which asyncpg does not read: write ssl=require, or better ssl=verify-full, instead.",
        ),
        ("postgresql+asyncpg://u:Zq9@db/x?ssl=true", "has an unknown ssl: asyncpg reads disable, allow, prefer, require, verify-ca"),
        ("postgresql+asyncpg://u:Zq9@db/x?pgbouncer=true", "has pgbouncer, which asyncpg does not read: take it out."),
        ("postgres+asyncpg://u:Zq9@db/x", "has the scheme postgres+asyncpg, which no driver reads: write postgresql+asyncpg://."),
        ("postgresql+psycopg_async://u:Zq9@db.shop.com/x?sslmode=no-verify", "has an unknown sslmode: psycopg reads disable, allow"),
        ("postgresql+psycopg://u:Zq9@db/x?ssl=true", "has ssl, which psycopg does not read: write sslmode=require, or"),
        ("postgresql+psycopg2://u:Zq9@db.shop.com/x", WEAK),
        ("postgresql+psycopg_async://u:Zq9@hunter@db/x", ENCODE),
        ("postgresql://u:Zq9@localhost/x?hostaddr=8.8.8.8", WEAK),
        ("postgresql:///x?hostaddr=8.8.8.8", WEAK),
        ("host=db.shop.com user=u password='Zq9 \\'hunter' sslmode=disable", WEAK),
        ("hostaddr=8.8.8.8 dbname=x", WEAK),
        ("postgresql://u:Zq9@db.shop.com./x", WEAK),
        ("mysql+pymysql://u:Zq9@db.shop.com/x", "reaches a host outside the cluster without enforced TLS: add ssl_verify_cert=true"),
        ("mysql+pymysql://u:Zq9@db/x?ssl=true", "has ssl, which PyMySQL does not read: write ssl_verify_cert=true, or"),
        ("mysql+pymysql://u:Zq9@db/x?ssl-mode=REQUIRED", "has ssl-mode, which PyMySQL does not read: write ssl_verify_cert=true, or"),
        ("mysql+pymysql://u:Zq9@hunter@db/x", ENCODE),
        ("jdbc:postgresql://u:Zq9@db/x", "is a URL for JDBC, which reads no user and password in front of the host: for Java write"),
        ("jdbc:postgresql://db.shop.com/x?user=u&password=Zq9hunter", WEAK),
        ("jdbc:mysql://u:Zq9@db.shop.com/x", "reaches a host outside the cluster without enforced TLS: add sslMode=REQUIRED"),
        ("https:///v1", "names no host"),
        ("http://api.shop.com/v1", "reaches a host outside the cluster without TLS: write https://"),
    ],
)
def test_a_url_that_cannot_work_is_one_sentence(value: str, problem: str) -> None:
    (sentence,) = url_problems("KEY", "DATABASE_URL", value)
    assert sentence.startswith(f"KEY {problem}")
    assert "Zq9" not in sentence
    assert "hunter" not in sentence
    assert "shop" not in sentence


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://plannoir:made-on-the-first-run@database:5432/plannoir?sslmode=verify-full",
        DIRECT,
        POOLED,
        "postgres://u:p%40ss%2F@db.shop.com/x?sslmode=verify-full",
        "postgresql://u:p:w@db/x",
        "postgresql+asyncpg://u:p@db.shop.com/x?ssl=require",
        "postgres://u:p@db.shop.com/x?ssl=true",
        "postgresql://u:p@[2001:db8::1]:5432/x?sslmode=require",
        "postgresql://u:p@one:5432,two:5433/x",
        "postgresql://u@/x?host=/cloudsql/shop.com:project:region:instance",
        "postgresql://u:p@%2Fvar%2Frun%2Fpostgresql/x",
        "postgresql://db/x?user=a@b",
        "postgresql://u:p@database.plannoir.svc.cluster.local/x",
        "postgresql://u:p@database.plannoir.svc.cluster.local./x",
        "postgresql://u:p@100.64.7.9/x",
        "postgresql://u:p@db",
        "postgresql://u:p@db.shop.com/?sslmode=require",
        "postgresql://u:p@db.shop.com/x?ssl=no-verify",
        "postgresql://u:p@db.shop.com/x?sslmode=no-verify",
        "postgresql://u:p@db.shop.com/x?sslmode=require&pgbouncer=true&connection_limit=1&schema=shop",
        "postgresql://[::1]/db?user=a@b",
        "postgresql://[fd00::1]:5432,[fd00::2]/db?user=a@b",
        "postgresql:///x?hostaddr=10.0.0.5",
        "postgresql+psycopg_async://u:p@db.shop.com/x?sslmode=require",
        "postgresql+psycopg://u:p@db.shop.com/x?sslmode=require&channel_binding=require&target_session_attrs=read-write",
        "postgresql+asyncpg://u:p@db.shop.com/x?ssl=verify-full&statement_cache_size=0&prepared_statement_cache_size=0",
        "postgresql+pg8000://u:p@db.shop.com/x",
        "host=db.shop.com dbname=x sslmode=verify-full",
        "jdbc:postgresql://db.shop.com/x?user=u&password=p%40&sslmode=require",
        "jdbc:postgresql://db.shop.com/x?ssl=true",
        "jdbc:mysql://u:p@db.shop.com/x?sslMode=VERIFY_IDENTITY&useUnicode=true",
        "mysql+pymysql://u:p@db.shop.com/x?charset=utf8mb4&ssl_ca=/etc/ssl/certs/ca-certificates.crt",
        "mysql+pymysql://u:p@db.shop.com/x?ssl_verify_cert=true&ssl_verify_identity=true",
        "postgresql://u:p@10.0.0.5/x",
        "postgresql://u:p@host.minikube.internal/x",
        "sqlite:///data/x.db",
        "redis://:p@cache:6379/0",
        "mysql://u:p@db.shop.com/x",
        "mongodb+srv://u:p@cluster.shop.com/x",
        "postgis://u:p@db/x",
        "jdbc:postgresql://db/x",
        "Server=db.shop.com;Database=x;User Id=u;Password=p;",
        "http://openrouter:8080/api/v1",
        "http://127.0.0.1:9000",
        "https://api.shop.com/v1",
        "host=db dbname=x",
        "/relative",
    ],
)
def test_a_url_of_any_application_passes(value: str) -> None:
    assert list(url_problems("KEY", "DATABASE_URL", value)) == []
    assert pasted_problem("KEY", "DATABASE_URL", value) == ""


def test_an_asyncpg_url_copied_from_neon_names_each_parameter_that_asyncpg_refuses() -> None:
    url = f"{DIRECT.replace('://', '+asyncpg://')}&channel_binding=require"
    assert list(url_problems("KEY", "DATABASE_URL", url)) == [
        "KEY has sslmode and channel_binding, which asyncpg does not read: write ssl=require, or better ssl=verify-full, instead."
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", f"psql '{DIRECT}'"),
        ("DATABASE_URL", f"psql {DIRECT}"),
        ("DATABASE_URL", f"DATABASE_URL={DIRECT}"),
        ("DATABASE_URL", f"DATABASE_URL = '{DIRECT}'"),
        ("DB", f'export DATABASE_URL="{DIRECT}"'),
        ("DB", f"DATABASE_URL: {DIRECT}"),
        ("DB", f"'{DIRECT}'"),
        ("DB", f"<{DIRECT}>"),
        ("DB", f"\u201c{DIRECT}\u201d"),
        ("DB", f'{DIRECT}",'),
        ("REDIS_URL", "redis-cli --tls -u redis://:Zq9hunter@x.upstash.io:6379"),
        ("MONGO", 'mongosh "mongodb+srv://c.mongodb.net/x"'),
        ("OPENAI_API_KEY", "OPENAI_API_KEY=sk-Zq9hunter"),
        ("OPENAI_API_KEY", "export OPENAI_API_KEY=sk-Zq9hunter"),
        ("JDBC", f"SPRING_DATASOURCE_URL=jdbc:{DIRECT}"),
    ],
)
def test_what_was_pasted_around_a_url_is_named(key: str, value: str) -> None:
    sentence = pasted_problem("KEY", key, value)
    assert sentence.startswith("KEY has ")
    assert "write nothing but the " in sentence
    assert "hunter" not in sentence


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("HEALTHCHECK_CMD", "psql postgresql://u:p@db/x -c 'select 1'"),
        ("SERVICE_BUS", "Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=x;SharedAccessKey=p="),
        ("STORAGE", "BlobEndpoint=https://shop.blob.core.windows.net/;QueueEndpoint=https://shop.queue.core.windows.net/"),
        ("JAVA_OPTS", "-Dhttp.proxy=http://proxy:3128"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=shop,url=http://shop"),
        ("GREETING", "set your price at https://shop.com"),
        ("MOTD", "mysql is at mysql://db/x"),
        ("JSON", '{"url": "https://shop.com"}'),
        ("KEY", "a=b=="),
        ("PASSWORD", "export=Zq9"),
    ],
)
def test_what_only_looks_pasted_passes(key: str, value: str) -> None:
    assert pasted_problem("KEY", key, value) == ""


def test_only_what_is_called_a_url_is_taken_for_an_address() -> None:
    assert list(url_problems("KEY", "GREETING", "http://shop.com says hello")) == []
    assert list(url_problems("KEY", "API_BASE_URL", "api.shop.com/v1")) == [
        "KEY does not begin with https://: write the whole address of the service."
    ]


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("database", True),
        ("a.b.svc", True),
        ("::1", True),
        ("100.64.0.1", True),
        ("db.", True),
        ("1.1.1.1", False),
        ("a.com", False),
        ("a.com.", False),
    ],
)
def test_a_host_is_inside_by_its_name_or_address(host: str, inside: bool) -> None:
    assert is_inside(host) == inside
