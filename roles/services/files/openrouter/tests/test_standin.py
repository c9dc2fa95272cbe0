"""The stand-in over its real interface."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from standin.main import app

PATH = "/api/v1/chat/completions"


def tool(name: str, *required: str, **optional: dict[str, Any]) -> dict[str, Any]:
    properties = {key: {"type": "string"} for key in required} | optional
    parameters = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


TOOLS = [
    tool("list_tasks"),
    tool("add_task", "title", description={"type": "string"}),
    tool("complete_task", "title"),
    tool("rename_task", "title", "new_title"),
    tool("delete_task", "title"),
]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app, headers={"Authorization": "Bearer any"}) as opened:
        yield opened


def ask(client: TestClient, said: str, **more: Any) -> dict[str, Any]:
    response = client.post(PATH, json={"messages": [{"role": "user", "content": said}], "tools": TOOLS} | more)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def called(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    return call["function"]["name"], json.loads(call["function"]["arguments"])


@pytest.mark.parametrize(
    ("said", "name", "arguments"),
    [
        ("add buy milk", "add_task", {"title": "buy milk"}),
        ("Please add a task to buy milk.", "add_task", {"title": "buy milk"}),
        ('Add a new task called "buy milk"', "add_task", {"title": "buy milk"}),
        ("add buy milk to my tasks", "add_task", {"title": "buy milk"}),
        ("Can you remind me to call Zoë?", "add_task", {"title": "call Zoë"}),
        ("add 50% {of} the milk", "add_task", {"title": "50% {of} the milk"}),
        ("list", "list_tasks", {}),
        ("Show my tasks", "list_tasks", {}),
        ("complete buy milk", "complete_task", {"title": "buy milk"}),
        ("done buy milk", "complete_task", {"title": "buy milk"}),
        ("mark buy milk as done", "complete_task", {"title": "buy milk"}),
        ("delete the task buy milk", "delete_task", {"title": "buy milk"}),
        ("remove buy milk from my list!", "delete_task", {"title": "buy milk"}),
        ("rename buy milk to buy oat milk", "rename_task", {"title": "buy milk", "new_title": "buy oat milk"}),
    ],
)
def test_a_sentence_calls_its_tool(client: TestClient, said: str, name: str, arguments: dict[str, Any]) -> None:
    answer = ask(client, said)
    assert called(answer) == (name, arguments)
    assert answer["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("said", ["hello", "add", "", "add milk" * 2000 + "?" * 2000 + "x"])
def test_other_sentences_are_answered_in_words(client: TestClient, said: str) -> None:
    message = ask(client, said, tools=[])["choices"][0]["message"]
    assert message["content"].startswith("I keep your to-do list")
    assert "tool_calls" not in message


def test_no_tool_is_called_that_the_request_forbids(client: TestClient) -> None:
    assert ask(client, "add milk", tool_choice="none")["choices"][0]["finish_reason"] == "stop"
    other = {"type": "function", "function": {"name": "delete_task"}}
    assert ask(client, "add milk", tool_choice=other)["choices"][0]["finish_reason"] == "stop"


def test_required_parameters_of_foreign_tools_are_filled(client: TestClient) -> None:
    foreign = tool("create_todo", "user_id", "title", "priority", "urgent", "position")
    properties = foreign["function"]["parameters"]["properties"]
    properties["priority"]["enum"] = ["low", "high"]
    properties["urgent"]["type"] = "boolean"
    properties["position"]["type"] = "integer"
    messages = [
        {"role": "system", "content": "You help the user with user_id: 3f-9a. Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "add buy milk"}]},
    ]
    answer = client.post(PATH, json={"messages": messages, "tools": [foreign]}).json()
    assert called(answer) == (
        "create_todo",
        {"user_id": "3f-9a", "title": "buy milk", "priority": "low", "urgent": True, "position": 0},
    )


@pytest.mark.parametrize(
    ("said", "result", "words"),
    [
        ("add buy milk", '{"id": 1}', 'I added "buy milk" to your tasks.'),
        ("complete buy milk", "ok", 'I marked "buy milk" as done.'),
        ("delete buy milk", "{}", 'I deleted "buy milk" from your tasks.'),
        ("delete buy milk", '{"error": "No tasks match."}', "That did not work: No tasks match."),
        ("list", '{"tasks": []}', "These are your tasks: none yet."),
        (
            "list",
            '{"tasks": [{"title": "a", "completed": true}, {"title": "b"}]}',
            "These are your tasks: a (done), b.",
        ),
    ],
)
def test_the_result_of_a_tool_is_put_into_words(client: TestClient, said: str, result: str, words: str) -> None:
    (call,) = ask(client, said)["choices"][0]["message"]["tool_calls"]
    messages = [
        {"role": "user", "content": "add an older task"},
        {"role": "assistant", "content": "I added it."},
        {"role": "user", "content": said},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": result},
    ]
    answer = client.post(PATH, json={"messages": messages, "tools": TOOLS}).json()
    assert answer["choices"][0]["message"]["content"] == words
    assert answer["choices"][0]["finish_reason"] == "stop"


def streamed(client: TestClient, said: str) -> list[dict[str, Any]]:
    request = {"messages": [{"role": "user", "content": said}], "tools": TOOLS, "stream": True}
    response = client.post(PATH, json=request)
    assert response.headers["content-type"].startswith("text/event-stream")
    blocks = response.text.split("\n\n")
    assert blocks[0] == ": OPENROUTER PROCESSING"
    assert blocks[-2:] == ["data: [DONE]", ""]
    return [json.loads(block.removeprefix("data: ")) for block in blocks[1:-2]]


def test_streamed_words_are_those_of_the_whole_answer(client: TestClient) -> None:
    chunks = streamed(client, "hello")
    words = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert words == ask(client, "hello")["choices"][0]["message"]["content"]
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk["id"] for chunk in chunks}) == 1
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["total_tokens"] > 0


def test_streamed_tool_calls_come_in_pieces(client: TestClient) -> None:
    deltas = [chunk["choices"][0] for chunk in streamed(client, "add buy milk")]
    calls = [call for choice in deltas for call in choice["delta"].get("tool_calls", [])]
    assert calls[0]["function"]["name"] == "add_task"
    assert calls[0]["id"]
    assert len(calls) > 2
    assert json.loads("".join(call["function"]["arguments"] for call in calls)) == {"title": "buy milk"}
    assert "tool_calls" in [choice["finish_reason"] for choice in deltas]


def test_the_same_request_gets_the_same_answer(client: TestClient) -> None:
    first, second = ask(client, "add buy milk"), ask(client, "add buy milk")
    assert first["choices"] == second["choices"]
    assert first["usage"] == second["usage"]


@pytest.mark.parametrize("prefix", ["/api/v1", "/v1", ""])
def test_every_spelling_of_the_base_url_works(client: TestClient, prefix: str) -> None:
    request = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    assert client.post(f"{prefix}/chat/completions", json=request).json()["model"] == "openai/gpt-4o-mini"
    assert client.get(f"{prefix}/models").json()["data"][0]["id"] == "plannoir/stand-in"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}])
def test_a_missing_key_is_refused(headers: dict[str, str]) -> None:
    response = TestClient(app).post(PATH, json={"messages": []}, headers=headers)
    assert response.status_code == 401
    assert response.json() == {"error": {"code": 401, "message": "No auth credentials found"}}


def test_only_the_configured_key_is_accepted(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    request = {"messages": [{"role": "user", "content": "hello"}]}
    monkeypatch.setenv("OPENROUTER_STANDIN_KEY", "sk-right")
    assert client.post(PATH, json=request).status_code == 401
    assert client.post(PATH, json=request, headers={"Authorization": "Bearer sk-right"}).status_code == 200


@pytest.mark.parametrize(("seconds", "status"), [(60, 200), (-1, 401)])
def test_the_key_before_a_rotation_is_accepted_until_its_time(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    request = {"messages": [{"role": "user", "content": "hello"}]}
    monkeypatch.setenv("OPENROUTER_STANDIN_KEY", "sk-new")
    monkeypatch.setenv("OPENROUTER_STANDIN_PREVIOUS_KEY", "sk-old")
    monkeypatch.setenv("OPENROUTER_STANDIN_PREVIOUS_UNTIL", str(int(time.time()) + seconds))
    assert client.post(PATH, json=request, headers={"Authorization": "Bearer sk-new"}).status_code == 200
    assert client.post(PATH, json=request, headers={"Authorization": "Bearer sk-old"}).status_code == status
    assert client.post(PATH, json=request).status_code == 401


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ("nonsense", "The body is not JSON."),
        ("[]", "The body is not a JSON object."),
        ("{}", "messages:"),
        ('{"messages": []}', "messages:"),
        ('{"messages": ["hello"]}', "messages.0.role:"),
        ('{"messages": [{"role": "robot", "content": "x"}]}', "messages.0.role:"),
        ('{"messages": [{"role": "user", "content": 3}]}', "messages.0.content:"),
        ('{"messages": [{"role": "user", "content": "x"}], "tools": 3}', "tools:"),
        ('{"messages": [{"role": "user", "content": "x"}], "tools": [{}]}', "tools:"),
        ('{"messages": [{"role": "user", "content": "x"}], "model": 3}', "model:"),
        (b"\xff\xfe", "The body is not JSON."),
    ],
)
def test_a_malformed_request_is_refused_with_its_place(client: TestClient, body: str | bytes, place: str) -> None:
    response = client.post(PATH, content=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(place)


def test_unknown_paths_answer_in_the_error_format(client: TestClient) -> None:
    assert client.get("/api/v1/nothing").json() == {"error": {"code": 404, "message": "Not Found"}}
    assert client.get(PATH).status_code == 405


def test_health_needs_no_key() -> None:
    assert TestClient(app).get("/health").json() == {"status": "ok"}
