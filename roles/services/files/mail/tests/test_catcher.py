"""The catcher over its real interfaces, as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from catcher.box import Box
from catcher.page import html

Start = Callable[..., "Catcher"]
ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-m", "catcher.main"]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Catcher:
    def __init__(self, **environment: str) -> None:
        self.port, self.page = free_port(), free_port()
        given = {"MAIL_USER": "shop", "MAIL_PASSWORD": "ri/ght+%"}
        given |= {"MAIL_PORT": str(self.port), "MAIL_PAGE_PORT": str(self.page)}
        self.process = subprocess.Popen(
            COMMAND, cwd=ROOT, env={**os.environ, **given, **environment}, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        assert "ready" in self.process.stdout.readline()

    def client(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, timeout=10)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.get("/messages"))
        return found


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Catcher] = []

    def begin(**environment: str) -> Catcher:
        started.append(Catcher(**environment))
        return started[-1]

    yield begin
    for catcher in started:
        catcher.process.kill()
        catcher.process.wait()


def message(subject: str = "Your order", text: str = "Grüße") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "shop@example.com", "somebody@example.org", subject
    made.set_content(text)
    return made


def test_a_message_is_kept_and_shown(start: Start) -> None:
    catcher = start()
    sent = message()
    sent.add_alternative("<b>Grüße</b>", subtype="html")
    sent.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
    with catcher.client() as client:
        client.login("shop", "ri/ght+%")
        client.send_message(sent, to_addrs=["somebody@example.org", "hidden@example.org"])
    (kept,) = catcher.messages()
    assert kept["recipients"] == ["somebody@example.org", "hidden@example.org"]
    assert (kept["sender"], kept["subject"], kept["text"].strip()) == ("shop@example.com", "Your order", "Grüße")
    assert (kept["html"].strip(), kept["attachments"]) == ("<b>Grüße</b>", ["bill.pdf"])
    assert "Your order" in catcher.get("/")


@pytest.mark.parametrize("method", ["plain", "login"])
def test_a_wrong_login_is_refused_in_either_way(start: Start, method: str) -> None:
    with start().client() as client:
        client.ehlo()
        client.user, client.password = "shop", "wrong"
        way = client.auth_plain if method == "plain" else client.auth_login
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.auth(method.upper(), way)


def test_who_has_no_login_is_let_in(start: Start) -> None:
    catcher = start()
    with catcher.client() as client:
        client.send_message(message())
    assert len(catcher.messages()) == 1


@pytest.mark.parametrize(("seconds", "is_accepted"), [(60, True), (-1, False)])
def test_the_password_before_a_rotation_is_accepted_until_its_time(
    start: Start, seconds: int, is_accepted: bool
) -> None:
    catcher = start(MAIL_PREVIOUS_PASSWORD="old", MAIL_PREVIOUS_UNTIL=str(int(time.time()) + seconds))
    with catcher.client() as client:
        if is_accepted:
            assert client.login("shop", "old")[0] == 235
        else:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                client.login("shop", "old")


def test_starttls_is_offered_with_the_certificate(start: Start, tmp_path: Path) -> None:
    names = {"MAIL_CERTIFICATE": str(tmp_path / "tls.crt"), "MAIL_CERTIFICATE_KEY": str(tmp_path / "tls.key")}
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=DNS:localhost", "-addext", "keyUsage=keyCertSign,digitalSignature"]
    made += ["-out", names["MAIL_CERTIFICATE"], "-keyout", names["MAIL_CERTIFICATE_KEY"]]
    subprocess.run(made, check=True, capture_output=True)
    catcher = start(**names)
    with smtplib.SMTP("localhost", catcher.port, timeout=10) as client:
        client.starttls(context=ssl.create_default_context(cafile=names["MAIL_CERTIFICATE"]))
        client.login("shop", "ri/ght+%")
        client.send_message(message())
    assert len(catcher.messages()) == 1


def test_the_newest_stay(start: Start) -> None:
    catcher = start(MAIL_KEPT="2")
    with catcher.client() as client:
        for subject in ("one", "two", "three"):
            client.send_message(message(subject))
    assert [(kept["number"], kept["subject"]) for kept in catcher.messages()] == [(3, "three"), (2, "two")]


def test_no_more_bytes_are_kept_than_there_is_room_for() -> None:
    box = Box(count=100, size=1000)
    for number in range(5):
        box.add("a@example.org", ["b@example.org"], f"Subject: {number}\r\n\r\n{'x' * 380}".encode())
    assert [kept["subject"] for kept in box.messages()] == ["4", "3"]


def test_one_that_is_too_long_is_refused_and_the_next_is_taken(start: Start) -> None:
    catcher = start()
    with catcher.client() as client, pytest.raises(smtplib.SMTPException):
        client.send_message(message(text=("y" * 70 + "\n") * 160_000))
    with catcher.client() as client:
        client.send_message(message("short"))
    assert [kept["subject"] for kept in catcher.messages()] == ["short"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all",
        b"Subject: =?nonsense?B?xx?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=nonsense\r\n\r\n\xff",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Subject: \xff\xfe\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!",
    ],
)
def test_what_is_no_proper_message_is_kept_all_the_same(content: bytes) -> None:
    box = Box(10, 1000)
    box.add("", [], content)
    assert "<article>" in html(box.messages())
    json.dumps(box.messages()).encode()


def test_what_stands_in_a_message_is_text_on_the_page() -> None:
    box = Box(10, 10_000)
    box.add("<a>", ["<b>"], b"Subject: <script>1</script>\r\n\r\n<img src=x>")
    assert "<script>" not in html(box.messages())
    assert "<img" not in html(box.messages())


def test_the_page_knows_two_paths(start: Start) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        start().get("/other")
    assert refused.value.code == 404


def test_it_ends_when_it_is_asked_to(start: Start) -> None:
    catcher = start()
    open_session = catcher.client()
    catcher.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    open_session.send_message(message())  # one that has begun goes on
    open_session.quit()
    assert catcher.process.wait(10) == 0


def test_it_says_what_it_lacks() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAIL_")}
    done = subprocess.run(COMMAND, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "mail: MAIL_USER and MAIL_PASSWORD must be set; give them by a Secret.\n"
