# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/components.md says what the code says."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_table_of_options_is_not_stale() -> None:
    written = (ROOT / "docs/components.md").read_text(encoding="utf-8")
    assert runpy.run_path(str(ROOT / "scripts/component_reference.py"))["reference"]() == written, "run ./bootstrap nox -s docs"
