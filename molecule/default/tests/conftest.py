"""Fixtures of the stories on the molecule cluster; .config/molecule/config.yml says where it is."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from story import BASE_URL, CONTEXT, KUBECONFIG, NAMESPACE, Kubectl, Person, Pods
from testinfra.host import Host


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
def pods(kubectl: Kubectl) -> Pods:
    """List the pods that are meant to run on; finished migrations are not."""

    def listed() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(kubectl("get", "pods", "--output=json"))["items"]
        return [pod for pod in items if pod["status"]["phase"] != "Succeeded"]

    return listed


@pytest.fixture
def person() -> Iterator[Person]:
    """Sign somebody up for one test, and remove everything of theirs after it."""
    somebody = Person(BASE_URL)
    yield somebody
    somebody.call("DELETE", "/api/me")
