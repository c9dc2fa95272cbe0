# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found in the fixtures of tests/fixtures/apps, against what each holds: ``python -m scripts.detect [--write] [NAME ...]``."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.report import snapshot

from scripts.yaml_style import Plain

APPS = Path(__file__).parents[1] / "tests/fixtures/apps"


class Result(NamedTuple):
    """A fixture: how many of its facts were found as its snapshot has them, and in how many processor seconds."""

    name: str
    facts: int
    right: int
    wrong: list[str]
    seconds: float


def found(name: str) -> dict[str, Any]:
    """Return what is found in a fixture."""
    try:
        return snapshot(detect_application(APPS / name))
    except Failure as error:
        return {"failure": str(error).replace(f"{APPS}/", "")}


def expected(name: str) -> dict[str, Any]:
    """Return what a fixture holds, as a person confirmed it."""
    path = APPS / f"{name}.yml"
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def names() -> list[str]:
    """Return the fixtures."""
    return sorted(path.name for path in APPS.iterdir() if path.is_dir())


def flat(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each fact as a name and a text."""
    for owner, values in facts.items():
        if isinstance(values, dict):
            yield from ((f"{owner}: {fact}", str(value)) for fact, value in values.items())
        else:
            yield from ((f"{owner}: {value}", "") for value in (values if isinstance(values, list) else [values]))


def compare(name: str) -> Result:
    """Detect a fixture and compare."""
    start = time.process_time()
    facts = dict(flat(found(name)))
    seconds = time.process_time() - start
    wanted = dict(flat(expected(name)))
    wrong = [
        f"{fact}: {facts.get(fact)!r} and not {wanted.get(fact)!r}" for fact in {**wanted, **facts} if facts.get(fact) != wanted.get(fact)
    ]
    return Result(name, len(wanted), sum(1 for fact in wanted if facts.get(fact) == wanted[fact]), wrong, seconds)


def write(name: str) -> None:
    """Write a fixture's snapshot anew: read what changed before it is committed."""
    text = yaml.dump(found(name), Dumper=Plain, sort_keys=False, width=110, allow_unicode=True)
    (APPS / f"{name}.yml").write_text(f"---\n{text}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Print the table; return 1 where a fact is not as its snapshot has it."""
    chosen = [name for name in arguments if not name.startswith("-")] or names()
    if "--write" in arguments:
        for name in chosen:
            write(name)
    results = [compare(name) for name in chosen]
    for result in results:
        print(f"{result.name:28} {result.right:3}/{result.facts:3} facts  {result.seconds:5.2f} s{'' if not result.wrong else '  WRONG'}")
        for line in result.wrong:
            print(f"    {line}")
    facts, right = sum(result.facts for result in results), sum(result.right for result in results)
    whole = sum(1 for result in results if not result.wrong)
    slowest = max(result.seconds for result in results)
    print(f"{whole} of {len(results)} applications, {right} of {facts} facts; the slowest took {slowest:.2f} processor seconds.")
    return 0 if whole == len(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
