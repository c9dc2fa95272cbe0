# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop: take the place of released pods, bring each edit to what runs there, and say what happens."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._component.names import live_name
from .._core import process
from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.labels import LIVE
from .._core.process import Command, Running
from .changes import Edit, Source, changed_since, edit_of
from .copies import Copies
from .variant import LOOSENED, give_back, put_back, take_over, variant

SLOW = 60.0
"""Seconds after which a development server that does not answer is named."""

STOP_WITHIN = 2.0
"""Seconds that a call to the cluster has to end in when the loop ends."""

AFTER = 60.0
"""Seconds after an edit in which lines of a log say how long ago it was."""

FOREVER = 30 * 24 * 3600.0


@dataclass(frozen=True)
class Edges:
    """What the loop needs of the world."""

    say: Callable[[str], None]
    watch: Callable[[Sequence[Source]], Iterator[Collection[Path]]]
    """Yields the paths that changed, as soon as something did; ends when the loop is to end."""
    over: threading.Event
    """Set when the loop is to end."""
    now: Callable[[], float] = time.time


class Session:
    """The loop of one application, from one release to the next."""

    def __init__(self, cluster: Cluster, application: str, sources: Sequence[Source], images: Mapping[str, str], edges: Edges) -> None:
        """Set up the loop.

        Args:
            cluster: Where it is released.
            application: Its name.
            sources: The source folders of all components that are built.
            images: Reference of the development stage's image, by component with the option ``live``.
            edges: What it needs of the world.
        """
        self._cluster, self._application, self._sources, self._images = cluster, application, sources, images
        self._edges, self._over = edges, edges.over
        self._live = {source.component: Copies(cluster, source) for source in sources if source.live}
        self._edited: dict[str, float] = {}
        self._logs: list[Running] = []
        self._threads: list[threading.Thread] = []
        self._done = threading.Event()

    def run(self, since: float) -> dict[str, list[str]]:
        """Bring edits to running pods until something else changes, or the loop is to end.

        Args:
            since: When the release began that ran before, in seconds since the epoch: what changed meanwhile is not in it.

        Returns:
            Component -> what of it has to be built and released; nothing when the loop is to end.

        Raises:
            Failure: The cluster refuses.
        """
        try:
            self._start()
            return changed_since(since, self._sources).released or self._watch()
        finally:
            self._done.set()
            for log in self._logs:
                log.end()
            for thread in self._threads:
                thread.join(STOP_WITHIN)

    def put_back(self) -> None:
        """Let the released pods serve again, and remove what took their place; raises Failure."""
        for command in put_back(self._cluster, list(self._live), self._application):
            self._command(command)

    def _start(self) -> None:
        names = list(self._live)
        if not names:
            return
        wanted = [f"deployments.apps/{name}" for name in (*names, *map(live_name, names))]
        found = {item["metadata"]["name"]: item for item in self._cluster.named(*wanted)}
        if missing := [name for name in names if name not in found]:
            raise Failure(f"Deployment {', '.join(missing)} is not there: run site.yml.")
        if foreign := [name for name in map(live_name, names) if name in found and LIVE not in found[name]["metadata"].get("labels", {})]:
            raise Failure(f"Deployment {', '.join(foreign)} was not made by this collection: remove it, or rename the component.")
        # Until a development server answers, the released pods do.
        for name in names:
            self._command(give_back(self._cluster, name))
        variants = [
            variant(found[source.component], source.live, self._images[source.component]) for source in self._sources if source.live
        ]
        self._cluster.apply({"apiVersion": "v1", "kind": "List", "items": variants})
        for work in (self._follow, self._bring_up):
            self._threads += [threading.Thread(target=work, args=[name], daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    def _bring_up(self, component: str) -> None:
        """Bring a component's files to its pod, and let the pod take the released ones' place as soon as it answers."""
        began, said = self._edges.now(), False
        copied, folders = False, ", ".join(self._live[component].folders)
        while not self._stopping:
            try:
                if not copied:
                    self._live[component].everything()
                    copied = True
                if self._answers(component) and not self._stopping:
                    self._command(take_over(self._cluster, component))
                    seconds = self._edges.now() - began
                    self._edges.say(f"{component}: live after {seconds:.1f} s. An edit in {folders} reaches its pod; there, {LOOSENED}.")
                    return
                reason = "its lines are above"
            except (Failure, OSError, ValueError) as error:
                reason = str(error)
            if not said and self._edges.now() - began > SLOW:
                said = True
                self._edges.say(f"{component}: no answer after {SLOW:g} s ({reason}); the released pods answer until there is one.")
            self._done.wait(0.5)

    def _answers(self, component: str) -> bool:
        deployment: Mapping[str, Any] = next(iter(self._cluster.objects(f"deployments/{live_name(component)}")), {})
        status = deployment.get("status", {})
        current = status.get("observedGeneration") == deployment.get("metadata", {}).get("generation")
        return bool(current and status.get("readyReplicas") == status.get("updatedReplicas") == status.get("replicas") == 1)

    @property
    def _stopping(self) -> bool:
        return self._done.is_set() or self._over.is_set()

    def _watch(self) -> dict[str, list[str]]:
        for paths in self._edges.watch(self._sources):
            try:
                edit = edit_of(paths, self._sources)
            except (OSError, ValueError) as error:
                self._edges.say(f"It cannot be told what changed: {error}")
                continue
            self._copy(edit, paths)
            if edit.released:
                return edit.released
        return {}

    def _copy(self, edit: Edit, paths: Collection[Path]) -> None:
        seen = self._edges.now()
        for component, changed in edit.copied.items():
            began = max((time for path in paths if 0 <= seen - (time := _changed(path)) < AFTER), default=seen)
            self._edited[component] = began
            try:
                self._live[component].some(changed)
            except (Failure, OSError) as error:
                self._edges.say(f"{component}: {_listed(changed)} did not arrive: {error}.")
            else:
                self._edges.say(f"{component}: {_listed(changed)} in its pod after {self._edges.now() - began:.2f} s")

    def _follow(self, component: str) -> None:
        """Show the development server's lines, such as an error in what was edited."""
        name = live_name(component)
        argv = self._cluster.command("kubectl", "logs", "--follow", "--since=2s", f"--container={name}", f"deployment/{name}")
        while not self._stopping:
            # It ends with its container, and fails as long as there is none.
            with contextlib.suppress(Failure, OSError, ValueError), Running(Command(argv, None, self._cluster.environment, FOREVER)) as log:
                self._logs.append(log)
                for line in log.stream:
                    self._show(component, line.decode("utf-8", "replace").rstrip())
            self._done.wait(1)

    def _show(self, component: str, line: str) -> None:
        if not line or self._stopping:
            return
        passed = self._edges.now() - self._edited.get(component, 0.0)
        since = f"{passed:5.2f} s" if passed < AFTER else " " * 7
        self._edges.say(f"{component} {since} | {line}")

    def _command(self, command: Sequence[str]) -> None:
        done = process.run(command)
        if done.code:
            raise Failure(f"The cluster of {self._cluster} refused: {done.last_line}")


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"{', '.join(paths[:3])}{more}"
