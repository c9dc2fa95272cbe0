# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is run inside an application's own image to find out what only running tells; its text is handed to the image's Python.

It stands alone: the standard library of Python 3.9 and what the application itself brings. ``python -c BEGIN <request>``, with this text in
the environment, asks everything and prints one line of JSON behind ``MARK``; each question is a process of its own, because an import may
end it or wait for ever.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

MARK = "TRIAL "
BEGIN = "import os; exec(os.environ['PLANNOIR_TRIAL'])"
STEP = 40.0
"""Seconds for one question."""
ROUNDS = 15
"""Variables that are found missing one after the other."""
WORDS = ("health", "healthz", "ready", "readyz", "live", "livez", "status", "ping", "up", "heartbeat", "healthcheck")
VARIABLE = r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b(?:PORT|DSN|SECRET|TOKEN|DEBUG)\b"
"""What is called as variables are; the image's Node.js reads these patterns, too."""
TELLS = r"environ|env var|not set|required|must be set|missing|KeyError|not found|Settings|Config"
"""What a text says that tells of a missing variable, in whichever case."""
NUMBER = r"(?:PORT|TIMEOUT|LIMIT|SECONDS|MINUTES|HOURS|DAYS|SIZE|COUNT|TTL|WINDOW)$|^(?:MAX|MIN)_|_(?:MAX|MIN)$"
"""What a variable is called that holds a whole number."""
ADDRESS = r"UR[LI]\b|_URL|_URI"
"""What a variable is called that holds an address."""


def main(request: dict[str, Any]) -> dict[str, Any]:
    """Ask everything of an application."""
    if request["database"]:
        _wait_for(request["database"])
    present, away = {**request["env"], **request["present"]}, {**request["env"], **request["away"]}
    answers: dict[str, Any] = {"missing": []}
    while True:
        loaded = _child("load", request, {**present, **{name: stand_in(name) for name in answers["missing"]}})
        names = [name for name in loaded.get("names", []) if name not in present and name not in answers["missing"]]
        if loaded.get("ok") or not names or len(answers["missing"]) >= ROUNDS:
            break
        answers["missing"] += names
    extra = {name: stand_in(name) for name in answers["missing"]}
    present.update(extra)
    away.update(extra)
    answers["load"] = loaded
    if request["migration"] and request["database"]:
        answers["migration"] = _run(request["migration"], present)
        if not answers["migration"]["code"]:
            answers["again"] = _run(request["migration"], present)
            if request["compare"]:
                answers["compare"] = _run(request["compare"], present)
    if loaded.get("ok"):
        if loaded.get("tables") and request["database"]:
            second = {**present, **request["second"]}
            answers["tables"] = {"code": loaded["tables"], **_run([sys.executable, "-c", loaded["tables"]], second, "result")}
        paths = sorted({*([request["probe"]] if request["probe"] else []), *_candidates(loaded["paths"])})
        if paths:
            asked = {**request, "paths": paths}
            answers["with"] = _child("ask", asked, present)
            answers["without"] = _child("ask", asked, away)
    return answers


def _candidates(paths: list[str]) -> list[str]:
    return [path for path in paths if path.rstrip("/").rpartition("/")[2].lower() in WORDS and not re.search(r"[{<]", path)][:6]


def stand_in(name: str) -> str:
    """Return what a variable holds whose value is not known here: an address at which nobody answers, a number, or a text."""
    if re.search(ADDRESS, name):
        return "http://127.0.0.1:9"
    return "9" if re.search(NUMBER, name) else "trial-0123456789abcdef0123456789abcdef"


def _wait_for(port: int) -> None:
    end = time.monotonic() + STEP
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.3)


def _run(command: list[str], env: dict[str, str], key: str = "output") -> dict[str, Any]:
    try:
        done = subprocess.run(
            command, env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            timeout=STEP, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {("code" if key == "output" else "ended"): 124, key: f"it did not end within {STEP:g} s"}
    except OSError as error:
        return {("code" if key == "output" else "ended"): 127, key: str(error)}
    return {("code" if key == "output" else "ended"): done.returncode, key: done.stdout.decode(errors="replace")[-6000:]}


def _child(question: str, request: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
    ran = _run([sys.executable, "-c", BEGIN, question, json.dumps(request)], env)
    lines = [line for line in ran["output"].splitlines() if line.startswith(MARK)]
    if not lines:
        return {"ok": False, "error": ran["output"][-1500:], "names": []}
    answer: dict[str, Any] = json.loads(lines[-1][len(MARK) :])
    return answer


def _application(request: dict[str, Any]) -> Any:
    sys.path.insert(0, str(Path.cwd()))
    module, _colon, name = request["entry"].partition(":")
    found: Any = importlib.import_module(module)
    for part in (name or "app").split("."):
        found = getattr(found, part)
    return found() if request["factory"] else found


def load(request: dict[str, Any]) -> dict[str, Any]:
    """Import the application; what fails names the variables that it wants."""
    try:
        app = _application(request)
    except BaseException as error:
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
        names = re.findall(VARIABLE, text) if re.search(TELLS, text, re.IGNORECASE) else []
        names += re.findall(r"^(\w+)\n +(?:Field required|field required)", text, re.MULTILINE)
        return {"ok": False, "error": text[-1500:], "names": list(dict.fromkeys(names))}
    return {"ok": True, "paths": _paths(app), "tables": _tables(request["entry"].partition(":")[0])}


def _paths(app: Any) -> list[str]:
    """Return the paths that take a GET; none where the framework does not tell."""
    try:
        if hasattr(app, "openapi"):
            return [path for path, methods in app.openapi()["paths"].items() if "get" in methods]
        if hasattr(app, "url_map"):
            return [str(rule) for rule in app.url_map.iter_rules() if "GET" in rule.methods]
        return [route.path for route in getattr(app, "routes", []) if "GET" in (getattr(route, "methods", None) or ())]
    except Exception:
        return []


def _tables(entry: str) -> str:
    """Return Python that makes the tables of SQLAlchemy's models by the application's own engine; empty where there is nothing to do so."""
    if "sqlalchemy" not in sys.modules:
        return ""
    here = f"{Path.cwd()}{os.sep}"
    own = [
        (name, module)
        for name, module in sorted(sys.modules.items())
        if str(getattr(module, "__file__", None) or "").startswith(here) and "site-packages" not in str(getattr(module, "__file__", ""))
    ]
    metadata_type: Any = importlib.import_module("sqlalchemy").MetaData
    engine_type: Any = importlib.import_module("sqlalchemy.engine").Engine

    engine = metadata = ""
    asynchronous = False
    for name, module in own:
        for key, value in sorted(vars(module).items()):
            # A declarative base of the application is where its tables are; SQLModel is one of its library, which modules import by name.
            tables = value if isinstance(value, metadata_type) else getattr(value, "metadata", None) if isinstance(value, type) else None
            if isinstance(tables, metadata_type) and tables.tables and not metadata:
                table = getattr(value, "__tablename__", None)
                if table is None or key == "SQLModel":
                    metadata = (
                        f"from {name} import {key} as models; tables = models{'' if isinstance(value, metadata_type) else '.metadata'}"
                    )
            if isinstance(value, engine_type) and not engine:
                engine = f"from {name} import {key} as engine"
            if type(value).__name__ == "AsyncEngine" and not engine:
                engine, asynchronous = f"from {name} import {key} as engine", True
    if not metadata and "sqlmodel" in sys.modules:
        metadata = "from sqlmodel import SQLModel as models; tables = models.metadata"
    if not metadata or not engine:
        return ""
    before = f"import {entry}; {metadata}; {engine}"
    if not asynchronous:
        return f"{before}; tables.create_all(engine)"
    return (
        f"import asyncio; {before}\nasync def make():\n    async with engine.begin() as connection:\n"
        "        await connection.run_sync(tables.create_all)\nasyncio.run(make())"
    )


def ask(request: dict[str, Any]) -> dict[str, Any]:
    """Ask paths of the application, without a server, and return the status and the body of each; 0 where it does not even start."""
    try:
        app = _application(request)
        if request["interface"] == "wsgi":
            return {path: _ask_wsgi(app, path) for path in request["paths"]}
        return asyncio.run(_ask_asgi(app, request["paths"]))
    except BaseException as error:
        return {path: [0, f"{type(error).__name__}: {error}"[:500]] for path in request["paths"]}


def _ask_wsgi(app: Any, path: str) -> list[Any]:
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    said: list[Any] = [0]
    body = b"".join(app(environ, lambda status, headers, error=None: said.insert(0, int(status.split()[0]))))
    return [said[0], body.decode(errors="replace")[:500]]


async def _ask_asgi(app: Any, paths: list[str]) -> dict[str, Any]:
    began: asyncio.Queue[str] = asyncio.Queue()
    over = asyncio.Event()
    first = [{"type": "lifespan.startup"}]

    async def receive() -> dict[str, Any]:
        if first:
            return first.pop()
        await over.wait()
        return {"type": "lifespan.shutdown"}

    async def send(message: dict[str, Any]) -> None:
        await began.put(message["type"] + " " + message.get("message", ""))

    async def live() -> None:
        try:
            await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
        except BaseException as error:
            await began.put(f"unsupported {error}")

    task = asyncio.ensure_future(live())
    try:
        started = await asyncio.wait_for(began.get(), 10)
    except Exception:  # of the time, which has another name before Python 3.11
        started = "lifespan.startup.failed it does not begin within 10 s"
    if started.startswith("lifespan.startup.failed"):
        task.cancel()
        return {path: [0, started.partition(" ")[2][-500:]] for path in paths}
    answers = {path: await _ask_path(app, path) for path in paths}
    over.set()
    task.cancel()
    return answers


async def _ask_path(app: Any, path: str) -> list[Any]:
    said: list[Any] = [0, b""]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            said[0] = message["status"]
        said[1] += message.get("body", b"")

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    try:
        await asyncio.wait_for(app(scope, receive, send), 10)
    except Exception as error:
        return [500, f"{type(error).__name__}: {error}"[:500]]
    return [said[0], said[1].decode(errors="replace")[:500]]


if __name__ == "__main__":
    QUESTIONS = {"load": load, "ask": ask}
    ANSWER = QUESTIONS[sys.argv[1]](json.loads(sys.argv[2])) if sys.argv[1] in QUESTIONS else main(json.loads(sys.argv[1]))
    sys.stdout.flush()
    sys.stdout.write(f"\n{MARK}{json.dumps(ANSWER)}\n")
    sys.stdout.flush()
    os._exit(0)
