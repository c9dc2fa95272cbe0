# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents for people that are generated: the README of each role, and what the collection's README lists."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.run import WHAT
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import RULES
from ansible_collections.plannoir.deploy.plugins.module_utils._release.log_rules import LOG_RULES

ROOT = Path(__file__).parents[1]
LINE = 120
"""Characters of a line of prose."""

Options: TypeAlias = Mapping[str, Mapping[str, Any]]

ROLE = """\
# plannoir.deploy.{name}

{text}

Written by `./bootstrap nox -s docs` from meta/argument_specs.yml.
"""
TABLE = """\
| option | type | default | meaning |
|---|---|---|---|
"""
BEGIN = "<!-- What follows is written by `./bootstrap nox -s docs`. -->\n"
END = "<!-- The end of it. -->\n"


def rows(options: Options, prefix: str = "", *, nested: bool = True) -> Iterator[str]:
    """Yield a table row for each option, those of a dictionary below it as ``option.suboption``."""
    for name, option in options.items():
        kind = f"list of {option['elements']}" if "elements" in option else option.get("type", "str")
        if "choices" in option:
            kind = " or ".join(f"`{_shown(choice)}`" for choice in option["choices"])
        default = option.get("default")
        shown = "required" if option.get("required") else "" if default in (None, "", [], {}) else f"`{_shown(default)}`"
        yield f"| `{prefix}{name}` | {kind} | {_cell(shown)} | {_cell(_markdown(' '.join(_sentences(option))))} |"
        if nested:
            yield from rows(option.get("options", {}), f"{prefix}{name}.")


def role_readme(role: Path) -> str:
    """Return the README of a role, from what its argument_specs say."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    parts = [ROLE.format(name=role.name, text=_introduction(_about(role)))]
    for entry, spec in specs.items():
        if entry != "main":
            parts.append(f"\n## {entry}\n\n{_introduction(spec)}\n")
        if spec.get("options"):
            parts.append("\n" + TABLE + "".join(f"{row}\n" for row in rows(spec["options"], nested=False)))
    return "".join(parts)


def collection_readme() -> str:
    """Return README.md with the lists of roles, modules and filters."""
    roles = {role.name: _about(role) for role in role_folders()}
    lists = {"role": roles, "module": _documented("modules"), "filter": _documented("filter")}
    tables = [
        f"| {kind} | what it is for |\n|---|---|\n"
        + "".join(f"| {_linked(kind, name)} | {_cell(_markdown(entry['short_description']))} |\n" for name, entry in entries.items())
        for kind, entries in lists.items()
    ]
    return wrapped(between_marks("README.md", "\n" + "\n".join(tables) + "\n", BEGIN, END))


def audit_guide() -> str:
    """Return docs/audit.md with the places that the audit looks at."""
    table = "| place | what is looked at |\n|---|---|\n" + "".join(f"| `{name}` | {_cell(text)} |\n" for name, text in WHAT.items())
    return wrapped(between_marks("docs/audit.md", f"\n{table}\n", BEGIN, END))


def troubleshooting() -> str:
    """Return docs/troubleshooting.md with every fault that a failed deployment is explained by."""
    text = "## What the cluster shows\n\n"
    text += "| fault | what is said | what to do | the run ends |\n|---|---|---|---|\n"
    for rule in RULES:
        begins = f"{rule.since}, and" if rule.since else "when it was seen for"
        ends = "at the time limit" if rule.patience is None else f"{begins} {rule.patience:g} s"
        text += "| " + " | ".join(_cell(_facts(part)) for part in (rule.name, rule.sentence, rule.remedy, ends)) + " |\n"
    text += "\n## What a log shows\n\nThis advice takes the place of the general one.\n\n| fault | what to do |\n|---|---|\n"
    text += "".join(f"| {_cell(rule.name)} | {_cell(_facts(rule.remedy))} |\n" for rule in LOG_RULES)
    return wrapped(between_marks("docs/troubleshooting.md", f"\n{text}\n", BEGIN, END))


def _facts(text: str) -> str:
    """Return a rule's text for a person: what differs from case to case stands in angle brackets."""
    shown = {"ended": "", "limit": "", "kept": "", "message": " <reason>"}  # these may be empty
    text = re.sub(r"\{(\w+)\}", lambda fact: shown.get(fact[1], f"<{fact[1]}>"), text).replace("  ", " ")
    return text.replace("<", "&lt;")


def between_marks(name: str, text: str, begin: str, end: str) -> str:
    """Return a file with a text between the lines ``begin`` and ``end`` that it holds.

    Raises:
        ValueError: the lines are missing.
    """
    before, _, rest = (ROOT / name).read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"{name} lacks the lines between which generated text stands:\n{begin}{end}")
    return f"{before}{begin}{text}{end}{after}"


def _about(role: Path) -> Mapping[str, Any]:
    """Return what says what a role is for: its main entry point, or where it has none, its metadata."""
    specs: Mapping[str, Any] = yaml.safe_load((role / "meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    if "main" in specs:
        main: Mapping[str, Any] = specs["main"]
        return main
    metadata = yaml.safe_load((role / "meta/main.yml").read_text(encoding="utf-8"))
    return {"short_description": metadata["galaxy_info"]["description"]}


def role_folders() -> list[Path]:
    return sorted(path.parents[1] for path in ROOT.glob("roles/*/meta/argument_specs.yml"))


def _documented(kind: str) -> dict[str, Mapping[str, Any]]:
    """Return the documentation of each plugin of a kind."""
    return {path.stem: _documentation(path) for path in sorted((ROOT / "plugins" / kind).glob("*.py"))}


def _documentation(path: Path) -> Mapping[str, Any]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "DOCUMENTATION":
            documentation: Mapping[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
            return documentation
    raise ValueError(f"{path} has no DOCUMENTATION.")


def _introduction(spec: Mapping[str, Any]) -> str:
    sentences = [f"{_markdown(spec['short_description'])}.", *(f"- {_markdown(text)}" for text in _sentences(spec))]
    wrapped = [textwrap.fill(text, LINE, subsequent_indent="  " if text.startswith("- ") else "") for text in sentences]
    return "\n\n".join(filter(None, [wrapped[0], "\n".join(wrapped[1:])]))


def _linked(kind: str, name: str) -> str:
    return f"[plannoir.deploy.{name}](roles/{name}/README.md)" if kind == "role" else f"`plannoir.deploy.{name}`"


def _sentences(documented: Mapping[str, Any]) -> list[str]:
    description = documented.get("description", [])
    return [description] if isinstance(description, str) else list(description)


def _markdown(text: str) -> str:
    """Return a text of Ansible's documentation markup; what the markup names stands in code."""
    parts = re.sub(r"\b[A-Z]\(([^)]*)\)", r"`\1`", text).split("`")
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000).removesuffix("...\n").strip()


def wrapped(text: str) -> str:
    """Return a document in which every paragraph and list item with a line that is too long is filled anew.

    Tables, headings, code and comments stay as they are.
    """
    blocks: list[str] = []
    frozen: set[int] = set()
    code = goes_on = False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        code ^= fence
        kept = code or fence or not line or line.startswith(("|", "#", "<", "!", "---"))
        if goes_on and not kept and not _ITEM.match(line):
            blocks[-1] += "\n" + line
        else:
            blocks.append(line)
        goes_on = not kept
        if kept:
            frozen.add(len(blocks) - 1)
    return "\n".join(block if number in frozen else _filled(block) for number, block in enumerate(blocks))


def _filled(block: str) -> str:
    if max(map(len, block.split("\n"))) <= LINE:
        return block
    item = _ITEM.match(block)
    indent = " " * len(item[0]) if item else ""
    words = " ".join(line.strip() for line in block.split("\n"))
    together = re.sub(r"`[^`]+`|\[[^]]+\]\([^)]+\)", lambda match: match[0].replace(" ", "\0"), words)
    filled = textwrap.fill(together, LINE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return filled.replace("\0", " ")


def handwritten_names() -> list[str]:
    """Return the documents that no generator writes, but for what ``FILES`` adds to some of them."""
    folders = ("CONTRIBUTING.md", "docs/*.md", "charts/*/README.md", "apps/*/README.md", "roles/services/files/**/README.md")
    found = {str(path.relative_to(ROOT)) for folder in folders for path in ROOT.glob(folder) if "node_modules" not in path.parts}
    return sorted(found - {"docs/components.md"})


def handwritten(name: str) -> str:
    """Return a document that people write, with its prose wrapped."""
    return wrapped((ROOT / name).read_text(encoding="utf-8"))


_ITEM = re.compile(r"\s*(?:[-*] |\d+\. )")

FILES: dict[str, Callable[[], str]] = {
    **{name: partial(handwritten, name) for name in handwritten_names()},
    **{f"roles/{role.name}/README.md": partial(role_readme, role) for role in role_folders()},
    "README.md": collection_readme,
    "docs/audit.md": audit_guide,
    "docs/troubleshooting.md": troubleshooting,
}
"""Each generated document, and what it should hold."""
