# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that are run to their end, and those that outlive who started them."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.machine import Machine
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import NOT_FOUND, TIMED_OUT, output, run, watched


def test_a_command_that_does_not_exist_is_an_exit_code_not_an_exception() -> None:
    assert run(["plannoir-no-such-command"]).code == NOT_FOUND


def test_what_a_program_is_given_is_its_standard_input_and_nothing_is_an_end() -> None:
    assert run(["cat"], given="käse\n").out == "käse\n"
    assert run(["cat"]).out == ""


def test_an_environment_is_added_to_this_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN", "here")
    assert run(["sh", "-c", "echo $OWN $ADDED"], environment={"ADDED": "too"}).out == "here too\n"


def test_a_log_takes_both_streams_in_their_order(tmp_path: Path) -> None:
    done = run(["sh", "-c", "echo one; echo two >&2; echo three; exit 3"], log=tmp_path / "log", folder=tmp_path)
    assert (done.code, done.out, done.err) == (3, "", "")
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"


def test_a_program_whose_waiter_is_interrupted_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(process: subprocess.Popen[bytes], *_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(["sh", "-c", f"sleep 1; touch {tmp_path}/outlived"])
    time.sleep(1.5)
    assert not (tmp_path / "outlived").exists()


def test_a_failed_output_is_empty() -> None:
    assert output(["sh", "-c", "echo half; exit 1"]) == ""
    assert output(["plannoir-no-such-command"]) == ""


def test_a_command_whose_time_is_up_ends_with_its_children() -> None:
    began = time.monotonic()
    done = run(["sh", "-c", "echo here; sleep 30 & wait"], timeout=0.5)
    assert (done.code, done.out) == (TIMED_OUT, "here\n")
    assert time.monotonic() - began < 10


def test_the_last_line_is_that_of_standard_error_if_it_has_one() -> None:
    assert run(["sh", "-c", "echo out; echo first >&2; echo last >&2; echo >&2"]).last_line == "last"


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


def test_a_daemon_keeps_no_credential_of_the_person_who_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a daemon is started with stays readable in /proc for as long as it runs."""
    theirs = (
        "PLANNOIR_VAULT_PASSWORD",
        "ANSIBLE_VAULT_PASSWORD_FILE",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "DOCKER_AUTH_CONFIG",
        "PGPASSWORD",
        "GOOGLE_API_KEY",
    )
    for name in theirs:
        monkeypatch.setenv(name, "hidden-value")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("LC_ALL", "C")
    is_alive = Machine(tmp_path).spawn(["env"], "log")
    for _ in range(200):
        if not is_alive():
            break
        time.sleep(0.05)
    printed = (tmp_path / "log").read_text()
    assert "hidden-value" not in printed
    assert {"HTTPS_PROXY=http://proxy.example:3128", "LC_ALL=C"} <= set(printed.splitlines())


def test_a_watched_program_ends_by_itself_or_when_it_is_told_to(tmp_path: Path) -> None:
    looks, ready = 0, tmp_path / "ready"

    def look() -> bool:
        nonlocal looks
        looks += ready.exists()
        return looks == 3

    done = watched(["sh", "-c", "cat; sleep 0.1; echo err >&2; exit 3"], lambda: False, period=0.02, given="x" * 200_000)
    assert (done.code, len(done.out), done.err) == (3, 200_000, "err\n")
    began = time.monotonic()
    told = watched(["sh", "-c", f"trap 'echo told; exit 0' TERM; : >{ready}; while :; do sleep 0.02; done"], look, period=0.02)
    assert (told.code, told.out, looks) == (TIMED_OUT, "told\n", 3)
    assert watched(["sh", "-c", "trap '' TERM; sleep 30"], lambda: True, period=0.02, patience=0.1).code == TIMED_OUT
    assert time.monotonic() - began < 5
    assert watched(["plannoir-no-such-command"], look, period=1).code == NOT_FOUND
