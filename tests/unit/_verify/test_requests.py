# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that people need, told to a real HTTP server: forms, files, streams, names; and what must not be shown of them."""

from __future__ import annotations

import email
import json
import threading
import time
from collections.abc import Iterator
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.steps import CHECK_SPEC, Evidence, Story, report, summary

PASSWORD = "pässword & co=7"


class Shop(BaseHTTPRequestHandler):
    """A sign-in with a form and a token against forgery, a stream of events that never ends, and a body of many kinds."""

    protocol_version = "HTTP/1.1"
    over: threading.Event

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status: int, body: str, kind: str = "text/html", **headers: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def stream(self, kind: str, *chunks: str, pause: float = 0.0) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for chunk in chunks:
                self.wfile.write(chunk.encode())
                self.over.wait(pause)
            while not self.over.wait(0.01):  # it never ends, and is never silent
                self.wfile.write(b": still here\n\n")
        except OSError:
            pass  # nobody reads on

    def do_GET(self) -> None:
        if self.path == "/login":
            self.answer(200, '<input name="csrf" value="t0ken&1">', Set_Cookie="seen=1; Path=/; Secure; HttpOnly")
        elif self.path == "/events":
            event = 'event: news\r\ndata: {"kind": "tick"}\r\n\r\ndata: {"kind": "welcome",\r\ndata:  "user": {"id": 7}}\r\n\r\n'
            self.stream("text/event-stream; charset=utf-8", ": hello\n\n", event)
        elif self.path == "/words":
            self.stream("text/event-stream", "data: Go", "od\n\n", "data:  morning\n\n")
        elif self.path == "/lines":
            self.stream("application/x-ndjson", '{"step": 1}\n{"st', 'ep": 2, "done": true}\n')
        elif self.path == "/endless":
            self.stream("text/plain", "first words")
        elif self.path == "/trickle":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.over.wait(0.01):
                try:
                    self.wfile.write(b"X-A: b\r\n")
                except OSError:
                    return
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
            self.close_connection = True
        elif self.path == "/host":
            name = self.headers["Host"]
            self.answer(200, name) if name == "shop.example" else self.answer(400, "Invalid host header")
        elif self.path.startswith("/show"):
            self.answer(500, json.dumps({"path": self.path, "headers": dict(self.headers)}))
        else:
            self.answer(404, self.path)

    def do_POST(self) -> None:
        content = self.body()
        if self.path == "/login":
            form = parse_qs(content.decode(), keep_blank_values=True)
            known = form == {
                "user": ["anna"],
                "password": [PASSWORD],
                "csrf": ["t0ken&1"],
                "roles": ["a", "b"],
                "empty": [""],
                "stay": ["true"],
            }
            if known and self.headers["Content-Type"] == "application/x-www-form-urlencoded" and "seen=1" in self.headers["Cookie"]:
                self.answer(303, "", Location="/login")
            else:
                self.answer(401, f"wrong: {form}")
        elif self.path == "/upload":
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            message: Any = email.message_from_bytes(head + content)
            found = []
            for part in message.get_payload():
                name = part.get_param("name", header="content-disposition")
                found.append([name, part.get_filename(), part.get_content_type(), part.get_payload(decode=True).decode()])
            self.answer(201, json.dumps(found))
        else:
            self.answer(422, json.dumps({"kind": self.headers["Content-Type"], "method": "POST", "input": content.decode()}))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[str]:
    class Fresh(Shop):
        over = threading.Event()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    Fresh.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def tell(url: str, *steps: dict[str, Any], output: str = "", timeout: float = 0.0) -> list[Evidence]:
    checked = [ArgumentSpecValidator(deepcopy(CHECK_SPEC)).validate({"name": f"step {index}", **step}) for index, step in enumerate(steps)]
    assert not [result.error_messages for result in checked if result.error_messages]
    story = Story({"web": url}, lambda *_: Completed(1, err=output), timeout, pause=0.01)
    return list(story.tell([result.validated_parameters for result in checked]))


FORM = {"user": "anna", "password": PASSWORD, "csrf": "${csrf}", "roles": ["a", "b"], "empty": None, "stay": True}


def test_a_form_with_a_token_against_forgery_signs_in(shop: str) -> None:
    page = {"request": {"url": "/login"}, "search": {"csrf": 'name="csrf" value="([^"]+)"'}}
    steps = tell(shop, page, {"request": {"url": "/login", "form": FORM}, "expect": {"contains": "csrf"}})
    assert [step.detail for step in steps] == ["", ""]


def test_a_header_of_the_answer_is_searched(shop: str) -> None:
    page = {"request": {"url": "/login"}, "search": {"cookie": r"(?m)^Set-Cookie: seen=(\d+)"}}
    steps = tell(shop, page, {"request": {"url": "/none/${cookie}"}, "expect": {"status": 404, "contains": "/none/1"}})
    assert [step.detail for step in steps] == ["", ""]


def test_who_is_not_let_in_is_answered_where_that_is_enough(shop: str) -> None:
    step = {"request": {"url": "/none"}}
    enough, usual = tell(shop, {**step, "expect": {"below": 500}}, step)
    assert (enough.ok, usual.ok) == (True, False)
    assert usual.detail.startswith("expected a status below 400; came status 404")


def test_what_is_searched_has_to_be_there(shop: str) -> None:
    [step] = tell(shop, {"request": {"url": "/login"}, "search": {"token": "name=token"}})
    assert step.detail.startswith("expected what search.token matches; came status 200, ")


def test_files_are_sent_with_the_form(shop: str) -> None:
    files = [{"field": "avatar", "name": 'a"b.txt', "content": "hällo", "type": "text/plain"}]
    expect = {"status": 201, "json": {"0": ["title", None, "text/plain", "pic"], "1": ["avatar", "a%22b.txt", "text/plain", "hällo"]}}
    [step] = tell(shop, {"request": {"url": "/upload", "form": {"title": "pic"}, "files": files}, "expect": expect})
    assert step.ok, step.detail


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"body": "<a/>", "headers": {"Content-Type": "application/xml"}}, "application/xml"),
        ({"body": "a"}, "text/plain; charset=utf-8"),
        ({"json": []}, "application/json"),
        ({"form": {}}, "application/x-www-form-urlencoded"),
    ],
)
def test_what_has_a_body_is_posted_with_its_type(shop: str, body: dict[str, Any], kind: str) -> None:
    [step] = tell(shop, {"request": {"url": "/any", **body}, "expect": {"status": 422, "json": {"kind": kind, "method": "POST"}}})
    assert step.ok, step.detail


@pytest.mark.parametrize(
    ("path", "expect"),
    [
        ("/events", {"json": {"kind": "welcome", "user.id": 7}}),
        ("/events", {"status": 200}),
        ("/words", {"contains": "Good morning"}),
        ("/lines", {"json": {"done": True, "step": 2}}),
    ],
)
def test_a_stream_is_read_until_what_is_expected_came(shop: str, path: str, expect: dict[str, Any]) -> None:
    start = time.monotonic()
    [step] = tell(shop, {"request": {"url": path}, "expect": expect})
    assert step.ok, step.detail
    assert time.monotonic() - start < 2


def test_what_an_event_holds_is_saved(shop: str) -> None:
    steps = tell(
        shop,
        {"request": {"url": "/events"}, "expect": {"json": {"kind": "welcome"}}, "save": {"user": "user.id"}},
        {"request": {"url": "/${user}"}, "expect": {"status": 404, "contains": "/7"}},
    )
    assert [step.detail for step in steps] == ["", ""]


@pytest.mark.parametrize(
    ("path", "expect", "said"),
    [
        ("/events", {"json": {"kind": "goodbye"}}, "expected the value of expect.json at kind; came status 200, "),
        ("/events", {"contains": "goodbye"}, "expected the text of expect.contains; came status 200, "),
        ("/endless", {"status": 200}, "expected an answer that ends; came status 200, 'first words"),
        ("/trickle", {"status": 200}, "/trickle does not answer within 1 s"),
        ("/cut", {"status": 200}, "the connection ended 96 bytes before the answer did"),
    ],
)
def test_no_answer_is_waited_for_longer_than_its_limit(shop: str, path: str, expect: dict[str, Any], said: str) -> None:
    start = time.monotonic()
    [step] = tell(shop, {"request": {"url": path, "timeout": 1}, "expect": expect})
    assert not step.ok
    assert said in step.detail
    assert time.monotonic() - start < 3


def test_what_came_of_an_endless_answer_counts(shop: str) -> None:
    [step] = tell(shop, {"request": {"url": "/endless", "timeout": 1}, "expect": {"contains": "first"}})
    assert step.ok


def test_a_host_is_named(shop: str) -> None:
    refused, accepted = tell(shop, {"request": {"url": "/host"}, "expect": {"status": 200}})[0], tell(
        shop, {"request": {"url": "/host", "headers": {"Host": "shop.example"}}, "expect": {"contains": "shop.example"}}
    )[0]  # fmt: skip
    assert "name one in request.headers.Host" in refused.detail
    assert accepted.ok


def test_addresses_and_headers_may_hold_any_text(shop: str) -> None:
    path = "/größe b?q=a+b%20c"
    [step] = tell(shop, {"request": {"url": path, "headers": {"X-N": 5, "X-B": True, "X-U": "ü"}}, "expect": {"status": 404}})
    assert step.ok, step.detail
    [step] = tell(shop, {"request": {"url": "/show", "headers": {"X-N": 5, "X-B": True}}, "expect": {"json": {"headers.X-N": "5"}}})
    assert step.detail.startswith("expected a status below 400;")


def test_a_header_with_a_line_break_is_named_without_its_value(shop: str) -> None:
    [step] = tell(shop, {"request": {"headers": {"Authorization": "Bearer hunter2-hunter2\n"}}})
    assert step.detail.startswith("request.headers.Authorization has a line break")
    assert "hunter2" not in step.detail


SECRETS = ["hunter2/ü", "Bearer 0123456789", "s3cret-form", "4711", "what-was-expected", "expected-value"]
STEP = {
    "request": {"url": "/any?a=b", "headers": {"Authorization": SECRETS[1]}, "json": {"password": SECRETS[0], "pin": 4711, "n": 1}},
    "expect": {"contains": SECRETS[4], "json": {"user.name": SECRETS[5]}},
}


def test_no_value_that_is_sent_or_expected_is_shown(shop: str) -> None:
    steps = [
        *tell(shop, STEP),
        *tell(shop, {"request": {"url": "/any", "form": {"password": SECRETS[2]}}}),
        *tell(shop, {"request": {"url": "/show", "headers": {"Authorization": SECRETS[1]}}}),
        *tell("http://127.0.0.1:9", {"request": {"url": f"/{quote(SECRETS[0])}", "json": SECRETS[0]}}),
    ]
    machine, person = report(steps, {}, "now")
    for text in (machine, person, *(step.detail for step in steps)):
        assert "expected" in text or "does not answer" in text
        for value in SECRETS:
            assert value not in text.replace("what search.", "")
            assert json.dumps(value)[1:-1] not in text
            assert quote(value, safe="") not in text


@pytest.mark.parametrize(
    "body",
    [
        '{"sessionId": "hunter2", "user": {"apiKey": 77345, "JWT": "x77345x"}}',
        '{"tokens": ["hunter2", {"x": "77345"}]}',
        'HTTP 500 {"token": "hunter2 unended',
        "Location: /?access_token=hunter2&x=1",
        "session_id=hunter2; Path=/",
        '{"dbPass": "hunter2", "pass": 77345, "webhookUrl": "hunter2", "otp": 77345}',
        "postgresql://app:hunter2@db/x refused",
        "got eyJhbGciOiJIUzI1NiJ9.hunter2.77345",
        "{'detail': 'x', \"pin\": 77345}",
    ],
)
def test_what_a_secret_field_holds_is_not_shown(body: str) -> None:
    [step] = tell("http://x", {"exec": {"component": "web", "command": ["x"]}}, output=body)
    assert "hunter2" not in step.detail
    assert "77345" not in step.detail


@pytest.mark.parametrize(
    "body",
    [
        '{"passengers": 77345, "passed": "hunter2", "compassion": 4, "passport": "x", "spinner": 4}',
        '{"monkey": "banana", "shipping": 77345, "keyboard": "hunter2"}',
        '{"token": null, "session": false, "detail": "no such user"}',
        "a=b & c=d, 3 tokens were read",
        "connect to http://db:5432/x refused",
        '{"detail": [{"loc": ["body", "password"], "msg": "Field required"}]}',
    ],
)
def test_what_is_no_secret_is_shown_as_it_came(body: str) -> None:
    [step] = tell("http://x", {"exec": {"component": "web", "command": ["x"]}}, output=body)
    assert step.detail == f"expected exit code 0; came {body!r}"


def test_a_secret_that_begins_before_the_cut_is_taken_out_whole(shop: str) -> None:
    [step] = tell(shop, {"request": {"url": "/any", "body": "secret-" * 60}})
    assert "secret-" not in step.detail


def test_nothing_checked_is_not_called_passed() -> None:
    assert "app_checks has no step" in summary([])
    assert summary([Evidence("a", True, 1500, 1)]) == "1 checks passed in 1.5 s."
