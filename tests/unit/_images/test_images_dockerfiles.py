# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Dockerfiles of the reference application have in common."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SERVICES = ROOT / "roles/services/files"
DOCKERFILES = sorted([*ROOT.glob("apps/*/Dockerfile"), *SERVICES.glob("**/Dockerfile")])


def test_every_folder_of_an_image_has_a_dockerfile() -> None:
    folders = ["backend", "frontend", "gateway", "mail", "mariadb", "openrouter", "database", "pgbouncer", "redis"]
    assert [path.parent.name for path in DOCKERFILES] == folders


def test_the_copies_of_the_shared_script_are_alike() -> None:
    copies = list(ROOT.glob("apps/*/docker/debian.sh"))
    assert len(copies) == 2
    assert {path.read_bytes() for path in copies} == {(SERVICES / "debian.sh").read_bytes()}, "run ./bootstrap nox -s docs"


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
class TestDockerfile:
    def test_it_starts_from_the_base_image_of_the_caller(self, dockerfile: Path) -> None:
        text = dockerfile.read_text()
        assert "\nARG BASE_IMAGE=debian:trixie-slim\n" in text
        stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$", text, re.MULTILINE)
        earlier = {"${BASE_IMAGE}"}
        for source, name in stages[:-1]:
            assert source in earlier
            earlier.add(name)
        assert stages[-1] == ("scratch", "")

    def test_it_needs_no_registry_for_its_own_syntax(self, dockerfile: Path) -> None:
        assert not re.search(r"^#\s*syntax\s*=", dockerfile.read_text(), re.MULTILINE)

    def test_its_files_come_from_a_stage_whose_libraries_were_checked(self, dockerfile: Path) -> None:
        """Docker leaves out a stage that the last one does not need, and its check with it."""
        stages = re.findall(r"^FROM (\S+)(?: AS (\S+))?$(.*?)(?=^FROM |\Z)", dockerfile.read_text(), re.MULTILINE | re.DOTALL)
        checked = {name: source for source, name, steps in stages if "debian.sh check /rootfs" in steps}
        copied = set(re.findall(r"^COPY --from=(\S+)", stages[-1][2], re.MULTILINE))
        assert copied & set(checked)
        assert copied <= {*checked, *checked.values()}

    def test_its_context_holds_only_what_is_named(self, dockerfile: Path) -> None:
        own = dockerfile.with_name("Dockerfile.dockerignore")
        lines = (own if own.is_file() else dockerfile.with_name(".dockerignore")).read_text().splitlines()
        assert next(line for line in lines if not line.startswith("#")) == "*"
