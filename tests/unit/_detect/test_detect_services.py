# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which client of a service counts, and in which form it takes the address."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.roles import role_of
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


@pytest.mark.parametrize(
    ("variable", "role"),
    [
        ("EMAIL_HOST", "mail_host"),
        ("EMAIL_HOST_USER", "mail_user"),
        ("EMAIL_HOST_PASSWORD", "mail_password"),
        ("EMAIL_PORT", "mail_port"),
        ("EMAIL_USE_TLS", "mail_starttls"),
        ("EMAIL_USE_SSL", "mail_ssl"),
        ("DEFAULT_FROM_EMAIL", "mail_from"),
        ("MAIL_SERVER", "mail_host"),
        ("MAIL_USERNAME", "mail_user"),
        ("MAIL_STARTTLS", "mail_starttls"),
        ("MAIL_SSL_TLS", "mail_ssl"),
        ("MAIL_FROM", "mail_from"),
        ("SMTP_SECURE", "mail_ssl"),
        ("SMTP_TLS", "mail_starttls"),
        ("SMTP_URL", "mail_url"),
        ("EMAIL_SERVER", "mail_url"),
        ("EMAIL_SERVER_HOST", "mail_host"),
        ("MAIL_FROM_NAME", ""),
        ("EMAIL_TLS_CA", ""),
        ("EMAIL_TEMPLATE", ""),
        ("MAIL_TLSA", ""),
        ("SECURE_SSL_REDIRECT", ""),
    ],
)
def test_what_a_variable_of_mail_is(variable: str, role: str) -> None:
    found = role_of(variable)
    assert (found.name if found else "") == role
