# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client of a service counts, and in which form it takes the address."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.services import (
    clients,
    one_database,
    service_of_image,
    sqlalchemy_form,
    synchronous,
)


def needs(*packages: str) -> dict[str, str]:
    return dict.fromkeys(packages, "1")


@pytest.mark.parametrize(
    ("language", "packages", "form"),
    [
        ("python", ("pymysql", "sqlalchemy"), "sqlalchemy+pymysql"),
        ("python", ("mysqlclient", "sqlmodel"), "sqlalchemy+mysqldb"),
        ("python", ("asyncmy", "pymysql", "sqlalchemy"), "sqlalchemy+asyncmy"),
        ("python", ("mysqlclient", "django", "dj-database-url"), "django"),
        ("python", ("mysqlclient", "django", "django-environ"), "url"),
        ("python", ("aiomysql", "databases"), "url"),
        ("node", ("mysql2",), "mysql2"),
        ("node", ("mysql2", "drizzle-orm"), "mysql2"),
        ("node", ("mysql2", "typeorm"), "url"),
        ("node", ("mysql2", "sequelize"), "url"),
        ("node", ("mariadb",), "mariadb"),
        ("python", ("psycopg2", "sqlalchemy"), "psycopg2"),
        ("python", ("asyncpg", "sqlalchemy"), "sqlalchemy+asyncpg"),
    ],
)
def test_the_form_is_that_of_who_reads_the_url(language: str, packages: tuple[str, ...], form: str) -> None:
    (client,) = (found for found in clients(needs(*packages), language).values())
    assert sqlalchemy_form(client, packages) == form


@pytest.mark.parametrize(
    ("packages", "form"),
    [
        (("aiomysql", "pymysql", "sqlalchemy"), "pymysql"),
        (("asyncpg", "psycopg2-binary", "sqlalchemy"), "psycopg2"),
        (("asyncpg", "psycopg", "psycopg2", "sqlalchemy"), "psycopg"),
        (("aiomysql", "sqlalchemy"), "aiomysql"),
        (("asyncmy", "pymysql"), "asyncmy"),
        (("pymysql", "sqlalchemy"), "pymysql"),
    ],
)
def test_an_engine_that_waits_has_a_driver_that_does(packages: tuple[str, ...], form: str) -> None:
    (client,) = synchronous(clients(needs(*packages), "python"), needs(*packages)).values()
    assert client.form == form


@pytest.mark.parametrize(
    ("defaults", "images", "service"),
    [
        ((), (), "postgresql"),
        (("mysql+pymysql://root@db/shop",), ("postgres:17",), "mariadb"),
        (("sqlite:///app.db", None), ("mysql:8",), "mariadb"),
        (("postgresql://db/shop",), ("mysql:8",), "postgresql"),
        ((), ("redis:8", "docker.io/library/mariadb:11.4@sha256:0"), "mariadb"),
        (("mariadb://db/shop",), (), "mariadb"),
    ],
)
def test_of_two_databases_the_one_that_is_written_down(defaults: tuple[str | None, ...], images: tuple[str, ...], service: str) -> None:
    known = clients(needs("psycopg", "pymysql", "redis"), "python")
    assert [*one_database(known, defaults, images)] == [service, "redis"]


def test_one_database_is_not_questioned() -> None:
    known = clients(needs("psycopg"), "python")
    assert one_database(known, ["mysql://db/shop"], ["mysql:8"]) == known


@pytest.mark.parametrize(
    ("image", "service"),
    [
        ("mysql:8.4", "mariadb"),
        ("bitnami/mysql:9", "mariadb"),
        ("mysql", "mariadb"),
        ("registry.example.org:5000/mysql-backup:1", ""),
        ("phpmyadmin:5", ""),
        ("postgres:17", "postgresql"),
    ],
)
def test_an_image_is_the_service_that_it_runs(image: str, service: str) -> None:
    assert service_of_image(image) == service
