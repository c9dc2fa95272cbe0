# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The generated documents say what the roles and modules say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = runpy.run_path(str(ROOT / "scripts/references.py"))["FILES"]


@pytest.mark.parametrize("name", FILES)
def test_the_document_is_not_stale(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == FILES[name](), "run ./bootstrap nox -s docs"
