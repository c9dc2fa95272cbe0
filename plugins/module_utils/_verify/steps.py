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
from http.cookiejar import CookieJar, DefaultCookiePolicy
from shutil import which
from typing import Any, TypeAlias
from urllib.parse import quote as url_quoted
from urllib.parse import urlsplit

from .._core.errors import Failure
from .._core.hosts import is_loopback
from .._core.http_client import open_url
from .._core.process import TIMED_OUT, Completed
from .._core.texts import filled, text
from .answers import Answer, ask, encoded
from .shown import quote, redactor, texts

Step: TypeAlias = Mapping[str, Any]
"""An element of ``app_checks``, as ``CHECK_SPEC`` leaves it."""

Execute: TypeAlias = Callable[[str, Sequence[str], float], Completed]
"""Runs a command in a pod of a component, with a time-out in seconds."""

CHECK_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "request": {
        "type": "dict",
        "mutually_exclusive": [["json", "form", "body"], ["json", "files", "body"]],
        "options": {
            "method": {"type": "str", "choices": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]},
            "component": {"type": "str"},
            "url": {"type": "str", "default": "/"},
            "headers": {"type": "dict", "default": {}},
            "json": {"type": "raw"},
            "form": {"type": "dict"},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "field": {"type": "str", "required": True},
                    "name": {"type": "str", "required": True},
                    "content": {"type": "str", "required": True},
                    "type": {"type": "str", "default": "application/octet-stream"},
                },
            },
            "body": {"type": "str"},
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
            "below": {"type": "int", "default": 400},
            "contains": {"type": "str"},
            "json": {"type": "dict", "default": {}},
        },
    },
    "save": {"type": "dict", "default": {}},
    "search": {"type": "dict", "default": {}},
    "tries": {"type": "int"},
    "always": {"type": "bool", "default": False},
}

RETRY_PAUSE = 0.5
"""Seconds between two tries of a step."""

VARIABLE = re.compile(r"\$\{(\w+)\}")
"""What is put in place of a text that an earlier step saved."""

GIVEN = frozenset({"run_id"})
"""Names that no step has to save."""

_REFUSALS = (
    (
        (400, 403, 421),
        r"invalid\W+(?:http_)?host|disallowed\W?host|blocked\W+hosts?|host\W+(?:is )?not allowed|misdirected",
        "The application accepts certain names only: name one in request.headers.Host, or add this one to those that it accepts",
    ),
    (
        (400, 403, 419),
        r"csrf|xsrf|invalid[\W_]?origin|origin checking failed|disallowed cors origin|cross\W?site\W+\w+\W+form submissions|"
        r"invalid cors request|page expired|not allowed by cors",
        "The application refuses what comes from another origin than its own: tell it {origin}, so write at {component} in app.yml env: "
        "{CSRF_TRUSTED_ORIGINS: {origin}}, with the variable that it reads for its public URL or its origins, and let the step send what a "
        "form hides (search) and the header Origin",
    ),
)
"""Statuses, what the body says, and what to do about it, where {component} was asked at {origin}."""

_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
_REPEATABLE = frozenset({"GET", "HEAD"})
_NOT_READY = frozenset({0, 502, 503, 504})


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


_NO_SUDO = " (it calls sudo, also as root, and this machine has none: install it)"


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
        # A browser sends the cookies that are for HTTPS only to its own machine over HTTP, too.
        local = bool(urls) and all(is_loopback(urlsplit(url).hostname or "") for url in urls.values())
        self._cookies = CookieJar(DefaultCookiePolicy(secure_protocols=("https", "http") if local else ("https",)))
        self._unshown: set[str] = set()
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
                return Evidence(step["name"], False, 0, tries, self.shown(str(error)))
            evidence = Evidence(step["name"], not problem, round((time.monotonic() - start) * 1000), tries, problem)
            if (
                not problem
                or not retry
                or tries == step["tries"]
                or not _may_repeat(step, answer)
                or self._clock() + self._pause > self._deadline
            ):
                return evidence
            time.sleep(self._pause)

    def _ask(self, step: Step) -> Answer:
        if bool(step.get("request")) == bool(step.get("exec")):
            raise Failure("the step must have exactly one of request and exec.")
        if step.get("exec"):
            return self._execute_in_pod(self._fill(step["exec"]))
        request = self._fill(step["request"])
        expect = self._fill(step["expect"])
        # What is sent and what has to come back may be a credential, so a message holds neither.
        sent = [request[option] for option in ("headers", "json", "form", "files", "body")]
        self._unshown.update(texts([*sent, expect["contains"], expect["json"]]))
        url = url_quoted(self._url(request), safe=_URL_CHARACTERS)
        body, kind = encoded(request)
        headers = {"Accept": "*/*", **({"Content-Type": kind} if kind else {}), **_headers(request["headers"])}
        try:
            return ask(
                lambda: open_url(
                    url,
                    request["timeout"],
                    method=_method(request),
                    headers=headers,
                    body=body,
                    # What the cluster publishes is reached directly; an absolute URL may need the machine's proxy.
                    direct="://" not in request["url"],
                    cookies=self._cookies,
                ),
                lambda: self.shown(url),  # it costs up to a second, and most answers come
                request["timeout"],
                lambda answer: not self._unmet(step, expect, answer)[0],
            )
        except ValueError as error:
            raise Failure(f"{self.shown(url)} is no URL that can be asked: {self.shown(str(error))}.") from error

    def _execute_in_pod(self, command: Mapping[str, Any]) -> Answer:
        done = self._execute(command["component"], command["command"], command["timeout"])
        if done.code == TIMED_OUT:
            return Answer(500, f"no answer within {command['timeout']} s")
        if done.code and f'deployments.apps "{command["component"]}" not found' in done.err:
            raise Failure(f"exec.component names {command['component']}, which is no component in the cluster: correct it.")
        return Answer(500, done.err.strip() or done.out) if done.code else Answer(200, done.out)

    def shown(self, text: str) -> str:
        """Return a text without what the steps sent, expected or saved."""
        return redactor(frozenset(self._unshown)).redact(text)

    def _url(self, request: Mapping[str, Any]) -> str:
        if "://" in request["url"]:
            return str(request["url"])
        component = request["component"] or (next(iter(self._urls)) if len(self._urls) == 1 else "")
        if component not in self._urls:
            released = ", ".join(self._urls) or "none"
            raise Failure(
                f"request.component must name a component with a URL of its own ({released}), not {component!r}: give it the service.type "
                f"NodePort, or let 'minikube tunnel' run for one of the type LoadBalancer{'' if which('sudo') else _NO_SUDO}."
            )
        return f"{self._urls[component].rstrip('/')}/{request['url'].lstrip('/')}"

    def _problem(self, step: Step, answer: Answer) -> str:
        """Return what was expected and what came, or nothing after remembering what the step saves."""
        expect = self._fill(step["expect"])
        wanted, saved = self._unmet(step, expect, answer)
        about_body = expect["contains"] or expect["json"] or step["save"] or step["search"]
        if not answer.ended and not wanted and not about_body and not answer.stream:
            wanted = ["an answer that ends"]
        if not wanted:
            self.variables.update(saved)
            self._unshown.update(texts(saved))
            return ""
        quoted = quote(answer.body, self.shown)
        came = quoted if step.get("exec") else f"status {answer.status}, {quoted}" if answer.status else answer.body
        late = "" if answer.ended else f", and the answer had not ended after {step['request']['timeout']} s"
        return f"expected {' and '.join(wanted)}; came {came}{late}{self._hint(step, answer)}"

    def _hint(self, step: Step, answer: Answer) -> str:
        """Return what to do about an answer that is not as expected, behind a full stop; empty where that is not known."""
        request = step.get("request")
        if not request or "://" in request["url"]:
            return ""
        name, asked = request["component"] or next(iter(self._urls)), urlsplit(self._url(request))
        origin, led = f"{asked.scheme}://{asked.netloc}", urlsplit(answer.url)
        for statuses, pattern, remedy in _REFUSALS:
            if answer.status in statuses and re.search(pattern, answer.body, re.IGNORECASE):
                return f". {filled(remedy, component=name, origin=origin)}"
        if not led.netloc or (led.scheme, led.netloc) == (asked.scheme, asked.netloc):
            return ""
        target = f"{led.scheme}://{led.netloc.rpartition('@')[2]}"
        leaves = f". The application was asked at {origin} and redirects to {target}, which leaves the origin"
        if led.scheme == "https" and asked.scheme == "http" and led.hostname == asked.hostname:
            return (
                f'{leaves}: it forces HTTPS. Switch that off at {name} in app.yml (env: {{SECURE_SSL_REDIRECT: "false"}}, or its variable)'
            )
        return (
            f'{leaves}: write its public URL at {name} in app.yml (env: {{<its variable>: "{origin}"}}), or, where it goes by the headers '
            'Host and X-Forwarded-*, let it trust them (uvicorn and gunicorn: env: {FORWARDED_ALLOW_IPS: "*"})'
        )

    def _unmet(self, step: Step, expect: Mapping[str, Any], answer: Answer) -> tuple[list[str], dict[str, Any]]:
        """Return what is expected and did not come, by its place in the step, and what is to be saved.

        Of a stream, one event has to have all that is expected of JSON; the one that has most of it counts.
        """
        wanted = []
        if expect["status"] is not None and answer.status != expect["status"]:
            wanted.append(f"status {expect['status']}")
        if expect["status"] is None and not 200 <= answer.status < expect["below"]:
            wanted.append(f"a status below {expect['below']}" if step.get("request") else "exit code 0")
        if expect["contains"] and not any(expect["contains"] in shown for shown in answer.texts()):
            wanted.append("the text of expect.contains")
        found = {name: re.search(pattern, f"{answer.headers}{answer.body}") for name, pattern in step["search"].items()}
        wanted += [f"what search.{name} matches" for name, match in found.items() if not match]
        searched = {name: match[match.lastindex or 0] for name, match in found.items() if match}
        if not expect["json"] and not step["save"]:
            return wanted, searched
        attempts = []
        for value in answer.values():
            saved = {name: _lookup(value, path) for name, path in step["save"].items()}
            lacking = [f"the value of expect.json at {path}" for path, item in expect["json"].items() if _lookup(value, path) != item]
            lacking += [f"a value at {step['save'][name]} (save.{name})" for name, item in saved.items() if item is None]
            attempts.append((lacking, saved))
        lacking, saved = min(attempts, key=lambda attempt: len(attempt[0]))
        return wanted + lacking, {**searched, **saved}

    def _fill(self, value: Any) -> Any:
        """Put the remembered variables in place of ``${name}``, however deep; a text that is nothing else takes the value's type."""
        if isinstance(value, Mapping):
            return {key: self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if not isinstance(value, str):
            return value
        if unknown := set(VARIABLE.findall(value)) - self.variables.keys():
            raise Failure(unsaved(sorted(unknown)[0]))
        if whole := VARIABLE.fullmatch(value):
            return self.variables[whole[1]]
        return VARIABLE.sub(lambda match: text(self.variables[match[1]]), value)

    def _known(self, step: Step) -> bool:
        return set(VARIABLE.findall(json.dumps(step))) <= self.variables.keys()


def unsaved(name: str) -> str:
    """Return the sentence about a ``${name}`` that nothing was saved under."""
    return f"${{{name}}} was saved by no earlier step: correct the name, save it, or write a shell's variable without braces (${name})."


def _method(request: Mapping[str, Any]) -> str:
    """Return the method, which need not be named: what carries a body is sent, all else is asked for."""
    return request["method"] or ("POST" if encoded(request)[1] else "GET")


def _headers(headers: Mapping[str, Any]) -> dict[str, str]:
    """Return headers as they are sent; raises Failure for one that would be two."""
    values = {name: text(value) for name, value in headers.items()}
    if broken := [name for name, value in values.items() if re.search(r"[\r\n]", name + value)]:
        raise Failure(f"request.headers.{broken[0]} has a line break: take it out (in a vault, write the value in the line of its name).")
    return {name: value.encode().decode("latin-1") for name, value in values.items()}


def report(evidence: Sequence[Evidence], urls: Mapping[str, str], now: str) -> tuple[str, str]:
    """Return what was found as JSON for machines and as text for people."""
    ok = all(step.ok for step in evidence)
    data = {"time": now, "ok": ok, "urls": dict(urls), "steps": [asdict(step) for step in evidence]}
    lines = [
        f"{'ok  ' if step.ok else 'FAIL'} {step.ms:6d} ms  {step.name}{': ' + step.detail if step.detail else ''}" for step in evidence
    ]
    head = [f"{component}: {url}" for component, url in urls.items()]
    return json.dumps(data, indent=2) + "\n", "\n".join([now, *head, *lines]) + "\n"


def summary(evidence: Sequence[Evidence]) -> str:
    """Return the sentence about steps that all brought what was expected."""
    if not evidence:
        return "Nothing was checked from outside: app_checks has no step. That the pods are ready is all that is known."
    return f"{len(evidence)} checks passed in {sum(step.ms for step in evidence) / 1000:.1f} s."


def _may_repeat(step: Step, answer: Answer) -> bool:
    """Tell whether a step may be tried again: asking is harmless, and what never arrived has changed nothing."""
    return bool(step.get("exec")) or _method(step["request"]) in _REPEATABLE or answer.status in _NOT_READY


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
