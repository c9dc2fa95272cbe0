# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploy a release and watch it: Helm waits, and is ended as soon as it is certain that it waits in vain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .._component.values import as_yaml
from .._core import process
from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.labels import LIVE
from .attempt import INSTANCE_LABEL, Observed, instant
from .containers import ContainerLogs
from .diagnosis import Finding, findings, secret_names, stages, unfinished_jobs
from .records import read_records

KINDS = "pods,replicasets,jobs,persistentvolumeclaims,events"

PERIOD = 2.0
"""Seconds between two looks; a look takes kubectl about 0.2 s."""


@dataclass(frozen=True)
class Wanted:
    """A release as it should be."""

    name: str
    chart: str
    values: Mapping[str, Any]
    wait: bool
    """Whether Helm waits; else, because of a load balancer's address, only for the pods is waited."""
    timeout: int
    """Seconds for each of Helm's operations."""
    history: int
    """Revisions that Helm keeps."""
    hooks: bool = True
    """Whether Helm runs the Jobs of the release."""


@dataclass(frozen=True)
class Outcome:
    """How a deployment ended."""

    failed: bool
    helm: str = ""
    """What Helm says of a failure; empty when it was ended."""
    findings: Sequence[Finding] = ()
    seconds: float = 0
    """How long it took."""
    changed: bool = True
    """Whether Helm stored a revision."""

    @property
    def ended_early(self) -> bool:
        """Whether it was not waited for any longer."""
        return self.failed and not self.helm

    @property
    def causes(self) -> list[str]:
        """A line for each cause; Helm's own words are one."""
        helm = [f"Helm says: {self.helm}"] if self.helm else []
        return [*map(str, self.findings), *helm]


@dataclass
class Certainty:
    """For how long each cause has been seen without a break."""

    clock: Callable[[], float] = time.monotonic
    _since: dict[str, float] = field(default_factory=dict)

    def of(self, seen: Iterable[Finding]) -> bool:
        """Take what is seen now, and tell whether some of it is certain."""
        now, patience = self.clock(), {finding.key: finding.patience for finding in seen if finding.patience is not None}
        self._since = {key: self._since.get(key, now) for key in patience}
        return any(now - self._since[key] >= seconds for key, seconds in patience.items())


class Deployment:
    """One attempt to deploy a release."""

    def __init__(
        self,
        cluster: Cluster,
        wanted: Wanted,
        show: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        period: float = PERIOD,
    ) -> None:
        """Set up an attempt.

        Args:
            cluster: Where it is deployed.
            wanted: What is deployed.
            show: Takes a line for a person.
            clock: Seconds.
            period: Seconds between two looks.
        """
        self._cluster, self._wanted, self._show, self._clock, self._period = cluster, wanted, show, clock, period
        self._certainty = Certainty(clock)
        self._certain: list[Finding] = []
        self._stages: dict[str, str] = {}
        self._logs: dict[frozenset[str], ContainerLogs] = {}
        self._began: datetime | None = None
        self._start = clock()
        self._before = 0

    def run(self) -> Outcome:
        """Deploy the release; what runs of a failed attempt is left for whoever puts the earlier revision back, Jobs apart.

        Raises:
            Failure: The cluster does not answer.
        """
        self._start, self._before = self._clock(), self._revision()[0]
        values = as_yaml(self._wanted.values)
        done = process.watched(self._helm(), self._look, period=self._period, given=values, environment=self._cluster.environment)
        if not done.code and not self._wanted.wait:
            done = process.watched(self._rollout(), self._look, period=self._period, environment=self._cluster.environment)
        seconds = self._clock() - self._start
        if not done.code:
            self._look()  # for the last lines
            return Outcome(False, seconds=seconds)
        if done.code == process.NOT_FOUND:
            raise Failure(f"helm cannot be run ({done.err}): run the toolchain role, or name its folder in cluster_bin.")
        told = done.code == process.TIMED_OUT
        reason = "" if told else _reason(done.err or done.out)
        try:
            observed = self._observed()
            found = self._certain or (findings(observed) if observed else [])
            self._end_jobs(observed)
            reason = self._logs_of(observed).redact(reason)
        except Failure as error:
            return Outcome(True, f"{reason or 'it was ended'} ({error})", (), seconds, changed=self._began is not None)
        return Outcome(True, reason, found, seconds, changed=observed is not None)

    def _helm(self) -> list[str]:
        wanted = self._wanted
        wait = [*(["--wait"] if wanted.wait else []), *([] if wanted.hooks else ["--no-hooks"])]
        options = [f"--timeout={wanted.timeout}s", f"--history-max={wanted.history}", "--reset-values", "--values=-", *wait]
        return self._cluster.command("helm", "upgrade", "--install", *options, wanted.name, wanted.chart)

    def _rollout(self) -> list[str]:
        selector = f"--selector={INSTANCE_LABEL}={self._wanted.name},!{LIVE}"
        return self._cluster.command("kubectl", "rollout", "status", "deployment", selector, f"--timeout={self._wanted.timeout}s")

    def _revision(self) -> tuple[int, str]:
        """Return the newest revision's number and when it was stored; 0 without any."""
        records = read_records(self._cluster, [self._wanted.name])[self._wanted.name]
        return (records[0].revision, records[0].created) if records else (0, "")

    def _look(self) -> bool:
        """Show what changed, and tell whether it is certain that the attempt fails."""
        try:
            observed = self._observed()
            found = findings(observed) if observed else []
        except Failure:  # a cluster that is busy; Helm goes on asking
            return False
        if observed:
            self._show_changes(stages(observed))
        if not self._certainty.of(found):
            return False
        self._certain = [finding for finding in found if finding.patience is not None]
        return True

    def _show_changes(self, now: dict[str, str]) -> None:
        for name, text in sorted(now.items()):
            if self._stages.get(name) != text:
                self._show(f"{self._clock() - self._start:5.0f} s  {name}: {text}")
        self._stages.update(now)

    def _observed(self) -> Observed | None:
        """Return what there is of the attempt; nothing before Helm stored its revision."""
        if not self._began:
            revision, created = self._revision()
            if revision == self._before:
                return None
            self._began = instant(created)
        objects = self._cluster.objects(KINDS)
        attempts = {self._wanted.name: self._began}
        observed = Observed(objects, attempts)

        def last_lines(pod: str, container: str, previous: bool) -> str:
            return self._logs_of(observed).read(pod, container, f"--previous={str(previous).lower()}")

        return Observed(objects, attempts, last_lines, self._wanted.values.get("components") or {})

    def _logs_of(self, observed: Observed | None) -> ContainerLogs:
        """Return the reader of the attempt's logs; the Secrets are read again only when the pods read others."""
        pods = observed.of("Pod") if observed else []
        names = frozenset(secret_names(pods))
        if names not in self._logs:
            self._logs[names] = ContainerLogs(self._cluster, pods)
        return self._logs[names]

    def _end_jobs(self, observed: Observed | None) -> None:
        """Remove the Jobs that still try: they must not succeed after the earlier revision is back."""
        if observed and (names := unfinished_jobs(observed)):
            self._cluster.kubectl("delete", "jobs", *names, "--ignore-not-found", "--cascade=foreground", "--timeout=40s")


def _reason(stderr: str) -> str:
    """Return what Helm says, without what it says of every failure."""
    lines = [
        line.strip() for line in stderr.strip().splitlines() if line.strip() and not line.startswith(("WARNING:", "W1", "I1", "W0", "I0"))
    ]
    text = " ".join(lines) or "no reason"
    for prefix in ("Error: ", "UPGRADE FAILED: ", "INSTALLATION FAILED: "):
        text = text.removeprefix(prefix)
    return text
