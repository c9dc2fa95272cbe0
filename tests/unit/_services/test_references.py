# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows where a component's environment names a service."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.specification import OPTIONS
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import type_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services, with_services
from ansible_collections.plannoir.deploy.plugins.module_utils._services.forms import CA_FILE
from ansible_collections.plannoir.deploy.plugins.module_utils._services.references import reference_problems

SERVICES = load_services()
USED: dict[str, dict[str, Any]] = {
    "postgresql": {
        "components": [{"name": "database"}, {"name": "pgbouncer"}],
        "connection": {
            "url": "postgresql://app:a@pgbouncer:6432/shop?sslmode=verify-full",
            "direct": "postgresql://app:a@database:5432/shop?sslmode=verify-full",
            "owner": "postgresql://owner:o@database:5432/shop?sslmode=verify-full",
            "ca": "PEM\n",
            "pool_size": 10,
        },
    },
    "openrouter": {"components": [], "connection": {"base_url": "https://openrouter.ai/api/v1", "key": "sk-or-1", "model": "m"}},
}
DATABASE = {"from": "postgresql", "as": "psycopg2"}


def resolved(**component: Any) -> dict[str, Any]:
    (found, *_services) = with_services([{"name": "api", **component}], USED)
    return dict(found)


def test_the_way_and_the_certificate_follow_from_the_value() -> None:
    found = resolved(connects_to=["web"], outside=False, secret_env={"DATABASE_URL": DATABASE, "A": "b"}, config_files={"/x": "y"})
    assert found["secret_env"] == {
        "DATABASE_URL": f"postgresql://app:a@pgbouncer:6432/shop?sslmode=verify-full&sslrootcert={CA_FILE}",
        "A": "b",
    }
    assert found["connects_to"] == ["web", "database", "pgbouncer"]
    assert found["outside"] is False
    assert found["config_files"] == {CA_FILE: "PEM\n", "/x": "y"}


def test_a_service_of_ones_own_needs_no_certificate_and_lies_outside() -> None:
    found = resolved(connects_to=[], outside=False, env={"URL": {"from": "openrouter", "as": "base_url"}})
    assert found["env"] == {"URL": "https://openrouter.ai/api/v1"}
    assert (found["connects_to"], found["outside"]) == ([], True)
    assert "config_files" not in found


def test_who_may_connect_to_all_still_may() -> None:
    assert "connects_to" not in resolved(secret_env={"DATABASE_URL": DATABASE})


def test_the_variables_of_a_client_stand_beside_it_and_a_persons_own_win() -> None:
    reference = {"from": "postgresql", "as": "sqlalchemy+asyncpg"}
    assert resolved(secret_env={"URL": reference})["env"] == {"PGSSLROOTCERT": CA_FILE}
    assert "env" not in resolved(secret_env={"URL": reference, "PGSSLROOTCERT": "/own"})
    assert resolved(env={"PGSSLROOTCERT": "/own"}, secret_env={"URL": reference})["env"] == {"PGSSLROOTCERT": "/own"}


def test_a_migration_has_the_owners_login_in_what_it_takes_from_its_component() -> None:
    parts = {name: {"from": "postgresql", "as": name} for name in ("host", "user", "database")}
    found = resolved(env=parts, secret_env={"URL": DATABASE, "KEY": {"from": "openrouter", "as": "key"}}, migration={"command": ["m"]})
    assert found["env"]["host"] == "pgbouncer"
    assert found["migration"] == {
        "command": ["m"],
        "env": {"host": "database", "user": "owner"},
        "secret_env": {"URL": f"postgresql://owner:o@database:5432/shop?sslmode=verify-full&sslrootcert={CA_FILE}"},
    }


def test_a_migration_that_names_the_service_itself_takes_nothing_else_for_it() -> None:
    found = resolved(secret_env={"URL": DATABASE}, migration={"command": ["m"], "secret_env": {"OTHER": DATABASE}})
    assert found["migration"]["secret_env"].keys() == {"OTHER"}
    assert "//owner:o@database" in found["migration"]["secret_env"]["OTHER"]


@pytest.mark.parametrize(
    ("further", "place"), [({}, "app:a@pgbouncer"), ({"direct": True}, "app:a@database"), ({"owner": True}, "owner:o@database")]
)
def test_past_the_pooler_and_as_the_owner(further: dict[str, bool], place: str) -> None:
    assert f"//{place}:" in resolved(secret_env={"URL": {**DATABASE, **further}})["secret_env"]["URL"]


def test_a_component_that_names_no_service_stays_as_it_is() -> None:
    component = {"name": "web", "env": {"A": "b"}, "migration": {"command": ["m"]}}
    assert with_services([component], USED) == [component, {"name": "database"}, {"name": "pgbouncer"}]


WRONG = {
    "secret_env": {
        "UNKNOWN": {"from": "redos", "as": "url"},
        "UNUSED": {"from": "openrouter", "as": "key"},
        "FORM": {"from": "postgresql", "as": "mysql"},
        "RIGHT": {"from": "postgresql", "as": "jdbc", "direct": True},
        "UNFINISHED": {"from": "postgresql"},
    },
    "migration": {"command": ["m"], "env": {"SHOWN": {"from": "postgresql", "as": "password"}}},
}


def test_what_there_is_not_is_a_sentence_with_its_place_and_what_there_is() -> None:
    forms = ", ".join(SERVICES["postgresql"].form_names)
    services = ", ".join(SERVICES)
    found = list(reference_problems([{"name": "api", **WRONG}], ["postgresql"], SERVICES, lambda key: f"app.yml:{len(str(key))}"))
    assert found == [
        f"app_components[0] (api).secret_env.UNKNOWN (app.yml:7) takes a value from redos, and app_services names postgresql: the services "
        f"that there are: {services}.",
        "app_components[0] (api).secret_env.UNUSED (app.yml:6) takes a value from openrouter, and app_services names postgresql: add it "
        "there.",
        f"app_components[0] (api).secret_env.FORM (app.yml:4) takes mysql from postgresql, which has no such form: take one of {forms}.",
        "app_components[0] (api).migration.env.SHOWN (app.yml:5) takes password from postgresql, in which a credential stands, and env is "
        "for what everybody may read: move it to secret_env.",
    ]


def test_a_login_that_a_service_has_not_is_named() -> None:
    component = {"name": "api", "secret_env": {"KEY": {"from": "openrouter", "as": "key", "owner": True}}}
    (problem,) = reference_problems([component], ["openrouter"], SERVICES, lambda _key: "")
    assert problem == "app_components[0] (api).secret_env.KEY asks openrouter for owner, which it has not: take owner out."


@pytest.mark.parametrize("raw", [[], ["x"], [{"env": "x"}], [{"env": {"A": None}, "migration": "x"}], [{"secret_env": {"A": "b"}}]])
def test_what_names_no_service_is_right(raw: Any) -> None:
    assert list(reference_problems(raw, [], SERVICES, lambda _key: "")) == []


def test_a_reference_with_a_misspelt_option_is_named_as_any_option() -> None:
    spec = {"type": "list", "elements": "dict", "options": OPTIONS}
    component = {"name": "api", "port": 1, "env": {"A": {"form": "postgresql", "as": "host"}, "B": {"from": "x", "as": "y"}}}
    assert list(type_problems([component], spec, "app_components", lambda _item: "")) == [
        "app_components[0] (api).env.A.form is no option: did you mean from?",
        "app_components[0] (api).env.A lacks from, which must be text.",
    ]


def test_a_role_that_runs_without_preflight_says_the_same() -> None:
    with pytest.raises(ValueError, match=r"^api\.secret_env\.FORM takes mysql from postgresql, which has no such form: take one of libpq,"):
        resolved(secret_env={"FORM": {"from": "postgresql", "as": "mysql"}})
