# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories told to a real HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._verify import steps
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC, Evidence, Story, report


class Notes(BaseHTTPRequestHandler):
    """A small application: notes behind a session cookie, and pages that fail in several ways."""

    notes: dict[str, str]
    unavailable: int
    url: str

    def answer(self, status: int, body: object = "", **headers: str) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        state = type(self)
        if self.path == "/slow-start" and state.unavailable:
            state.unavailable -= 1
            self.answer(503, "starting")
        elif self.path.startswith("/notes/"):
            title = state.notes.get(self.path.removeprefix("/notes/"))
            self.answer(200, {"id": 7, "items": [{"title": title}]}) if title else self.answer(404)
        elif self.path.startswith("/to/"):
            self.answer(307, Location=self.path.removeprefix("/to/").replace("~", "://").replace("PORT", type(self).url.rpartition(":")[2]))
        elif self.path.startswith("/refused/"):
            self.answer(403, self.path.removeprefix("/refused/").replace("-", " "))
        elif self.path == "/secret":
            self.answer(500, {"password": "hunter2", "detail": "x" * 1000})
        else:
            self.answer(200, "<h1>Notes</h1>")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/sign-in":
            self.answer(201, {"token": body["name"]}, Set_Cookie="session=1; Path=/; HttpOnly")
        elif "session=1" not in self.headers.get("Cookie", ""):
            self.answer(401)
        elif self.path == "/notes":
            type(self).notes["7"] = body["title"]
            self.answer(201, {"id": 7, "by": self.headers.get("X-User")})
        else:
            type(self).unavailable += 1
            self.answer(409)

    def do_DELETE(self) -> None:
        type(self).notes.pop(self.path.removeprefix("/notes/"), None)
        self.answer(204)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def app() -> Iterator[type[Notes]]:
    class Fresh(Notes):
        notes: dict[str, str] = {}  # noqa: RUF012 - a class for each test
        unavailable = 0
        url = ""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    Fresh.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Fresh
    server.shutdown()
    thread.join()
    server.server_close()


def pod(component: str, command: Sequence[str], timeout: float) -> Completed:
    if command[0] == "gone":
        return Completed(1, err=f'Error from server (NotFound): deployments.apps "{component}" not found')
    return Completed(0 if command[0] == "true" else 1, json.dumps({"component": component, "timeout": timeout}))


def tell(app: Any, *steps: dict[str, Any], timeout: float = 0.0) -> list[Evidence]:
    checked = [ArgumentSpecValidator(deepcopy(CHECK_SPEC)).validate({"name": f"step {index}", **step}) for index, step in enumerate(steps)]
    assert not [result.error_messages for result in checked if result.error_messages]
    story = Story({"web": app.url + "/"}, pod, timeout, pause=0.01)
    return list(story.tell([result.validated_parameters for result in checked]))


@pytest.mark.parametrize("there", [True, False])
def test_a_machine_without_sudo_is_told_before_minikube_tunnel_calls_it(there: bool, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "which", lambda program: f"/usr/bin/{program}" if there else None)
    [step] = tell(app, {"request": {"component": "api"}})
    assert ("calls sudo" in step.detail) == (not there)


SIGN_IN = {
    "request": {"method": "POST", "url": "/sign-in", "json": {"name": "user-${run_id}"}},
    "expect": {"status": 201, "json": {"token": "user-${run_id}"}},
    "save": {"token": "token"},
}
WRITE = {
    "request": {"method": "POST", "url": "notes", "headers": {"X-User": "${token}"}, "json": {"title": "milk"}},
    "expect": {"status": 201, "json": {"by": "${token}"}},
    "save": {"note": "id"},
}
READ = {"request": {"component": "web", "url": "/notes/${note}"}, "expect": {"json": {"items.0.title": "milk", "id": "${note}"}}}
DELETE = {"request": {"method": "DELETE", "url": "/notes/${note}"}, "expect": {"status": 204}, "always": True}


def test_a_whole_story_keeps_cookies_and_what_it_saved(app: Any) -> None:
    evidence = tell(app, {"request": {}, "expect": {"contains": "Notes"}}, SIGN_IN, WRITE, READ, DELETE)

    assert [step.detail for step in evidence] == [""] * 5
    assert all(step.ok and step.tries == 1 for step in evidence)
    assert app.notes == {}


def test_a_step_that_fails_ends_the_story_and_what_was_made_is_removed(app: Any) -> None:
    wrong = {"request": {"url": "/notes/${note}"}, "expect": {"json": {"items.0.title": "bread"}}}

    evidence = tell(app, SIGN_IN, WRITE, wrong, READ, DELETE)

    assert [step.ok for step in evidence] == [True, True, False, True]
    assert evidence[2].detail.startswith("expected the value of expect.json at items.0.title; came status 200, ")
    assert app.notes == {}


def test_cleaning_up_is_left_out_when_there_is_nothing_to_clean(app: Any) -> None:
    assert len(tell(app, {"request": {"url": "/notes/1"}, "expect": {"status": 200}}, DELETE)) == 1


def test_an_application_that_starts_slowly_is_waited_for(app: Any) -> None:
    app.unavailable = 3
    [step] = tell(app, {"request": {"url": "/slow-start"}}, timeout=5)
    assert step.ok
    assert step.tries == 4


def test_waiting_ends(app: Any) -> None:
    app.unavailable = 1000
    [step] = tell(app, {"request": {"url": "/slow-start"}}, timeout=0.1)
    assert not step.ok
    assert "came status 503, 'starting'" in step.detail


def test_a_request_that_may_have_changed_something_is_not_repeated(app: Any) -> None:
    *_, step = tell(app, SIGN_IN, {"request": {"method": "POST", "url": "/conflict", "json": {}}}, timeout=5)
    assert (step.ok, step.tries, app.unavailable) == (False, 1, 1)


def test_nothing_that_answers_is_said_so() -> None:
    class Away:
        url = "http://127.0.0.1:9"

    [step] = tell(Away, {"request": {}})
    assert "http://127.0.0.1:9/ does not answer" in step.detail


def test_secret_fields_are_hidden_and_long_answers_cut(app: Any) -> None:
    [step] = tell(app, {"request": {"url": "/secret"}})
    assert "hunter2" not in step.detail
    assert len(step.detail) < 500


def test_a_command_in_a_pod_counts_by_its_exit_code_and_output(app: Any) -> None:
    good = {"exec": {"component": "web", "command": ["true"]}, "expect": {"json": {"component": "web"}}}
    bad = {"exec": {"component": "web", "command": ["false"], "timeout": 3}}
    first, second = tell(app, good, bad)
    assert first.ok
    assert second.detail == """expected exit code 0; came '{"component": "web", "timeout": 3}'"""
    [gone] = tell(app, {"exec": {"component": "wbe", "command": ["gone"]}}, timeout=5)
    assert (gone.tries, gone.detail) == (1, "exec.component names wbe, which is no component in the cluster: correct it.")


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"request": {"url": "/${nothing}"}}, "${nothing} was saved by no earlier step"),
        ({"request": {"component": "api"}}, "must name a component with a URL of its own (web), not 'api'"),
        ({}, "exactly one of request and exec"),
        ({"request": {"url": "nonsense://x"}}, "unknown url type"),
    ],
)
def test_a_step_that_cannot_be_told_says_why(app: Any, step: dict[str, Any], said: str) -> None:
    [evidence] = tell(app, step)
    assert said in evidence.detail


def test_the_report_is_for_machines_and_people() -> None:
    evidence = [Evidence("The page", True, 12, 1), Evidence("A task", False, 3, 2, "expected status 201; came status 500")]
    machine, person = report(evidence, {"web": "http://x"}, "2026-01-01T00:00:00+00:00")
    assert json.loads(machine)["ok"] is False
    assert [step["ms"] for step in json.loads(machine)["steps"]] == [12, 3]
    assert "web: http://x" in person
    assert "FAIL      3 ms  A task: expected status 201" in person


@pytest.mark.parametrize(
    ("target", "advice"),
    [
        (
            "http://127.0.0.1:9/api/tasks/",
            "redirects to http://127.0.0.1:9, which leaves the origin: write its public URL at web in app.yml",
        ),
        ("http://localhost:PORT/nothing", "which leaves the origin: write its public URL at web"),
        ("https://127.0.0.1:9/", "it forces HTTPS. Switch that off at web"),
    ],
)
def test_a_redirect_that_leaves_the_origin_is_named_with_the_line_to_write(app: Any, target: str, advice: str) -> None:
    [step] = tell(app, {"request": {"url": f"/to/{target.replace('://', '~')}"}, "expect": {"status": 201}})
    assert advice in step.detail
    assert f"was asked at {app.url}" in step.detail


@pytest.mark.parametrize("target", ["/nothing", "http://127.0.0.1:PORT/nothing", "nothing", "//127.0.0.1:PORT/", "?a=1"])
def test_a_redirect_that_stays_is_none(app: Any, target: str) -> None:
    [step] = tell(app, {"request": {"url": f"/to/{target.replace('://', '~')}"}, "expect": {"status": 418}})
    assert "origin" not in step.detail


@pytest.mark.parametrize(
    "body",
    [
        "CSRF-verification-failed.",
        "Origin-checking-failed",
        "INVALID_ORIGIN",
        "Cross-site-POST-form-submissions-are-forbidden",
        "Invalid-origin",
    ],
)
def test_a_refused_origin_is_named_with_the_line_to_write(app: Any, body: str) -> None:
    [step] = tell(app, {"request": {"url": f"/refused/{body}"}})
    assert f"at web in app.yml env: {{CSRF_TRUSTED_ORIGINS: {app.url}}}" in step.detail


@pytest.mark.parametrize("body", ["forbidden", "original-plan-needed", "the-country-of-origin", "your-plan-expired", "sign-in-first"])
def test_another_refusal_is_none_of_an_origin(app: Any, body: str) -> None:
    [step] = tell(app, {"request": {"url": f"/refused/{body}"}})
    assert "app.yml" not in step.detail
