"""What uvicorn runs: ``python -m uvicorn standin.main:app``."""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import time
from collections.abc import Iterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from standin import protocol
from standin.model import reply

# OpenRouter's own prefix first; clients of other compatible services leave "/api" or the whole prefix out.
PREFIXES = ("/api/v1", "/v1", "")


async def health(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def models(request: Request) -> Response:
    """The list of models, open to everybody as OpenRouter's is."""
    return JSONResponse(protocol.models())


async def chat_completions(request: Request) -> Response:
    """A chat completion, in one piece or as server-sent events."""
    _authorize(request)
    try:
        asked = json.loads(await request.body())
        protocol.check(asked)
    except ValueError:
        raise HTTPException(400, "The body is not JSON.") from None
    except protocol.Malformed as malformed:
        raise HTTPException(400, str(malformed)) from None
    await asyncio.sleep(float(os.environ.get("OPENROUTER_STANDIN_DELAY", "0")))
    answer = reply(asked["messages"], protocol.offered_tools(asked))
    if asked.get("stream"):
        return StreamingResponse(protocol.events(asked, answer), media_type="text/event-stream")
    return JSONResponse(protocol.completion(asked, answer))


def _authorize(request: Request) -> None:
    scheme, _dummy, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise HTTPException(401, "No auth credentials found")
    accepted = list(_accepted_keys())
    if accepted and not any(hmac.compare_digest(key.strip().encode(), known.encode()) for known in accepted):
        raise HTTPException(401, "User not found.")


def _accepted_keys() -> Iterator[str]:
    """The key, and for a while after a rotation the one before it, as with a real account's two keys; none: any."""
    if key := os.environ.get("OPENROUTER_STANDIN_KEY"):
        yield key
    if time.time() < float(os.environ.get("OPENROUTER_STANDIN_PREVIOUS_UNTIL") or 0):
        yield os.environ["OPENROUTER_STANDIN_PREVIOUS_KEY"]


async def failed(request: Request, error: Exception) -> Response:
    """Any refusal in OpenRouter's format."""
    assert isinstance(error, HTTPException)
    return JSONResponse(protocol.error(error.status_code, error.detail), error.status_code, error.headers)


app = Starlette(
    routes=[
        Route("/health", health),
        *(Route(f"{prefix}/models", models) for prefix in PREFIXES),
        *(Route(f"{prefix}/chat/completions", chat_completions, methods=["POST"]) for prefix in PREFIXES),
    ],
    exception_handlers={HTTPException: failed},
)
