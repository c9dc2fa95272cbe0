# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks that a play holds until it ends, with real processes and plays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.plugin_utils import play
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play import Holder, wait_for

ROOT = Path(__file__).parents[2]
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - plannoir.deploy.minikube_lock:
        profile: test
        home: {home}
        timeout: {timeout}
    # The shell says of a child that it was terminated, and nobody reads that any more: it would end before its trap.
    - ansible.builtin.shell: |
        exec 2>/dev/null
        trap "echo {name} was asked to end >>{home}/order; exit" TERM
        echo {name} >>{home}/order
        for tenth in $(seq {sleep}0); do [ ! -e {home}/go ] || exit 0; sleep 0.1; done
"""


class Plays:
    """Plays that lock the same profile, each with a command that takes a while."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.started: list[subprocess.Popen[str]] = []

    def start(self, name: str, sleep: int = 0, timeout: float = 60) -> subprocess.Popen[str]:
        playbook = self.home / f"{name}.yml"
        playbook.write_text(PLAY.format(home=self.home, name=name, sleep=sleep, timeout=timeout))
        command = ["ansible-playbook", "--inventory=localhost,", "--connection=local", str(playbook)]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.started.append(process)
        return process

    def order(self) -> list[str]:
        path = self.home / "order"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def plays(tmp_path: Path) -> Iterator[Plays]:
    made = Plays(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_second_play_waits_for_the_first_and_says_for_whom(plays: Plays) -> None:
    first = plays.start("first", sleep=60)
    eventually(lambda: plays.order() == ["first"])
    second = plays.start("second")
    said = next(line for line in second.stdout or () if "The Minikube profile test is in use by another run (" in line)
    (plays.home / "go").touch()
    out = said + second.communicate(timeout=60)[0]
    assert second.returncode == 0, out
    assert f"process {first.pid}, since 20" in out
    assert plays.order() == ["first", "second"]


def test_it_leaves_after_its_time_and_has_changed_nothing(plays: Plays) -> None:
    plays.start("first", sleep=60)
    eventually(lambda: plays.order() == ["first"])
    second = plays.start("second", timeout=0.5)
    out = second.communicate(timeout=60)[0]
    assert second.returncode != 0
    assert "still was after 0.5 s. Nothing was changed: wait until that run has ended, then run this again." in out
    assert plays.order() == ["first"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="what a killed play left running is found through /proc")
def test_a_killed_play_lets_go_when_what_it_left_running_has_ended(plays: Plays) -> None:
    first = plays.start("first", sleep=60)
    eventually(lambda: plays.order() == ["first"])
    first.send_signal(signal.SIGKILL)
    second = plays.start("second")
    out = second.communicate(timeout=60)[0]
    assert second.returncode == 0, out
    assert plays.order() == ["first", "first was asked to end", "second"]


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.2, 0.4, 0.8])
def test_a_play_that_is_killed_while_it_locks_holds_nothing(plays: Plays, seconds: float) -> None:
    """The task that takes the lock may find itself without the play."""
    lock = plays.home / ".minikube/plannoir-test.lock"
    first = plays.start("first", sleep=60)
    eventually(lambda: seconds > 0 or lock.exists())
    time.sleep(seconds)
    first.send_signal(signal.SIGKILL)
    second = plays.start("second", timeout=15)
    out = second.communicate(timeout=40)[0]
    assert second.returncode == 0, out
    assert plays.order()[-1] == "second"


def test_an_orphaned_task_knows_its_play_and_not_its_new_parent() -> None:
    """As when the play is killed in the moment in which a task takes a lock: process 1 would be watched for ever."""
    script = """
import multiprocessing, os, time
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play import play_pid
def task(pipe):
    while os.getppid() == play_pid():
        time.sleep(0.01)
    os.write(pipe, str(play_pid()).encode())
out, pipe = os.pipe()
reader = os.fork()
if reader == 0:
    multiprocessing.get_context("fork").Process(target=task, args=(pipe,)).start()
    os._exit(0)
os.waitpid(reader, 0)
print(int(os.read(out, 20)) == reader)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "True"


def test_a_stale_lock_file_is_no_lock(plays: Plays) -> None:
    lock = plays.home / ".minikube/plannoir-test.lock"
    lock.parent.mkdir()
    lock.write_text(json.dumps(Holder("joe@laptop, process 1", "2026-01-01T00:00:00Z")._asdict()))
    only = plays.start("only", timeout=0)
    out = only.communicate(timeout=60)[0]
    assert only.returncode == 0, out


def test_nobody_waits_for_what_is_free() -> None:
    assert wait_for(lambda: None, "It", 0) is False


def test_who_waited_is_told_so() -> None:
    answers = iter([Holder("joe", ""), None])
    assert wait_for(lambda: next(answers), "It", 5) is True


def test_a_holder_that_says_nothing_of_itself_is_another_run() -> None:
    with pytest.raises(Failure, match=r"^It is in use by another run \(another run\), and still was after 0 s"):
        wait_for(lambda: Holder("", ""), "It", 0)


def test_the_keeper_of_a_lock_does_not_get_the_vaults_password(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, env, **_options: started.append(env))
    monkeypatch.setenv("PLANNOIR_VAULT_PASSWORD", "hidden")
    monkeypatch.setenv("AWS_PROFILE", "mine")  # with which kubectl may have to sign in
    play.keep()
    assert (started[0].get("PLANNOIR_VAULT_PASSWORD"), started[0].get("AWS_PROFILE")) == (None, "mine")


def test_a_keeper_without_a_lock_does_what_is_left_to_do_when_its_play_is_gone(tmp_path: Path) -> None:
    play_process = subprocess.Popen(["sleep", "60"])
    left = {"release": [["touch", str(tmp_path / "one")], ["false"], ["touch", str(tmp_path / "two")]]}
    keeper = str(Path(str(play.__file__)).with_name("keeper.py"))
    keeper_process = subprocess.Popen([sys.executable, "-I", keeper, str(play_process.pid), "-1", json.dumps(left)])
    time.sleep(0.5)
    assert not (tmp_path / "one").exists()
    play_process.kill()
    play_process.wait()
    assert keeper_process.wait(15) == 0
    assert (tmp_path / "one").exists()
    assert (tmp_path / "two").exists()
