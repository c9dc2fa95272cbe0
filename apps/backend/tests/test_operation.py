"""Outages, restarts, migrations and logs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import trustme
from conftest import create_database
from servers import (
    BACKEND,
    Postgres,
    Server,
    alembic,
    environment,
    free_port,
    migrate,
    start_backend,
    start_model,
    wait_until,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.database import MIGRATION_LOCK, Database, cause
from app.database_url import connection_parameters


def test_a_read_outlives_the_end_of_its_connection(postgres: Postgres) -> None:
    """As when a pooler is replaced between two statements; a write is not sent twice."""

    async def read_twice(changes: bool) -> list[int]:
        database = Database(connection_parameters(postgres.url("plannoir"), postgres.ca_file))
        pid = text("SELECT pg_backend_pid()")
        try:
            async with (database.sessions if changes else database.reading)() as rows:
                first = await rows.scalar(pid)
                with psycopg.connect(postgres.url()) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [first])
                return [first, await rows.scalar(pid)]
        finally:
            await database.engine.dispose()

    assert len(set(asyncio.run(read_twice(changes=False)))) == 2
    with pytest.raises(DBAPIError):
        asyncio.run(read_twice(changes=True))


def test_a_database_outage_is_named_and_ends_by_itself(
    postgres: Postgres, backend: Server, person: httpx.Client
) -> None:
    person.post("/api/tasks", json={"title": "buy milk"})
    postgres.stop()
    try:
        ready = person.get("/health/ready")
        assert ready.status_code == 503
        assert ready.json() == {
            "status": "unavailable",
            "reason": "database refuses connections at its host and port",
        }
        assert ready.elapsed.total_seconds() < 5
        assert person.get("/health/live").json() == {"status": "ok"}
        answer = person.get("/api/tasks")
        assert answer.status_code == 503
        assert answer.json() == {"detail": "The database is unavailable at the moment. Try again shortly."}
    finally:
        postgres.start()
    wait_until(lambda: person.get("/health/ready").status_code == 200, seconds=10)
    assert [task["title"] for task in person.get("/api/tasks").json()] == ["buy milk"]


def test_a_request_waits_for_a_database_that_starts(postgres: Postgres, person: httpx.Client) -> None:
    postgres.stop()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(person.get, "/api/tasks")
        time.sleep(1)
        postgres.start()
        assert waiting.result().status_code == 200


def trouble(url: str, ca_file: Path) -> str | None:
    """What readiness would say of this URL."""

    async def ask() -> str | None:
        database = Database(connection_parameters(url, ca_file))
        try:
            return await database.trouble()
        finally:
            await database.engine.dispose()

    return asyncio.run(ask())


def test_what_is_wrong_with_a_database_url_is_named(postgres: Postgres, tmp_path: Path) -> None:
    strangers_ca = tmp_path / "ca.crt"
    trustme.CA().cert_pem.write_to_path(strangers_ca)
    good = postgres.url("plannoir")
    assert trouble(good, postgres.ca_file) is None
    assert trouble(good, strangers_ca) == "database shows a certificate that cannot be verified"
    wrong_password = postgres.url("plannoir", "wrong")
    assert trouble(wrong_password, postgres.ca_file) == "database refuses the user name or the password"
    elsewhere = postgres.url("nowhere")
    assert trouble(elsewhere, postgres.ca_file) == "database does not know the database or the user of the URL"
    in_the_clear = f"{good}?sslmode=disable"
    assert trouble(in_the_clear, postgres.ca_file) == "database refuses this connection (user, host or TLS setting)"
    unknown_host = good.replace("127.0.0.1", "nowhere.invalid")
    assert trouble(unknown_host, postgres.ca_file) == "database cannot be found: its host name does not resolve"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("FATAL:  no such user", "database refuses the user name or the password"),
        ("FATAL:  SASL authentication failed", "database refuses the user name or the password"),
        ("FATAL:  SSL required", "database refuses this connection (user, host or TLS setting)"),
        (
            "FATAL:  server login has been failing, cached error: connect failed (server_login_retry)",
            "database cannot be reached by its pooler",
        ),
        ("FATAL:  query_wait_timeout", "database does not answer its pooler in time"),
    ],
)
def test_what_a_pooler_says_is_named(message: str, said: str) -> None:
    assert cause(psycopg.OperationalError(message)) == said


def test_a_compute_that_wakes_up_is_asked_again(postgres: Postgres) -> None:
    """The first connection gets no answer within connect_timeout, as when Neon starts a suspended compute."""

    async def ask() -> tuple[str | None, int]:
        connections = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            if connections == 1:
                return
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", postgres.port)
            await asyncio.gather(pipe(reader, server_writer), pipe(server_reader, writer))

        async def pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        url = f"{postgres.url('plannoir').replace(f':{postgres.port}/', f':{port}/')}?connect_timeout=2"
        database = Database(connection_parameters(url, postgres.ca_file))
        try:
            return await database.trouble(seconds=8), connections
        finally:
            await database.engine.dispose()
            server.close()

    assert asyncio.run(ask()) == (None, 2)


def test_a_process_holds_no_more_connections_than_it_may(postgres: Postgres) -> None:
    async def waits() -> bool:
        parameters = connection_parameters(postgres.url("plannoir"), postgres.ca_file)
        database = Database(parameters, pool_size=2)
        try:
            async with database.engine.connect(), database.engine.connect():
                return await database.trouble(seconds=0.5) == "database does not answer in time"
        finally:
            await database.engine.dispose()

    assert asyncio.run(waits())


def test_requests_in_flight_are_finished_before_the_end(postgres: Postgres, person: httpx.Client) -> None:
    with start_model(OPENROUTER_STANDIN_DELAY="3") as slow, start_backend(postgres, slow.url) as server:
        with ThreadPoolExecutor() as threads:
            chat = threads.submit(
                httpx.post,
                f"{server.url}/api/chat",
                json={"message": "hello"},
                cookies=dict(person.cookies),
                timeout=30,
            )
            time.sleep(1.5)
            server.process.send_signal(signal.SIGTERM)
            assert chat.result().status_code == 200
        server.process.wait(timeout=10)
        assert '"message": "Application shutdown complete."' in server.log()
        assert server.process.returncode in (0, -signal.SIGTERM)


def test_the_log_is_json_without_secrets(postgres: Postgres, model: Server) -> None:
    with start_backend(postgres, model.url, LOG_LEVEL="DEBUG") as server:
        credentials = {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}
        with httpx.Client(base_url=server.url, headers={"X-Request-ID": "abc-1"}) as client:
            client.post("/api/auth/sign-up", json=credentials)
            assert client.post("/api/auth/sign-up", json=credentials).headers["x-request-id"] == "abc-1"
            client.post("/api/chat", json={"message": "add buy milk"})
            client.get("/api/tasks?token=hidden", headers={"X-Request-ID": "a b\tc"})
        server.stop()
        text = server.log()
    lines = [json.loads(line) for line in text.splitlines()]
    requests = [line for line in lines if line["message"] == "Request" and line["path"].startswith("/api")]
    assert [line["status"] for line in requests] == [201, 409, 200, 200]
    assert [line["request_id"] == "abc-1" for line in requests] == [True, True, True, False]
    assert {"time", "level", "logger", "method", "milliseconds"} <= set(requests[0])
    for secret in ("correct horse", "sk-or-test", "s" * 32, "hidden", "argon2", "p%40ss", "p@ss"):
        assert secret not in text


def test_missing_and_malformed_settings_are_named_together() -> None:
    settings = {
        "DATABASE_URL": "mysql://root:hunter2@db/x",
        "SESSION_SECRET": "short",
        "LOG_LEVEL": "loud",
        "DATABASE_POOL_SIZE": "0",
    }
    server = subprocess.run(
        [sys.executable, "-m", "uvicorn", "app.main:app", f"--port={free_port()}"],
        cwd=BACKEND,
        env={"PATH": os.environ["PATH"], **settings},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert server.returncode == 1
    lines = [json.loads(line)["message"] for line in server.stdout.splitlines()]
    assert lines == [
        "DATABASE_URL must be a PostgreSQL URL such as postgresql://user:password@host:5432/name.",
        "LOG_LEVEL is malformed: input should be 'debug', 'info', 'warning' or 'error'.",
        "DATABASE_POOL_SIZE is malformed: input should be greater than 0.",
        "OPENROUTER_API_KEY is not set.",
        "SESSION_SECRET is malformed: value should have at least 32 items after validation, not 5.",
    ]
    assert "hunter2" not in server.stdout


def test_models_and_migrations_agree(postgres: Postgres) -> None:
    assert "No new upgrade operations detected" in migrate(environment(postgres, "http://unused"), "check")


def test_migrations_go_down_and_up_again(postgres: Postgres) -> None:
    create_database(postgres, "updown")
    settings = environment(postgres, "http://unused", MIGRATION_DATABASE_URL=postgres.url("updown"))
    migrate(settings)
    migrate(settings, "downgrade", "base")
    migrate(settings)
    with psycopg.connect(postgres.url("updown")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_migrations_started_together_run_one_after_the_other(postgres: Postgres) -> None:
    create_database(postgres, "together")
    settings = environment(postgres, "http://unused", DATABASE_URL=postgres.url("together"))
    with psycopg.connect(postgres.url("together"), autocommit=True) as connection:

        def waiting() -> int:
            found = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return int(found.fetchall()[0][0])

        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        runs = [alembic(settings, "upgrade", "head") for _ in range(2)]
        wait_until(lambda: waiting() == 2, seconds=60)
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs


def test_a_migration_that_cannot_connect_says_why(postgres: Postgres) -> None:
    settings = environment(postgres, "http://unused", DATABASE_URL=postgres.url("plannoir", "wrong"))
    run = alembic(settings, "upgrade", "head")
    output = run.communicate(timeout=20)[0]
    assert run.returncode == 1
    assert [json.loads(line)["message"] for line in output.splitlines()] == [
        "The migration did not run: the database refuses the user name or the password."
    ]
