# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes in checks that are named before anything is built."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._verify.problems import check_problems

WEB: dict[str, Any] = {"name": "web", "image": "web:1", "port": 80, "service": {"type": "NodePort"}}
API: dict[str, Any] = {"name": "api", "image": "api:1", "port": 8000}
OFF: dict[str, Any] = {"name": "off", "image": "off:1", "port": 8000, "replicas": 0}
ADMIN: dict[str, Any] = {"name": "admin", "image": "admin:1", "port": 81, "service": {"type": "LoadBalancer"}}


def problems(*steps: dict[str, Any], components: tuple[dict[str, Any], ...] = (WEB, API, OFF)) -> list[str]:
    loaded, wrong = load_components(list(components))
    assert not wrong
    return list(check_problems([{"name": f"step {index}", **step} for index, step in enumerate(steps)], loaded))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({}, "give exactly one of request and exec."),
        ({"request": {}, "exec": {"component": "api", "command": ["x"]}}, "give exactly one of request and exec."),
        ({"exec": {"component": "apu", "command": ["x"]}}, "exec.component names apu, which is no component: name one of web, api, off."),
        ({"exec": {"component": "off", "command": ["x"]}}, "exec.component names off, which has no pod: its replicas are 0."),
        ({"exec": {"component": "api", "command": ["x"]}, "expect": {"status": 0}}, "expect.status is of a request"),
        ({"request": {"component": "wbe"}}, "request.component names wbe, which is no component"),
        ({"request": {"component": "api"}}, "request.component must name one that has a URL (web), not api: publish it"),
        ({"request": {"url": "file:///etc/passwd"}}, "request.url must begin with a slash"),
        ({"request": {"json": {}, "form": {}}}, "request has json and form"),
        ({"request": {"json": {}, "files": [{"field": "a"}]}}, "request has json and files"),
        ({"request": {"url": "/${id}"}}, "${id} was saved by no earlier step"),
        ({"request": {"headers": {"A": "${id}"}}, "save": {"id": "id"}}, "${id} was saved by no earlier step"),
        ({"exec": {"component": "api", "command": ["sh", "-c", "echo ${HOME}"]}}, "write a shell's variable without braces ($HOME)"),
        ({"request": {}, "save": {"user-id": "id"}}, "save.user-id can be named by no ${...}"),
        ({"request": {}, "tries": "0"}, "tries must be at least 1."),
        ({"request": {}, "search": {"a": "(["}}, "search.a is no regular expression"),
    ],
)
def test_a_mistake_is_one_sentence(step: dict[str, Any], said: str) -> None:
    (problem,) = problems(step)
    assert problem.startswith("app_checks[0] (step 0): ")
    assert said in problem
    assert problem.endswith(".")


def test_a_component_has_to_be_named_where_none_or_several_have_a_url() -> None:
    (none,) = problems({"request": {}}, components=(API,))
    assert "one that has a URL (none has): publish it" in none
    (several,) = problems({"request": {}}, components=(WEB, ADMIN))
    assert "one that has a URL (web, admin): name it." in several


@pytest.mark.parametrize(
    "steps",
    [
        ({"request": {}},),
        ({"request": {"url": "https://example.com/${run_id}"}},),
        ({"request": {"component": "web", "form": {"a": "b"}, "files": [{"field": "a"}]}},),
        (
            {"request": {}, "save": {"id": "id"}, "search": {"csrf": "a"}},
            {"request": {"url": "/${id}/${run_id}", "form": {"c": "${csrf}"}}, "save": {"other": "id"}, "always": True},
            {"request": {"url": "/${id}/${run_id}/${other}"}},
        ),
        ({"exec": {"component": "api", "command": ["sh", "-c", "echo $HOME ${A:-b} $(id)"]}, "expect": {"contains": "x"}},),
        (),
    ],
)
def test_what_is_right_is_not_refused(steps: tuple[dict[str, Any], ...]) -> None:
    assert problems(*steps) == []


def test_the_place_of_a_step_is_named() -> None:
    loaded, _ = load_components([WEB])
    (problem,) = check_problems([{"name": "page"}], loaded, lambda item: f"app.yml:7 {item}")
    assert problem.startswith("app_checks[0] (page, app.yml:7 name): ")
