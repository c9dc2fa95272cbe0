# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""CHANGELOG.md says what the fragments say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_changelog_is_not_stale(tmp_path: Path) -> None:
    version = yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"]
    date = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())["releases"][version]["release_date"]
    shutil.copytree(ROOT / "changelogs", tmp_path / "changelogs")
    command = ["antsibull-changelog", "release", f"--version={version}", f"--date={date}", "--update-existing", "--refresh-fragments"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    for name in ("CHANGELOG.md", "changelogs/changelog.yaml"):
        assert (tmp_path / name).read_text() == (ROOT / name).read_text(), "run ./bootstrap nox -s changelog"
