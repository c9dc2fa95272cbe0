# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers' logs, without the values of the Secrets that their pods read."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.labels import APPLICATION
from .._secrets.redaction import Redactor
from .attempt import Object, component, holds
from .diagnosis import secret_names
from .logs import advice, telling

LOG_LINES = 200
"""Last lines of a log in which the one that tells is looked for."""


class ContainerLogs:
    """Reads logs, and takes out of any text what may not be shown."""

    def __init__(self, cluster: Cluster, pods: Iterable[Object]) -> None:
        """Read the Secrets of the pods; raises Failure."""
        self._cluster = cluster
        self._redactor = Redactor(cluster.named(*(f"secrets/{name}" for name in sorted(secret_names(pods)))))

    def read(self, pod: str, container: str, *options: str) -> str:
        """Return a container's last lines, with options of ``kubectl logs``; nothing when there are none."""
        try:
            log = self._cluster.kubectl("logs", pod, f"--container={container}", f"--tail={LOG_LINES}", *options)
        except Failure:
            return ""
        return self.redact(log)

    def redact(self, text: str) -> str:
        """Return a text without the values."""
        return self._redactor.redact(text)


def said_by_components(cluster: Cluster, seconds: float) -> list[str]:
    """Return what the logs of an application's components said of failures in the last seconds, a line for each component.

    Raises:
        Failure: The cluster does not answer.
    """
    pods = [pod for pod in cluster.objects("pods", f"--selector={APPLICATION}") if pod["status"].get("phase") == "Running"]
    logs = ContainerLogs(cluster, pods)
    since = f"--since={max(1, round(seconds))}s"
    said: dict[str, str] = {}
    for pod in pods:
        for container in pod["spec"]["containers"]:
            log = logs.read(pod["metadata"]["name"], container["name"], since)
            if told := telling(log):
                said[component(pod)] = f"{told}{_advised(pod, container, log)}"
    return [f"The log of {name} says: {told}" for name, told in sorted(said.items())]


_OF_A_DATABASE = re.compile(
    r"(?i)postgres|psycopg|asyncpg|\bpg|mysql|mariadb|prisma|sqlalchemy|django\.db|database|:?\b(?:5432|6432|3306)\b"
)


def _advised(pod: Object, container: Object, log: str) -> str:
    """Return what to do about a log, and whether the container's probe should have seen it."""
    name = component(pod)
    if not (found := advice(log, name)):
        return ""
    text = f"\n  {found.remedy}"
    path = ((container.get("readinessProbe") or {}).get("httpGet") or {}).get("path")
    if path and found.rule.away and holds(pod, "Ready") and _OF_A_DATABASE.search(found.line):
        text += (
            f"\n  {name} counts as ready all the same, because GET {path} answers below 400 while the database is away: write at {name} in "
            "app.yml probes: {readiness: {path: ...}} with a route that asks the database, or, where only the body says it, "
            "probes: {readiness: {command: [...]}}."
        )
    return text
