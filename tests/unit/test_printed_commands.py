# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that documents and messages print work as they are printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(path for path in (ROOT / "docs").glob("*.md") if path.stem != "decisions")]
SOURCES = [
    path for folder in ("playbooks", "roles", "plugins") for path in (ROOT / folder).rglob("*") if path.suffix in (".md", ".yml", ".py")
]
CLUSTER = {"kubectl": "--context=", "helm": "--kube-context=", "minikube": "--profile="}
"""The option by which a tool is told the cluster: nobody's current context is ours to set, and often there is none."""

FILES = re.compile(r"(?<![\w/.-])(?:playbooks|inventories|scripts|group_vars)/[\w./-]*\w")
MADE_BY_A_PERSON = {"inventories/prod", "inventories/shop", "group_vars/all/vault.yml"}


def commands() -> Iterator[tuple[str, str]]:
    """Yield what stands behind ``./bootstrap`` and the document that says so; a command may be broken over two lines."""
    for path in DOCUMENTS:
        text = re.sub(r"(`[^`\n]*)\n([^`\n]*`)", r"\1 \2", path.read_text(encoding="utf-8"))
        for command in re.findall(r"\./bootstrap ([^`\n#|]+)", text):
            yield command.strip(), path.name


@cache
def variables() -> set[str]:
    """Return the variables that roles, playbooks and inventories know."""
    known: set[str] = set()
    for path in (
        *ROOT.glob("roles/*/meta/argument_specs.yml"),
        *ROOT.glob("roles/*/defaults/main.yml"),
        *ROOT.glob("group_vars/all/*.yml"),
    ):
        if path.name == "vault.yml":
            continue
        content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        known |= content.keys()
        for entry in content.get("argument_specs", {}).values():
            known |= entry.get("options", {}).keys()
    for path in ROOT.glob("playbooks/*.yml"):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            known |= play.get("vars", {}).keys()
    return known


def test_a_printed_command_names_its_cluster() -> None:
    unnamed = [
        (command, document)
        for command, document in commands()
        for tool, option in CLUSTER.items()
        if command.startswith(f"{tool} ") and option not in command
    ]
    assert unnamed == []


def test_commands_are_found() -> None:
    found = [command for command, _document in commands()]
    assert {command.split()[0] for command in found} >= {*CLUSTER, "ansible-playbook", "ansible-vault", "nox"}
    assert any("teardown_data=true" in command for command in found)


def test_a_printed_command_names_files_that_there_are() -> None:
    named = {(file, document) for command, document in commands() for file in FILES.findall(command)}
    assert len(named) > 5
    assert [(file, document) for file, document in sorted(named) if file not in MADE_BY_A_PERSON and not (ROOT / file).exists()] == []


@pytest.mark.parametrize("path", [*DOCUMENTS, *SOURCES], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_printed_variable_is_known(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    printed = re.findall(r"""-e "?(\w+)=|-e '\{"?(\w+)""", text)
    assert {name for pair in printed for name in pair if name} <= variables()


def test_a_printed_session_is_there() -> None:
    sessions = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(encoding="utf-8"), flags=re.M)) | {"raise"}
    named = {match[1] for command, _document in commands() if (match := re.match(r"nox -s (\w+)", command))}
    assert len(named) > 2
    assert named <= sessions
