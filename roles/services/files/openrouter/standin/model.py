"""What stands where a model would: a few sentences understood, tools called, what they did put into words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

GREETING = 'I keep your to-do list. Say "add buy milk", "list", "complete buy milk" or "delete buy milk".'
_TITLE = r"[\"'\u201c]?(?P<title>.+?)[\"'\u201d]?"
_TASK = r"(?:(?:a |the |my |new )*(?:task|to-?do)s?\b(?: to| called| named| titled|:)?\s*)?"
_DONE = r"(?: (?:as )?(?:done|finished|completed?))?"
_LIST = r"(?: (?:to|from|on|in) (?:my|the) (?:\w+ )?(?:to-?do |task )?(?:list|tasks|to-?dos))?"


@dataclass(frozen=True)
class Intent:
    """A sentence that is understood, the tools that can serve it, and what to say when one did."""

    sentence: re.Pattern[str]
    tool: re.Pattern[str]
    said: str


def _intent(sentence: str, tool: str, said: str) -> Intent:
    polite = r"(?:(?:please|can you|could you|i want to|i need to)\s+)*"
    return Intent(
        re.compile(rf"\W*{polite}{sentence}(?: please)?[\s.!?]*", re.IGNORECASE | re.DOTALL),
        re.compile(tool, re.IGNORECASE),
        said,
    )


INTENTS = (
    _intent(
        rf"(?:(?:add|create)\s+{_TASK}|remind me to\s+|remember to\s+){_TITLE}{_LIST}",
        r"(add|create|new).*(task|todo)",
        'I added "{title}" to your tasks.',
    ),
    _intent(
        rf"(?:(?:complete|finish|mark)\s+{_TASK}|(?:i am |i'm )?done(?: with)?:?\s+){_TITLE}{_DONE}",
        r"(complete|finish|done|toggle).*(task|todo)|mark",
        'I marked "{title}" as done.',
    ),
    _intent(
        rf"(?:delete|remove)\s+{_TASK}{_TITLE}{_LIST}",
        r"(delete|remove).*(task|todo)",
        'I deleted "{title}" from your tasks.',
    ),
    _intent(
        rf"rename\s+{_TASK}{_TITLE}[\"'\u201d]? to [\"'\u201c]?(?P<new_title>.+?)[\"'\u201d]?",
        r"(rename|update|edit|change).*(task|todo)",
        'I renamed "{title}".',
    ),
    _intent(
        r"(?:list|show|what(?:'s| is| are)|which)\b.*",
        r"(list|show|get|view).*(task|todo)",
        "These are your tasks: {result}",
    ),
)


@dataclass(frozen=True)
class Reply:
    """Words, or calls of tools: name and arguments each."""

    content: str | None
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def reply(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> Reply:
    """The answer to a conversation (chat completion messages and tools, already checked for their shape)."""
    asked = max((at for at, message in enumerate(messages) if message["role"] == "user"), default=-1)
    if results := [message for message in messages[asked + 1 :] if message["role"] == "tool"]:
        calls = _calls(messages[asked + 1 :])
        return Reply(" ".join(_in_words(calls.get(result.get("tool_call_id")), text(result)) for result in results))
    if asked < 0:
        return Reply(GREETING)
    for intent in INTENTS:
        if match := intent.sentence.fullmatch(text(messages[asked]).strip()):
            for function in (tool["function"] for tool in tools):
                if intent.tool.search(function["name"]):
                    return Reply(None, ((function["name"], _arguments(function, match.groupdict(), messages)),))
    return Reply(GREETING)


def text(message: dict[str, Any]) -> str:
    """The words of a message, whose content is a string or a list of parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else " ".join(str(part.get("text", "")) for part in content)


def _calls(messages: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    return {call.get("id"): call["function"] for message in messages for call in message.get("tool_calls") or []}


def _in_words(call: dict[str, Any] | None, result: str) -> str:
    error = _error(result)
    if error:
        return f"That did not work: {error}"
    intent = next((intent for intent in INTENTS if call and intent.tool.search(call["name"])), None)
    if call is None or intent is None:
        return "Done."
    arguments = _json(call.get("arguments"))
    title = next((value for key, value in _strings(arguments) if _is_title(key)), "it")
    return intent.said.format(title=title, result=_listing(result))


def _error(result: str) -> str | None:
    found = _json(result)
    if isinstance(found, dict) and (found.get("error") or found.get("success") is False):
        return str(found.get("error") or found.get("message") or "the tool failed.")
    return result if result.lower().startswith("error") else None


def _listing(result: str) -> str:
    """Titles where the result is JSON that holds a list of tasks; else the result as it is."""
    found = _json(result)
    if isinstance(found, dict):
        found = next((value for value in found.values() if isinstance(value, list)), found)
    if not isinstance(found, list):
        return result
    titles = [_listed(task) for task in found]
    return ", ".join(titles) + "." if titles else "none yet."


def _listed(task: Any) -> str:
    if not isinstance(task, dict):
        return str(task)
    title = next((value for key, value in _strings(task) if _is_title(key)), json.dumps(task))
    return f"{title} (done)" if task.get("completed") else title


def _arguments(function: dict[str, Any], said: dict[str, str], messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The arguments of a call: titles from what was said, other required strings from the system message."""
    parameters = function.get("parameters") or {}
    properties: dict[str, Any] = parameters.get("properties") or {}
    required: list[str] = parameters.get("required") or []
    titles = iter([said[name] for name in ("title", "new_title") if said.get(name)])
    system = " ".join(text(message) for message in messages if message["role"] in ("system", "developer"))
    arguments: dict[str, Any] = {}
    for name in sorted(properties, key=lambda name: name not in required):
        schema = properties[name]
        if _is_title(name) and (title := next(titles, None)) is not None:
            arguments[name] = title
        elif name in required:
            arguments[name] = _filler(name, schema, system)
    return arguments


def _filler(name: str, schema: dict[str, Any], system: str) -> Any:
    if schema.get("enum"):
        return schema["enum"][0]
    label = re.escape(name).replace("_", "[ _]?")
    known = re.search(rf"\b{label}\b(?:\s+is)?\s*[:=]?\s*[\"'`]?([\w.@-]+)", system, re.IGNORECASE)
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return int(known[1]) if known and known[1].isdecimal() else 0
    fillers: dict[Any, Any] = {"boolean": True, "array": [], "object": {}}
    return fillers.get(kind, known[1].rstrip(".") if known else "")


def _is_title(name: str) -> bool:
    return re.search(r"title|\bname|task$|text|content|description", name, re.IGNORECASE) is not None


def _strings(found: Any) -> list[tuple[str, str]]:
    items = found.items() if isinstance(found, dict) else ()
    return [(key, value) for key, value in items if isinstance(value, str)]


def _json(words: Any) -> Any:
    try:
        return json.loads(words)
    except (TypeError, ValueError):
        return None
