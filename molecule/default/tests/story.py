# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stories share: where the cluster is, and a person who uses the application."""

from __future__ import annotations

import base64
import json
import os
import re
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


def start(name: str, *arguments: str, inventory: Path = ROOT / "inventories/molecule") -> subprocess.Popen[str]:
    """Start a playbook of the checkout, by default against the stories' cluster."""
    command = ["ansible-playbook", f"--inventory={inventory}", name, *arguments]
    # With everything that Ansible says, also of tasks that change nothing.
    output = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_FORCE_COLOR": "0"}
    environment = {**os.environ, **output}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(run: subprocess.Popen[str]) -> str:
    """Wait for a playbook, which must succeed, and return what it printed."""
    printed = run.communicate()[0]
    assert run.returncode == 0, printed[-7000:]
    return printed


def playbook(name: str, *arguments: str, inventory: Path = ROOT / "inventories/molecule") -> str:
    """Run a playbook of the checkout, by default against the stories' cluster, which must succeed, and return what it printed."""
    return finish(start(name, *arguments, inventory=inventory))


def refusal(name: str, *arguments: str) -> str:
    """Run a playbook, which must fail, and return what it printed."""
    run = start(name, *arguments)
    printed = run.communicate()[0]
    assert run.returncode != 0, printed[-7000:]
    return printed


def helm(*arguments: str, namespace: str = NAMESPACE) -> list[str]:
    """Return the command that calls helm for the stories' cluster."""
    return ["helm", f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", f"--namespace={namespace}", *arguments]


def newest_secrets(kubectl: Kubectl) -> dict[str, dict[str, str]]:
    """Return the values by name, without the digest of the content that ends it; of several with one name the newest."""
    items = json.loads(kubectl("get", "secrets", "--field-selector=type=Opaque", "--output=json"))["items"]
    items.sort(key=lambda item: str(item["metadata"]["creationTimestamp"]))
    return {
        without_digest(item["metadata"]["name"]): {key: base64.b64decode(value).decode() for key, value in item["data"].items()}
        for item in items
    }


def without_digest(name: str) -> str:
    """Return what a Secret is called beside the digest of its content."""
    return re.sub(r"-[0-9a-f]{10}$", "", name)


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
