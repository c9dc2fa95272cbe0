# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a namespace has to do with an attempt to deploy a release, and not with an earlier one.

An attempt begins when Helm stores its newest revision. Everything here is a function of the JSON that kubectl prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

from .._core.labels import LIVE

Object: TypeAlias = Mapping[str, Any]
Logs: TypeAlias = Callable[[str, str, bool], str]
"""Pod, container, whether of its previous run -> the last lines, free of secrets; empty when there are none."""

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"
"""On a ReplicaSet; the highest number is what its Deployment wants now."""

GENERATED_FROM = 58
"""Kubernetes cuts a name to so many characters before it puts five of its own behind it."""


class Event(NamedTuple):
    """What was said about an object."""

    reason: str
    message: str
    times: int = 1
    """How often it was said."""


@dataclass(frozen=True)
class Observed:
    """The objects of one namespace, and when the attempts began."""

    objects: Sequence[Object]
    attempts: Mapping[str, datetime]
    """The beginning by release, on the server's clock; objects of other releases are not looked at."""
    logs: Logs = field(default=lambda pod, container, previous: "")
    components: Mapping[str, Object] = field(default_factory=dict)
    """The chart's values by component."""

    def of(self, kind: str) -> list[Object]:
        """Return the releases' own objects of a kind, however old; what playbooks/live.yml runs is not waited for."""
        ours = (item for item in self.objects if item["kind"] == kind and LIVE not in labels(item))
        return [item for item in ours if labels(item).get(INSTANCE_LABEL) in self.attempts]

    def replicasets(self) -> list[Object]:
        """Return the newest ReplicaSet of each Deployment."""
        newest: dict[str, Object] = {}
        for item in sorted(self.of("ReplicaSet"), key=_deployment_revision):
            newest[owner(item).get("uid") or item["metadata"]["name"]] = item
        return list(newest.values())

    def pods(self) -> list[Object]:
        """Return the pods that Helm waits for: of the newest ReplicaSets, however old; of others, but for Jobs, what this attempt made."""
        newest = {item["metadata"]["uid"] for item in self.replicasets()}
        of_deployments = [item for item in self.of("Pod") if owner(item).get("uid") in newest]
        others = [item for item in self.of("Pod") if owner(item).get("kind") not in ("ReplicaSet", "Job") and self.is_new(item)]
        return of_deployments + others

    def jobs(self) -> list[Object]:
        """Return the Jobs that this attempt made; what a schedule began meanwhile has no part in it."""
        return [item for item in self.of("Job") if self.is_new(item) and owner(item).get("kind") != "CronJob"]

    def pods_of(self, job: Object) -> list[Object]:
        """Return a Job's own pods, newest first; not those of an earlier Job of its name."""
        found = [item for item in self.of("Pod") if owner(item).get("uid") == job["metadata"]["uid"]]
        return sorted(found, key=lambda item: instant(item["metadata"].get("creationTimestamp")), reverse=True)

    def events(self, item: Object, *reasons: str) -> list[str]:
        """Return messages of this attempt's events about an object, newest first."""
        return [event.message for event in self.events_of(item) if not reasons or event.reason in reasons]

    def events_of(self, item: Object) -> list[Event]:
        """Return this attempt's events about an object, newest first."""
        return self._events(item["kind"], re.escape(item["metadata"]["name"]), self.began(item))

    def events_of_pods(self, job: Object) -> list[Event]:
        """Return this attempt's events about a Job's pods, newest first: they stay when the pods are gone."""
        generated = f"{job['metadata']['name']}-"[:GENERATED_FROM]
        return self._events("Pod", f"{re.escape(generated)}[^-]+", self.began(job))

    def others_start(self, pod: Object) -> bool:
        """Tell whether another component's pod may still become ready: it starts for the first time, and nothing keeps it from that."""
        return any(component(item) != component(pod) and _starts(item) for item in self.pods() if self.is_new(item))

    def began(self, item: Object) -> datetime:
        """Return when the attempt began to which an object's release belongs."""
        return self.attempts[labels(item)[INSTANCE_LABEL]]

    def is_new(self, item: Object) -> bool:
        """Tell whether this attempt made an object."""
        return instant(item["metadata"].get("creationTimestamp")) >= self.began(item)

    def _events(self, kind: str, name: str, since: datetime) -> list[Event]:
        found = [
            item
            for item in self.objects
            if item["kind"] == "Event"
            and item["involvedObject"].get("kind") == kind
            and re.fullmatch(name, str(item["involvedObject"].get("name")))
            and last_seen(item) >= since
        ]
        found.sort(key=last_seen, reverse=True)
        return [Event(str(item.get("reason", "")), str(item.get("message", "")).strip(), _count(item)) for item in found]


def instant(text: str | None) -> datetime:
    """Parse a time of Kubernetes (RFC 3339, with or without fractions); one that is lacking is before all others."""
    return datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)


def last_seen(event: Object) -> datetime:
    """Return when an event happened for the last time; which field says it depends on who reported it."""
    times = ((event.get("series") or {}).get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max(map(instant, times))


def labels(item: Object) -> Mapping[str, str]:
    """Return an object's labels."""
    return item["metadata"].get("labels") or {}


def component(item: Object) -> str:
    """Return the component that an object belongs to."""
    return labels(item).get(NAME_LABEL) or str(item["metadata"]["name"])


def condition(item: Object, kind: str) -> Object:
    """Return an object's condition of a type; empty when it has none."""
    return next((entry for entry in item.get("status", {}).get("conditions") or [] if entry["type"] == kind), {})


def holds(item: Object, kind: str) -> bool:
    """Tell whether an object's condition of a type is true."""
    return bool(condition(item, kind).get("status") == "True")


def owner(item: Object) -> Object:
    """Return the reference to what made an object; empty when a person did."""
    return next(iter(item["metadata"].get("ownerReferences") or []), {})


def _starts(pod: Object) -> bool:
    if pod["metadata"].get("deletionTimestamp") or holds(pod, "Ready"):
        return False
    statuses = pod["status"].get("containerStatuses") or []
    states = [(status.get("state") or {}, status.get("restartCount") or 0) for status in statuses]
    waiting = [str(state["waiting"].get("reason")) for state, _restarts in states if "waiting" in state]
    if condition(pod, "PodScheduled").get("status") == "False" or any(restarts for _state, restarts in states):
        return False
    return all(reason in ("ContainerCreating", "PodInitializing") for reason in waiting) and not any(
        "terminated" in state for state, _restarts in states
    )


def _count(event: Object) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)


def _deployment_revision(replicaset: Object) -> int:
    return int((replicaset["metadata"].get("annotations") or {}).get(REVISION_ANNOTATION, 0))
