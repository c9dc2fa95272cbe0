# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which line of a log tells why a process failed, and what is advised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._release.log_rules import LOG_RULES
from ansible_collections.plannoir.deploy.plugins.module_utils._release.logs import QUOTED, advice, evidence, hint, path_in, telling

ALEMBIC = """\
INFO  [alembic.runtime.migration] Running upgrade  -> 3f2a, tasks
Traceback (most recent call last):
  File "/venv/lib/python3.13/site-packages/sqlalchemy/engine/base.py", line 1967, in _exec_single_context
    self.dialect.do_execute(
    ~~~~~~~~~~~~~~~~~~~~~~~^
psycopg.errors.DuplicateTable: relation "tasks" already exists

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/venv/bin/alembic", line 8, in <module>
    sys.exit(main())
             ~~~~^^
sqlalchemy.exc.ProgrammingError: (psycopg.errors.DuplicateTable) relation "tasks" already exists
[SQL:
CREATE TABLE tasks (
\tid UUID NOT NULL,
\tPRIMARY KEY (id)
)

]
(Background on this error at: https://sqlalche.me/e/20/f405)
"""
PYDANTIC = """\
Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
    settings = Settings()
pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
DATABASE_URL
  Field required [type=missing, input_value={}, input_type=dict]
    For further information visit https://errors.pydantic.dev/2.12/v/missing
"""
OWN = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    run()\nshop.NoStock: nothing left\nINFO: stopping\n'
NODE = """\
node:internal/modules/cjs/loader:1215
  throw err;
  ^

Error: Cannot find module 'express'
Require stack:
- /app/node_modules/next/dist/server/web/spec-extension/cookies.js
- /app/node_modules/next/dist/server/web/spec-extension/request.js
- /app/node_modules/next/dist/server/pipe-readable.js
- /app/node_modules/next/dist/server/lib/start-server.js
- /app/server.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1212:15)
    at Module._load (node:internal/modules/cjs/loader:1043:27) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/server.js' ]
}

Node.js v22.11.0
"""
NODE_PLAIN = """\
/app/server.js:3
throw new Error("no DATABASE_URL");
^

Error: no DATABASE_URL
    at Object.<anonymous> (/app/server.js:3:7)
    at node:internal/main/run_main_module:33:47

Node.js v22.11.0
"""
JAVA = """\
Exception in thread "main" org.springframework.beans.factory.BeanCreationException: Error creating bean 'dataSource'
\tat org.springframework.beans.A.b(A.java:1)
\t... 12 more
Caused by: java.net.UnknownHostException: db
\tat java.base/java.net.Inet.lookup(Inet.java:9)
\t... 40 common frames omitted
"""
GO = """\
panic: dial tcp 10.96.0.12:5432: connect: connection refused

goroutine 1 [running]:
main.main()
\t/src/main.go:12 +0x1d
exit status 2
"""
DOTNET = (
    "Unhandled exception. System.ArgumentNullException: Value cannot be null. (Parameter 'connectionString')\n   at Shop.Program.Main()\n"
)
RUBY = "config/database.rb:3:in 'connect': could not connect to server (PG::ConnectionBad)\n\tfrom config/boot.rb:1:in 'main'\n"
RUST = "thread 'main' panicked at src/main.rs:4:5:\nDATABASE_URL must be set: NotPresent\nnote: run with `RUST_BACKTRACE=1` to see more\n"
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/main.py", line 9, in main
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/main.py", line 4, in load
    | ConnectionRefusedError: [Errno 111] Connection refused
    +------------------------------------
"""
UVICORN = """\
INFO:     10.244.0.1:40000 - "GET /api/tasks HTTP/1.1" 500 Internal Server Error
ERROR:    Exception in ASGI application
Traceback (most recent call last):
  File "/venv/uvicorn/protocols/http/h11_impl.py", line 403, in run_asgi
    result = await app(
             ^^^^^^^^^^
  File "/app/api.py", line 7, in tasks
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero
INFO:     10.244.0.1:40002 - "GET /health HTTP/1.1" 200 OK
"""


@pytest.mark.parametrize(
    ("log", "line"),
    [
        (ALEMBIC, 'sqlalchemy.exc.ProgrammingError: (psycopg.errors.DuplicateTable) relation "tasks" already exists'),
        (OWN, "shop.NoStock: nothing left"),
        (NODE_PLAIN, "Error: no DATABASE_URL"),
        (JAVA, "Caused by: java.net.UnknownHostException: db"),
        (GO, "panic: dial tcp 10.96.0.12:5432: connect: connection refused"),
        (DOTNET, "Unhandled exception. System.ArgumentNullException: Value cannot be null. (Parameter 'connectionString')"),
        (RUBY, "config/database.rb:3:in 'connect': could not connect to server (PG::ConnectionBad)"),
        (RUST, "DATABASE_URL must be set: NotPresent"),
        (UVICORN, "ZeroDivisionError: division by zero"),
        (GROUP, "ConnectionRefusedError: [Errno 111] Connection refused"),
        ('starting\nnginx: [emerg] host not found in upstream "api"\n', 'nginx: [emerg] host not found in upstream "api"'),
        ("FATAL:  password authentication failed\nDETAIL:  x\nshutting down\n", "FATAL:  password authentication failed"),
        (json.dumps({"level": "error", "message": "boom", "exception": OWN}), "shop.NoStock: nothing left"),
        (json.dumps({"level": "error", "msg": "no such table: tasks"}), "ERROR no such table: tasks"),
        (json.dumps({"level": "error", "msg": "boom", "err": {"stack": "TypeError: x is no y\n    at a.js:1"}}), "TypeError: x is no y"),
    ],
)  # fmt: skip
def test_the_line_that_counts(log: str, line: str) -> None:
    assert telling(log).split(" | ")[0] == line
    assert evidence(log).startswith("Its log says: ")


def test_what_belongs_to_a_message_is_quoted_with_it() -> None:
    assert telling(PYDANTIC).startswith(
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings | DATABASE_URL | Field"
    )
    assert "Cannot find module 'express'" in telling(NODE)
    assert "SQL" not in telling(ALEMBIC)


@pytest.mark.parametrize(
    "log",
    [
        "listening on 8000\nready\n",
        "",
        "INFO: 0 errors found\nDone\n",
        '{"level": "info", "msg": "started"}\n{"half": ',
        "[1, 2]\n",
    ],
)
def test_a_log_without_a_failure_is_quoted_by_its_last_lines(log: str) -> None:
    assert telling(log) == ""
    assert evidence(log) == ("Its last lines: " + " | ".join(evidence(log)[16:].split(" | ")) if log else "")


def test_a_long_line_is_cut() -> None:
    assert len(telling("ERROR " + "x" * 100_000)) <= QUOTED + 3


@pytest.mark.parametrize(
    ("log", "advice"),
    [
        ("OSError: [Errno 30] Read-only file system: '/.cache'", "set HOME to /tmp"),
        ("mkdir: cannot create directory \u2018/.npm\u2019: Read-only file system", "set HOME to /tmp"),
        ("PermissionError: [Errno 13] Permission denied: '/.config'", "set HOME to /tmp"),
        ("Error: EROFS: read-only file system, mkdir '/app/.next/cache'", "/app/.next/cache or the one it lies in, in the"),
        ('nginx: [emerg] mkdir() "/var/cache/nginx/client_temp" failed (30: Read-only file system)', "/var/cache/nginx/client_temp or"),
        ("open /data/x.db: read-only file system", "/data/x.db or"),
        ("sh: can't create log: Read-only file system", "that it writes to in the component's writable_paths"),
        ('initdb: error: could not change permissions of directory "/data": Operation not permitted', "PGDATA=/data/data"),
        ("chown: changing ownership of '/var/lib/mysql': Operation not permitted", "owner or mode of /var/lib/mysql"),
        ("chmod: /data: Operation not permitted", "owner or mode of /data"),
        ("PermissionError: [Errno 1] Operation not permitted: '/data'", "owner or mode of /data"),
        ("chown: .: Operation not permitted", "inside its volume"),
        ("error: failed switching to \"redis\": setgroups: operation not permitted gosu: operation not permitted", "run_as_user"),
        ("chown: changing ownership of '/bitnami/postgresql/data': Permission denied", "owner or mode of /bitnami/postgresql/data"),
        ("FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/var/tmp']", "root is read-only"),
        ("s6-svscan: fatal: unable to mkdir .s6-svscan: Read-only file system", "root is read-only"),
        ("PermissionError: [Errno 13] Permission denied: '/srv/data'", "writable_paths"),
        ("Error: listen EACCES: permission denied 0.0.0.0:80", "ports below 1024"),
        ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "ports below 1024"),
        ("exec /app/run: exec format error", "another kind of processor"),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432 refused", "localhost is the pod itself"),
        ('connection to server at "localhost" (::1), port 5432 failed: Connection refused', "localhost is the pod itself"),
        ("socket.gaierror: [Errno -2] Name or service not known", "components are reached by their names"),
        ("Error: getaddrinfo ENOTFOUND databse", "components are reached by their names"),
        ("Invalid HTTP_HOST header: '10.244.0.9:8000'. You may need to add '10.244.0.9' to ALLOWED_HOSTS.", "probes.readiness.headers"),
        ("django.core.exceptions.DisallowedHost: Invalid HTTP_HOST header: '10.244.0.9'.", "probes.readiness.headers"),
        ("[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 10.244.0.9:3000", "request.headers"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "resources.limits.memory"),
    ],
)  # fmt: skip
def test_what_a_log_asks_for_is_advised(log: str, advice: str) -> None:
    assert advice in hint(f"starting\n{log}\n")


@pytest.mark.parametrize(
    "log",
    [
        "host db is up",
        "allowed hosts: *",
        "ValueError: no such port",
        "FileNotFoundError: [Errno 2] No such file or directory: '/data/x'",
        "listening on 127.0.0.1:8000",
        "relation already exists",
        "",
    ],
)
def test_no_advice_is_better_than_a_wrong_one(log: str) -> None:
    assert hint(log) == ""


@pytest.mark.parametrize(
    ("line", "path"), [("a '/b/c' /d", "/b/c"), ("/usr/bin/x: cannot open /d/e: no", "/d/e"), ("none", ""), ("12/31", "")]
)
def test_the_path_of_a_line(line: str, path: str) -> None:
    assert path_in(line) == path


INITDB = """\
initdb: error: could not change permissions of directory "/opt/kingbase/data": Operation not permitted
fixing permissions on existing directory /opt/kingbase/data ... initdb failed
The files belonging to this database system will be owned by user "kingbase".
This user must also own the server process.
"""
NGINX = """\
10-listen-on-ipv6-by-default.sh: info: can not modify /etc/nginx/conf.d/default.conf (read-only file system?)
/docker-entrypoint.sh: Configuration complete; ready for start up
2022/03/04 17:05:32 [emerg] 1#1: unknown directive "upstram" in /etc/nginx/nginx.conf:3
"""


def test_of_several_errors_the_one_with_a_remedy_is_quoted() -> None:
    assert telling(INITDB).startswith("initdb: error: could not change permissions")
    assert "owner or mode of /opt/kingbase/data" in hint(INITDB)


def test_a_line_that_is_no_error_gives_no_remedy() -> None:
    assert telling(NGINX).endswith('unknown directive "upstram" in /etc/nginx/nginx.conf:3')
    assert hint(NGINX) == ""


SAID = yaml.safe_load(Path(__file__).with_name("said.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("rule", "log"),
    [pytest.param(rule, log, id=f"{rule}: {client}") for rule, said in SAID.items() for client, log in said["says"].items()],
)
def test_what_a_client_prints_has_its_cause(rule: str, log: str) -> None:
    found = advice(f"INFO: starting\n{log}\n", "shop")
    assert found
    assert found.rule.name == rule
    assert "shop" in found.remedy or "{component}" not in found.rule.remedy
    assert not {"{component}", "{path}", "{name}"} & set(found.remedy.split())


@pytest.mark.parametrize("log", [log for said in SAID.values() for log in said["innocent"]])
def test_what_only_looks_like_a_fault_is_none(log: str) -> None:
    assert hint(f"INFO: starting\n{log}\n") == ""


def test_every_cause_of_the_data_is_a_rule_and_has_innocent_lines() -> None:
    assert set(SAID) <= {rule.name for rule in LOG_RULES}
    assert all(len(said["innocent"]) >= 5 for said in SAID.values())


def test_the_line_to_write_names_the_component_and_the_variable() -> None:
    assert "at shop in app.yml: migration: {command: [alembic, upgrade, head]}" in hint('ERROR: relation "tasks" does not exist', "shop")
    assert "without DATABASE_URL in its environment: write it at shop in app.yml: env: {DATABASE_URL: ...}" in hint(
        "KeyError: 'DATABASE_URL'", "shop"
    )
    assert "no module httpx" in hint("ModuleNotFoundError: No module named 'httpx'")
