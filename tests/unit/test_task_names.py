# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of plays and tasks begin with a verb that says what is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted([ROOT / "site.yml", *ROOT.glob("playbooks/*.yml"), *ROOT.glob("molecule/*/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")])
VERBS = {
    *("Build", "Check", "Compare", "Copy", "Create", "Delete", "Deploy", "Download", "Ensure", "Fail", "Install", "Load", "Read", "Remove"),
    *("Push", "Restore", "Rotate", "Run", "Search", "Set", "Show", "Start", "Stop", "Unpack", "Verify", "Wait", "Write"),
}


def names(tasks: object) -> Iterator[str]:
    """Yield the names of plays, blocks and tasks."""
    if not isinstance(tasks, list):
        return
    for task in tasks:
        if "name" in task:
            yield task["name"]
        for part in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from names(task.get(part))


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_begin_with_a_verb_of_the_field(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert [name for name in names(content) if name.split()[0] not in VERBS] == []
