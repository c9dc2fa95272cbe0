# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad credentials are named by their key, with a remedy, and never shown; good ones of any application pass."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.credentials import (
    credential_problems,
    empty_problems,
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


@pytest.mark.parametrize("value", ["mysql://u:Zq9hunter@db.shop.com/x", "db.shop.com/x"])
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


def test_a_login_to_a_registry_is_judged_by_its_password() -> None:
    def login(password: str) -> list[str]:
        credentials = {"username": "joe", "password": password}
        return said(component(image="ghcr.io/a/b", pull_credentials=credentials), vault={password: "vault_registry"})

    named = "api.pull_credentials.password (vault_registry)"
    assert login("changeme") == [f"{named} is still a placeholder: put your own value there."]
    assert login("'ghp_5Zq9hunter'") == [f"{named} has quotes around it that are part of the value: take them away."]
    assert login("ghp_5Zq9hunter") == []


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
        secret_env={"A": "changeme", "B": '"Zq9hunter "\n'}, migration={"command": ["x"], "secret_env": {"C_URL": "postgresql://u:Zq9@/x"}}
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


def test_what_was_pasted_is_all_that_is_said_of_a_value() -> None:
    value = f"psql '{DIRECT}'"
    assert said(component(secret_env={"DATABASE_URL": value}), vault={value: "vault_database_url"}) == [
        "api.secret_env.DATABASE_URL (vault_database_url) has a command around the URL: write nothing but the URL."
    ]


def test_plain_variables_are_looked_at_as_well() -> None:
    env = {"DATABASE_URL": "postgresql+asyncpg://db.shop.com/x?sslmode=require", "API": "API=https://api.shop.com"}
    job = {"command": ["x"], "env": {"DSN": "postgresql://db.shop.com/x"}, "secret_env": {}}
    assert [line.partition(" ")[0] for line in said(component(env=env, migration=job))] == [
        "api.env.DATABASE_URL",
        "api.env.API",
        "api.migration.env.DSN",
    ]
    assert said(component(env={"PAGE": "http://shop.com", "EMPTY": None, "NUMBER": 5, "GREETING": "hello"})) == []


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
