# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial asks an application of Node.js, and what its answers mean."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.part import detect_part
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.inside_node import NODE_TRIAL
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.told import lines, read
from ansible_collections.plannoir.deploy.plugins.module_utils._trial.trial import NODE_BEGIN, Trial

APPS = Path(__file__).parents[2] / "fixtures/apps"
needs_node = pytest.mark.skipif(not shutil.which("node"), reason="Node.js runs what is asked in an image with it")
COMPONENT: dict[str, Any] = {
    "name": "web",
    "build": {"context": "."},
    "port": 3000,
    "secret_env": {"DATABASE_URL": {"from": "postgresql", "as": "node-postgres"}, "AUTH_KEY": "hunter2hunter2"},
    "migration": {"command": ["node", "migrate.mjs"]},
    "probes": {"readiness": {"path": "/"}},
}
WORKS: dict[str, Any] = {
    "missing": [],
    "load": {"ok": True, "error": "", "paths": []},
    "migration": {"code": 0, "output": ""},
    "again": {"code": 0, "output": ""},
    "compare": {"code": 0, "output": "No difference to the schema.\n"},
    "with": {"/": [200, "<html>"]},
    "without": {"/": [500, "no"]},
}


def trial(folder: str | Path = "next-bun-drizzle", databases: dict[str, str] | None = None, **own: Any) -> Trial:
    there = {"postgresql": "shop/database:1"} if databases is None else databases
    return Trial({**COMPONENT, **own}, detect_part(APPS / folder), "shop/web:1", there)


def told(answers: dict[str, Any], **own: Any) -> list[str]:
    return lines(trial(**own), {**WORKS, **answers})


def test_an_application_that_is_right_hears_nothing() -> None:
    assert told({}) == []


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        ({"migration": {"code": 1, "output": "error: relation x does not exist\n"}}, "fails on an empty database: error: relation x"),
        ({"again": {"code": 1, "output": "error: relation x already exists\n"}}, "and not a second time: error: relation x already exists"),
        ({"compare": {"code": 1, "output": "Difference to the schema: no table a; no column b.c\n"}}, "no table a, no column b.c"),
        ({"compare": {"code": 1, "output": "Error: Cannot find module x\n"}}, "was not tried: Error: Cannot find module x"),
        ({"compare": {"code": 0, "output": ""}}, "was not tried: the image's own migration does not compare"),
        ({"missing": ["AUTH_KEY"]}, "it does not start without AUTH_KEY. Write at web: secret_env: {AUTH_KEY: ...}"),
        ({"load": {"ok": False, "error": "Error: no page"}}, "it does not start in a pod without a network, so it was asked nothing more"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(answers: dict[str, Any], line: str) -> None:
    (found,) = told(answers)
    assert line in found


def test_a_page_that_needs_no_database_is_no_route_of_health() -> None:
    assert told({"without": {"/": [200, "<html>"]}}) == []


def test_a_body_that_alone_tells_of_the_database_is_read_by_the_image_s_own_program() -> None:
    probes = {"readiness": {"path": "/api/health"}}
    (line,) = told({"with": {"/api/health": [200, '{"ok": true}']}, "without": {"/api/health": [200, '{"ok": false}']}}, probes=probes)
    assert "Write at web: probes: {readiness: {command: [node, -e, " in line
    code = json.loads(line.partition("[node, -e, ")[2].partition("]}")[0])
    assert code == (
        'fetch("http://127.0.0.1:3000/api/health").then((r) => r.json())'
        '.then((b) => process.exit(b["ok"] === true ? 0 : 1), () => process.exit(1))'
    )


def test_prisma_is_not_tried_and_the_reason_is_told() -> None:
    untried = {"migration": None, "again": None, "compare": None}
    (line,) = told(untried, folder="next-pnpm-prisma", migration=None)
    assert line.startswith("web: its migration (prisma) was not tried: Prisma fetches its engines from its own host")
    assert "works only where that one answers" in line


def test_a_migration_of_another_tool_is_run_and_not_compared(tmp_path: Path) -> None:
    package = {
        "scripts": {"start": "node a.js", "migrate": "knex migrate:latest"},
        "dependencies": {"express": "5", "knex": "3", "pg": "8"},
    }
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "a.js").write_text("require('express')().listen(3000)\n", encoding="utf-8")
    command = ["node", "node_modules/knex-program", "migrate:latest"]
    assert trial(tmp_path, migration={"command": command}).request()["compare"] == []
    (line,) = lines(trial(tmp_path, migration={"command": command}), {**WORKS, "compare": None})
    assert line.endswith("to the models was not tried: nothing tells it in the image of the script migrate.")


def test_the_request_holds_what_the_image_runs_and_no_credential() -> None:
    request = trial().request()
    assert request["command"] == ["node", "server.js"]
    assert request["compare"] == ["node", "migrate.mjs", "difference"]
    fastify = trial("node-fastify", probes={"readiness": {"path": "/healthz"}}).request()["paths"]
    assert fastify == ["/healthz", "/api/healthz", "/api/v1/healthz", "/v1/healthz"]
    assert request["present"]["DATABASE_URL"] == "postgresql://trial:trial@127.0.0.1:5432/one?sslmode=disable"
    assert trial(command=["node", "own.js"], args=["x"]).request()["command"] == ["node", "own.js", "x"]
    pod = trial().pod("shop")[1]
    assert "hunter2" not in json.dumps(pod)
    assert pod["spec"]["containers"][0]["command"][:4] == ["node", "-e", NODE_BEGIN, "--"]


SERVER = """
const http = require("node:http"), net = require("node:net")
if (!process.env.AUTH_TOKEN) throw new Error("AUTH_TOKEN is required")
http.createServer((asked, answer) => {
  const database = net.connect(Number(process.env.DATABASE_PORT), "127.0.0.1")
  const say = (status) => () => { answer.statusCode = status; answer.end(asked.url); database.destroy() }
  database.on("connect", say(200)).on("error", say(503))
}).listen(Number(process.env.PORT), process.env.HOSTNAME)
"""


def asked(folder: Path, **own: Any) -> dict[str, Any]:
    with socket() as listening, socket() as free:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        free.bind(("127.0.0.1", 0))
        port, away = free.getsockname()[1], "1"
        free.close()
        database = listening.getsockname()[1]
        request = {
            **trial().request(), "command": ["node", "server.js"], "port": port, "paths": ["/health"], "database": database,
            "migration": [],
            "env": {"PORT": str(port)}, "present": {"DATABASE_PORT": str(database)}, "away": {"DATABASE_PORT": away}, "step": 4, **own,
        }  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "PLANNOIR_TRIAL": NODE_TRIAL, "HOSTNAME": "192.0.2.1"}
        command = ["node", "-e", NODE_BEGIN, "--", json.dumps(request)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=120)
    answers = read(f"{done.stdout}\n")
    assert answers
    return answers


@needs_node
def test_a_server_is_started_and_asked_with_and_without_its_database(tmp_path: Path) -> None:
    (tmp_path / "server.js").write_text(SERVER, encoding="utf-8")
    again = "const fs = require('fs'); if (fs.existsSync('done')) throw new Error('it is done'); fs.writeFileSync('done', '')"
    answers = asked(tmp_path, migration=["node", "-e", again], compare=["node", "-p", "'No difference to the schema.'"])
    assert answers["missing"] == ["AUTH_TOKEN"]
    assert answers["with"] == {"/health": [200, "/health"]}
    assert answers["without"] == {"/health": [503, "/health"]}
    assert answers["migration"]["code"] == 0
    assert answers["again"]["code"] == 1
    assert "it is done" in answers["again"]["output"]
    assert answers["compare"] == {"code": 0, "output": "No difference to the schema.\n"}


@needs_node
@pytest.mark.parametrize(
    ("command", "error"),
    [
        (["node", "-e", "process.exit(3)"], "it ended with 3"),
        (["no-such-program"], "ENOENT"),
        (["node", "-e", "setInterval(() => {}, 1000)"], "nothing listens on port"),
        ([], ""),
    ],
)
def test_a_server_that_does_not_start_is_an_answer(tmp_path: Path, command: list[str], error: str) -> None:
    answers = asked(tmp_path, command=command)
    assert error in answers["load"]["error"]
    assert answers["load"]["ok"] is (not command)
    assert "with" not in answers
