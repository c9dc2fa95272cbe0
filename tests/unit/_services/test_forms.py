# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A service in the spelling of each client."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.connections import url_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._services.forms import (
    CA_FILE,
    MYSQL,
    POSTGRESQL,
    PROTOCOLS,
    REDIS,
    SMTP,
    address,
    same_server,
    written,
)

LOGIN = "shop_1f2e:p%40s%2Fs"
OURS = f"postgresql://{LOGIN}@pgbouncer:6432/shop?sslmode=verify-full"
OWNER = "postgresql://shop_owner:owner@database:5432/shop?sslmode=verify-full"
NEON = "postgresql://me:pw@ep-a-pooler.eu.aws.neon.tech/shop?sslmode=require&channel_binding=require"
EMBEDDED = {"url": OURS, "owner": OWNER, "ca": "PEM"}
CA = f"sslrootcert={CA_FILE}"
NODE = {"NODE_EXTRA_CA_CERTS": CA_FILE}
PLACE = f"{LOGIN}@pgbouncer:6432/shop"
THERE = "me:pw@ep-a-pooler.eu.aws.neon.tech/shop"


CACHE = {"url": "rediss://default:p%40@redis:6379/0", "ca": "PEM"}
UPSTASH = {"url": "rediss://default:pw@eu1.upstash.io:6379", "ca": ""}
RQ = f"ssl_cert_reqs=required&ssl_ca_certs={CA_FILE}"


def as_(form: str, connection: dict[str, str], which: str = "url") -> tuple[str, dict[str, str]]:
    return written(POSTGRESQL[form], connection, which)


@pytest.mark.parametrize(
    ("form", "text", "variables"),
    [
        ("libpq", f"postgresql://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("psycopg2", f"postgresql://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("sqlalchemy+psycopg", f"postgresql+psycopg://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("sqlalchemy+psycopg2", f"postgresql+psycopg2://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("asyncpg", f"postgresql://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("sqlalchemy+asyncpg", f"postgresql+asyncpg://{PLACE}?ssl=verify-full", {"PGSSLROOTCERT": CA_FILE}),
        ("node-postgres", f"postgresql://{PLACE}?sslmode=verify-full", NODE),
        ("postgres.js", f"postgresql://{PLACE}?sslmode=verify-full", NODE),
        ("prisma", f"postgresql://{PLACE}?sslmode=require&sslaccept=strict&sslcert={CA_FILE}", NODE),
        ("jdbc", f"jdbc:postgresql://pgbouncer:6432/shop?user=shop_1f2e&password=p%40s/s&sslmode=verify-full&{CA}", {}),
        ("url", f"postgresql://{PLACE}?sslmode=verify-full&{CA}", {}),
        ("host", "pgbouncer", {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": CA_FILE, **NODE}),
        ("port", "6432", {}),
        ("user", "shop_1f2e", {}),
        ("password", "p@s/s", {}),
        ("database", "shop", {}),
        ("sslmode", "verify-full", {}),
        ("ca_file", CA_FILE, {}),
    ],
)
def test_the_embedded_database(form: str, text: str, variables: dict[str, str]) -> None:
    assert as_(form, EMBEDDED) == (text, variables)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("libpq", f"postgresql://{THERE}?sslmode=require&channel_binding=require"),
        ("asyncpg", f"postgresql://{THERE}?sslmode=require"),
        ("sqlalchemy+asyncpg", f"postgresql+asyncpg://{THERE}?ssl=require"),
        ("node-postgres", f"postgresql://{THERE}?sslmode=require"),
        ("prisma", f"postgresql://{THERE}?sslmode=require"),
        ("jdbc", "jdbc:postgresql://ep-a-pooler.eu.aws.neon.tech/shop?user=me&password=pw&sslmode=require"),
        ("url", NEON),
        ("host", "ep-a-pooler.eu.aws.neon.tech"),
        ("port", "5432"),
        ("ca_file", ""),
    ],
)
def test_a_server_of_ones_own_in_the_clients_spelling(form: str, text: str) -> None:
    found, variables = as_(form, {"url": NEON, "ca": ""})
    assert found == text
    assert variables == ({"PGSSLMODE": "require"} if form == "host" else {})


@pytest.mark.parametrize(
    ("given", "form", "query"),
    [
        ("ssl=require", "psycopg2", "sslmode=require"),
        ("ssl=true", "libpq", "sslmode=require"),
        ("sslmode=require&pgbouncer=true&statement_cache_size=0", "libpq", "sslmode=require"),
        ("sslmode=require&statement_cache_size=0", "sqlalchemy+asyncpg", "ssl=require&statement_cache_size=0"),
        ("sslmode=require&pgbouncer=true", "prisma", "sslmode=require&pgbouncer=true"),
        ("sslmode=verify-full&sslrootcert=system", "node-postgres", "sslmode=verify-full"),
        ("sslmode=verify-full&sslrootcert=system", "libpq", "sslmode=verify-full&sslrootcert=system"),
        ("", "libpq", ""),
    ],
)
def test_a_parameter_that_the_client_does_not_read_goes(given: str, form: str, query: str) -> None:
    text, _variables = as_(form, {"url": f"postgresql+asyncpg://me:pw@db.example.org/shop?{given}".rstrip("?")})
    assert text.partition("?")[2] == query


HERE = "shop_1f2e:p%40s%2Fs@mariadb:3306/shop"
MARIADB = {"url": f"mysql://{HERE}?ssl-mode=VERIFY_IDENTITY", "ca": "PEM"}
THERE_MYSQL = "me:pw@db.mysql.database.azure.com:3306/shop"
PUBLIC = "ssl_ca=/etc/ssl/certs/ca-certificates.crt"
OF_NODE = "ssl=%7B%22rejectUnauthorized%22%3Atrue%2C%22verifyIdentity%22%3Atrue%7D"
UNVERIFIED = "ssl=%7B%22rejectUnauthorized%22%3Afalse%7D"


@pytest.mark.parametrize(
    ("form", "text", "variables"),
    [
        ("sqlalchemy+pymysql", f"mysql+pymysql://{HERE}?ssl_ca={CA_FILE}", {}),
        ("sqlalchemy+mysqldb", f"mysql+mysqldb://{HERE}?ssl_ca={CA_FILE}&ssl_mode=VERIFY_IDENTITY", {}),
        ("sqlalchemy+asyncmy", f"mysql+asyncmy://{HERE}?ssl_ca={CA_FILE}", {}),
        ("sqlalchemy+aiomysql", f"mysql+aiomysql://{HERE}", {}),
        (
            "sqlalchemy+mysqlconnector",
            f"mysql+mysqlconnector://{HERE}?ssl_ca={CA_FILE}&use_pure=true&ssl_verify_cert=true&ssl_verify_identity=true",
            {},
        ),
        ("django", f"mysql://{HERE}?ssl-ca={CA_FILE}", {}),
        ("mysql2", f"mysql://{HERE}?{OF_NODE}", NODE),
        ("mariadb", f"mariadb://{HERE}?ssl=true", NODE),
        ("prisma", f"mysql://{HERE}?sslaccept=strict&sslcert={CA_FILE}", NODE),
        (
            "jdbc",
            "jdbc:mysql://mariadb:3306/shop?user=shop_1f2e&password=p%40s/s&sslMode=VERIFY_IDENTITY"
            f"&trustCertificateKeyStoreUrl=file%3A{CA_FILE}&trustCertificateKeyStoreType=PEM",
            {},
        ),
        ("url", f"mysql://{HERE}", NODE),
        ("host", "mariadb", NODE),
        ("port", "3306", {}),
        ("user", "shop_1f2e", {}),
        ("password", "p@s/s", {}),
        ("database", "shop", {}),
        ("ssl_mode", "VERIFY_IDENTITY", {}),
        ("ca_file", CA_FILE, {}),
    ],
)
def test_mysqls_clients(form: str, text: str, variables: dict[str, str]) -> None:
    assert written(MYSQL[form], MARIADB, "url") == (text, variables)


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ("", ""),
        ("?ssl-mode=REQUIRED", "REQUIRED"),
        ("?ssl_mode=verify_identity", "VERIFY_IDENTITY"),
        ("?sslMode=VERIFY_CA", "VERIFY_CA"),
        ("?sslmode=verify-full", "VERIFY_IDENTITY"),
        ("?sslaccept=strict", "VERIFY_IDENTITY"),
        ("?sslaccept=accept_invalid_certs", "REQUIRED"),
        (f"?{PUBLIC}", "VERIFY_IDENTITY"),
        (f"?{OF_NODE}", "VERIFY_IDENTITY"),
        (f"?{UNVERIFIED}", "REQUIRED"),
        ("?ssl=true", "VERIFY_IDENTITY"),
        ("?ssl=false", "DISABLED"),
        ("?tls=skip-verify", "REQUIRED"),
        ("?charset=utf8mb4", ""),
    ],
)
def test_how_a_url_wants_tls_whichever_client_it_was_written_for(given: str, mode: str) -> None:
    assert written(MYSQL["ssl_mode"], {"url": f"mysql://{THERE_MYSQL}{given}"}, "url")[0] == mode


@pytest.mark.parametrize(
    ("form", "given", "text"),
    [
        ("sqlalchemy+pymysql", "?ssl-mode=VERIFY_IDENTITY", f"mysql+pymysql://{THERE_MYSQL}?{PUBLIC}"),
        (
            "sqlalchemy+pymysql",
            "?ssl-mode=REQUIRED&charset=utf8mb4",
            f"mysql+pymysql://{THERE_MYSQL}?ssl_verify_cert=false&charset=utf8mb4",
        ),
        ("sqlalchemy+mysqldb", "?ssl-mode=REQUIRED", f"mysql+mysqldb://{THERE_MYSQL}?ssl_mode=REQUIRED"),
        ("sqlalchemy+asyncmy", "?ssl-mode=REQUIRED", f"mysql+asyncmy://{THERE_MYSQL}?{PUBLIC}"),  # it encrypts with an authority only
        ("sqlalchemy+pymysql", "", f"mysql+pymysql://{THERE_MYSQL}"),
        ("mysql2", "?ssl-mode=REQUIRED", f"mysql://{THERE_MYSQL}?{UNVERIFIED}"),
        ("mysql2", "", f"mysql://{THERE_MYSQL}"),
        ("prisma", "?ssl-mode=REQUIRED", f"mysql://{THERE_MYSQL}?sslaccept=accept_invalid_certs"),
        ("prisma", "?sslaccept=strict&connection_limit=5", f"mysql://{THERE_MYSQL}?sslaccept=strict&connection_limit=5"),
        ("django", "?ssl-mode=DISABLED", f"mysql://{THERE_MYSQL}"),
        ("ca_file", "?ssl-mode=REQUIRED", ""),
    ],
)
def test_a_mysql_of_ones_own(form: str, given: str, text: str) -> None:
    assert written(MYSQL[form], {"url": f"mysql+pymysql://{THERE_MYSQL}{given}", "ca": ""}, "url") == (text, {})


@pytest.mark.parametrize("form", sorted(name for name, form in MYSQL.items() if form.secret and name not in ("password", "jdbc")))
@pytest.mark.parametrize("mode", ["REQUIRED", "VERIFY_IDENTITY"])
def test_preflight_finds_nothing_wrong_with_what_is_written_for_mysql(form: str, mode: str) -> None:
    for connection in (MARIADB, {"url": f"mysql://{THERE_MYSQL}?ssl-mode={mode}"}):
        assert list(url_problems("name", "DATABASE_URL", written(MYSQL[form], connection, "url")[0])) == []


@pytest.mark.parametrize(
    ("form", "connection", "text", "variables"),
    [
        ("redis", CACHE, f"rediss://default:p%40@redis:6379/0?{RQ}", {}),
        ("celery", CACHE, f"rediss://default:p%40@redis:6379/0?{RQ}", {}),
        ("ioredis", CACHE, "rediss://default:p%40@redis:6379/0", NODE),
        ("host", CACHE, "redis", NODE),
        ("password", CACHE, "p@", {}),
        ("database", CACHE, "0", {}),
        ("tls", CACHE, "true", {}),
        ("ca_file", CACHE, CA_FILE, {}),
        ("celery", UPSTASH, "rediss://default:pw@eu1.upstash.io:6379/?ssl_cert_reqs=required", {}),
        ("node-redis", UPSTASH, "rediss://default:pw@eu1.upstash.io:6379/", {}),
        ("redis", {"url": "redis://redis:6379/2"}, "redis://redis:6379/2", {}),
        ("tls", {"url": "redis://redis:6379/2"}, "false", {}),
        ("database", {"url": "redis://redis:6379/2"}, "2", {}),
        ("ioredis", {"url": "rediss://h?ssl_cert_reqs=required&family=6"}, "rediss://h/?family=6", {}),
    ],
)
def test_a_cache(form: str, connection: dict[str, str], text: str, variables: dict[str, str]) -> None:
    assert written(REDIS[form], connection, "url") == (text, variables)


CATCHER = {"url": "smtp://shop:p%40s%2Fs@mail:1025/?starttls=false", "ca": "PEM"}
DELIVERS = {"url": "smtp://me:pw@smtp.example.org:587", "ca": ""}
AT_ONCE = {"url": "smtps://me:pw@smtp.example.org", "ca": ""}


@pytest.mark.parametrize(
    ("form", "connection", "text", "variables"),
    [
        ("url", CATCHER, "smtp://shop:p%40s%2Fs@mail:1025", NODE),
        ("url", DELIVERS, "smtp://me:pw@smtp.example.org:587", {}),
        ("url", AT_ONCE, "smtps://me:pw@smtp.example.org", {}),
        ("django", CATCHER, "smtp://shop:p%40s%2Fs@mail:1025", {}),
        ("django", DELIVERS, "smtp+tls://me:pw@smtp.example.org:587", {}),
        ("django", AT_ONCE, "smtp+ssl://me:pw@smtp.example.org", {}),
        ("host", CATCHER, "mail", NODE),
        ("host", DELIVERS, "smtp.example.org", {}),
        ("port", CATCHER, "1025", {}),
        ("port", AT_ONCE, "465", {}),
        ("user", CATCHER, "shop", {}),
        ("password", CATCHER, "p@s/s", {}),
        ("starttls", CATCHER, "false", {}),
        ("starttls", DELIVERS, "true", {}),
        ("starttls", AT_ONCE, "false", {}),
        ("ssl", CATCHER, "false", {}),
        ("ssl", AT_ONCE, "true", {}),
        ("ca_file", CATCHER, CA_FILE, {}),
    ],
)
def test_mail(form: str, connection: dict[str, str], text: str, variables: dict[str, str]) -> None:
    assert written(SMTP[form], connection, "url") == (text, variables)


def test_the_owner_goes_past_the_pooler_and_a_service_without_one_has_one_url() -> None:
    assert "shop_owner:owner@database:5432" in as_("psycopg", EMBEDDED, "owner")[0]
    assert as_("host", {"url": NEON}, "direct")[0] == "ep-a-pooler.eu.aws.neon.tech"


@pytest.mark.parametrize(
    "text", ["'postgresql://a:b@c/d'", "", "host=c dbname=d", "postgresql://a:b@x@c/d", "postgresql://a:b#x@c/d", "psql x://y"]
)
def test_what_is_no_clear_url_is_handed_on_for_preflight_to_judge(text: str) -> None:
    assert address(text) is None
    assert as_("sqlalchemy+asyncpg", {"url": text}) == (text, {})


def test_a_respelt_url_is_still_the_vaults() -> None:
    assert same_server(as_("sqlalchemy+asyncpg", {"url": NEON})[0], NEON)
    assert not same_server(OURS, OWNER)
    assert not same_server("postgresql://", "postgresql://")


@pytest.mark.parametrize("form", sorted(name for name, form in POSTGRESQL.items() if form.secret and name != "password"))
@pytest.mark.parametrize("url", [OURS, NEON])
def test_preflight_finds_nothing_wrong_with_what_is_written(form: str, url: str) -> None:
    text, _variables = as_(form, {"url": url, "ca": "PEM" if url is OURS else ""})
    assert list(url_problems("name", "DATABASE_URL", text)) == []


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_a_form_without_a_credential_holds_none(protocol: str) -> None:
    for form in PROTOCOLS[protocol].values():
        text, variables = written(form, {"url": OURS, "ca": "PEM"}, "url")
        assert form.secret or "p@s/s" not in text
        assert "p%40s" not in str(variables)
