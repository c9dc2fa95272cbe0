# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an attempt to deploy a release fails: causes that its pods, Jobs, volume claims and events name.

Everything here is a function of the JSON that kubectl prints; ``release_diagnosis_info`` the module fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .._component.checks import JOBS
from .attempt import Object, Observed, component, condition
from .pods import Cause, gone_pods_cause, last_lines, pod_causes

_REFUSED = re.compile(r"is forbidden: |exceeded quota")


def causes(observed: Observed) -> list[str]:
    """Return a sentence for each cause, the same cause of several pods once."""
    return list(dict.fromkeys(sentence for find in (_refusals, _volume_claims, _pods, _jobs) for sentence in find(observed)))


def _refusals(observed: Observed) -> Iterator[str]:
    for replicaset in observed.replicasets():
        failure = condition(replicaset, "ReplicaFailure")
        if failure.get("status") == "True" and replicaset["spec"].get("replicas"):
            yield f"{component(replicaset)}: {_refusal(str(failure.get('message', '')))}"


def _refusal(message: str) -> Cause:
    reason = _REFUSED.split(message, maxsplit=1)[-1] if "is forbidden" in message else message
    if "PodSecurity" in message:
        return Cause(f"the namespace's Pod Security level refuses its pods: {reason}")
    return Cause(f"the API server refuses its pods: {reason}")


def _volume_claims(observed: Observed) -> Iterator[str]:
    for claim in observed.of("PersistentVolumeClaim"):
        if claim.get("status", {}).get("phase") != "Pending":
            continue
        name = claim["metadata"]["name"]
        storage_class = claim["spec"].get("storageClassName") or "the default class"
        events = observed.events(claim, "ProvisioningFailed", "FailedBinding", "ExternalProvisioning")
        detail = f": {events[0]}" if events else ""
        yield f"{component(claim)}: no volume is bound to its claim {name} ({storage_class}){detail}."


def _pods(observed: Observed) -> Iterator[str]:
    for pod in observed.pods():
        if not pod["metadata"].get("deletionTimestamp") and condition(pod, "Ready").get("status") != "True":
            yield from (f"{component(pod)}: {cause}" for cause in pod_causes(observed, pod))


def _jobs(observed: Observed) -> Iterator[str]:
    for job in observed.jobs():
        if condition(job, "Complete").get("status") != "True":
            name, _dash, kind = component(job).rpartition("-")
            its = f"{name}: its {kind}" if kind in JOBS else f"{component(job)}: its Job"
            yield from (f"{its} {predicate}" for predicate in _job(observed, job, kind))


def _job(observed: Observed, job: Object, kind: str) -> Iterator[str]:
    failed = condition(job, "Failed")
    has_failed = failed.get("status") == "True" or bool(job.get("status", {}).get("failed"))
    pods = observed.pods_of(job)
    cause = _job_cause(observed, job, pods, has_failed)
    if not has_failed and not cause:
        if any(pod["status"].get("phase") == "Running" for pod in pods):
            yield f"has not ended yet.{last_lines(_log(observed, pods))}"
        return
    limit = job["spec"].get("activeDeadlineSeconds")
    took = f" within its {limit} s" if failed.get("reason") == "DeadlineExceeded" else ""
    if cause and not cause.ended:
        yield f"did not succeed{took}: {cause}"
        return
    kept = ", so the release was not touched" if kind == "migration" else ""
    lines = cause.lines if cause else _log(observed, pods)
    code = f" {cause.why[0].upper()}{cause.why[1:]}." if cause and not lines else ""
    yield f"did not succeed{took}{kept}.{code}{last_lines(lines)}"


def _job_cause(observed: Observed, job: Object, pods: Iterable[Object], has_failed: bool) -> Cause | None:
    """Return the newest cause that says something: of the pods, of the API server that refuses them, or of pods that are gone."""
    own = [cause for pod in pods for cause in pod_causes(observed, pod)]
    refused = [_refusal(message) for message in observed.events(job, "FailedCreate")]
    gone = gone_pods_cause(observed.events_of_pods(job), job["spec"]["template"]["spec"]) if has_failed else None
    telling = [cause for cause in own if cause.lines or not cause.ended]
    return next(iter([*telling, *refused, *([gone] if gone else []), *own]), None)


def _log(observed: Observed, pods: Iterable[Object]) -> str:
    """Return the last lines of the newest pod that has any."""
    texts = (observed.logs(pod["metadata"]["name"], str(pod["spec"]["containers"][0]["name"]), False) for pod in pods)
    return next(filter(None, texts), "")


def secret_names(pods: Iterable[Object]) -> set[str]:
    """Return the Secrets that pods read."""
    names = set()
    for pod in pods:
        for container in pod["spec"]["containers"]:
            for variable in container.get("env") or []:
                reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
                if reference:
                    names.add(str(reference["name"]))
        names |= {str(volume["secret"]["secretName"]) for volume in pod["spec"].get("volumes") or [] if "secret" in volume}
    return names
