# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run that finds nothing to do may cost, counted: seconds are for `nox -s bench`."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from story import playbook

BUDGET = {"tasks": 38, "programs of modules": 0, "calls of kubectl, helm and minikube": 8}
"""Counted on 2026-11-29. What grows by more than a tenth has to be worth it: raise the figure with the reason beside it. The eighth call
reads lists, side by side with the others: kubectl waits before each name from the eleventh on, 2.7 s with 20 components."""


def test_a_run_that_changes_nothing_stays_within_its_budget(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed = playbook("site.yml", "-vvv", f"--extra-vars=cluster_bin={counting(tmp_path)}")
    assert "changed=0 " in printed
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    found = {
        "tasks": sum(map(int, re.findall(r" (?:ok|skipped)=(\d+)", printed))),
        "programs of modules": len(set(re.findall(r"[\w.-]+/AnsiballZ_\w+", printed))),
        "calls of kubectl, helm and minikube": len(calls),
    }
    with capsys.disabled():
        print(f"\n{found}", *calls, sep="\n")
    assert {name: count for name, count in found.items() if count > 1.1 * BUDGET[name]} == {}


def counting(folder: Path) -> Path:
    """Return a folder with the cluster's programs that write down each call."""
    for name in ("kubectl", "helm", "minikube"):
        real = shutil.which(name)
        assert real, f"{name} is not on PATH"
        program = folder / name
        note = f'printf "%s " {name} "$@" | tr "\\n" " " | cut -c1-120 >>{shlex.quote(str(folder / "calls"))}'
        program.write_text(f'#!/bin/sh\n{note}\nexec {shlex.quote(real)} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    return folder
