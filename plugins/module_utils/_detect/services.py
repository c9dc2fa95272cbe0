# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a part talks to, by the clients that it depends on, and how each client's address is spelt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Client(NamedTuple):
    """A client library: the service that it talks to, the package, the language, and the form of its URL.

    ``form`` is one of the forms that a value ``{from: SERVICE, as: FORM}`` knows.
    """

    service: str
    package: str
    language: str
    form: str


CLIENTS = (
    Client("postgresql", "asyncpg", "python", "asyncpg"),
    Client("postgresql", "psycopg", "python", "psycopg"),
    Client("postgresql", "psycopg2-binary", "python", "psycopg2"),
    Client("postgresql", "psycopg2", "python", "psycopg2"),
    Client("postgresql", "psycopg-binary", "python", "psycopg"),
    Client("postgresql", "pg8000", "python", "pg8000"),
    Client("postgresql", "pg", "node", "node-postgres"),
    Client("postgresql", "postgres", "node", "postgres.js"),
    Client("postgresql", "@vercel/postgres", "node", "node-postgres"),
    Client("postgresql", "pg-promise", "node", "node-postgres"),
    Client("mariadb", "asyncmy", "python", "asyncmy"),
    Client("mariadb", "aiomysql", "python", "aiomysql"),
    Client("mariadb", "mysqlclient", "python", "mysqldb"),
    Client("mariadb", "pymysql", "python", "pymysql"),
    Client("mariadb", "mysql-connector-python", "python", "mysqlconnector"),
    Client("mariadb", "mysql2", "node", "mysql2"),
    Client("mariadb", "mysql", "node", "mysql2"),
    Client("mariadb", "mariadb", "node", "mariadb"),
    Client("redis", "arq", "python", "arq"),
    Client("redis", "redis", "python", "redis"),
    Client("redis", "aioredis", "python", "redis"),
    Client("redis", "valkey", "python", "redis"),
    Client("redis", "django-redis", "python", "redis"),
    Client("redis", "rq", "python", "redis"),
    Client("redis", "ioredis", "node", "ioredis"),
    Client("redis", "bullmq", "node", "ioredis"),
    Client("redis", "redis", "node", "node-redis"),
    Client("redis", "connect-redis", "node", "node-redis"),
    Client("openrouter", "openai", "python", "openai"),
    Client("openrouter", "openai-agents", "python", "openai"),
    Client("openrouter", "langchain-openai", "python", "openai"),
    Client("openrouter", "litellm", "python", "openai"),
    Client("openrouter", "openai", "node", "openai"),
    Client("openrouter", "@ai-sdk/openai", "node", "openai"),
    Client("openrouter", "@openrouter/ai-sdk-provider", "node", "openai"),
    Client("mongodb", "pymongo", "python", ""),
    Client("mongodb", "motor", "python", ""),
    Client("mongodb", "beanie", "python", ""),
    Client("mongodb", "mongoose", "node", ""),
    Client("mongodb", "mongodb", "node", ""),
    Client("rabbitmq", "pika", "python", ""),
    Client("rabbitmq", "aio-pika", "python", ""),
    Client("rabbitmq", "amqplib", "node", ""),
    Client("kafka", "aiokafka", "python", ""),
    Client("kafka", "kafkajs", "node", ""),
    Client("elasticsearch", "elasticsearch", "python", ""),
    Client("elasticsearch", "@elastic/elasticsearch", "node", ""),
)
"""The first of a service is the one whose spelling counts."""

DATABASES = ("postgresql", "mariadb")
"""Services of which a part talks to one."""
ASYNCHRONOUS = ("asyncpg", "asyncmy", "aiomysql")
"""Forms of drivers that SQLAlchemy's asynchronous engine takes, and its other one does not."""

HOSTED = {
    "@neondatabase/serverless": "talks to Neon by WebSocket, which no server of one's own answers: only Neon's own URL works",
    "@upstash/redis": "talks to Upstash by HTTP, which no Redis answers: only Upstash's own URL works",
    "@planetscale/database": "talks to PlanetScale by HTTP, which no MySQL answers: only PlanetScale's own URL works",
    "@supabase/supabase-js": "talks to Supabase by HTTP, which no PostgreSQL answers: only a Supabase works",
    "supabase": "talks to Supabase by HTTP, which no PostgreSQL answers: only a Supabase works",
    "@clerk/nextjs": "signs users in at Clerk: only keys of Clerk work",
    "firebase-admin": "talks to Firebase: only a project there works",
    "firebase": "talks to Firebase: only a project there works",
}
"""Clients of services that nobody can run here."""

IN_CODE = "The server's name stands in the code, and no password."
"""What is said of a client that no variable tells where its server is."""

EMBEDDED = ("postgresql", "mariadb", "redis", "openrouter", "mail")
"""Services that the role ``services`` has a folder for, and that an application talks to."""

IMAGES = {
    "postgres": "postgresql",
    "pgvector/pgvector": "postgresql",
    "timescale/timescaledb": "postgresql",
    "postgis/postgis": "postgresql",
    "bitnami/postgresql": "postgresql",
    "mysql": "mariadb",
    "mysql/mysql-server": "mariadb",
    "percona": "mariadb",
    "bitnami/mysql": "mariadb",
    "mariadb": "mariadb",
    "bitnami/mariadb": "mariadb",
    "linuxserver/mariadb": "mariadb",
    "redis": "redis",
    "valkey/valkey": "redis",
    "redis/redis-stack": "redis",
    "redis/redis-stack-server": "redis",
    "mongo": "mongodb",
    "rabbitmq": "rabbitmq",
    "axllent/mailpit": "mail",
    "mailhog/mailhog": "mail",
    "schickling/mailcatcher": "mail",
}
"""Images of compose files and the services that they are."""


def clients(dependencies: Mapping[str, str], language: str) -> dict[str, Client]:
    """Return the services whose clients are installed, with the client that decides the spelling."""
    found: dict[str, Client] = {}
    for row in CLIENTS:
        if row.language == language and row.package in dependencies:
            found.setdefault(row.service, row)
    return found


def sqlalchemy_form(client: Client, dependencies: Iterable[str]) -> str:
    """Return the form of a URL for who reads it: the client, or what stands in front, as SQLAlchemy, which wants a driver in the scheme."""
    packages = set(dependencies)
    if {"sqlalchemy", "sqlmodel", "flask-sqlalchemy"} & packages and (client.service == "mariadb" or client.form in ("asyncpg", "psycopg")):
        return f"sqlalchemy+{client.form}"
    if client.service == "mariadb" and client.form != "prisma":
        if client.language == "python":
            return "django" if "dj-database-url" in packages else "url"
        return "url" if {"typeorm", "sequelize"} & packages else client.form
    return client.form


def synchronous(known: Mapping[str, Client], dependencies: Mapping[str, str]) -> dict[str, Client]:
    """Return the clients where SQLAlchemy's asynchronous engine is not used: of two drivers the one that waits."""
    if not {"sqlalchemy", "sqlmodel"} & dependencies.keys():
        return dict(known)
    waiting = {row.service: row for row in reversed(CLIENTS) if row.package in dependencies and row.form not in ASYNCHRONOUS}
    return {name: waiting.get(name, client) if client.form in ASYNCHRONOUS else client for name, client in known.items()}


def one_database(known: Mapping[str, Client], defaults: Iterable[str | None], images: Iterable[str]) -> dict[str, Client]:
    """Return the clients without those of a second database: the one of the code's own URLs stays, else the one of the compose files."""
    if not all(name in known for name in DATABASES):
        return dict(known)
    schemes = {"postgres": "postgresql", "mysql": "mariadb", "mariadb": "mariadb"}
    said = [service for text in defaults for scheme, service in schemes.items() if (text or "").startswith(scheme)]
    said += [service for image in images if (service := service_of_image(image)) in DATABASES]
    chosen = next(iter(said), DATABASES[0])
    return {name: client for name, client in known.items() if name == chosen or name not in DATABASES}


def service_of_image(image: str) -> str:
    """Return the service that an image is; empty for none that is known."""
    repository = image.partition("@")[0].rpartition(":")[0] or image
    for prefix in ("docker.io/library/", "docker.io/", "library/", "public.ecr.aws/docker/library/"):
        repository = repository.removeprefix(prefix)
    return IMAGES.get(repository, "")
