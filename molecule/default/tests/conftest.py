"""Fixtures of the stories on the molecule cluster; .config/molecule/config.yml says where it is."""

from __future__ import annotations

import json
import os
import shlex
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from testinfra.host import Host

CONTEXT, KUBECONFIG, NAMESPACE = (os.environ[f"PLANNOIR_{name}"] for name in ("CONTEXT", "KUBECONFIG", "NAMESPACE"))
BASE_URL = os.environ["PLANNOIR_BASE_URL"]
APPLICATION = {"frontend", "backend"}
EXTRAS = {"database", "openrouter"}

Kubectl = Callable[..., str]


@pytest.fixture(scope="session")
def local() -> Host:
    """The machine that the cluster runs on."""
    return Host.get_host("local://")


@pytest.fixture(scope="session")
def kubectl(local: Host) -> Kubectl:
    """Run kubectl against the molecule cluster and return what it prints."""

    def run(*arguments: str) -> str:
        command = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", f"--namespace={NAMESPACE}", *arguments]
        return str(local.check_output(shlex.join(command)))

    return run


@pytest.fixture(scope="session")
def pods(kubectl: Kubectl) -> Callable[[], list[dict[str, Any]]]:
    """List the pods that are meant to run on; finished migrations are not."""

    def listed() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(kubectl("get", "pods", "--output=json"))["items"]
        return [pod for pod in items if pod["status"]["phase"] != "Succeeded"]

    return listed


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


@pytest.fixture
def person() -> Iterator[Person]:
    """Sign somebody up for one test, and remove everything of theirs after it."""
    somebody = Person(BASE_URL)
    yield somebody
    somebody.call("DELETE", "/api/me")


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
