# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Molecule's cluster, on which everything is measured."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTEXT = "plannoir-molecule"
NAMESPACE = "plannoir"
KUBECONFIG = ROOT / ".cache/molecule/kubeconfig"
URL = "http://127.0.0.1:32080"
BASE_IMAGE = "debian:trixie-slim"


@cache
def program(name: str) -> str:
    """Return the path of a program of the toolchain that the main job brings."""
    return str(Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"), "plannoir/bin", name))


def kubectl(*arguments: str, given: str = "") -> str:
    """Run kubectl, with ``given`` on its standard input, and return what it prints."""
    command = [program("kubectl"), f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


@cache
def engine() -> dict[str, str]:
    """Return the variables by which docker finds the engine in the node."""
    command = [program("minikube"), f"--profile={CONTEXT}", "docker-env", "--shell=none"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)
