# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad credentials are named by their key, with a remedy, and never shown; good ones of any application pass."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.credentials import (
    credential_problems,
    empty_problems,
    is_inside,
    url_problems,
    value_problems,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets

NEON = "postgresql://u:Zq9hunter@ep-cool-1{}.eu-central-1.aws.neon.tech/plannoir?sslmode=require"
DIRECT, POOLED = NEON.format(""), NEON.format("-pooler")
PEM = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n"


def component(**options: Any) -> dict[str, Any]:
    return {"name": "api", "env": {}, "secret_env": {}, "secret_files": None, "migration": None, **options}


def said(*components: dict[str, Any], vault: dict[str, str] | None = None, accepted: tuple[str, ...] = ()) -> list[str]:
    return list(credential_problems(components, component_secrets(components), vault or {}, accepted))


@pytest.mark.parametrize("value", ["mysql://u:Zq9hunter@db.shop.com/x", "psql 'postgresql://u:Zq9hunter@db.shop.com/x'", "db.shop.com/x"])
def test_the_vaults_database_is_a_postgresql_and_its_variable_says_so(value: str) -> None:
    sentences = said(component(secret_env={"DATABASE_URL": value}), vault={value: "vault_database_url"})
    assert [line.partition(":")[0] for line in sentences] == ["api.secret_env.DATABASE_URL (vault_database_url) is no PostgreSQL URL"]
    assert said(component(secret_env={"DATABASE_URL": value}), vault={value: "my_url"}) == []


PLACEHOLDERS = """
changeme CHANGE_ME replace-me your-key your_openrouter_api_key yourpassword your-key-here <key> xxx XXXXXXXX todo TBD example placeholder
... ******** sk-or-v1-... sk-or-v1-1a2...f3c sk-or-v1-xxxxxxxxxxxx https://u:changeme@h/ postgresql://user:password@db/db
postgresql://u:********@ep-a.neon.tech/db postgresql://u:<password>@db/db
postgresql://u:Zq9hunter@ep-example-pooler.eu-central-1.aws.neon.tech/plannoir?sslmode=require
"""


@pytest.mark.parametrize("value", [*PLACEHOLDERS.split(), "<your key>", "change me"])
def test_a_placeholder_is_named_once_and_as_nothing_else(value: str) -> None:
    assert said(component(secret_env={"A_URL": value})) == ["api.secret_env.A_URL is still a placeholder: put your own value there."]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty: set it in the vault"),
        (" \n", "is empty: set it in the vault"),
        ("'Zq9hunter'", "has quotes around it"),
        ('"Zq9hunter"', "has quotes around it"),
        (" Zq9hunter", "begins or ends with a blank"),
        ("Zq9hunter\n", "begins or ends with a blank or a line break"),
        ("Zq9\thunter", "has an invisible character in it"),
        ("Zq9\x07hunter", "has an invisible character in it"),
        ("Zq9\u200bhunter", "has an invisible character in it"),
    ],
)
def test_what_was_copied_along_with_a_value_is_named(value: str, problem: str) -> None:
    (sentence,) = value_problems("KEY", value)
    assert sentence.startswith(f"KEY {problem}")
    assert "Zq9" not in sentence


@pytest.mark.parametrize(
    "value",
    [
        "a phrase of several words",
        '{"a": "b"}',
        '["a"]',
        '"a" and "b"',
        PEM,
        f"{PEM}\n",
        "p@ss:/?#%",
        "true",
        "0",
        "Grüße",
        "examples",
        "x",
        "xx",
        "your mother was a hamster",
        "<xml/>",
        "sk-proj-aXXXb",
        "your_" + "a_" * 60,
    ],
)
def test_values_that_only_look_odd_pass(value: str) -> None:
    assert list(value_problems("KEY", value)) == []


def test_a_file_keeps_its_line_breaks_blanks_and_quotes() -> None:
    files = {"tls.key": PEM, "token": "abc\n", "name.json": '"x"\n'}
    assert said(component(secret_files={"path": "/x", "files": files})) == []
    assert said(component(secret_files={"path": "/x", "files": {"tls.key": "\n", "ca.crt": "changeme\n"}})) == [
        "api.secret_files.files.tls.key is empty: set it in the vault (ansible-vault edit).",
        "api.secret_files.files.ca.crt is still a placeholder: put your own value there.",
    ]


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
        ("postgresql://u:Zq9@db", "names no database"),
        ("postgresql://u:Zq9@db/?sslmode=require", "names no database"),
        ("postgresql://u:Zq9@db:54x2/x", "has a port that is no number from 1 to 65535"),
        ("postgresql://u:Zq9@db:70000/x", "has a port that is no number from 1 to 65535"),
        ("postgresql://u:Zq9@db/x?sslmode=required", "has an unknown sslmode: it must be one of disable, allow, prefer, require"),
        ("postgres://u:Zq9@db.shop.com/x", WEAK),
        ("postgresql+psycopg://u:Zq9@db.shop.com/x?sslmode=prefer", WEAK),
        ("postgresql://u:Zq9@8.8.8.8/x?sslmode=disable", WEAK),
        ("postgresql://u:Zq9@db,db.shop.com/x", WEAK),
        ("postgress://u:Zq9@db/x", "has an unknown scheme: did you mean postgres?"),
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
        "postgresql://u:p@10.0.0.5/x",
        "postgresql://u:p@host.minikube.internal/x",
        "sqlite:///data/x.db",
        "redis://:p@cache:6379/0",
        "mysql://u:p@db.shop.com/x",
        "mongodb+srv://u:p@cluster.shop.com/x",
        "postgis://u:p@db/x",
        "jdbc:postgresql://db.shop.com/x",
        "http://openrouter:8080/api/v1",
        "http://127.0.0.1:9000",
        "https://api.shop.com/v1",
        "host=db dbname=x",
        "/relative",
    ],
)
def test_a_url_of_any_application_passes(value: str) -> None:
    assert list(url_problems("KEY", "DATABASE_URL", value)) == []
    assert said(component(secret_env={"DATABASE_URL": value})) == []


def test_only_what_is_called_a_url_is_taken_for_an_address() -> None:
    assert list(url_problems("KEY", "GREETING", "http://shop.com says hello")) == []
    assert list(url_problems("KEY", "API_BASE_URL", "api.shop.com/v1")) == [
        "KEY does not begin with https://: write the whole address of the service."
    ]


def test_an_sslmode_from_the_environment_counts() -> None:
    url = {"DATABASE_URL": "postgresql://u:p@db.shop.com/x"}
    assert said(component(secret_env=url, env={"PGSSLMODE": "verify-full"})) == []
    assert len(said(component(secret_env=url, env={"PGSSLMODE": "allow"}))) == 1


def test_a_base_url_in_the_plain_environment_is_checked_when_a_key_goes_there() -> None:
    env = {"OPENROUTER_BASE_URL": "http://openrouter.ai/api/v1", "PAGE_URL": "http://shop.com"}
    secret = {"OPENROUTER_API_KEY": "sk-or-v1-abc"}
    assert said(component(env=env, secret_env=secret), vault={env["OPENROUTER_BASE_URL"]: "vault_openrouter_base_url"}) == [
        "api.env.OPENROUTER_BASE_URL (vault_openrouter_base_url) reaches a host outside the cluster without TLS: "
        "write https:// instead of http://."
    ]
    assert said(component(env={"OPENROUTER_BASE_URL": ""}, secret_env=secret)) == []


@pytest.mark.parametrize(("base", "key"), [("OPENROUTER_BASE_URL", "OPENROUTER_API_KEY"), ("OPENAI_BASE_URL", "OPENAI_API_KEY")])
def test_openrouters_real_address_wants_one_of_its_keys(base: str, key: str) -> None:
    real = {base: "https://openrouter.ai/api/v1"}
    assert said(component(env=real, secret_env={key: "Zq9hunter"}), vault={"Zq9hunter": "vault_openrouter_api_key"}) == [
        f"api.secret_env.{key} (vault_openrouter_api_key) does not begin with sk-or-, as every key of openrouter.ai does: "
        f"put yours there, or correct {base}."
    ]
    assert said(component(env=real, secret_env={key: "sk-or-v1-abc"})) == []
    assert said(component(secret_env={**real, key: "sk-or-v1-abc"})) == []
    assert said(component(env={base: "http://openrouter:8080/api/v1"}, secret_env={key: "Zq9hunter"})) == []
    assert said(component(env={base: "https://notopenrouter.ai/v1"}, secret_env={key: "Zq9hunter"})) == []


@pytest.mark.parametrize(
    ("app", "migration", "problems"),
    [
        (POOLED, DIRECT, []),
        (DIRECT, None, []),
        (DIRECT, DIRECT, []),
        (
            DIRECT,
            POOLED,
            [
                "api.migration.secret_env.M_URL names a pooled host of neon.tech, while the application takes the direct one: "
                "the two were mixed up: take the host without -pooler for the migrations (vault_database_direct_url)."
            ],
        ),
        (
            POOLED,
            POOLED,
            [
                "api.migration.secret_env.M_URL names a pooled host of neon.tech: "
                "take the host without -pooler for the migrations (vault_database_direct_url)."
            ],
        ),
        (
            POOLED,
            None,
            [
                "api.secret_env.DATABASE_URL names a pooled host of neon.tech, and the migrations have no URL of their own: "
                "give them one with the host without -pooler (vault_database_direct_url, or migration.secret_env)."
            ],
        ),
        ("postgresql://u:p@db-pooler/x", None, []),
    ],
)
def test_migrations_go_past_neons_pooler(app: str, migration: str | None, problems: list[str]) -> None:
    options = {"command": ["x"], "secret_env": {"M_URL": migration} if migration else {}}
    assert said(component(secret_env={"DATABASE_URL": app}, migration=options)) == problems
    assert said(component(secret_env={"DATABASE_URL": POOLED})) == []  # no migrations: the pooler is right


def test_all_problems_of_all_components_come_together_without_a_value() -> None:
    first = component(
        secret_env={"A": "changeme", "B": '"Zq9hunter "\n'}, migration={"command": ["x"], "secret_env": {"C_URL": "postgresql://u:Zq9@db"}}
    )
    second = component(name="web", secret_env={"A": "", "D": "Zq9hunter "})
    sentences = said(first, second)
    assert [sentence.split()[0] for sentence in sentences] == [
        "api.secret_env.A",
        "api.secret_env.B",
        "api.secret_env.B",
        "api.migration.secret_env.C_URL",
        "web.secret_env.A",
        "web.secret_env.D",
    ]
    assert "Zq9" not in "".join(sentences)


def test_an_accepted_name_is_not_spoken_of() -> None:
    options = component(secret_env={"A": "changeme", "DATABASE_URL": POOLED}, migration={"command": ["x"], "secret_env": {}})
    assert said(options, accepted=("api.secret_env.A", "api.secret_env.DATABASE_URL")) == []


def test_empty_values_are_named_by_component_and_key() -> None:
    options = {"name": "backend", "secret_env": {"KEY": " ", "NONE": None}, "secret_files": {"path": "/x", "files": {"tls.key": ""}}}
    assert [sentence.partition(" is empty")[0] for sentence in empty_problems(component_secrets([options]))] == [
        "backend.secret_env.KEY",
        "backend.secret_env.NONE",
        "backend.secret_files.files.tls.key",
    ]


@pytest.mark.parametrize(
    ("host", "inside"), [("database", True), ("a.b.svc", True), ("::1", True), ("192.168.49.1", True), ("1.1.1.1", False), ("a.com", False)]
)
def test_a_host_is_inside_by_its_name_or_address(host: str, inside: bool) -> None:
    assert is_inside(host) == inside
