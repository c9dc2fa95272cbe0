"""What the stories share: where the cluster is, and a person who uses the application."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

CONTEXT, KUBECONFIG, NAMESPACE, RELEASE, BASE_URL = (
    os.environ[f"PLANNOIR_{name}"] for name in ("CONTEXT", "KUBECONFIG", "NAMESPACE", "RELEASE", "BASE_URL")
)
ROOT = Path(__file__).parents[3]
APPLICATION = {"frontend", "backend", "pgbouncer"}
EXTRAS = {"database", "openrouter"}

Kubectl = Callable[..., str]
Pods = Callable[[], list[dict[str, Any]]]


class Person:
    """Somebody who uses the application through the page's own origin."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.credentials = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex}
        self.session = requests.Session()
        self.call("POST", "/api/auth/sign-up", json=self.credentials)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """Return the JSON of an answer; ``None`` where it has none.

        Raises:
            requests.HTTPError: the answer's status is an error.
        """
        response = self.session.request(method, f"{self.base_url}{path}", timeout=30, **arguments)
        response.raise_for_status()
        return response.json() if response.content else None

    def sign_in(self) -> None:
        """Begin a new session, as after closing the browser."""
        self.session = requests.Session()
        self.call("POST", "/api/auth/sign-in", json=self.credentials)

    def titles(self) -> list[str]:
        return [task["title"] for task in self.call("GET", "/api/tasks")]


def playbook(name: str, *arguments: str) -> str:
    """Run a playbook of the checkout against the stories' cluster, which must succeed, and return what it printed."""
    command = ["ansible-playbook", f"--inventory={ROOT / 'inventories/molecule'}", name, *arguments]
    environment = {**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_FORCE_COLOR": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
    return done.stdout


def wait_for(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Poll ``condition`` until it holds; fail after ``seconds``. A refused connection counts as not yet."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except (requests.RequestException, AssertionError):
            pass
        time.sleep(1)
    pytest.fail(f"after {seconds} s still waiting for: {what}")
