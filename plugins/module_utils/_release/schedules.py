# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs by a schedule: how its last run ended, and which Secrets a run still needs. Functions of the JSON that kubectl prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .attempt import INSTANCE_LABEL, Logs, Object, Observed, component, holds, instant, labels, owner
from .diagnosis import job_findings, secret_names

KINDS = "cronjobs,jobs"


def last_runs(objects: Iterable[Object]) -> dict[str, Object]:
    """Return the newest Job of each schedule that ran what is deployed now, by component.

    A Job of what was deployed before says nothing about what is there.
    """
    objects = list(objects)
    schedules = {item["metadata"]["uid"]: item for item in objects if item["kind"] == "CronJob"}
    runs: dict[str, Object] = {}
    for job in sorted(_jobs(objects), key=lambda item: instant(item["metadata"].get("creationTimestamp"))):
        schedule = schedules.get(owner(job).get("uid", ""))
        if schedule and _runs(job, schedule):
            runs[component(job)] = job
    return runs


def failures(runs: Mapping[str, Object], objects: Sequence[Object], logs: Logs) -> Iterator[str]:
    """Say of each last run that did not succeed, or that cannot begin, when it was and why.

    Args:
        runs: As ``last_runs`` returns them.
        objects: Pods, and events about them and the Jobs.
        logs: Reads a container's log.
    """
    for name, job in runs.items():
        if holds(job, "Complete"):
            continue
        observed = Observed([*objects, job], {labels(job)[INSTANCE_LABEL]: instant(job["metadata"]["creationTimestamp"])}, logs)
        for finding in job_findings(observed, job, name, "schedule"):
            if holds(job, "Failed") or finding.patience is not None:
                yield f"{finding}\n  It was {job['metadata']['name']}, of {job['metadata']['creationTimestamp']}."


def needed_secrets(objects: Iterable[Object]) -> set[str]:
    """Return the Secrets that Jobs of schedules still read: a pod that takes the place of a failed one needs them, too.

    Args:
        objects: CronJobs and Jobs. A Job whose CronJob is gone is about to be deleted.
    """
    objects = list(objects)
    schedules = {item["metadata"]["uid"] for item in objects if item["kind"] == "CronJob"}
    running = [job for job in _jobs(objects) if not holds(job, "Complete") and not holds(job, "Failed")]
    return secret_names(job["spec"]["template"] for job in running if owner(job).get("uid") in schedules)


def _jobs(objects: Iterable[Object]) -> Iterator[Object]:
    return (item for item in objects if item["kind"] == "Job" and owner(item).get("kind") == "CronJob")


def _runs(job: Object, schedule: Object) -> bool:
    """Tell whether a Job's process is the one that its schedule begins now."""
    return _process(job["spec"]["template"]) == _process(schedule["spec"]["jobTemplate"]["spec"]["template"])


def _process(template: Object) -> list[Any]:
    container = template["spec"]["containers"][0]
    return [container.get(option) for option in ("image", "command", "args", "env", "volumeMounts", "resources")]
