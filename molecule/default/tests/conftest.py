# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the stories on the molecule cluster; .config/molecule/config.yml says where it is."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from story import BASE_URL, CONTEXT, KUBECONFIG, NAMESPACE, Kubectl, Person, Pods
from testinfra.host import Host

STORIES = Path(__file__).parent
ORDER = [
    "test_release",  # first: it looks at what the first install left
    "test_budget",
    "test_encryption",
    "test_audit",
    "test_network",
    "test_repair",
    "test_database_roles",
    "test_rotation",
    "test_sources",
    "test_strangers",
    "test_any_app",
    "test_runs",
    "test_live",
    "test_faults",
    "test_survival",  # last: it kills the node
]
"""The stories share one cluster. Each leaves the application as the main job deploys it; revisions and events are left behind."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the stories in order; the tests of other folders follow.

    Raises:
        pytest.UsageError: a module of stories is not in the order.
    """

    def place(item: pytest.Item) -> int:
        if item.path.parent != STORIES:
            return len(ORDER)
        if item.path.stem not in ORDER:
            raise pytest.UsageError(f"{item.path.name} has no place among the stories: name it in ORDER in {__file__}.")
        return ORDER.index(item.path.stem)

    items.sort(key=place)


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
def namespace(kubectl: Kubectl) -> Iterator[str]:
    """The name of a namespace that goes after the test."""
    name = f"story-{uuid.uuid4().hex[:6]}"
    yield name
    kubectl("delete", "namespace", name, "--ignore-not-found", "--wait=false")


@pytest.fixture
def person() -> Iterator[Person]:
    """Sign somebody up for one test, and remove everything of theirs after it."""
    somebody = Person(BASE_URL)
    yield somebody
    somebody.call("DELETE", "/api/me")
