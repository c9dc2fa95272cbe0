# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users see of the application while nodes are drained or killed, and while its pods become more and fewer."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import yaml

from bench.load import Answers, steady
from scripts.apps_any import ROOT, Failed
from scripts.nodes.lab import CLUSTER, MINIKUBE, PATIENCE, PROFILE, docker, kubectl, node_of, nodes, run, settled, show

RATE = 50
"""Requests a second: half of them ask for the page, the others read tasks from the database."""
KILL_RATE = 10
"""Requests a second while a worker is dead: what counts is how long they fail, not what the rest of the nodes can bear."""
WATCHED = 180
"""Seconds for which a worker's death is watched; in the last 20 of them no request may fail any more."""
SCALED, MOST = "frontend", 4
"""The component that the cluster scales, and the most pods that it gets."""


class Person:
    """Somebody whose tasks are written one after the other, each waited for; ``gone`` are the seconds without an answer, at most."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.written: list[str] = []
        self.gone = 0.0
        credentials = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex}
        answer = requests.post(f"{url}/api/auth/sign-up", json=credentials, timeout=30)
        answer.raise_for_status()
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all the time, from a thread."""
        ended = threading.Event()

        def write() -> None:
            last = time.monotonic()
            while not ended.is_set():
                title = uuid.uuid4().hex
                try:
                    answer = requests.post(f"{self.url}/api/tasks", json={"title": title}, headers=self.headers, timeout=5)
                    if answer.status_code == 201:
                        self.written.append(title)
                        last = time.monotonic()
                except requests.RequestException:
                    pass
                self.gone = max(self.gone, time.monotonic() - last)
                time.sleep(0.1)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def lost(self) -> int:
        """Return how many of the acknowledged tasks are not there."""
        answer = requests.get(f"{self.url}/api/tasks", headers=self.headers, timeout=30)
        answer.raise_for_status()
        return len(set(self.written) - {task["title"] for task in answer.json()})


class Load:
    """Requests for the page and for a person's tasks; each has a connection of its own, as a new visitor has."""

    def __init__(self, person: Person) -> None:
        self._asks = {
            "the page": (f"{person.url}/", {}),
            "a read": (f"{person.url}/api/tasks", person.headers),
        }

    def during(self, seconds: int, act: Callable[[], object], rate: int = RATE) -> dict[str, Answers]:
        """Ask for so many seconds, and do something 3 s after the beginning; return what was answered by what was asked."""
        answers: dict[str, Answers] = {}

        def ask(what: str) -> None:
            url, headers = self._asks[what]
            answers[what] = steady(url, {**headers, "Connection": "close"}, rate // len(self._asks), seconds)

        threads = [threading.Thread(target=ask, args=(what,)) for what in self._asks]
        for thread in threads:
            thread.start()
        try:
            time.sleep(3)
            act()
        finally:
            for thread in threads:
                thread.join()
        return answers


def told(what: str, answers: dict[str, Answers]) -> int:
    """Show what became of a load, and return how many requests failed."""
    failed = sum(found.failed for found in answers.values())
    asked = sum(len(found.milliseconds) for found in answers.values())
    slow = " and ".join(f"{found.percentile(0.99):.0f} ms of {kind}" for kind, found in answers.items())
    show(f"{what}: {failed} of {asked} requests failed; p99 {slow}")
    for kind, found in answers.items():
        if found.failures:
            begin, end = found.failures[0][0], found.failures[-1][0]
            tens = Counter(int(at) // 10 * 10 for at, _cause in found.failures)
            when = ", ".join(f"{count} from {ten} s on" for ten, count in sorted(tens.items()))
            show(f"  of {kind} {found.failed}, from {begin:.1f} to {end:.1f} s ({found.causes()}); by tens of seconds: {when}")
    return failed


def undisturbed(person: Person) -> None:
    """Show what becomes of the load while nothing happens, and what the pods of each component take for it.

    Raises:
        Failed: Requests fail.
    """
    settled()
    taken = ""

    def measure() -> None:
        nonlocal taken
        time.sleep(50)  # the metrics server asks every 15 s
        taken = kubectl("--namespace=plannoir", "top", "pods", "--no-headers")

    failed = told(f"undisturbed, at {RATE} requests a second", Load(person).during(60, measure))
    for line in taken.splitlines():
        pod, processor, memory = line.split()
        show(f"  {pod}: {processor}, {memory}")
    if failed:
        raise Failed(f"{failed} requests failed while nothing happened")


def drain(node: str) -> None:
    kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={PATIENCE}s")


def drains(person: Person) -> None:
    """Drain each node but that of the database under load, and then that one.

    Raises:
        Failed: Requests fail, or rows are lost.
    """
    settled()
    database, load, failed = node_of("database"), Load(person), 0
    for node in nodes():
        if node != database:
            failed += told(f"drain of {node} at {RATE} requests a second", load.during(60, lambda node=node: drain(node)))  # type: ignore[misc]
            kubectl("uncordon", node)
            settled()
    database_drained(person, database)
    if failed:
        raise Failed(f"{failed} requests failed while nodes without the database were drained")


def database_drained(person: Person, node: str) -> None:
    """Drain the database's node for a few seconds, while rows are written.

    Raises:
        Failed: Rows that were acknowledged are lost.
    """
    start = time.monotonic()
    with person.writing():
        drain(node)
        time.sleep(5)
        kubectl("uncordon", node)
        away = time.monotonic() - start
        settled()
        time.sleep(10)
    lost = person.lost()
    show(
        f"drain of {node}, which has the database, for {away:.0f} s: {person.gone:.1f} s without an answer, "
        f"{lost} of {len(person.written)} acknowledged rows lost"
    )
    if lost:
        raise Failed(f"{lost} acknowledged rows are lost")


def killed(person: Person) -> None:
    """Kill a worker under load, see the application recover by itself, and have the next run start the worker again.

    Raises:
        Failed: It does not recover.
    """
    database = node_of("database")
    worker = next(node for node in nodes() if node not in (PROFILE, database))
    answers = Load(person).during(WATCHED, lambda: docker("kill", worker), KILL_RATE)
    told(f"{worker} was killed after 3 s, at {KILL_RATE} requests a second", answers)
    last = max((found.failures[-1][0] for found in answers.values() if found.failures), default=3.0)
    seconds, _printed = run("site.yml", MINIKUBE, tags="minikube")
    show(f"the next run of the role minikube, which starts {worker} again: {seconds:.0f} s")
    settled()
    if last > WATCHED - 20:
        raise Failed(f"requests still failed {last - 3:.0f} s after {worker} was killed")
    show(f"without hands the application answered every request again {last - 3:.0f} s after {worker} was killed")


def autoscaled(person: Person) -> None:
    """Let the cluster choose a component's number of pods, from one to four and back.

    Raises:
        Failed: Requests fail, or the pods do not become so many.
    """
    seconds, _printed = run("site.yml", CLUSTER, app_components=scaled_components())
    show(f"run that gives {SCALED} autoscale: {seconds:.0f} s")
    pods(1, 120)
    load, took = Load(person), 0.0

    def grow() -> None:
        nonlocal took
        took = pods(MOST, 110)

    failed = told(f"{SCALED} from 1 to {MOST} pods at {RATE} requests a second", load.during(120, grow))
    show(f"{MOST} pods were ready {took + 3:.0f} s after the load began")

    def shrink() -> None:
        nonlocal took
        took = pods(1, 110)

    failed += told(f"{SCALED} back to 1 pod at 2 requests a second", load.during(120, shrink, rate=2))
    show(f"1 pod was left {took + 3:.0f} s after the load ended")
    if failed:
        raise Failed(f"{failed} requests failed while {SCALED} was scaled")


def scaled_components() -> list[dict[str, Any]]:
    """Return the application's components, of which one may have one pod to four."""
    components: list[dict[str, Any]] = yaml.safe_load((ROOT / "group_vars/all/app.yml").read_text(encoding="utf-8"))["app_components"]
    for component in components:
        if component["name"] == SCALED:
            del component["replicas"]
            component["autoscale"] = {"min": 1, "max": MOST, "cpu": 60}
    return components


def pods(number: int, seconds: float) -> float:
    """Wait until the scaled component has so many pods, all ready, and return for how long.

    Raises:
        Failed: It has not, after ``seconds``.
    """
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        shown = kubectl("--namespace=plannoir", "get", "deployment", SCALED, "--output=jsonpath={.spec.replicas} {.status.readyReplicas}")
        if shown.split() == [str(number)] * 2:
            return passed
        time.sleep(1)
    raise Failed(f"{SCALED} has {shown} pods wanted and ready after {seconds:.0f} s, not {number}")
