# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages of ./bootstrap on a machine that lacks something; the good path is what every other test runs in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what bootstrap reads, with no environment made yet."""
    for name in ("bootstrap", "requirements", "collections", "scripts"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, symlinks=True)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def run(checkout: Path, *arguments: str, python: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PLANNOIR_PYTHON": python, "HOME": str(checkout)}
    return subprocess.run([str(checkout / "bootstrap"), *arguments], env=environment, capture_output=True, text=True, check=False)


def interpreter(folder: Path, script: str) -> str:
    """A stand-in for a Python interpreter that answers as ``script`` says."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_no_command_prints_the_usage(checkout: Path) -> None:
    result = run(checkout, python="python3")
    assert result.returncode == 1
    assert "usage: ./bootstrap CMD..." in result.stderr


def test_missing_python_names_the_package(checkout: Path) -> None:
    result = run(checkout, "true", python="no-such-python")
    assert result.returncode == 1
    assert "Python 3.11 or newer was not found; install it (Debian, Ubuntu: apt-get install python3 python3-venv)" in result.stderr


def test_missing_venv_module_names_the_package(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$*" in *ensurepip*) exit 1;; esac')
    result = run(checkout, "true", python=python)
    assert result.returncode == 1
    assert "has no venv module; install it (Debian, Ubuntu: apt-get install python3-venv)" in result.stderr


def test_a_failed_environment_is_not_taken_for_a_whole_one(checkout: Path) -> None:
    python = interpreter(checkout, 'case "$*" in *-m*venv*) mkdir -p .venv; exit 1;; esac')
    assert run(checkout, "true", python=python).returncode == 1
    assert run(checkout, "true", python=python).returncode == 1
