# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial asks an application, and which lines its answers call for."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.part import detect_part
from ansible_collections.plannoir.deploy.plugins.module_utils._trial import inside
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.run import ask, trials
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.told import lines, read
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.trial import LABEL, Trial

BROKEN = Path(__file__).parents[2] / "fixtures/apps/fastapi-broken-migration"
COMPONENT: dict[str, Any] = {
    "name": "web",
    "build": {"context": "."},
    "port": 8000,
    "env": {"LOG_LEVEL": "info", "PAGE": 7},
    "secret_env": {"DATABASE_URL": {"from": "postgresql", "as": "sqlalchemy+psycopg"}, "NOTES_SIGNATURE_KEY": "hunter2hunter2"},
    "migration": {"command": ["alembic", "upgrade", "head"]},
    "probes": {"readiness": {"path": "/health"}},
}
ALEMBIC = """\
Traceback (most recent call last):
  File "/venv/bin/alembic", line 8, in <module>
    sys.exit(main())
sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedColumn) column "owner_id" does not exist
[SQL: CREATE INDEX note_owner ON note (owner_id)]
"""
CODE = "import app.main; tables.create_all(engine)"
WORKS: dict[str, Any] = {
    "missing": [],
    "load": {"ok": True, "paths": ["/health", "/ready", "/notes"], "tables": CODE},
    "migration": {"code": 0, "output": ""},
    "compare": {"code": 0, "output": "No new upgrade operations detected."},
    "tables": {"code": CODE, "ended": 0, "result": ""},
    "with": {"/health": [200, '{"status":"ok"}'], "/ready": [200, "ready"]},
    "without": {"/health": [503, "no"], "/ready": [503, "no"]},
}


def trial(routes: dict[str, bool] | None = None, database: str = "shop/database:1", **own: Any) -> Trial:
    databases = {"postgresql": database} if database else {}
    return Trial({**COMPONENT, **own}, detect_part(BROKEN), "shop/web:1", databases, routes or {})


def said(answers: dict[str, Any], **own: Any) -> list[str]:
    return lines(trial(**own), {**WORKS, **answers})


def test_an_application_that_is_right_hears_nothing() -> None:
    assert said({}) == []


@pytest.mark.parametrize(
    ("answers", "own"),
    [
        ({"with": {"/health": [200, "a"]}, "without": {"/health": [200, "a"]}}, {"database": "", "migration": None}),
        ({"with": {}, "without": {}}, {"probes": {}}),
        ({"load": {"ok": True, "paths": [], "tables": ""}}, {"routes": {"/api": False}}),
        ({"load": {"ok": True, "paths": ["/api/a", "/b"], "tables": ""}}, {"routes": {"/api": True, "/": False}}),
        ({"migration": None, "compare": None}, {"migration": None, "database": ""}),
        ({"tables": {"code": CODE, "ended": 1, "result": "x"}}, {}),
    ],
)
def test_what_only_looks_wrong_is_not_told(answers: dict[str, Any], own: dict[str, Any]) -> None:
    assert said(answers, **own) == []


def test_a_migration_that_fails_is_told_with_its_cause_and_what_was_tried_in_its_place() -> None:
    (line,) = said({"migration": {"code": 1, "output": ALEMBIC}, "compare": None})
    assert line.startswith(
        "web: its migration fails on an empty database: sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedColumn)"
    )
    assert f"write at web: migration: {{command: [python, -c, {json.dumps(CODE)}]}}" in line
    (line,) = said({"migration": {"code": 1, "output": ALEMBIC}, "tables": {"code": CODE, "ended": 1, "result": "no"}})
    assert line.endswith("Mend the migrations.")


@pytest.mark.parametrize(
    ("compare", "why"),
    [
        (
            {"code": 1, "output": "FAILED: Can't proceed; env.py does not provide a MetaData object.\n"},
            "env.py does not provide a MetaData",
        ),
        (None, "nothing tells it in the image of alembic"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_told(compare: dict[str, Any] | None, why: str) -> None:
    (line,) = said({"compare": compare})
    assert "leaves a difference to the models was not tried: " in line
    assert why in line
    assert line.endswith(".")
    assert ".." not in line


def test_a_migration_that_works_once_only_is_told() -> None:
    (line,) = said({"again": {"code": 1, "output": "RuntimeError: table note is there"}, "compare": None})
    assert "works on an empty database, and not a second time: RuntimeError: table note is there" in line


def test_what_was_not_tried_of_a_migration_is_told_with_the_reason() -> None:
    (line,) = said({"migration": None, "compare": None, "with": {}, "without": {}}, database="")
    assert line == "web: its migration (alembic) was not tried: it has no embedded database, and nothing is tried on one of yours."


@pytest.mark.parametrize(
    ("output", "differs"),
    [
        ("FAILED: New upgrade operations detected: [('add_table', Table('notes', MetaData()))]", "add_table notes"),
        ("FAILED: New upgrade operations detected: [('add_column', None, 'notes', Column('owner'))]", "add_column notes"),
        ("Migrations for 'shop':\n  shop/migrations/0002_x.py\n    + Add field note to order\n", "Add field note to order"),
    ],
)  # fmt: skip
def test_a_difference_to_the_models_is_told(output: str, differs: str) -> None:
    (line,) = said({"compare": {"code": 1, "output": output}})
    assert f"leaves a difference to the models: {differs}" in line


def test_a_variable_that_the_import_wants_is_told_by_its_name() -> None:
    (line,) = said({"missing": ["PAGE_SIZE", "NOTES_SIGNATURE_KEY"]})
    assert line.endswith("Write at web: env: {PAGE_SIZE: ...}, secret_env: {NOTES_SIGNATURE_KEY: ...}")
    (line,) = said({"load": {"ok": False, "error": "ImportError: no x"}, "with": None, "without": None, "tables": None})
    assert line == "web: app.main:app cannot be imported, so it was asked nothing more: ImportError: no x"


def test_a_route_of_health_that_does_not_look_is_told_with_the_one_that_does() -> None:
    (line,) = said({"without": {"/health": [200, '{"status":"ok"}'], "/ready": [503, ""]}})
    assert "answers 200 without a database, too, and GET /ready does not. Write at web: probes: {readiness: {path: /ready}}" in line
    (line,) = said({"without": {"/health": [200, '{"status":"down"}'], "/ready": [503, ""]}})
    assert "only its body tells" in line
    assert ".get('status') != 'ok'" in line
    (line,) = said({"without": {"/health": [200, '{"status":"ok"}'], "/ready": [200, ""]}})
    assert "it does not ask the database" in line
    (line,) = said({"with": {"/health": [404, ""], "/ready": [200, ""]}})
    assert "GET /health, its readiness probe, answers 404. Write at web: probes: {readiness: {path: /ready}}" in line
    (line,) = said({"with": {"/health": [404, ""]}, "without": {"/health": [404, ""]}})
    assert line == "web: GET /health, its readiness probe, answers 404, and no other route of health is known: write probes.readiness."


def test_what_differs_by_itself_is_no_sign_of_a_database() -> None:
    body = '{"at": "2026-01-01 10:00:0%s", "status": "ok"}'
    (line,) = said({"with": {"/health": [200, body % 1]}, "without": {"/health": [200, body % 2]}})
    assert "only its body tells" not in line


def test_a_prefix_that_does_not_fit_is_told() -> None:
    api = {"load": {"ok": True, "paths": ["/api/a", "/api/b", "/openapi.json"], "tables": ""}}
    (line,) = said(api, routes={"/api": True})
    assert line.endswith("Write: services_gateway_routes: {/api: web}")
    (line,) = said({}, routes={"/api": False})
    assert line.endswith("services_gateway_routes: {/api: {to: web, strip: true}}")


def test_a_path_to_ask_is_told_where_nothing_asks_from_outside() -> None:
    published = {**COMPONENT, "service": {"type": "NodePort"}, "probes": {}}
    answers = {**WORKS, "load": {"ok": True, "paths": ["/v1/items/{id}", "/v1/items"], "tables": ""}}
    unchecked = Trial(published, detect_part(BROKEN), "x", {"postgresql": "y"}, is_checked=False)
    (line,) = lines(unchecked, answers)
    step = "{name: web answers, request: {component: web, url: /v1/items}, expect: {below: 500}}"
    assert line == f"web: nothing asks it from outside. Write: app_checks: [{step}]"
    assert lines(Trial(published, detect_part(BROKEN), "x", {"postgresql": "y"}), answers) == []
    assert lines(Trial(published | {"service": {}}, detect_part(BROKEN), "x", {"postgresql": "y"}, is_checked=False), answers) == []


def test_no_credential_leaves_the_machine_and_the_addresses_are_the_scratch_databases() -> None:
    request = trial().request()
    assert "hunter2" not in json.dumps(trial().pod("shop"))
    assert request["present"]["DATABASE_URL"].startswith("postgresql+psycopg://trial:trial@127.0.0.1:5432/one?sslmode=disable")
    assert request["second"]["DATABASE_URL"].startswith("postgresql+psycopg://trial:trial@127.0.0.1:5432/two")
    assert ":9/" in request["away"]["DATABASE_URL"]
    assert request["env"]["PAGE"] == "7"
    assert request["compare"] == ["alembic", "check"]
    assert trial(migration={"command": ["flask", "--app", "shop", "db", "upgrade"]}).request()["compare"][-2:] == ["db", "check"]
    assert trial(migration={"command": ["python", "manage.py", "migrate", "--noinput"]}).request()["compare"][-2:] == [
        "--check",
        "--dry-run",
    ]


def test_a_client_of_mysql_gets_a_login_that_has_rights_to_the_scratch_databases_alone() -> None:
    asked_for = {"DATABASE_URL": {"from": "mariadb", "as": "sqlalchemy+pymysql"}, "DATABASE_HOST": {"from": "mariadb", "as": "host"}}
    there = Trial({**COMPONENT, "secret_env": asked_for}, detect_part(BROKEN), "shop/web:1", {"mariadb": "shop/mariadb:1"})
    request = there.request()
    assert request["database"] == 3306
    assert request["present"] == {"DATABASE_URL": "mysql+pymysql://trial:trial@127.0.0.1:3306/one", "DATABASE_HOST": "127.0.0.1"}
    assert request["second"]["DATABASE_URL"].endswith("/two")
    assert ":9/" in request["away"]["DATABASE_URL"]
    server = there.pod("shop")[1]["spec"]["containers"][1]
    assert (server["image"], server["securityContext"]["runAsUser"]) == ("shop/mariadb:1", 10008)
    grants = [line for line in server["command"][2].split('"') if line.startswith("GRANT")]
    assert grants == [f"GRANT ALL PRIVILEGES ON {name}.* TO trial@'%';" for name in ("one", "two")]
    assert Trial({**COMPONENT, "secret_env": asked_for}, detect_part(BROKEN), "x", {"postgresql": "y"}).request()["database"] == 0


def test_a_service_that_is_not_there_is_told_in_the_form_that_the_client_reads() -> None:
    env = {name: {"from": "mail", "as": form} for name, form in {"SMTP_HOST": "host", "SMTP_PORT": "port", "SMTP_TLS": "starttls"}.items()}
    present = trial(env=env, secret_env={"REDIS_URL": {"from": "redis", "as": "redis"}}).request()["present"]
    assert present == {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": "25", "SMTP_TLS": "true", "REDIS_URL": "redis://127.0.0.1:6379/0"}


@pytest.mark.parametrize(
    ("name", "kind"), [("API_URL", "http"), ("HTTP_PORT", "9"), ("RATE_LIMIT_MAX", "9"), ("REQUEST_TIMEOUT", "9"), ("APP_TOKEN", "trial")]
)
def test_a_stand_in_is_of_the_kind_that_the_name_says(name: str, kind: str) -> None:
    assert inside.stand_in(name).startswith(kind)


def test_the_pod_is_restricted_and_closed() -> None:
    policy, pod = trial().pod("shop")
    assert policy["spec"] == {"podSelector": {"matchLabels": {LABEL: "web"}}, "policyTypes": ["Ingress", "Egress"]}
    assert [container["name"] for container in pod["spec"]["containers"]] == ["trial", "database"]
    for container in pod["spec"]["containers"]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert pod["spec"]["securityContext"]["runAsNonRoot"]
    assert pod["spec"]["restartPolicy"] == "Never"
    assert len(trial(database="").pod("shop")[1]["spec"]["containers"]) == 1


def test_what_answers_requests_is_tried_where_an_answer_is_to_be_had(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    others: list[dict[str, Any]] = [
        {"name": "empty", "port": 1, "build": {"context": str(tmp_path / "empty")}},
        {"name": "node", "port": 1, "build": {"context": str(BROKEN.parent / "next-npm")}},
        {"name": "site", "port": 1, "build": {"context": str(BROKEN.parent / "static-site")}},
        {"name": "ready", "port": 1, "image": "a/b:1"},
        {"name": "worker", "build": {"context": str(BROKEN)}},
    ]
    here = {**COMPONENT, "build": {"context": str(BROKEN)}}
    makes_tables = {"name": "tables", "port": 1, "build": {"context": str(BROKEN.parent / "next-bun-drizzle")}}
    refs = dict.fromkeys(("empty", "node", "site", "ready", "worker", "web", "tables"), "x")
    one, other = trials([*others, here, makes_tables], refs, {}, {"/": "other", "/api": {"to": "web", "strip": True}}, tmp_path, {})
    assert (one.name, other.name) == ("web", "tables")
    assert one.routes == {"/api": True}


APPLICATION = """
import json, os, socket

LEVEL = os.environ["APP_LEVEL"]
if not os.environ.get("APP_TOKEN"):
    raise RuntimeError("APP_TOKEN environment variable is not set")


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["DATABASE_PORT"])), 1).close()
        status = "up"
    except OSError:
        status = "down"
    await send({"type": "http.response.start", "status": 200 if scope["path"] == "/health" else 404, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps({"status": status}).encode()})
"""


def asked(folder: Path, **own: Any) -> dict[str, Any]:
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        request = {
            "entry": "main:app", "factory": False, "interface": "asgi", "env": {"APP_LEVEL": "info"}, "database": port, "compare": [],
            "present": {"DATABASE_PORT": str(port)}, "second": {}, "away": {"DATABASE_PORT": "9"}, "migration": [], "probe": "/health",
            **own,
        }  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "PLANNOIR_TRIAL": inspect.getsource(inside)}
        command = [sys.executable, "-c", inside.BEGIN, json.dumps(request)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120)
    answers = read(f"{done.stdout}\n")
    assert answers
    return answers


def test_an_application_is_imported_and_asked_with_and_without_its_database(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APPLICATION, encoding="utf-8")
    answers = asked(tmp_path, migration=[sys.executable, "-c", "raise SystemExit('no column')"])
    assert answers["missing"] == ["APP_TOKEN"]
    assert answers["load"]["ok"]
    assert answers["with"] == {"/health": [200, '{"status": "up"}']}
    assert answers["without"] == {"/health": [200, '{"status": "down"}']}
    assert answers["migration"]["code"] == 1
    assert "no column" in answers["migration"]["output"]


@pytest.mark.parametrize("source", ["import nothing_of_that_name", "raise SystemExit(3)", "import os; os._exit(4)", "app = 1"])
def test_an_import_that_fails_is_an_answer(tmp_path: Path, source: str) -> None:
    (tmp_path / "main.py").write_text(source, encoding="utf-8")
    answers = asked(tmp_path)
    assert answers["missing"] == []
    assert answers["load"]["ok"] is (source == "app = 1")


def cluster(folder: Path, pod: dict[str, Any], log: str = "") -> Cluster:
    (folder / "pod").write_text(json.dumps(pod), encoding="utf-8")
    (folder / "log").write_text(log, encoding="utf-8")
    program = folder / "kubectl"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {folder}/calls\ncase "$*" in *" get pod "*) cat {folder}/pod;; *" logs "*) cat {folder}/log;; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    return Cluster("config", "context", "ns", str(folder))


def ended(state: dict[str, Any], phase: str = "Running") -> dict[str, Any]:
    return {"status": {"phase": phase, "containerStatuses": [{"name": "trial", "state": state}]}}


@pytest.mark.parametrize(
    ("pod", "log", "line"),
    [
        (ended({"terminated": {"exitCode": 0}}), f"noise\n{inside.MARK}{json.dumps({**WORKS, 'missing': ['A_KEY']})}\n", "without A_KEY"),
        (ended({"terminated": {"reason": "StartError", "message": "exec: no python"}}), "", "could not be tried (exec: no python"),
        (ended({"waiting": {"reason": "ErrImageNeverPull", "message": "none"}}), "", "not be tried (ErrImageNeverPull: none)"),
        (ended({"terminated": {"exitCode": 137}}), "Killed", "could not be tried (Killed)"),
        ({"status": {"phase": "Failed", "message": "DeadlineExceeded"}}, "", "could not be tried (DeadlineExceeded)"),
        (ended({"running": {}}), "", "did not end within"),
    ],
)  # fmt: skip
def test_a_trial_ends_in_a_line_and_leaves_nothing(tmp_path: Path, pod: dict[str, Any], log: str, line: str) -> None:
    ticks = iter(range(0, 100_000, 100))
    (found,) = ask(cluster(tmp_path, pod, log), "shop", [trial()], lambda: next(ticks))
    assert line in found
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert "delete pods,networkpolicies" in calls[0]
    assert "delete pods,networkpolicies" in calls[-1]
    assert f",{LABEL}" in calls[-1]


def test_without_a_trial_the_cluster_is_not_asked(tmp_path: Path) -> None:
    assert ask(cluster(tmp_path, {}), "shop", []) == []
    assert not (tmp_path / "calls").exists()
