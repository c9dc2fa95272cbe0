from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from json import dumps, loads
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
from servers import Postgres, Server, free_port, start_backend

from app.tools import definitions


def say(person: httpx.Client, message: str, **more: str) -> dict[str, Any]:
    answer = person.post("/api/chat", json={"message": message, **more})
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def titles(person: httpx.Client) -> dict[str, bool]:
    return {task["title"]: task["completed"] for task in person.get("/api/tasks").json()}


def test_the_assistant_works_on_the_tasks(person: httpx.Client) -> None:
    added = say(person, "add buy milk")
    assert added["reply"] == 'I added "buy milk" to your tasks.'
    assert added["actions"] == [{"tool": "add_task", "title": "buy milk"}]
    assert titles(person) == {"buy milk": False}

    say(person, "add call mum")
    listed = say(person, "show my tasks")
    assert listed["reply"] == "These are your tasks: buy milk, call mum."
    assert listed["actions"] == []

    assert say(person, "complete Milk")["actions"] == [{"tool": "complete_task", "title": "buy milk"}]
    assert titles(person) == {"buy milk": True, "call mum": False}
    assert say(person, "rename call mum to call dad")["actions"] == [{"tool": "rename_task", "title": "call dad"}]
    say(person, "delete buy milk")
    assert titles(person) == {"call dad": False}


def test_a_task_that_is_not_there_is_said_so(person: httpx.Client) -> None:
    answer = say(person, "complete fly to the moon")
    assert answer["reply"] == 'That did not work: No tasks match "fly to the moon".'
    assert answer["actions"] == []


def test_an_ambiguous_title_changes_nothing(person: httpx.Client) -> None:
    for title in ("buy milk", "buy bread"):
        person.post("/api/tasks", json={"title": title})
    assert '2 tasks match "buy"' in say(person, "delete buy")["reply"]
    assert len(titles(person)) == 2


def test_conversations_are_stored_and_continued(person: httpx.Client) -> None:
    first = say(person, "add buy milk")["conversation_id"]
    assert say(person, "hello", conversation_id=first)["conversation_id"] == first
    second = say(person, "list")["conversation_id"]

    stored = person.get(f"/api/conversations/{first}").json()
    assert [(message["role"], message["content"].split()[0]) for message in stored["messages"]] == [
        ("user", "add"),
        ("assistant", "I"),
        ("user", "hello"),
        ("assistant", "I"),
    ]
    conversations = person.get("/api/conversations").json()
    assert [(item["id"], item["title"]) for item in conversations] == [(second, "list"), (first, "add buy milk")]


def test_the_tools_describe_their_arguments() -> None:
    offered = {tool["function"]["name"]: tool["function"]["parameters"]["required"] for tool in definitions()[:1]}
    assert offered == {"add_task": ["title"]}


def test_a_model_that_is_away_is_a_sentence(postgres: Postgres, person: httpx.Client) -> None:
    with start_backend(postgres, f"http://127.0.0.1:{free_port()}") as lonely:
        answer = httpx.post(f"{lonely.url}/api/chat", json={"message": "add milk"}, cookies=dict(person.cookies))
    assert answer.status_code == 502
    assert answer.json()["detail"] == (
        "The assistant is unavailable: the model service cannot be reached. Try again in a moment."
    )
    assert person.get("/api/conversations").json() == []


TOOL_CALL = {"id": "1", "type": "function", "function": {"name": "add_task", "arguments": '{"title": "again"}'}}
Ask = Callable[..., httpx.Response]


class ScriptedModel(BaseHTTPRequestHandler):
    """A model service that gives ``answers`` (status and body each), the last one for ever, and keeps its requests."""

    answers: ClassVar[list[tuple[int, Any]]] = []
    requests: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        self.requests.append(loads(self.rfile.read(int(self.headers["content-length"]))))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        content = dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def confused_backend(postgres: Postgres) -> Iterator[Server]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ScriptedModel) as model:
        thread = Thread(target=model.serve_forever)
        thread.start()
        with start_backend(postgres, f"http://127.0.0.1:{model.server_port}") as server:
            yield server
        model.shutdown()
        thread.join()


@pytest.fixture
def ask(confused_backend: Server, person: httpx.Client) -> Ask:
    """Talk to the backend whose model gives the answers that are passed."""

    def ask(*answers: tuple[int, Any]) -> httpx.Response:
        ScriptedModel.answers = list(answers)
        ScriptedModel.requests.clear()
        return person.post(f"{confused_backend.url}/api/chat", json={"message": "hello"})

    return ask


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"error": {"code": 401, "message": "sk-or-test is wrong"}}, "refused the API key"),
        (429, {}, "is busy"),
        (500, "oops", "failed"),
        (200, {"error": {"code": 502, "message": "provider"}}, "gave an answer that cannot be read"),
        (200, {"choices": []}, "gave an answer that cannot be read"),
        (200, {"choices": [{"message": {"content": " "}}]}, "gave an empty answer"),
    ],
)
def test_a_model_that_fails_is_a_sentence(ask: Ask, status: int, body: Any, words: str) -> None:
    answer = ask((status, body))
    assert answer.status_code == 502
    assert answer.json()["detail"] == f"The assistant is unavailable: the model service {words}. Try again in a moment."


def test_a_model_that_calls_tools_without_end_is_stopped(ask: Ask, person: httpx.Client) -> None:
    answer = ask((200, {"choices": [{"message": {"tool_calls": [TOOL_CALL]}}]}))
    assert answer.status_code == 200
    assert answer.json()["reply"].startswith('The assistant broke off, but this was done: add task "again"')
    assert ["tools" in request for request in ScriptedModel.requests] == [True] * 5 + [False]


def test_a_malformed_tool_call_is_told_to_the_model(ask: Ask, person: httpx.Client) -> None:
    calls = [
        {"id": "1", "function": {"name": "add_task", "arguments": "nonsense"}},
        {"id": "2", "function": {"name": "format_disk", "arguments": "{}"}},
    ]
    answer = ask(
        (200, {"choices": [{"message": {"tool_calls": calls}}]}),
        (200, {"choices": [{"message": {"content": "I could not."}}]}),
    )
    assert answer.json()["reply"] == "I could not."
    assert answer.json()["actions"] == []


def test_what_was_done_is_kept_when_the_model_breaks_off(ask: Ask, person: httpx.Client) -> None:
    answer = ask((200, {"choices": [{"message": {"tool_calls": [TOOL_CALL]}}]}), (500, {}))
    assert answer.json()["actions"] == [{"tool": "add_task", "title": "again"}]
    stored = person.get(f"/api/conversations/{answer.json()['conversation_id']}").json()
    assert stored["messages"][1]["content"] == answer.json()["reply"]
