# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Least privilege in the database, TLS everywhere, and a new password that takes over from the old one."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import yaml
from story import (
    BASE_URL,
    RELEASE,
    Kubectl,
    Person,
    helm,
    newest_secrets,
    playbook,
    wait_for,
    without_digest,
)
from testinfra.host import Host

CONNECT = """
import os, sys
import psycopg
from pathlib import Path
from app.database_url import connection_parameters
changes = dict(pair.split("=", 1) for pair in sys.argv[2:])
parameters = connection_parameters(changes.pop("url", os.environ["DATABASE_URL"]), Path("/etc/services/ca.crt"))
try:
    with psycopg.connect(**{**parameters, **changes}) as connection:
        print(connection.execute(sys.argv[1]).fetchone())
except psycopg.Error as error:
    print(error)
"""


def application(kubectl: Kubectl, statement: str, **changes: str) -> str:
    """What a statement answers, or why it is refused, in the backend's pod and with its URL but for ``changes`` (libpq)."""
    arguments = [statement, *(f"{key}={value}" for key, value in changes.items())]
    return kubectl("exec", "deployment/backend", "--container=backend", "--", "python", "-c", CONNECT, *arguments)


def superuser(kubectl: Kubectl, query: str, database: str = "plannoir") -> list[str]:
    return kubectl("exec", "deployment/database", "--", "psql", "-At", f"--dbname={database}", f"--command={query}").splitlines()


def test_the_migrations_tables_belong_to_the_owner(kubectl: Kubectl) -> None:
    owners = superuser(kubectl, "SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'public'")
    assert "alembic_version|plannoir_owner" in owners
    assert {line.split("|")[1] for line in owners} == {"plannoir_owner"}


@pytest.mark.parametrize("host", ["pgbouncer", "database"])
def test_the_application_uses_the_tables_and_makes_none(kubectl: Kubectl, host: str) -> None:
    port = {"pgbouncer": "6432", "database": "5432"}[host]
    assert application(kubectl, "SELECT count(*) >= 0 FROM users", host=host, port=port) == "(True,)"
    for statement in ("CREATE TABLE extra (id int)", "CREATE TEMPORARY TABLE extra (id int)"):
        assert "permission denied" in application(kubectl, statement, host=host, port=port)
    assert "must be owner" in application(kubectl, "DROP TABLE users", host=host, port=port)
    for database in ("postgres", "template1"):
        assert "(1,)" not in application(kubectl, "SELECT 1", host=host, port=port, dbname=database)


def test_a_connection_without_tls_or_with_a_strangers_ca_is_refused(kubectl: Kubectl) -> None:
    assert "SSL required" in application(kubectl, "SELECT 1", sslmode="disable")
    assert "no pg_hba.conf entry" in application(kubectl, "SELECT 1", host="database", port="5432", sslmode="disable")
    for host, port in (("pgbouncer", "6432"), ("database", "5432")):
        strangers = application(kubectl, "SELECT 1", host=host, port=port, sslrootcert="/etc/ssl/certs/ca-certificates.crt")
        assert "certificate verify failed" in strangers


def test_the_poolers_own_connections_are_verified_and_fit_the_server(kubectl: Kubectl) -> None:
    query = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE client_addr IS NOT NULL AND NOT ssl"
    assert superuser(kubectl, query) == ["0"]
    (limit,) = superuser(kubectl, "SHOW max_connections")
    pools = kubectl("exec", "deployment/backend", "--", "python", "-c", "import os; print(os.environ['DATABASE_POOL_SIZE'])")
    settings = dict(
        line.split(" = ", 1)
        for line in json.loads(kubectl("get", "configmap", "pgbouncer-config", "--output=json"))["data"]["file-0"].splitlines()
        if " = " in line and "host=" not in line
    )
    assert 2 * int(settings["max_db_connections"]) < int(limit) - 3
    assert 2 * int(pools) <= int(settings["max_client_conn"])


def keys_read(local: Host, kubectl: Kubectl) -> dict[str, set[str]]:
    """The keys of Secrets that pods and hook Jobs name."""
    objects: list[dict[str, Any]] = json.loads(kubectl("get", "deployments", "--output=json"))["items"]
    for release in (RELEASE, f"{RELEASE}-extras"):
        hooks = local.check_output(shlex.join(helm("get", "hooks", release)))
        objects += [item for item in yaml.safe_load_all(hooks) if item and item["kind"] == "Job"]
    found: dict[str, set[str]] = {}
    for item in objects:
        spec = item["spec"]["template"]["spec"]
        for container in spec["containers"]:
            for entry in container.get("env", []):
                if reference := entry.get("valueFrom", {}).get("secretKeyRef"):
                    found.setdefault(without_digest(reference["name"]), set()).add(reference["key"])
        for volume in spec.get("volumes", []):
            if secret := volume.get("secret"):
                found.setdefault(without_digest(secret["secretName"]), set()).update(entry["key"] for entry in secret["items"])
    return found


def test_each_secret_holds_what_its_one_consumer_reads(local: Host, kubectl: Kubectl) -> None:
    there = newest_secrets(kubectl)
    assert {name: set(values) for name, values in there.items()} == keys_read(local, kubectl)
    setup = there["database-setup"]
    holders = {
        kind: {name for name, values in there.items() if any(setup[f"{kind}_PASSWORD"] in value for value in values.values())}
        for kind in ("ADMIN", "OWNER", "APP", "POOLER")
    }
    assert holders == {
        "ADMIN": {"database-env", "database-setup"},
        "OWNER": {"backend-migration", "database-setup"},
        "APP": {"backend-env", "database-setup"},
        "POOLER": {"pgbouncer-files", "database-setup"},
    }


def is_refused(kubectl: Kubectl, url: str) -> bool:
    return "authentication failed" in application(kubectl, "SELECT 1", url=url)


@pytest.fixture
def put_back() -> Iterator[None]:
    yield
    assert BASE_URL in playbook("site.yml")


@pytest.mark.usefixtures("put_back")
def test_a_new_password_takes_over_and_the_old_login_expires(person: Person, kubectl: Kubectl) -> None:
    old = newest_secrets(kubectl)["backend-env"]["DATABASE_URL"]
    database_pod = kubectl("get", "pods", "--selector=app.kubernetes.io/name=database", "--output=name")
    pooler_pod = kubectl("get", "pods", "--selector=app.kubernetes.io/name=pgbouncer", "--output=name")
    playbook("site.yml", "-e", "vault_database_password=another", "-e", "services_postgresql_login_grace='20 seconds'")
    assert newest_secrets(kubectl)["backend-env"]["DATABASE_URL"] != old
    assert kubectl("get", "pods", "--selector=app.kubernetes.io/name=database", "--output=name") == database_pod
    assert kubectl("get", "pods", "--selector=app.kubernetes.io/name=pgbouncer", "--output=name") == pooler_pod
    person.sign_in()
    for url in (old, old.replace("@pgbouncer:6432", "@database:5432")):
        wait_for(partial(is_refused, kubectl, url), 60, "the end of the old login")
    assert application(kubectl, "SELECT 1") == "(1,)"
