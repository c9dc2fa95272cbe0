# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure on molecule's cluster, and write docs/performance.md and its plot."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bench.cluster import CONTEXT, NAMESPACE, ROOT, URL, kubectl
from bench.figures import Figure, plot, table, takes
from bench.load import Answers, steady
from bench.skaffold import Skaffold

Result = TypeVar("Result")

GIVEN = {"minikube_network_policy": False}
"""As the main job's inventory has it; molecule's has an agent."""
BACKEND = ("backend/app/dependencies.py", "Sign in first", "/api/tasks")
FRONTEND = ("frontend/app/page.tsx", "Say what is on your mind", "/")
"""A file below apps, a text in it, and where the text is to be seen without a session."""
FEW = 2
"""Rounds of what takes a minute and more."""
COMPONENTS = (2, 5, 10, 20)
START = """ansible-playbook takes a second to start and to read the roles, and each task 0.03 s for a process of its own before it
does anything; what is left is the look at the cluster (0.4 s) and the checks (0.5 s). It would take one program in place of a play."""
EDIT = """3 s pass before the build, because a run looks at everything first, and 3 s from Helm's call until the new pod is ready, which
Kubernetes takes whoever asks. It would take a run that begins at the build and looks afterwards; playbooks/live.yml is one."""
READ = """CPU of one read is about the same in Next.js' server, which hands it on, and in uvicorn; PostgreSQL and the pooler take a tenth
of it. It would take a third core, or a gateway in front (app_services: [gateway]), which spares Next.js' part."""
CLUSTER = """the images are copied into the new node's engine, and then the services' release and the application's follow one
another, since the migration needs the database. It would take a node that starts with the images in it, or services that are there."""
"""What a target that is missed would take."""


class Tool(Protocol):
    """What deploys the application."""

    url: str

    def run(self) -> str:
        """Bring what runs to the sources, and return what was printed."""


class Ours:
    """The main job on a copy of the sources."""

    url = URL

    def __init__(self, apps: Path, **variables: Any) -> None:
        self._variables = GIVEN | {"app_root": str(apps.parent)} | variables

    def run(self) -> str:
        return playbook("site.yml", self._variables)


def main(rounds: int = 5) -> None:
    """Measure everything in rounds, each figure once in a round."""
    took: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        took.setdefault(name, []).append(value)
        print(f"{name}: {value:.2f}", flush=True)

    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        ours = Ours(copy(folder, "ours"))
        for _ in range(FEW):
            playbook("playbooks/teardown.yml", GIVEN | {"teardown_data": True})
            total, printed = timed(ours.run)
            minikube = stage("minikube", printed)
            note("new cluster: minikube's start", minikube)
            note("new cluster: the rest", total - minikube)
        for name, what in (("backend", BACKEND), ("frontend", FRONTEND)):
            # A new cluster's first build of each has no layers.
            measure_edit(ours, Path(folder, "ours"), name, what, lambda name, value: print(f"first {name}: {value:.2f}", flush=True))
        skaffold = None
        if Skaffold.is_there():
            skaffold = Skaffold(copy(folder, "skaffold"), Path(folder))
            stack.callback(skaffold.remove)
            skaffold.run()
        for number in range(rounds):
            note("start", timed(lambda: subprocess.run(["ansible-playbook", "--version"], stdout=subprocess.DEVNULL, check=True))[0])
            note("second", unchanged(ours))
            if skaffold:
                note("skaffold second", timed(skaffold.run)[0])
            measure_edit(ours, Path(folder, "ours"), "backend", BACKEND, note)
            if skaffold:
                measure_edit(skaffold, Path(folder, "skaffold"), "skaffold backend", BACKEND, note)
            if number < FEW:
                measure_edit(ours, Path(folder, "ours"), "frontend", FRONTEND, note)
        read = person()
        for rate in (50, 200):
            answers = steady(f"{URL}/api/tasks", {"Authorization": f"Bearer {read}"}, rate, 30)
            for share in (0.95, 0.99):
                note(f"p{share * 100:.0f} at {rate}", answers.percentile(share))
            note(f"failed at {rate}", answers.failed)
        note("failed through rollouts", through_rollouts(Path(folder, "ours"), read).failed)
        for seconds_each in components():
            note("component", seconds_each)
    write([*figures(took), *sizes()], rounds)


def figures(took: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    """Make figures of what was noted; those with Skaffold only where it ran."""
    yield Figure("ansible-playbook --version", "s", took["start"])
    yield Figure("second run", "s", took["second"], 3.0, START)
    yield Figure("one more component in a second run", "s", took["component"], 0.03)
    yield Figure("backend edit to the first new answer", "s", took["backend answer"], 6.0, EDIT)
    yield Figure("backend edit to the verified URL", "s", took["backend end"], 9.0, EDIT)
    yield Figure("frontend edit to the first new page", "s", took["frontend answer"], 1.1 * min(took["frontend build"]) + 6, EDIT)
    if "skaffold second" in took:
        for name, text, target, reason in (
            ("second", "second run", 0.3, START),
            ("backend answer", "backend edit to the first new answer", 0.6, EDIT),
            ("backend end", "backend edit to the verified URL", 0.8, EDIT),
        ):
            yield Figure(f"Skaffold: {text}", "s", took[f"skaffold {name}"])
            ratios = [our / its for our, its in zip(took[name], took[f"skaffold {name}"], strict=True)]
            yield Figure(f"{text}, ours to Skaffold's", "times", ratios, target, reason)
    yield Figure("start of a new Minikube cluster", "s", took["new cluster: minikube's start"])
    yield Figure("the rest, from no cluster to a verified release", "s", took["new cluster: the rest"], 30, CLUSTER)
    yield Figure("p95 of a read at 50 requests a second", "ms", took["p95 at 50"], 15, READ)
    yield Figure("p99 of a read at 50 requests a second", "ms", took["p99 at 50"], 30, READ)
    yield Figure("p95 of a read at 200 requests a second", "ms", took["p95 at 200"], 60, READ)
    failed = took["failed at 50"][0] + took["failed at 200"][0]
    yield Figure("failed of 1,500 reads at 50 and of 6,000 at 200 a second", "", [failed], 0)
    name = "failed of 7,500 reads at 50 a second through four rollouts of the backend and a scale from one pod to three and back"
    yield Figure(name, "", took["failed through rollouts"], 0)


def copy(folder: str, name: str) -> Path:
    """Copy the reference application's sources, and return their folder."""
    apps = Path(folder, name, "apps")
    shutil.copytree(ROOT / "apps", apps, ignore=shutil.ignore_patterns("node_modules", ".next", ".venv", "__pycache__", ".*_cache"))
    return apps


def playbook(name: str, variables: Mapping[str, Any]) -> str:
    """Run a playbook on molecule's inventory, and return what it printed."""
    command = ["ansible-playbook", f"--inventory={ROOT / 'inventories/molecule'}", name, f"--extra-vars={json.dumps(variables)}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def timed(act: Callable[[], Result]) -> tuple[float, Result]:
    """Return how many seconds something takes, and its result."""
    start = time.monotonic()
    result = act()
    return time.monotonic() - start, result


def stage(name: str, printed: str) -> float:
    """Return the seconds of a stage by the timeline at a run's end; 0 where there was no such stage."""
    return float((re.findall(rf"^[\d.]+ s: .*\b{name} ([\d.]+)", printed, re.MULTILINE) or ["0"])[-1])


def unchanged(ours: Ours) -> float:
    """Return the seconds of a run that changes nothing."""
    took, printed = timed(ours.run)
    if "changed=0 " not in printed:
        raise SystemExit(f"A second run changed something:\n{printed}")
    return took


def through_rollouts(root: Path, token: str) -> Answers:
    """Read at 50 a second for 150 s, while the backend is edited three times and put back, and the pods are one, three and one again.

    Args:
        root: Of the copy of the sources that is deployed.
        token: Of a person's session.
    """
    with ThreadPoolExecutor(1) as pool:
        # Each on a connection of its own, as a new visitor has: a kept one that a pod closed is opened again by browsers, not by ours.
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        load = pool.submit(steady, f"{URL}/api/tasks", headers, 50, 150)
        file, text, _path = BACKEND
        with ExitStack() as edits:
            for number in range(3):
                edits.enter_context(edited(root / "apps" / file, text, f"rollout{number}"))
                Ours(root / "apps").run()
        Ours(root / "apps").run()
        Ours(root / "apps", app_replicas=3).run()
        Ours(root / "apps").run()
        return load.result()


def components() -> list[float]:
    """Return what one more component costs a second run, in seconds; once for each of three measurements at every number."""
    image = kubectl("get", "deployment/backend", f"--namespace={NAMESPACE}", "--output=jsonpath={.spec.template.spec.containers[0].image}")
    runs: list[list[float]] = []
    try:
        for number in COMPONENTS:
            parts = [
                {
                    "name": f"part-{index}",
                    "image": image,
                    "command": ["python3.13", "-m", "http.server", "8000"],
                    "port": 8000,
                    "outside": False,
                    "connects_to": [],
                    "probes": {"readiness": {"path": "/"}, "liveness": {"path": "/"}},
                    "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
                    "run_as_user": 10001,
                }
                for index in range(number)
            ]
            none: list[str] = []
            variables = {"app_name": "parts", "app_namespace": "parts", "app_components": parts, "minikube_ports": [32080, 32081]}
            many = Ours(ROOT / "apps", **variables, app_services=none, app_secrets=none, app_checks=none)
            many.run()
            runs.append([unchanged(many) for _ in range(3)])
    finally:
        kubectl("delete", "namespace", "parts", "--ignore-not-found")
    return [statistics.linear_regression(COMPONENTS, seconds).slope for seconds in zip(*runs, strict=True)]


def measure_edit(tool: Tool, root: Path, name: str, what: tuple[str, str, str], note: Callable[[str, float], None]) -> None:
    """Edit a file, have it deployed, note how long that takes, and put it back."""
    file, text, path = what
    with edited(root / "apps" / file, text, f"bench{time.time_ns()}") as marker:
        first, end, build = edit(tool, path, marker)
    note(f"{name} answer", first)
    note(f"{name} end", end)
    note(f"{name} build", build)
    tool.run()


@contextmanager
def edited(file: Path, text: str, marker: str) -> Iterator[str]:
    """Put a marker behind a text of a file, and take it out again."""
    before = file.read_text(encoding="utf-8")
    if text not in before:
        raise SystemExit(f"{file} does not hold {text!r}.")
    file.write_text(before.replace(text, f"{text} {marker}", 1), encoding="utf-8")
    yield marker
    file.write_text(before, encoding="utf-8")


def edit(tool: Tool, path: str, marker: str) -> tuple[float, float, float]:
    """Return the seconds to the first answer that holds the marker, to the verified URL, and of the build alone."""
    seen: list[float] = []
    over = threading.Event()
    start = time.monotonic()

    def watch() -> None:
        while not seen and not over.is_set():
            if marker in body(f"{tool.url}{path}"):
                seen.append(time.monotonic() - start)
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        printed = tool.run()
        end = time.monotonic() - start - stage("audit", printed)  # which begins when the URL was printed
        watcher.join(timeout=10)  # a tool may end before the edit answers
    finally:
        over.set()
        watcher.join()
    if not seen:
        raise SystemExit(f"{path} never showed the edit.")
    return seen[0], end, float((re.search(r"(\d+) s  \S+: \S+ is built", printed) or ["", "0"])[1])


def body(url: str) -> str:
    """Return the body of an answer, whatever its status; empty where none came."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return str(error.read().decode(errors="replace"))
    except OSError:
        return ""


def person() -> str:
    """Sign somebody up, and return the token of the session."""
    credentials = {"email": f"bench-{time.time_ns()}@example.com", "password": f"bench-{time.time_ns()}"}
    request = urllib.request.Request(
        f"{URL}/api/auth/sign-up", json.dumps(credentials).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["token"])


def sizes() -> list[Figure]:
    """Return the sizes of the deployed images, as ``docker images`` counts."""
    command = ["docker", "exec", CONTEXT, "docker", "images", "--format={{.Repository}} {{.Size}}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(reversed(re.findall(r"plannoir/(backend|frontend) ([\d.]+)MB", listed)))
    return [Figure(f"image of the {name}", "MB", [float(found[name])], target) for name, target in (("backend", 70), ("frontend", 128))]


def write(figures: list[Figure], rounds: int) -> None:
    """Write docs/performance.md and its plot."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    text = f"""# Performance

`./bootstrap nox -s bench` measured this on {os.cpu_count()} cores and {memory:.0f} GiB, in {rounds} rounds ({FEW} of the frontend's
edit and of the new cluster), each figure once in a round. Where a `skaffold` is on PATH, with a Helm 3 in its folder, it
deploys the same sources and chart into another namespace of the same cluster, in turns with ours. The page is asked ten
times a second for the edit, so an answer is seen up to 0.1 s late. Seconds of two machines say nothing of each other: hold
them against `ansible-playbook --version`, which does nothing but start.

{table(figures)}

{takes(figures)}

![Seconds: bar to the median, line from the least to the most, red mark at the target](performance.svg)
"""
    (ROOT / "docs/performance.md").write_text(text, encoding="utf-8")
    (ROOT / "docs/performance.svg").write_text(plot(figures), encoding="utf-8")
    print(table(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
