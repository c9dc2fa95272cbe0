# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fixture of tests/fixtures/apps is found as its snapshot has it: `./bootstrap nox -s detect -- --write` writes those anew."""

from __future__ import annotations

import pytest

from scripts.detect import APPS, compare, names

LONGEST = 1.5
"""Processor seconds for any fixture."""


@pytest.mark.parametrize("name", names())
def test_a_fixture_is_found_as_its_snapshot_has_it(name: str) -> None:
    result = compare(name)
    assert result.facts, f"{name}.yml is missing: write it with ./bootstrap nox -s detect -- --write {name}"
    assert result.wrong == []
    assert result.seconds < LONGEST


def test_each_snapshot_has_its_fixture() -> None:
    assert {path.stem for path in APPS.glob("*.yml")} == set(names())
