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

from app.database import MIGRATION_LOCK, Database
from app.database_url import connection_parameters


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
    settings = {"DATABASE_URL": "mysql://root:hunter2@db/x", "SESSION_SECRET": "short", "LOG_LEVEL": "loud"}
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
