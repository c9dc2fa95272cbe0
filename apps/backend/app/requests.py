"""Around every request: its id, its line in the log, a limit of its body, and an answer when the code below fails."""

from __future__ import annotations

import logging
import re
import time
from uuid import uuid4

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors, logs

log = logging.getLogger("app.requests")

HEADER = "X-Request-ID"
# The longest body that a form of ours sends is a chat message of 4,000 characters, 24,000 bytes when JSON escapes each.
BODY_LIMIT = 64 << 10
TOO_LARGE = f"The request's body is larger than {BODY_LIMIT >> 10} KiB."
ACCEPTABLE = re.compile(r"[\w.-]{1,64}", re.ASCII)


class RequestLog:
    """ASGI middleware. A caller's X-Request-ID is kept where it is harmless; the path is logged without its query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        current = given if ACCEPTABLE.fullmatch(given) else uuid4().hex
        logs.request_id.set(current)
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = current
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("Unexpected error")
            if not status:
                await errors.answer(500, errors.UNEXPECTED)(scope, receive, send_with_id)
        finally:
            level = logging.DEBUG if scope["path"].startswith("/health/") else logging.INFO
            fields = {
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "milliseconds": round(1000 * (time.perf_counter() - started), 1),
            }
            log.log(level, "Request", extra={"fields": fields})


class BodyLimit:
    """ASGI middleware. A body above BODY_LIMIT is refused with 413, where it exceeds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        read = 0

        async def receive_within_limit() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > BODY_LIMIT:
                raise HTTPException(413, TOO_LARGE)
            return message

        await self._app(scope, receive_within_limit, send)
