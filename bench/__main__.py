# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure on molecule's cluster, and write docs/performance.md and its plot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, plot, table
from bench.load import steady

ROOT = Path(__file__).parents[1]
URL = "http://127.0.0.1:32080"
GIVEN = {"minikube_network_policy": False}
"""As the main job's inventory has it; molecule's has an agent, which costs a run two calls of kubernetes.core."""
BACKEND = ("backend/app/dependencies.py", "Sign in first", "/api/tasks")
FRONTEND = ("frontend/app/page.tsx", "Say what is on your mind", "/")
"""A file below apps, a text in it, and where the text is to be seen without a session."""


def main(rounds: int = 5) -> None:
    """Measure everything in rounds, each figure once in a round."""
    took: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        took.setdefault(name, []).append(value)
        print(f"{name}: {value:.2f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        apps = Path(folder) / "apps"
        shutil.copytree(ROOT / "apps", apps, ignore=shutil.ignore_patterns("node_modules", ".next", ".venv", "__pycache__", ".*_cache"))
        site(apps)
        for number in range(rounds):
            note("start", seconds(["ansible-playbook", "--version"]))
            note("second", unchanged(apps))
            for name, (file, text, path) in (("backend", BACKEND), ("frontend", FRONTEND)):
                if name == "frontend" and number >= 2:
                    continue  # each takes the page's whole build
                with edited(apps / file, text, f"bench{time.time_ns()}") as marker:
                    first, end, build = edit(apps, path, marker)
                note(f"{name} answer", first)
                note(f"{name} end", end)
                note(f"{name} build", build)
            site(apps)
        read = person()
        for rate in (50, 200):
            answers = steady(f"{URL}/api/tasks", {"Authorization": f"Bearer {read}"}, rate, 30)
            for share in (0.95, 0.99):
                note(f"p{share * 100:.0f} at {rate}", answers.percentile(share))
            note(f"failed at {rate}", answers.failed)
    figures = [
        Figure("ansible-playbook --version", "s", took["start"]),
        Figure("second run", "s", took["second"], 3.0),
        Figure("backend edit to the first new answer", "s", took["backend answer"], 6.0),
        Figure("backend edit to the end of the run", "s", took["backend end"], 9.0),
        Figure("frontend edit to the first new page", "s", took["frontend answer"], 1.1 * min(took["frontend build"]) + 6),
        Figure("p95 of a read at 50 requests a second", "ms", took["p95 at 50"], 15),
        Figure("p99 of a read at 50 requests a second", "ms", took["p99 at 50"], 30),
        Figure("p95 of a read at 200 requests a second", "ms", took["p95 at 200"], 60),
        Figure("failed of 1,500 reads at 50 and of 6,000 at 200 a second", "", [took["failed at 50"][0] + took["failed at 200"][0]], 0),
        *sizes(),
    ]
    write(figures, rounds)


def site(apps: Path) -> str:
    """Run the main job on a copy of the sources, and return what it printed."""
    command = [
        "ansible-playbook",
        f"--inventory={ROOT / 'inventories/molecule'}",
        "site.yml",
        f"--extra-vars={json.dumps(GIVEN | {'app_root': str(apps.parent)})}",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def seconds(command: list[str]) -> float:
    """Return how long a command takes."""
    start = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - start


def unchanged(apps: Path) -> float:
    """Return the seconds of a run that changes nothing."""
    start = time.monotonic()
    printed = site(apps)
    if "changed=0 " not in printed:
        raise SystemExit(f"A second run changed something:\n{printed}")
    return time.monotonic() - start


@contextmanager
def edited(file: Path, text: str, marker: str) -> Iterator[str]:
    """Put a marker behind a text of a file, and take it out again."""
    before = file.read_text(encoding="utf-8")
    if text not in before:
        raise SystemExit(f"{file} does not hold {text!r}.")
    file.write_text(before.replace(text, f"{text} {marker}", 1), encoding="utf-8")
    yield marker
    file.write_text(before, encoding="utf-8")


def edit(apps: Path, path: str, marker: str) -> tuple[float, float, float]:
    """Return the seconds to the first answer that holds the marker, to the end of the run, and of the build alone."""
    seen: list[float] = []
    over = threading.Event()
    start = time.monotonic()

    def watch() -> None:
        while not seen and not over.is_set():
            if marker in body(path):
                seen.append(time.monotonic() - start)
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        printed = site(apps)
        end = time.monotonic() - start
    finally:
        over.set()
        watcher.join()
    if not seen:
        raise SystemExit(f"{path} never showed the edit.")
    return seen[0], end, float((re.search(r"(\d+) s  \S+: \S+ is built", printed) or ["", "0"])[1])


def body(path: str) -> str:
    """Return the body of an answer, whatever its status; empty where none came."""
    try:
        with urllib.request.urlopen(f"{URL}{path}", timeout=2) as answer:
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
    command = ["docker", "exec", "plannoir-molecule", "docker", "images", "--format={{.Repository}} {{.Size}}"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = dict(reversed(re.findall(r"plannoir/(backend|frontend) ([\d.]+)MB", listed)))
    return [Figure(f"image of the {name}", "MB", [float(found[name])], target) for name, target in (("backend", 70), ("frontend", 128))]


def write(figures: list[Figure], rounds: int) -> None:
    """Write docs/performance.md and its plot."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    text = f"""# Performance

`./bootstrap nox -s bench` measured this on {os.cpu_count()} cores and {memory:.0f} GiB, in {rounds} rounds (the frontend's
edit in 2), each figure once in a round. The page is asked ten times a second for the edit, so an answer is seen up to
0.1 s late. Seconds of two machines say nothing of each other: hold them against `ansible-playbook --version`, which does
nothing but start.

{table(figures)}

![Seconds: bar to the median, line from the least to the most, red mark at the target](performance.svg)
"""
    (ROOT / "docs/performance.md").write_text(text, encoding="utf-8")
    (ROOT / "docs/performance.svg").write_text(plot(figures), encoding="utf-8")
    print(table(figures))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
