# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with checks, as far as it can be told before anything is deployed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .._component.spec import Component
from .steps import CHECK_SPEC, GIVEN, VARIABLE, unsaved

_SCHEMES = ("http", "https")


def check_problems(
    checks: Sequence[Mapping[str, Any]], components: Sequence[Component], place: Callable[[object], str] = lambda _item: ""
) -> Iterator[str]:
    """Say what is wrong with the steps of ``app_checks``, each a sentence.

    Args:
        checks: Steps whose options are known and of the right types; defaults may be missing.
        components: Those that are deployed, as ``load_components`` returns them.
        place: Says where a key was written.
    """
    saved = set(GIVEN)
    for index, step in enumerate(checks):
        written = place(next(iter(step), None))
        where = f"app_checks[{index}] ({step['name']}{f', {written}' if written else ''})"
        yield from (f"{where}: {problem}" for problem in _problems(step, components, saved))
        saved |= {str(name) for option in ("save", "search") for name in step.get(option) or {}}


def _problems(step: Mapping[str, Any], components: Sequence[Component], saved: set[str]) -> Iterator[str]:
    request, command = step.get("request"), step.get("exec")
    if (request is None) == (command is None):
        yield "give exactly one of request and exec."
    if request is not None:
        yield from _request_problems(request, components)
    if command is not None:
        yield from _exec_problems(command, (step.get("expect") or {}).get("status"), components)
    for name in sorted(set(VARIABLE.findall(json.dumps(step, default=str))) - saved):
        yield unsaved(name)
    if step.get("tries") is not None and int(step["tries"]) < 1:
        yield "tries must be at least 1."
    for option in ("save", "search"):
        for name in step.get(option) or {}:
            if not re.fullmatch(r"\w+", str(name)):
                yield f"{option}.{name} can be named by no ${{...}}: use letters, digits and underscores."
    for name, pattern in (step.get("search") or {}).items():
        try:
            re.compile(str(pattern))
        except re.error as error:
            yield f"search.{name} is no regular expression ({error}): correct it."


def _request_problems(request: Mapping[str, Any], components: Sequence[Component]) -> Iterator[str]:
    for names in CHECK_SPEC["request"]["mutually_exclusive"]:
        if len(given := [name for name in names if request.get(name) is not None]) > 1:
            yield f"request has {' and '.join(given)}: a request has one body, so keep one of them."
    url = str(request.get("url") or "/")
    if "://" in url:
        if url.partition("://")[0].lower() not in _SCHEMES:
            yield f"request.url must begin with a slash, or be an absolute URL of http or https, not {url.partition('://')[0]!r}."
        return
    published = [component["name"] for component in components if component["service"]["type"] != "ClusterIP"]
    name = request.get("component")
    if name in published or (not name and len(published) == 1):
        return
    these = f"one that has a URL ({', '.join(published)})" if published else "one that has a URL (none has)"
    others = "publish it with service.type NodePort, or ask from inside with exec"
    if not name:
        yield f"request.component must name {these}: {'name it' if published else others}."
    elif unknown := _unknown(str(name), components):
        yield f"request.component {unknown}"
    else:
        yield f"request.component must name {these}, not {name}: {others}."


def _exec_problems(command: Mapping[str, Any], status: object, components: Sequence[Component]) -> Iterator[str]:
    if status is not None:
        yield "expect.status is of a request: a command has to end with exit code 0, and expect.contains and expect.json see its output."
    name = str(command["component"])
    if unknown := _unknown(name, components):
        yield f"exec.component {unknown}"
    elif not any(component["replicas"] for component in components if component["name"] == name):
        yield f"exec.component names {name}, which has no pod: its replicas are 0."
    elif any(component["schedule"] for component in components if component["name"] == name):
        yield f"exec.component names {name}, which has a pod only while its schedule runs it: name a component that goes on running."


def _unknown(name: str, components: Sequence[Component]) -> str:
    names = [component["name"] for component in components]
    return "" if name in names else f"names {name}, which is no component: name one of {', '.join(names)}."
