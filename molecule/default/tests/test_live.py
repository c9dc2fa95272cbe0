# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of the source folders in the running application, and the released pods when the loop ends, whichever way."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from story import BASE_URL, ROOT, Kubectl, playbook, start, wait_for

EDITED = ROOT / "apps/backend/app/dependencies.py"
SAID = "Sign in first."
LIVE = ["backend-live", "frontend-live"]

pytestmark = pytest.mark.faults


@pytest.fixture
def live(kubectl: Kubectl) -> Iterator[subprocess.Popen[str]]:
    """The loop, when both components are live."""
    written = EDITED.read_text()
    run = start("playbooks/live.yml")
    assert run.stdout
    threading.Thread(target=run.stdout.read, daemon=True).start()  # a pipe that nobody reads would stop it
    try:
        wait_for(
            lambda: all('"plannoir.deploy/live":"true"' in selector(kubectl, name) for name in ("backend", "frontend")), 1200, "the loop"
        )
        yield run
    finally:
        EDITED.write_text(written)
        run.kill()
        run.wait()
        playbook("site.yml")


def selector(kubectl: Kubectl, service: str) -> str:
    return kubectl("get", "service", service, "--output=jsonpath={.spec.selector}")


def deployments(kubectl: Kubectl) -> set[str]:
    return {item["metadata"]["name"] for item in json.loads(kubectl("get", "deployments", "--output=json"))["items"]}


def answers(text: str) -> bool:
    return bool(requests.get(f"{BASE_URL}/api/tasks", timeout=10).json()["detail"] == text)


def released(kubectl: Kubectl) -> bool:
    return not deployments(kubectl) & set(LIVE) and "live" not in selector(kubectl, "backend") + selector(kubectl, "frontend")


def test_an_edit_is_answered_and_an_error_in_it_ends_nothing(live: subprocess.Popen[str]) -> None:
    written = EDITED.read_text()
    EDITED.write_text(written.replace(SAID, "Who are you?"))
    wait_for(lambda: answers("Who are you?"), 30, "the edited answer")
    EDITED.write_text(f"def broken(:\n{written}")
    time.sleep(5)  # it reloads, and nothing of it answers
    EDITED.write_text(written)
    wait_for(lambda: answers(SAID), 30, "the answer as it was")
    assert live.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_released_pods_serve_again_however_it_ends(live: subprocess.Popen[str], kubectl: Kubectl, number: signal.Signals) -> None:
    kubectl("create", "deployment", "stranger-live", "--image=nowhere.example/none")
    try:
        live.send_signal(number)
        wait_for(lambda: released(kubectl), 30, "the released pods")
        assert "stranger-live" in deployments(kubectl)
        assert answers(SAID)
    finally:
        kubectl("delete", "deployment", "stranger-live")


def test_the_next_run_puts_back_what_a_machine_that_died_left(live: subprocess.Popen[str], kubectl: Kubectl) -> None:
    keepers = subprocess.run(["pgrep", "--full", f"keeper.py {live.pid} "], capture_output=True, text=True, check=True).stdout.split()
    workers = subprocess.run(["pgrep", f"--parent={live.pid}"], capture_output=True, text=True, check=True).stdout.split()
    subprocess.run(["kill", "-KILL", *keepers, *workers, str(live.pid)], check=True)
    assert set(LIVE) <= deployments(kubectl)
    assert "A live.yml that was killed left what it ran" in playbook("site.yml")
    assert released(kubectl)
