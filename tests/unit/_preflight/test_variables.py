# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and types of variables, held against argument specs."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import (
    UNKNOWN,
    Documentation,
    Spec,
    load_documentation,
    name_problems,
    type_problems,
)

DOCUMENTATION = Documentation(
    options={"app_name": {"type": "str"}, "minikube_cpus": {"type": "int"}},
    facts={"engine_result"},
    prefixes=("app_", "minikube_", "engine_"),
)


def nowhere(_: object) -> str:
    return ""


def named(*names: str, own: tuple[str, ...] = (), defined: tuple[str, ...] = ()) -> list[str]:
    return list(name_problems(dict.fromkeys(names, "app.yml:3"), DOCUMENTATION, own=own, defined=defined))


def typed(value: object, spec: Spec) -> list[str]:
    return list(type_problems(value, spec, "x", nowhere, "app.yml:3"))


def test_documented_variables_facts_and_a_persons_own_are_no_problem() -> None:
    assert named("app_name", "engine_result", "backend_url", "_private") == []


def test_a_misspelt_variable_is_named_with_its_place_and_the_right_name() -> None:
    assert named("app_nmae") == ["app_nmae (app.yml:3) is no variable of this collection: did you mean app_name?"]


def test_a_misspelt_prefix_is_found_too() -> None:
    assert "did you mean minikube_cpus?" in named("minikub_cpus")[0]


def test_an_unknown_name_with_a_prefix_is_a_problem_unless_it_is_listed() -> None:
    assert "preflight_own_variables" in named("engine_of_mine")[0]
    assert named("engine_of_mine", own=("engine_of_mine",)) == []


def test_names_in_the_vault_are_measured_against_each_other_only() -> None:
    assert named("database_url", defined=("vault_database_url",)) == []
    assert "vault_database_url?" in named("vault_databse_url", defined=("vault_database_url",))[0]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", "str"),
        (3, "str"),
        (3, "int"),
        ("3", "int"),
        ("0.5", "float"),
        (True, "bool"),
        ("yes", "bool"),
        ([1], "list"),
        ({"a": 1}, "dict"),
        ({"a": 1}, "raw"),
        (None, "int"),
        (UNKNOWN, "int"),
    ],
)
def test_values_of_the_right_type_pass(value: object, kind: str) -> None:
    assert typed(value, {"type": kind}) == []


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("lots", "int", "must be a whole number, not text ('lots')"),
        (True, "int", "must be a whole number, not true"),
        (2.5, "int", "must be a whole number, not a number ('2.5')"),
        (["a"], "str", "must be text, not a list: quote it"),
        ("maybe", "bool", "must be true or false, not text ('maybe')"),
        ("30080", "list", "must be a list, not text ('30080')"),
        ([], "dict", "must be a dictionary, not a list"),
    ],
)
def test_values_of_another_type_are_named(value: object, kind: str, said: str) -> None:
    assert typed(value, {"type": kind}) == [f"x (app.yml:3) {said}."]


def test_nested_options_are_named_by_their_path() -> None:
    spec: Spec = {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str"},
            "port": {"type": "int", "required": True},
            "service": {"type": "dict", "options": {"type": {"type": "str", "choices": ["NodePort"]}}},
        },
    }
    assert typed([{"name": "web", "prot": 1, "service": {"type": "Nodeport"}}], spec) == [
        "x[0] (web).prot (app.yml:3) is no option: did you mean port?",
        "x[0] (web).service.type (app.yml:3) must be one of NodePort, not text ('Nodeport').",
        "x[0] (web) (app.yml:3) lacks port, which must be a whole number.",
    ]


def test_a_secret_value_of_the_wrong_type_is_not_quoted() -> None:
    assert "hunter2" not in typed("hunter2", {"type": "dict", "no_log": True})[0]


def test_an_empty_required_value_is_a_problem() -> None:
    assert "is empty" in typed(None, {"type": "str", "required": True})[0]


def test_documentation_is_read_from_the_roles(tmp_path: Path) -> None:
    meta = tmp_path / "engine/meta"
    meta.mkdir(parents=True)
    (meta / "argument_specs.yml").write_text("argument_specs: {main: {options: {engine_manage: {type: bool}}}}")

    documentation = load_documentation(tmp_path)

    assert documentation.names == {"engine_manage", "engine_result"}
    assert "engine_" in documentation.prefixes
