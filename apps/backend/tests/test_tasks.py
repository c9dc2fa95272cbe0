from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from conftest import SignUp
from servers import Postgres


def test_a_task_is_created_read_updated_and_deleted(person: httpx.Client) -> None:
    created = person.post("/api/tasks", json={"title": "  buy milk "})
    assert created.status_code == 201
    task = created.json()
    assert set(task) == {"id", "title", "completed", "created_at"}
    assert (task["title"], task["completed"]) == ("buy milk", False)

    path = f"/api/tasks/{task['id']}"
    assert person.get(path).json() == task
    assert person.patch(path, json={"completed": True}).json() == task | {"completed": True}
    renamed = {"title": "buy oat milk", "completed": True}
    assert person.patch(path, json={"title": "buy oat milk"}).json() == task | renamed
    assert person.patch(path, json={}).json() == task | renamed
    assert person.get("/api/tasks").json() == [task | renamed]

    assert person.delete(path).status_code == 204
    assert person.delete(path).status_code == 404
    assert person.get("/api/tasks").json() == []


def test_a_read_opens_no_transaction(postgres: Postgres, person: httpx.Client) -> None:
    assert person.get("/api/tasks").json() == []
    with psycopg.connect(postgres.url()) as connection:
        last = connection.execute(
            "SELECT query FROM pg_stat_activity WHERE datname = 'plannoir' ORDER BY query_start DESC"
        )
        assert "FROM tasks" in str(last.fetchone())


def test_tasks_are_listed_oldest_first(person: httpx.Client) -> None:
    for title in ("one", "two", "three"):
        person.post("/api/tasks", json={"title": title})
    assert [task["title"] for task in person.get("/api/tasks").json()] == ["one", "two", "three"]


def test_the_rows_of_others_are_invisible(sign_up: SignUp) -> None:
    owner, stranger = sign_up(), sign_up()
    path = f"/api/tasks/{owner.post('/api/tasks', json={'title': 'secret'}).json()['id']}"
    conversation = owner.post("/api/chat", json={"message": "hello"}).json()["conversation_id"]

    assert stranger.get("/api/tasks").json() == []
    assert stranger.get(path).status_code == 404
    assert stranger.patch(path, json={"title": "mine"}).status_code == 404
    assert stranger.delete(path).status_code == 404
    assert stranger.get("/api/conversations").json() == []
    assert stranger.get(f"/api/conversations/{conversation}").status_code == 404
    words = {"message": "hello", "conversation_id": conversation}
    assert stranger.post("/api/chat", json=words).status_code == 404
    assert "secret" not in stranger.post("/api/chat", json={"message": "list"}).json()["reply"]
    assert "error" not in stranger.post("/api/chat", json={"message": "list"}).json()["reply"]
    stranger.post("/api/chat", json={"message": "delete secret"})
    assert owner.get(path).json()["title"] == "secret"


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", "/api/tasks", {"title": "   "}, "title: "),
        ("POST", "/api/tasks", {"title": "x" * 201}, "title: "),
        ("POST", "/api/tasks", {"title": "a\x00b"}, "title: Value error, must not contain NUL characters"),
        ("POST", "/api/tasks", {"title": 3}, "title: "),
        ("POST", "/api/tasks", {}, "title: Field required"),
        ("POST", "/api/tasks", ["buy milk"], "Input should be a valid"),
        ("GET", "/api/tasks/nonsense", None, "task_id: "),
        ("PATCH", f"/api/tasks/{uuid4()}", {"completed": "perhaps"}, "completed: "),
        ("POST", "/api/chat", {"message": ""}, "message: "),
        ("POST", "/api/chat", {"message": "x" * 4001}, "message: "),
        ("POST", "/api/chat", {"message": "hello", "conversation_id": "nonsense"}, "conversation_id: "),
        ("POST", "/api/auth/sign-up", {"email": "nonsense", "password": "hunter22"}, "email: "),
        ("POST", "/api/auth/sign-up", {"email": "a@example.com", "password": "hunter2"}, "password: "),
    ],
)
def test_malformed_input_is_named_and_not_repeated(
    person: httpx.Client, method: str, path: str, body: Any, words: str
) -> None:
    answer = person.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(words)
    assert "hunter" not in answer.text


@pytest.mark.parametrize("body", [b"nonsense", b'{"title": "\\ud800"}', b"\xff", b""])
def test_what_is_not_json_is_refused(person: httpx.Client, body: bytes) -> None:
    answer = person.post("/api/tasks", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


def test_an_unknown_path_is_a_plain_404(anybody: httpx.Client) -> None:
    answer = anybody.get("/api/nothing")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
