# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One request of a check: its body, and the answer, which is read no longer than it is needed."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any, TypeAlias
from urllib.error import HTTPError
from urllib.parse import urlencode

from .._core.texts import text

Open: TypeAlias = Callable[[], HTTPResponse]
"""Sends the request and returns its answer, as ``open_url`` does."""

BODY_LIMIT = 16 << 20
"""Bytes of an answer that are read; what comes after them is not looked at."""

EVENTS = "text/event-stream"
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/stream+json"})
"""Content types of streams: of server-sent events, and of a JSON value a line."""

_CHUNK = 1 << 16
_BLANK_LINE = re.compile(r"\r\n\r\n|\n\n|\r\r")
_LINE = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The HTTP status, or 0 where nothing answered; for a command 200, or 500 where it failed.
        body: The body, or why nothing answered; for a command its output.
        stream: The content type of a stream; empty for any other answer.
        ended: Whether all of it came.
        headers: The headers, as they came.
        url: Where redirects led to, or would have led; empty where none is known.
    """

    status: int
    body: str
    stream: str = ""
    ended: bool = True
    headers: str = ""
    url: str = ""

    def texts(self) -> list[str]:
        """Return what a text is looked for in: the body, and what the events of a stream make when they are put together."""
        return [self.body, "".join(self._events())] if self.stream == EVENTS else [self.body]

    def values(self) -> list[Any]:
        """Return the JSON values that came, at least one: the body, or each event of a stream; None for what is no JSON."""
        return [_parse(event) for event in self._events()] or [None] if self.stream else [_parse(self.body)]

    def _events(self) -> Iterator[str]:
        if self.stream != EVENTS:
            yield from filter(None, _LINE.split(self.body))
            return
        for block in _BLANK_LINE.split(self.body):
            data = [line.removeprefix("data:").removeprefix(" ") for line in _LINE.split(block) if line.startswith("data:")]
            if data:
                yield "\n".join(data)


def ask(send: Open, shown: Callable[[], str], timeout: float, is_enough: Callable[[Answer], bool]) -> Answer:
    """Return the answer to a request after at most ``timeout`` seconds.

    Args:
        send: Sends it.
        shown: Returns where to, for the message that nothing answers.
        timeout: Seconds for all of it: a server that sends a little now and then is not waited for any longer than a silent one.
        is_enough: Tells whether what came of a stream is what was expected; the rest is not read.

    Raises:
        ValueError: It is no request that can be sent.
    """
    reader = _Reader(send)
    reader.start()
    end = time.monotonic() + timeout
    with reader.changed:
        while not reader.ended and (left := end - time.monotonic()) > 0:
            answer = reader.answer
            if answer.stream != "" and is_enough(answer):
                break
            reader.changed.wait(left)
        reader.abandoned = True
        if reader.error and reader.answer.stream:  # however a stream ends, it has ended
            return reader.answer
        if isinstance(reader.error, OSError | HTTPException):
            return Answer(
                0, f"{shown()} does not answer: {getattr(reader.error, 'reason', '') or reader.error}", url=getattr(reader.error, "url", "")
            )
        if isinstance(reader.error, Exception):
            raise reader.error
        if not reader.status:
            return Answer(0, f"{shown()} does not answer within {timeout:g} s")
        return reader.answer


class _Reader(threading.Thread):
    """Reads an answer beside whoever waits for it: no time-out of a socket ends what trickles.

    Attributes:
        changed: Held and notified while the others change.
        status: The HTTP status; 0 until it came.
        ended: Whether nothing more comes.
        error: Why the answer could not be read.
        abandoned: Whether nobody waits any longer.
    """

    def __init__(self, send: Open) -> None:
        super().__init__(daemon=True)
        self.changed = threading.Condition()
        self.status, self.ended, self.abandoned = 0, False, False
        self.error: Exception | None = None
        self._send, self._stream, self._headers, self._url, self._content = send, "", "", "", bytearray()

    @property
    def answer(self) -> Answer:
        """What came up to now."""
        return Answer(self.status, self._content.decode(errors="replace"), self._stream, self.ended, self._headers, self._url)

    def run(self) -> None:
        try:
            self._read()
        except Exception as error:
            self.error = error
        with self.changed:
            self.ended = True
            self.changed.notify()

    def _read(self) -> None:
        try:
            response: Any = self._send()
        except HTTPError as error:
            response = error
        with response:
            kind = str(response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
            with self.changed:
                self.status = response.status or 200  # a file has none
                self._headers, self._url = str(response.headers), str(response.url or "")
                self._stream = kind if kind == EVENTS or kind in LINES else ""
                self.changed.notify()
            while not self.abandoned and len(self._content) < BODY_LIMIT and (chunk := response.read1(_CHUNK)):
                with self.changed:
                    self._content += chunk
                    self.changed.notify()
            if missing := getattr(response, "length", 0) if len(self._content) < BODY_LIMIT else 0:
                raise OSError(f"the connection ended {missing} bytes before the answer did")


def encoded(request: Mapping[str, Any]) -> tuple[bytes | None, str]:
    """Return the body of a request, and its content type."""
    if request["json"] is not None:
        return json.dumps(request["json"]).encode(), "application/json"
    if request["files"]:
        return _multipart(list(_fields(request["form"] or {})), request["files"])
    if request["form"] is not None:
        return urlencode(list(_fields(request["form"]))).encode(), "application/x-www-form-urlencoded"
    if request["body"] is not None:
        return text(request["body"]).encode(), "text/plain; charset=utf-8"
    return None, ""


def _multipart(fields: Sequence[tuple[str, str]], files: Sequence[Mapping[str, Any]]) -> tuple[bytes, str]:
    boundary = uuid.uuid4().hex
    parts = [(f'name="{_quoted(name)}"', value) for name, value in fields]
    for file in files:
        names = f'name="{_quoted(file["field"])}"; filename="{_quoted(file["name"])}"\r\nContent-Type: {file["type"]}'
        parts.append((names, text(file["content"])))
    lines = [f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n" for head, content in parts]
    return "".join([*lines, f"--{boundary}--\r\n"]).encode(), f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    """Write a name as browsers do (https://html.spec.whatwg.org/#multipart-form-data)."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _fields(form: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a form; a list is a field that occurs several times."""
    for name, value in form.items():
        yield from ((str(name), text(item)) for item in (value if isinstance(value, list) else [value]))


def _parse(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
