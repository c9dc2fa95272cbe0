# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New credentials while people use the application: one rollout of their readers, no failed request, and the end of the old value."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

import pytest
import requests
from story import APPLICATION, BASE_URL, EXTRAS, Kubectl, Person, newest_secrets, playbook, wait_for

RATE = 20
"""Requests a second."""
LONGEST = 300
"""Seconds after which the load ends by itself."""
USE_KEY = """
import os, sys, httpx
url, headers = os.environ["OPENROUTER_BASE_URL"] + "/chat/completions", {"Authorization": "Bearer " + sys.argv[1]}
print(httpx.post(url, headers=headers, json={}).status_code)
"""
USE_URL = """
import sys, psycopg
from pathlib import Path
from app.database_url import connection_parameters
try:
    psycopg.connect(**connection_parameters(sys.argv[1], Path("/etc/services/ca.crt"))).close()
except psycopg.Error as error:
    print(error)
"""


class Kind(NamedTuple):
    """What is rotated, and who reads it."""

    name: str
    secret: str
    key: str
    readers: set[str]


KINDS = [
    Kind("postgresql", "backend-env", "DATABASE_URL", {"backend"}),
    Kind("session_secret", "backend-env", "SESSION_SECRET", {"backend"}),
    Kind("openrouter", "backend-env", "OPENROUTER_API_KEY", {"backend", "openrouter"}),
]


def rollouts(kubectl: Kubectl) -> dict[str, int]:
    """Revision of each component's Deployment: each rollout adds one."""
    items = json.loads(kubectl("get", "deployments", "--output=json"))["items"]
    return {item["metadata"]["name"]: int(item["metadata"]["annotations"]["deployment.kubernetes.io/revision"]) for item in items}


def rotate(kinds: Collection[Kind]) -> str:
    """Run the playbook and return what it printed."""
    variables = {"rotate_kinds": [kind.name for kind in kinds], "rotate_overlap": 100, "services_postgresql_login_grace": "100 seconds"}
    return playbook("playbooks/rotate_secrets.yml", "--diff", f"--extra-vars={json.dumps(variables)}")


class Load:
    """Requests of somebody who is signed in, at a steady rate; every tenth talks to the assistant.

    Who is refused as signed out signs in again, as a page asks people to. Everything else than success is a failure.
    """

    def __init__(self, person: Person) -> None:
        self.person = person
        self.answers: Counter[str] = Counter()
        self._stop = threading.Event()
        self._session_lock = threading.Lock()

    def _send(self, number: int) -> None:
        session = self.person.session
        # A kept connection may be closed by the page, after its idle time, at the moment that it is used again.
        alone = {"Connection": "close"}
        try:
            if number % 10:
                answer = session.get(f"{BASE_URL}/api/tasks", headers=alone, timeout=30)
            else:
                answer = session.post(f"{BASE_URL}/api/chat", json={"message": "hello"}, headers=alone, timeout=30)
            if answer.status_code != requests.codes.unauthorized:
                self.answers["ok" if answer.ok else f"HTTP {answer.status_code}"] += 1
                return
            with self._session_lock:
                self.answers["signed out"] += 1
                if session is self.person.session:
                    self.person.sign_in()
        except requests.RequestException as error:
            self.answers[type(error).__name__] += 1

    def _run(self) -> None:
        start = time.monotonic()
        with ThreadPoolExecutor(RATE) as pool:
            for number in range(RATE * LONGEST):
                if self._stop.wait(max(0.0, start + number / RATE - time.monotonic())):
                    return
                pool.submit(self._send, number)

    def steady(self) -> bool:
        """Tell whether the session that came last is still good."""
        return all(self.person.session.get(f"{BASE_URL}/api/tasks", timeout=30).ok for _request in range(20))

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
            time.sleep(5)
        finally:
            self._stop.set()
            thread.join()


@pytest.mark.parametrize(
    "kinds",
    [KINDS, *(pytest.param([kind], marks=pytest.mark.faults) for kind in KINDS)],
    ids=["all at once", *(kind.name for kind in KINDS)],
)
def test_a_rotation_fails_no_request_and_replaces_the_readers_once(kinds: list[Kind], person: Person, kubectl: Kubectl) -> None:
    old, before = newest_secrets(kubectl), rollouts(kubectl)
    old_session = person.session
    load = Load(person)
    with load.running():
        started = time.monotonic()
        printed = rotate(kinds)
        seconds = time.monotonic() - started
    new, after = newest_secrets(kubectl), rollouts(kubectl)
    for kind in kinds:
        old_value, new_value = (secrets[kind.secret][kind.key] for secrets in (old, new))
        assert new_value != old_value
        assert old_value not in printed
        assert new_value not in printed
    counted = {name: after[name] - before[name] for name in sorted(APPLICATION | EXTRAS)}
    names = [kind.name for kind in kinds]
    print(f"\n{', '.join(names)}: {seconds:.0f} s, rollouts {counted}, answers {dict(load.answers)}")
    readers = {reader for kind in kinds for reader in kind.readers}
    assert counted == {name: int(name in readers) for name in counted}
    assert set(load.answers) <= {"ok", "signed out"}
    assert load.answers.total() > RATE * seconds * 0.8
    # While pods of both session secrets answer, each refuses the other's sessions; afterwards a session lasts.
    assert load.steady()
    if "session_secret" not in names:
        assert load.answers["signed out"] == 0
    for kind in kinds:
        value = old[kind.secret][kind.key]
        refused = partial(is_refused, kind.name, value, old_session, kubectl)
        wait_for(refused, 150, f"the end of the old {kind.name} credential")


def is_refused(kind: str, old: str, old_session: requests.Session, kubectl: Kubectl) -> bool:
    """Tell whether a credential from before the rotation opens nothing any more."""
    if kind == "session_secret":
        return old_session.get(f"{BASE_URL}/api/tasks", timeout=30).status_code == requests.codes.unauthorized
    script, answer = {"openrouter": (USE_KEY, "401"), "postgresql": (USE_URL, "authentication failed")}[kind]
    return answer in kubectl("exec", "deployment/backend", "--container=backend", "--", "python", "-c", script, old)
