# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated files are fresh, and the editor's schema knows a right app.yml from a wrong one."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from scripts.generated import FILES, ROOT

APP = ROOT / "group_vars/all/app.yml"
API = {"name": "api", "image": "api:1", "port": 8000}


@pytest.mark.parametrize("name", FILES)
def test_a_generated_file_is_not_stale(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name](), "run ./bootstrap nox -s docs"


def mistakes(variables: dict[str, Any]) -> list[str]:
    """Where an editor draws red lines."""
    schema = json.loads((ROOT / "docs/app.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return [error.json_path for error in jsonschema.Draft202012Validator(schema).iter_errors(variables)]


def test_the_reference_applications_file_names_a_schema_that_accepts_it() -> None:
    text = APP.read_text(encoding="utf-8")
    schema = next(line.partition("$schema=")[2] for line in text.splitlines() if line.startswith("# yaml-language-server:"))
    assert (APP.parent / schema).resolve() == ROOT / "docs/app.schema.json"
    assert mistakes(yaml.safe_load(text)) == []


@pytest.mark.parametrize(
    "component",
    [
        {"port": "{{ api_port }}", "replicas": "{{ 2 }}", "connects_to": "{{ others }}", "outside": "{{ true }}"},
        {"service": {"type": "{{ kind }}", "node_port": "{{ port }}"}, "resources": {"limits": {"memory": "{{ much }}"}}},
        {"secret_files": "{{ {} }}", "secret_env": {"KEY": "{{ vault_key }}"}, "env": {"N": 1, "DEBUG": True}},
        {"migration": None, "probes": {"startup": {"tcp": True}, "readiness": {"path": "{{ ready }}"}}},
    ],
)
def test_the_schema_accepts_templates_where_ansible_does(component: dict[str, Any]) -> None:
    assert mistakes({"app_components": [{**API, **component}, "{{ other }}"]}) == []
    assert mistakes({"api": {**API, **component}, "app_components": "{{ [api] }}", "mine": {"a": 1}}) == []


@pytest.mark.parametrize(
    ("component", "where"),
    [
        ({"replcas": 2}, ""),
        ({"port": 70000}, ".port"),
        ({"name": "Api"}, ".name"),
        ({"service": {"type": "Ingress"}}, ".service"),
        ({"env": {"LOG LEVEL": "info"}}, ".env"),
        ({"probes": {"liveness": {"path": "/a", "tcp": True}}}, ".probes"),
        ({"persistence": {"size": "1 GB", "path": "/data"}}, ".persistence"),
        ({"writable_paths": ["/etc/../x"]}, ".writable_paths"),
    ],
)
def test_the_schema_shows_a_mistake_where_it_is(component: dict[str, Any], where: str) -> None:
    assert mistakes({"api": {**API, **component}}) == [f"$.api{where}"]


def test_the_schema_knows_the_checks_too() -> None:
    assert mistakes({"app_checks": [{"name": "page", "request": {"url": "/"}, "expect": {"status": 200}}]}) == []
    assert mistakes({"app_checks": [{"name": "page", "request": {"uri": "/"}}]}) == ["$.app_checks"]
