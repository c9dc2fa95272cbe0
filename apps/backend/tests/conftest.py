"""Servers for all tests, and people to talk to the backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from uuid import uuid4

import httpx
import psycopg
import pytest
from servers import Postgres, Server, environment, migrate, start_backend, start_model

PASSWORD = "correct horse"
SignUp = Callable[[], httpx.Client]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres().start()
    create_database(server, "plannoir")
    migrate(environment(server, "http://unused"))
    yield server
    server.remove()


def create_database(server: Postgres, name: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())


@pytest.fixture(scope="session")
def model() -> Iterator[Server]:
    with start_model() as server:
        yield server


@pytest.fixture(scope="session")
def backend(postgres: Postgres, model: Server) -> Iterator[Server]:
    with start_backend(postgres, model.url) as server:
        yield server


@pytest.fixture
def anybody(backend: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=backend.url, timeout=30) as client:
        yield client


@pytest.fixture
def sign_up(backend: Server) -> Iterator[SignUp]:
    """Makes new people, each with a client that keeps their cookie."""
    with ExitStack() as clients:

        def new_person() -> httpx.Client:
            client = clients.enter_context(httpx.Client(base_url=backend.url, timeout=30))
            credentials = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
            assert client.post("/api/auth/sign-up", json=credentials).status_code == 201
            return client

        yield new_person


@pytest.fixture
def person(sign_up: SignUp) -> httpx.Client:
    return sign_up()
