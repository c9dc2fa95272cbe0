# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._engine.machine import NOT_FOUND, TIMED_OUT, Machine


def test_a_command_that_does_not_exist_is_an_exit_code_not_an_exception() -> None:
    assert Machine().run(["plannoir-no-such-command"]).code == NOT_FOUND


def test_a_command_whose_time_is_up_ends_with_its_children() -> None:
    began = time.monotonic()
    done = Machine().run(["sh", "-c", "echo here; sleep 30 & wait"], timeout=0.5)
    assert (done.code, done.out) == (TIMED_OUT, "here\n")
    assert time.monotonic() - began < 10


def test_the_last_line_is_that_of_standard_error_if_it_has_one() -> None:
    assert Machine().run(["sh", "-c", "echo out; echo first >&2; echo last >&2; echo >&2"]).last_line == "last"


def test_a_spawned_process_has_a_session_of_its_own_and_the_systems_folders_on_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    is_alive = Machine(tmp_path).spawn(["sh", "-c", "ps -o sid= -p $$; echo $PATH"], "log")
    for _ in range(200):
        if not is_alive():
            break
        time.sleep(0.05)
    session, path = (tmp_path / "log").read_text().split()
    assert int(session) != os.getsid(0)
    assert path == "/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
