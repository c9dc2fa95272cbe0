# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A story told to a running application: requests and commands in order, each with what has to come back."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any, TypeAlias
from urllib.error import HTTPError

from .._core.errors import Failure
from .._core.http_client import open_url
from .._core.process import TIMED_OUT, Completed

Step: TypeAlias = Mapping[str, Any]
"""An element of ``app_checks``, as ``CHECK_SPEC`` leaves it."""

Execute: TypeAlias = Callable[[str, Sequence[str], float], Completed]
"""Runs a command in a pod of a component, with a time-out in seconds."""

CHECK_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "request": {
        "type": "dict",
        "options": {
            "method": {"type": "str", "choices": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], "default": "GET"},
            "component": {"type": "str"},
            "url": {"type": "str", "default": "/"},
            "headers": {"type": "dict", "default": {}},
            "json": {"type": "raw"},
            "timeout": {"type": "int", "default": 10},
        },
    },
    "exec": {
        "type": "dict",
        "options": {
            "component": {"type": "str", "required": True},
            "command": {"type": "list", "elements": "str", "required": True},
            "timeout": {"type": "int", "default": 20},
        },
    },
    "expect": {
        "type": "dict",
        "default": {},
        "options": {
            "status": {"type": "int"},
            "contains": {"type": "str"},
            "json": {"type": "dict", "default": {}},
        },
    },
    "save": {"type": "dict", "default": {}},
    "always": {"type": "bool", "default": False},
}

RETRY_PAUSE = 0.5
"""Seconds between two tries of a step."""

BODY_LIMIT = 300
"""Characters of an answer that a message quotes."""

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_SECRET_FIELD = re.compile(r'("[^"]*(?:password|token|secret|key|authorization)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE)
_REPEATABLE = frozenset({"GET", "HEAD"})
_NOT_READY = frozenset({0, 502, 503, 504})


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status, or 0 where nothing answered; for a command 200, or 500 where it failed."""

    status: int
    body: str


@dataclass
class Evidence:
    """How one step ended.

    Attributes:
        name: The step's.
        ok: Whether what was expected came.
        ms: Milliseconds of the last try.
        tries: How often it was asked.
        detail: What was expected and what came, when it failed.
    """

    name: str
    ok: bool
    ms: int
    tries: int
    detail: str = ""


class Story:
    """The steps, and what is remembered from one to the next."""

    def __init__(
        self,
        urls: Mapping[str, str],
        execute: Execute,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        pause: float = RETRY_PAUSE,
    ) -> None:
        """Set up a story.

        Args:
            urls: Component -> URL that it was released at.
            execute: Runs commands in pods.
            timeout: Seconds for all steps together; a step that fails is tried again until then.
            clock: Seconds.
            pause: Seconds between two tries.
        """
        self._urls, self._execute, self._clock, self._pause = urls, execute, clock, pause
        self._deadline = clock() + timeout
        self._cookies = CookieJar()
        self.variables: dict[str, Any] = {"run_id": uuid.uuid4().hex[:12]}

    def tell(self, steps: Sequence[Step]) -> Iterator[Evidence]:
        """Take the steps in order up to the first that fails; after it only those marked ``always`` whose variables are known."""
        failed = False
        for step in steps:
            if failed and not (step["always"] and self._known(step)):
                continue
            evidence = self._take(step, retry=not failed)
            failed = failed or not evidence.ok
            yield evidence

    def _take(self, step: Step, *, retry: bool) -> Evidence:
        tries = 0
        while True:
            tries += 1
            start = time.monotonic()
            try:
                answer = self._ask(step)
                problem = self._problem(step, answer)
            except Failure as error:
                return Evidence(step["name"], False, 0, tries, str(error))
            evidence = Evidence(step["name"], not problem, round((time.monotonic() - start) * 1000), tries, problem)
            if not problem or not retry or not _may_repeat(step, answer) or self._clock() + self._pause > self._deadline:
                return evidence
            time.sleep(self._pause)

    def _ask(self, step: Step) -> Answer:
        if bool(step.get("request")) == bool(step.get("exec")):
            raise Failure("the step must have exactly one of request and exec.")
        if command := step.get("exec"):
            return _answer(
                self._execute(self._fill(command["component"]), self._fill(command["command"]), command["timeout"]), command["timeout"]
            )
        request = self._fill(step["request"])
        body = None if request["json"] is None else json.dumps(request["json"]).encode()
        headers = {"Accept": "*/*", **({"Content-Type": "application/json"} if body is not None else {}), **request["headers"]}
        url = self._url(request)
        try:
            with open_url(
                url,
                request["timeout"],
                method=request["method"],
                headers=headers,
                body=body,
                # What the cluster publishes is reached directly; an absolute URL may need the machine's proxy.
                direct=url != request["url"],
                cookies=self._cookies,
            ) as response:
                return Answer(response.status, response.read().decode(errors="replace"))
        except HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(errors="replace"))
        except ValueError as error:
            raise Failure(f"{url} is no URL that can be asked: {error}.") from error
        except (OSError, HTTPException) as error:
            return Answer(0, f"{url} does not answer: {getattr(error, 'reason', '') or error}")

    def _url(self, request: Mapping[str, Any]) -> str:
        if "://" in request["url"]:
            return str(request["url"])
        component = request["component"] or (next(iter(self._urls)) if len(self._urls) == 1 else "")
        if component not in self._urls:
            released = ", ".join(self._urls) or "none"
            raise Failure(f"request.component must name a component with a URL of its own ({released}), not {component!r}.")
        return f"{self._urls[component].rstrip('/')}/{request['url'].lstrip('/')}"

    def _problem(self, step: Step, answer: Answer) -> str:
        """Return what was expected and what came, or nothing after remembering what the step saves."""
        expect = self._fill(step["expect"])
        parsed = _parse(answer.body) if expect["json"] or step["save"] else None
        wanted = []
        if expect["status"] is not None and answer.status != expect["status"]:
            wanted.append(f"status {expect['status']}")
        if expect["status"] is None and not 200 <= answer.status < 400:
            wanted.append("a status below 400" if step.get("request") else "exit code 0")
        if expect["contains"] and expect["contains"] not in answer.body:
            wanted.append(f"a body with {expect['contains']!r}")
        wanted += [f"{path} to be {value!r}" for path, value in expect["json"].items() if _lookup(parsed, path) != value]
        saved = {name: _lookup(parsed, path) for name, path in step["save"].items()}
        wanted += [f"a value at {step['save'][name]}" for name, value in saved.items() if value is None]
        if not wanted:
            self.variables.update(saved)
            return ""
        came = (
            answer.body
            if not answer.status
            else f"status {answer.status}, {_quote(answer.body)}"
            if step.get("request")
            else _quote(answer.body)
        )
        return f"expected {' and '.join(wanted)}; came {came}"

    def _fill(self, value: Any) -> Any:
        """Put the remembered variables in place of ``${name}``, however deep; a text that is nothing else takes the value's type."""
        if isinstance(value, Mapping):
            return {key: self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        if unknown := set(_VARIABLE.findall(value)) - self.variables.keys():
            raise Failure(f"${{{sorted(unknown)[0]}}} was saved by no earlier step: correct the name, or save it.")
        if whole := _VARIABLE.fullmatch(value):
            return self.variables[whole[1]]
        return _VARIABLE.sub(lambda match: str(self.variables[match[1]]), value)

    def _known(self, step: Step) -> bool:
        return set(_VARIABLE.findall(json.dumps(step))) <= self.variables.keys()


def _answer(done: Completed, timeout: float) -> Answer:
    if done.code == TIMED_OUT:
        return Answer(500, f"no answer within {timeout} s")
    return Answer(500, done.err.strip() or done.out) if done.code else Answer(200, done.out)


def report(evidence: Sequence[Evidence], urls: Mapping[str, str], now: str) -> tuple[str, str]:
    """Return what was found as JSON for machines and as text for people."""
    ok = all(step.ok for step in evidence)
    data = {"time": now, "ok": ok, "urls": dict(urls), "steps": [asdict(step) for step in evidence]}
    lines = [
        f"{'ok  ' if step.ok else 'FAIL'} {step.ms:6d} ms  {step.name}{': ' + step.detail if step.detail else ''}" for step in evidence
    ]
    head = [f"{component}: {url}" for component, url in urls.items()]
    return json.dumps(data, indent=2) + "\n", "\n".join([now, *head, *lines]) + "\n"


def _may_repeat(step: Step, answer: Answer) -> bool:
    """Tell whether a step may be tried again: asking is harmless, and what never arrived has changed nothing."""
    return bool(step.get("exec")) or step["request"]["method"] in _REPEATABLE or answer.status in _NOT_READY


def _parse(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _lookup(value: Any, path: str) -> Any:
    """Follow a dotted path such as ``items.0.title``; None where it leads nowhere."""
    for part in str(path).split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _quote(body: str) -> str:
    shown = _SECRET_FIELD.sub(r'\1"(hidden)"', body.strip())
    return repr(shown[:BODY_LIMIT] + ("..." if len(shown) > BODY_LIMIT else "")) if shown else "an empty body"
