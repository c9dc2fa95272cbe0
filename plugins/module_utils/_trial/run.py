# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the trials of an application, all at once, and remove what was made for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.labels import own_selector
from .._detect.part import detect_part
from .told import lines, read
from .trial import LABEL, SECONDS, Trial

PERIOD = 1.0
"""Seconds between two looks at a pod."""


def trials(
    components: Sequence[Mapping[str, Any]],
    refs: Mapping[str, str],
    databases: Mapping[str, str],
    routes: Mapping[str, Any],
    root: Path,
    placed: Mapping[str, Any],
    *,
    is_checked: bool = True,
) -> Iterator[Trial]:
    """Yield the trials of the components that answer requests: Python's, and those of Node.js that make tables or use a database."""
    for component in components:
        name, build = str(component.get("name")), component.get("build") or {}
        if not build.get("context") or not component.get("port") or name not in refs:
            continue
        try:
            part = detect_part(root / Path(build["context"]).expanduser(), language=str(build.get("language") or ""))
        except Failure:  # a folder that only its own Dockerfile understands
            continue
        if part.kind.value != "static" and (part.node or (part.python and part.python.entry.value)):
            targets = {prefix: target if isinstance(target, Mapping) else {"to": target} for prefix, target in routes.items()}
            own = {prefix: bool(target.get("strip")) for prefix, target in targets.items() if target.get("to") == name}
            trial = Trial(component, part, refs[name], databases, own, placed, is_checked)
            if part.python or trial.database or part.migration:
                yield trial


def ask(cluster: Cluster, application: str, planned: Sequence[Trial], clock: Callable[[], float] = time.monotonic) -> list[str]:
    """Return what the trials say; raises Failure where the cluster does not answer."""
    if not planned:
        return []
    ours = f"{own_selector(application)},{LABEL}"
    _remove(cluster, ours)
    try:
        items = [item for trial in planned for item in trial.pod(application)]
        cluster.apply({"apiVersion": "v1", "kind": "List", "items": items})
        end = clock() + SECONDS
        return [line for trial in planned for line in _answered(cluster, trial, end, clock)]
    finally:
        _remove(cluster, ours)


def _remove(cluster: Cluster, selector: str) -> None:
    cluster.kubectl("delete", "pods,networkpolicies", selector, "--ignore-not-found", "--grace-period=0", "--force", "--timeout=20s")


def _answered(cluster: Cluster, trial: Trial, end: float, clock: Callable[[], float]) -> list[str]:
    name = f"{trial.name}-trial"
    while clock() < end:
        pod = next(iter(cluster.objects("pod", name)), {})
        status = pod.get("status") or {}
        states = {entry["name"]: entry.get("state") or {} for entry in status.get("containerStatuses") or []}
        state = states.get("trial", {})
        if (ended := state.get("terminated")) or status.get("phase") in ("Failed", "Succeeded"):
            log = cluster.kubectl("logs", name, "--container=trial") if ended and ended.get("reason") != "StartError" else ""
            if answers := read(log):
                return lines(trial, answers)
            why = (ended or {}).get("message") or log.strip()[-200:] or status.get("message") or "it said nothing"
            return [f"{trial.name}: it could not be tried ({str(why).strip()[:300]})."]
        waiting = state.get("waiting") or {}
        if str(waiting.get("reason", "")).endswith(("Error", "BackOff", "NeverPull", "InvalidImageName")):
            return [f"{trial.name}: it could not be tried ({waiting.get('reason')}: {str(waiting.get('message', '')).strip()[:200]})."]
        time.sleep(PERIOD)
    return [f"{trial.name}: it could not be tried: it did not end within {SECONDS} s."]
