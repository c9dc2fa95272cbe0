# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of the reference application, told to a server that answers as its backend does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC, Evidence, Story

APP = yaml.safe_load((Path(__file__).parents[3] / "group_vars/all/app.yml").read_text(encoding="utf-8"))
AWAY = "The assistant is unavailable: the model service cannot be reached. Try again in a moment."


class Backend(BaseHTTPRequestHandler):
    """Accounts, one task, and an assistant that asks the model or says that it is away."""

    model_is_there: bool
    asked: int
    users: set[str]
    tasks: dict[str, Any]

    def answer(self, status: int, body: Any = None) -> None:
        content = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def handle_request(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        match self.command, self.path:
            case "GET", "/":
                self.answer(200, "<title>Plannoir</title>")
            case "POST", "/api/auth/sign-up":
                self.users.add(sent["email"])
                self.answer(201, {"user": {"email": sent["email"]}, "token": "t0ken-t0ken"})
            case _ if self.headers.get("Authorization") != "Bearer t0ken-t0ken":
                self.answer(401, {"detail": "Sign in."})
            case "POST", "/api/chat":
                type(self).asked += 1
                self.answer(200, {"reply": "Hi."}) if self.model_is_there else self.answer(502, {"detail": AWAY})
            case "DELETE", "/api/me":
                self.users.clear()
                self.answer(204)
            case "POST", "/api/tasks":
                self.tasks["7"] = {"id": "7", "completed": False, **sent}
                self.answer(201, self.tasks["7"])
            case "PATCH", "/api/tasks/7":
                self.tasks["7"] |= sent
                self.answer(200, self.tasks["7"])
            case "DELETE", "/api/tasks/7":
                self.tasks.clear()
                self.answer(204)
            case _:
                self.answer(200, self.tasks["7"]) if self.tasks else self.answer(404)

    do_GET = do_POST = do_PATCH = do_DELETE = handle_request

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def backend() -> Iterator[tuple[type[Backend], str]]:
    class Fresh(Backend):
        model_is_there = True
        asked = 0
        users: set[str] = set()  # noqa: RUF012 - a class for each test
        tasks: dict[str, Any] = {}  # noqa: RUF012

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Fresh, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def tell(url: str) -> list[Evidence]:
    checked = [ArgumentSpecValidator(deepcopy(CHECK_SPEC)).validate(step) for step in APP["app_checks"]]
    assert not [result.error_messages for result in checked if result.error_messages]
    story = Story({"frontend": url}, lambda *_: Completed(0, '{"status": "ok"}'), timeout=30, pause=0.01)
    return list(story.tell([result.validated_parameters for result in checked]))


def test_a_good_application_passes_and_its_model_is_asked_once(backend: tuple[type[Backend], str]) -> None:
    state, url = backend
    steps = tell(url)
    assert [step.detail for step in steps] == [""] * len(APP["app_checks"])
    assert (state.asked, state.users) == (1, set())


def test_a_model_that_cannot_be_reached_is_named_with_the_variable_of_its_url(backend: tuple[type[Backend], str]) -> None:
    state, url = backend
    state.model_is_there = False
    failed = [step for step in tell(url) if not step.ok]
    assert len(failed) == 1
    assert "OPENROUTER_BASE_URL" in failed[0].name
    assert "the model service cannot be reached" in failed[0].detail
    assert "t0ken-t0ken" not in failed[0].detail
    assert (state.asked, state.users) == (2, set())
    variables = next(component["env"] for component in APP["app_components"] if component["name"] == "backend")
    assert "OPENROUTER_BASE_URL" in variables
