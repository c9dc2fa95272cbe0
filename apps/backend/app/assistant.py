"""The assistant: a bounded conversation with a model over OpenRouter's chat completions."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

import httpx
from pydantic import BaseModel, ValidationError

log = logging.getLogger(__name__)

ROUNDS = 6  # requests to the model in one turn; the last one offers no tools
TURN_SECONDS = 60.0
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
# An idle connection is given up before common servers do so (5 s): a request on one that ends just then fails.
LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2.0)
MAX_TOKENS = 1000
INSTRUCTIONS = (
    "You are Plannoir, a friendly assistant that keeps the user's to-do list. Use the tools to read and change the"
    " list, and never claim a change that no tool has made. Answer in one or two short sentences."
)
REFUSALS = {
    401: "refused the API key",
    402: "has no credit left",
    403: "refused the request",
    404: "does not know the model or the address",
    429: "is busy",
}


class AssistantError(Exception):
    """The model gave no usable answer; the text is a sentence for the user."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"The assistant is unavailable: the model service {cause}. Try again in a moment.")


class Tools(Protocol):
    async def call(self, name: str, arguments: str) -> str: ...


class _Function(BaseModel):
    name: str
    arguments: str = "{}"


class _ToolCall(BaseModel):
    id: str
    type: str = "function"
    function: _Function


class _Message(BaseModel):
    role: str = "assistant"
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice]


class Assistant:
    """A client of one model; close it when the application ends."""

    def __init__(self, base_url: str, api_key: str, model: str) -> None:
        self._model = model
        self._client = httpx.AsyncClient(
            base_url=base_url,
            timeout=TIMEOUT,
            headers={"Authorization": f"Bearer {api_key}", "X-Title": "Plannoir"},
            transport=httpx.AsyncHTTPTransport(retries=1, limits=LIMITS),
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()

    async def reply(self, history: list[dict[str, Any]], definitions: list[dict[str, Any]], tools: Tools) -> str:
        """The model's last words on ``history`` (role and content each), after the tool calls that it asked for.

        Raises AssistantError when the service is away, refuses, answers nonsense or goes on for too long.
        """
        messages = [{"role": "system", "content": INSTRUCTIONS}, *history]
        try:
            async with asyncio.timeout(TURN_SECONDS):
                for rounds_left in reversed(range(ROUNDS)):
                    message = await self._complete(messages, definitions if rounds_left else [])
                    if not message.tool_calls:
                        return _words(message)
                    messages.append(message.model_dump())
                    for call in message.tool_calls:
                        result = await tools.call(call.function.name, call.function.arguments)
                        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        except TimeoutError:
            raise AssistantError("did not answer in time") from None
        raise AssistantError("asked for tools without end")

    async def _complete(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> _Message:
        request: dict[str, Any] = {"model": self._model, "messages": messages, "max_tokens": MAX_TOKENS}
        if tools:
            request["tools"] = tools
        try:
            response = await self._client.post("/chat/completions", json=request)
        except httpx.TimeoutException:
            raise AssistantError("did not answer in time") from None
        except httpx.HTTPError as error:
            log.warning("The model service cannot be reached: %s", type(error).__name__)
            raise AssistantError("cannot be reached") from None
        if response.status_code != httpx.codes.OK:
            log.warning("The model service answered with status %s", response.status_code)
            raise AssistantError(REFUSALS.get(response.status_code, "failed"))
        try:
            return _Completion.model_validate_json(response.content).choices[0].message
        except (ValidationError, IndexError):
            log.warning("The model service answered something that is not a chat completion")
            raise AssistantError("gave an answer that cannot be read") from None


def _words(message: _Message) -> str:
    words = (message.content or "").replace("\x00", "").strip()
    if not words:
        raise AssistantError("gave an empty answer")
    return words
