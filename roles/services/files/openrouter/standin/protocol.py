"""OpenRouter's formats: https://openrouter.ai/docs/api-reference/overview."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from typing import Any

from standin.model import Reply, text

MODEL = "plannoir/stand-in"
ROLES = {"system", "developer", "user", "assistant", "tool"}


class Malformed(Exception):
    """The request is not a chat completion request; the text says where."""


def check(request: Any) -> None:
    """Raise Malformed unless ``request`` has the shape of a chat completion request."""
    if not isinstance(request, dict):
        raise Malformed("The body is not a JSON object.")
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Malformed("messages: expected an array with at least one message.")
    for at, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise Malformed(f"messages.{at}.role: expected one of {', '.join(sorted(ROLES))}.")
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        if not isinstance(content, str | list | None) or not all(isinstance(part, dict) for part in parts):
            raise Malformed(f"messages.{at}.content: expected a string or an array of parts.")
        for call in _list(message, "tool_calls", f"messages.{at}.tool_calls"):
            _check_function(call, f"messages.{at}.tool_calls")
    for tool in _list(request, "tools", "tools"):
        _check_function(tool, "tools")
    if not isinstance(request.get("model", MODEL), str):
        raise Malformed("model: expected a string.")


def _list(holder: dict[str, Any], key: str, where: str) -> list[Any]:
    value = holder.get(key) or []
    if not isinstance(value, list):
        raise Malformed(f"{where}: expected an array.")
    return value


def _check_function(item: Any, where: str) -> None:
    function = item.get("function") if isinstance(item, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Malformed(f"{where}: expected objects with a function and its name.")


def offered_tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The tools that may be called: tool_choice can forbid all of them or all but one."""
    tools: list[dict[str, Any]] = request.get("tools") or []
    choice = request.get("tool_choice")
    if choice == "none":
        return []
    if isinstance(choice, dict):
        only = (choice.get("function") or {}).get("name")
        return [tool for tool in tools if tool["function"]["name"] == only]
    return tools


def completion(request: dict[str, Any], reply: Reply) -> dict[str, Any]:
    """The answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.content, "refusal": None, "reasoning": None}
    if reply.calls:
        message["tool_calls"] = _tool_calls(request, reply)
    choice = {"index": 0, "logprobs": None, **_finish(reply), "message": message}
    return _envelope(request, "chat.completion") | {"choices": [choice], "usage": _usage(request, reply)}


def events(request: dict[str, Any], reply: Reply) -> Iterator[str]:
    """The answer as server-sent events: deltas, the usage, and the end mark."""
    envelope = _envelope(request, "chat.completion.chunk")

    def event(delta: dict[str, Any], finish: dict[str, Any] | None = None, **more: Any) -> str:
        finish = finish or {"finish_reason": None, "native_finish_reason": None}
        choice = {"index": 0, "delta": {"role": "assistant", **delta}, **finish, "logprobs": None}
        return f"data: {json.dumps(envelope | {'choices': [choice]} | more)}\n\n"

    yield ": OPENROUTER PROCESSING\n\n"
    for piece in _pieces(reply.content):
        yield event({"content": piece})
    for call in _tool_calls(request, reply):
        arguments = call["function"]["arguments"]
        yield event({"content": None, "tool_calls": [call | {"function": {**call["function"], "arguments": ""}}]})
        for piece in _pieces(arguments):
            yield event({"content": None, "tool_calls": [{"index": call["index"], "function": {"arguments": piece}}]})
    yield event({"content": ""}, _finish(reply))
    yield event({"content": ""}, usage=_usage(request, reply))
    yield "data: [DONE]\n\n"


def models() -> dict[str, Any]:
    """The list of models; any other model name is accepted too."""
    return {
        "data": [
            {
                "id": MODEL,
                "name": "Plannoir: stand-in",
                "created": 1767225600,
                "description": "Deterministic answers for tests and demonstrations.",
                "context_length": 128000,
                "architecture": {"modality": "text->text", "input_modalities": ["text"], "output_modalities": ["text"]},
                "pricing": {"prompt": "0", "completion": "0"},
                "supported_parameters": ["max_tokens", "stream", "tool_choice", "tools"],
            }
        ]
    }


def error(code: int, message: str) -> dict[str, Any]:
    """An error as OpenRouter words it."""
    return {"error": {"code": code, "message": message}}


def _digest(request: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _envelope(request: dict[str, Any], kind: str) -> dict[str, Any]:
    created = int(time.time())
    return {
        "id": f"gen-{created}-{_digest(request)[:20]}",
        "provider": "Stand-in",
        "model": request.get("model", MODEL),
        "object": kind,
        "created": created,
    }


def _finish(reply: Reply) -> dict[str, Any]:
    reason = "tool_calls" if reply.calls else "stop"
    return {"finish_reason": reason, "native_finish_reason": reason}


def _tool_calls(request: dict[str, Any], reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "index": index,
            "id": f"call_{_digest(request)[:22]}{index:02}",
            "type": "function",
            "function": {"name": name, "arguments": json.dumps(arguments, ensure_ascii=False)},
        }
        for index, (name, arguments) in enumerate(reply.calls)
    ]


def _pieces(words: str | None) -> list[str]:
    """Something like tokens: words with the blank before them."""
    return re.findall(r"\s*\S+|\s+$", words or "")


def _usage(request: dict[str, Any], reply: Reply) -> dict[str, int]:
    """A token for each four characters, the usual rule of thumb."""
    prompt = sum(len(text(message)) for message in request["messages"]) // 4 + 1
    answer = len(reply.content or json.dumps(reply.calls)) // 4 + 1
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}
