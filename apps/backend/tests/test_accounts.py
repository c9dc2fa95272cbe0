from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from conftest import SignUp
from servers import Server

from app.security import SignIns, TooManyRequestsError

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


def test_signing_out_ends_the_session_itself_and_no_other(anybody: httpx.Client) -> None:
    asked = credentials()
    ended, other = (anybody.post(f"/api/auth/sign-{way}", json=asked).json()["token"] for way in ("up", "in"))
    anybody.cookies.clear()
    for _ in range(2):
        assert anybody.post("/api/auth/sign-out", headers={"Authorization": f"Bearer {ended}"}).status_code == 204
    assert anybody.get("/api/me", headers={"Authorization": f"Bearer {ended}"}).status_code == 401
    assert anybody.get("/api/me", headers={"Authorization": f"Bearer {other}"}).status_code == 200


def test_ten_wrong_passwords_lock_an_email_for_a_while_and_no_other(anybody: httpx.Client, sign_up: SignUp) -> None:
    asked = credentials()
    anybody.post("/api/auth/sign-up", json=asked)
    wrong = asked | {"password": "wrong horse"}
    assert {anybody.post("/api/auth/sign-in", json=wrong).status_code for _ in range(9)} == {401}
    assert anybody.post("/api/auth/sign-in", json=asked).status_code == 200
    assert {anybody.post("/api/auth/sign-in", json=wrong).status_code for _ in range(10)} == {401}
    locked = anybody.post("/api/auth/sign-in", json=asked)
    assert locked.status_code == 429
    assert 200 < int(locked.headers["retry-after"]) <= 301
    assert locked.json() == {"detail": "Too many tries at the moment. Try again later."}
    sign_up()


def test_failed_sign_ins_are_forgotten_after_the_window_and_beyond_the_last_emails() -> None:
    sign_ins = SignIns(limit=1, window=0, emails=2)
    sign_ins.failed("a")
    sign_ins.check("a")
    sign_ins = SignIns(limit=1, window=60, emails=2)
    for email in "abc":
        sign_ins.failed(email)
    sign_ins.check("a")
    for email in "bc":
        with pytest.raises(TooManyRequestsError):
            sign_ins.check(email)


def test_a_flood_of_sign_ups_meets_a_bounded_queue(backend: Server) -> None:
    """300 at once: some are sent away at once, the others get their account, the server answers meanwhile."""

    async def flood() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=300)
        async with httpx.AsyncClient(base_url=backend.url, timeout=60, limits=limits) as client:
            asked = [client.post("/api/auth/sign-up", json=credentials()) for _ in range(300)]
            return await asyncio.gather(*asked)

    answers = asyncio.run(flood())
    assert {answer.status_code for answer in answers} == {201, 429}
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} == {"1"}


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_above_64_kib_is_refused(anybody: httpx.Client, announced: bool) -> None:
    def body(size: int) -> bytes:
        return b'{"email": "a@example.com", "password": "' + b"a" * (size - 42) + b'"}'

    def send(content: bytes) -> httpx.Response:
        kind = {"Content-Type": "application/json"}
        return anybody.post("/api/auth/sign-in", content=content if announced else iter([content]), headers=kind)

    assert send(body(64 << 10)).status_code == 422
    refused = send(body((64 << 10) + 1))
    assert refused.status_code == 413
    assert refused.json() == {"detail": "The request's body is larger than 64 KiB."}


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
        ({"exp": NEXT_CENTURY, "jti": None}, "s" * 32, "HS256"),
    ],
    ids=["forged", "unsigned", "expired", "endless", "stranger", "nobody", "nameless"],
)
def test_a_bad_session_is_refused(
    anybody: httpx.Client, person: httpx.Client, claims: dict[str, Any], secret: str, algorithm: str
) -> None:
    whole = {"sub": person.get("/api/me").json()["id"], "jti": str(uuid4()), **claims}
    token = jwt.encode({name: value for name, value in whole.items() if value}, secret, algorithm)
    answer = anybody.get("/api/tasks", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Sign in first."}


def test_deleting_the_account_deletes_every_row(sign_up: SignUp) -> None:
    person = sign_up()
    person.post("/api/chat", json={"message": "add buy milk"})
    session = person.cookies["session"]
    assert person.delete("/api/me").status_code == 204
    assert person.get("/api/me", headers={"Authorization": f"Bearer {session}"}).status_code == 401
