from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from conftest import SignUp

NEXT_CENTURY = 4102444800


def credentials() -> dict[str, str]:
    return {"email": f"{uuid4().hex}@example.com", "password": "correct horse"}


def test_signing_up_opens_a_session(anybody: httpx.Client) -> None:
    asked = credentials()
    answer = anybody.post("/api/auth/sign-up", json=asked)
    assert answer.status_code == 201
    assert answer.json()["user"]["email"] == asked["email"]
    assert "password" not in answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert anybody.get("/api/me").json() == answer.json()["user"]


def test_the_token_works_as_a_bearer(anybody: httpx.Client) -> None:
    token = anybody.post("/api/auth/sign-up", json=credentials()).json()["token"]
    anybody.cookies.clear()
    assert anybody.get("/api/me").status_code == 401
    assert anybody.get("/api/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_an_email_is_taken_once_whatever_its_case(anybody: httpx.Client) -> None:
    asked = credentials()
    anybody.post("/api/auth/sign-up", json=asked)
    answer = anybody.post("/api/auth/sign-up", json=asked | {"email": f" {asked['email'].upper()} "})
    assert answer.status_code == 409
    assert "exists already" in answer.json()["detail"]


def test_signing_in_and_out(anybody: httpx.Client) -> None:
    asked = credentials()
    anybody.post("/api/auth/sign-up", json=asked)
    assert anybody.post("/api/auth/sign-out").status_code == 204
    assert "session" not in anybody.cookies
    assert anybody.get("/api/me").status_code == 401
    assert anybody.post("/api/auth/sign-in", json=asked).status_code == 200
    assert anybody.get("/api/me").status_code == 200


def test_a_wrong_password_and_an_unknown_email_look_alike(anybody: httpx.Client) -> None:
    asked = credentials()
    anybody.post("/api/auth/sign-up", json=asked)
    wrong = anybody.post("/api/auth/sign-in", json=asked | {"password": "wrong horse"})
    unknown = anybody.post("/api/auth/sign-in", json=credentials())
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


@pytest.mark.parametrize(
    ("claims", "secret", "algorithm"),
    [
        ({"exp": NEXT_CENTURY}, "x" * 32, "HS256"),
        ({"exp": NEXT_CENTURY}, "", "none"),
        ({"exp": 1}, "s" * 32, "HS256"),
        ({}, "s" * 32, "HS256"),
        ({"exp": NEXT_CENTURY, "sub": str(uuid4())}, "s" * 32, "HS256"),
        ({"exp": NEXT_CENTURY, "sub": "nobody"}, "s" * 32, "HS256"),
    ],
    ids=["forged", "unsigned", "expired", "endless", "stranger", "nobody"],
)
def test_a_bad_session_is_refused(
    anybody: httpx.Client, person: httpx.Client, claims: dict[str, Any], secret: str, algorithm: str
) -> None:
    token = jwt.encode({"sub": person.get("/api/me").json()["id"], **claims}, secret, algorithm)
    answer = anybody.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Sign in first."}


def test_deleting_the_account_deletes_every_row(sign_up: SignUp) -> None:
    person = sign_up()
    person.post("/api/chat", json={"message": "add buy milk"})
    session = person.cookies["session"]
    assert person.delete("/api/me").status_code == 204
    assert person.get("/api/me", headers={"Authorization": f"Bearer {session}"}).status_code == 401
