# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why an attempt to deploy a release fails: causes that its pods, Jobs, volume claims and events name.

Everything here is a function of the JSON that kubectl prints; ``watch`` fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._component.checks import JOBS
from .attempt import Object, Observed, component, condition, holds, instant, owner
from .logs import evidence, path_in, telling
from .pods import POD_RULES, gone_pods_cause, pod_causes
from .rules import SOON, WHILE, Cause, Found, Rule, first

_REFUSED = re.compile(r"is forbidden: |exceeded quota")


class Finding(NamedTuple):
    """A cause, as a person reads it."""

    sentence: str
    """What is wrong."""
    evidence: str
    remedy: str
    patience: float | None
    """Seconds for which it has to be seen until it is certain; nothing when it may pass."""
    key: str = ""
    """Of what and by which rule: the same from one look to the next, as reasons with changing numbers are not."""

    def __str__(self) -> str:
        return "\n  ".join(filter(None, [self.sentence, self.evidence, self.remedy]))


def findings(observed: Observed) -> list[Finding]:
    """Return every cause, the same one of several pods once."""
    found = (finding for find in (_refusals, _volume_claims, _pods, _jobs) for finding in find(observed))
    return list({finding.sentence: finding for finding in found}.values())


def unfinished_jobs(observed: Observed) -> list[str]:
    """Return the names of this attempt's Jobs that neither succeeded nor failed."""
    return [str(job["metadata"]["name"]) for job in observed.jobs() if not _is_over(job)]


def _is_over(job: Object) -> bool:
    return holds(job, "Complete") or holds(job, "Failed")


def _has_failed(job: Object) -> bool:
    """Tell whether a pod of a Job failed."""
    return holds(job, "Failed") or bool(job.get("status", {}).get("failed"))


def _finding(subject: str, cause: Cause, certain: bool) -> Finding:
    return Finding(
        f"{subject}: {cause.why}.",
        evidence(cause.found.log),
        cause.remedy(subject),
        cause.patience if certain else None,
        f"{subject}: {cause.rule.name}",
    )


@dataclass(frozen=True)
class Refusal:
    """What the API server says of a pod that it does not take."""

    message: str

    @property
    def reason(self) -> str:
        """Its reason, without what is refused."""
        return _REFUSED.split(self.message, maxsplit=1)[-1] if "is forbidden" in self.message else self.message


REFUSALS: tuple[Rule[Refusal], ...] = (
    Rule(
        "Pod Security refuses a pod",
        lambda refusal: Found({"reason": refusal.reason}) if "PodSecurity" in refusal.message else None,
        "the namespace's Pod Security level refuses its pods: {reason}",
        "Give the namespace a level that allows it (namespace_pod_security), or leave out what the reason names.",
    ),
    Rule(
        "Quota refuses a pod",
        lambda refusal: Found({"reason": refusal.reason}) if "quota" in refusal.message else None,
        "the API server refuses its pods: {reason}",
        "Lower resources.requests and limits of the components, or raise the namespace's ResourceQuota.",
        patience=WHILE,
    ),
    Rule(
        "API server refuses a pod",
        lambda refusal: Found({"reason": refusal.reason}),
        "the API server refuses its pods: {reason}",
        "Correct the option that the reason names, or what in the cluster refuses it (a webhook, a LimitRange).",
        patience=WHILE,
    ),
)


def _refusals(observed: Observed) -> Iterator[Finding]:
    for replicaset in observed.replicasets():
        failure = condition(replicaset, "ReplicaFailure")
        if holds(replicaset, "ReplicaFailure") and replicaset["spec"].get("replicas"):
            since = instant(failure.get("lastTransitionTime"))
            certain = not _migrates(observed) and (observed.is_new(replicaset) or since >= observed.began(replicaset))
            if cause := first(REFUSALS, Refusal(str(failure.get("message", "")))):
                yield _finding(component(replicaset), cause, certain)


class Claim(NamedTuple):
    """A volume claim without a volume."""

    name: str
    storage_class: str
    messages: list[str]
    """What this attempt's events say of it, newest first."""


def _claim_rule(pattern: str) -> Callable[[Claim], Found | None]:
    def find(claim: Claim) -> Found | None:
        said = next((message for message in claim.messages if re.search(pattern, message)), "")
        if pattern and not said:
            return None
        return Found({"claim": claim.name, "class": claim.storage_class or "the default class", "message": f": {said}" if said else ""})

    return find


CLAIMS: tuple[Rule[Claim], ...] = (
    Rule(
        "Missing storage class",
        _claim_rule(r"storageclass\S* \S+ not found|no storage class is set"),
        "no volume is bound to its claim {claim} ({class}){message}",
        "Name a storage class of the cluster in the component's persistence.storage_class (kubectl get storageclass lists them).",
    ),
    Rule(
        "Volume that is not bound",
        _claim_rule(""),
        "no volume is bound to its claim {claim} ({class}){message}",
        "See what the storage class's provisioner says, and whether the node has room.",
        patience=None,
    ),
)


def _volume_claims(observed: Observed) -> Iterator[Finding]:
    for claim in observed.of("PersistentVolumeClaim"):
        if claim.get("status", {}).get("phase") == "Pending":
            events = observed.events(claim, "ProvisioningFailed", "FailedBinding", "ExternalProvisioning")
            subject = Claim(claim["metadata"]["name"], claim["spec"].get("storageClassName") or "", events)
            if cause := first(CLAIMS, subject):
                yield _finding(component(claim), cause, True)


def _pods(observed: Observed) -> Iterator[Finding]:
    for pod in observed.pods():
        if not pod["metadata"].get("deletionTimestamp") and not holds(pod, "Ready"):
            # A pod of before is not this attempt's, and as long as a migration runs, neither is what replaces one.
            certain = observed.is_new(pod) and not _migrates(observed)
            yield from (_finding(component(pod), cause, certain) for cause in pod_causes(observed, pod))


def _migrates(observed: Observed) -> bool:
    """Tell whether a migration still runs, before which Helm changes nothing else."""
    return any(component(job).endswith("-migration") and not _is_over(job) for job in observed.jobs())


@dataclass(frozen=True)
class JobView:
    """A Job that has not succeeded."""

    job: Object
    component: str
    kind: str
    """``migration``, ``setup``, ``test`` or ``schedule``."""
    cause: Cause | None
    """Why its pods failed, where that is known."""
    log: str
    running: bool
    missing: tuple[str, ...]
    """Paths that the component's pods have and the Job's have not."""

    @property
    def has_failed(self) -> bool:
        """Whether a pod of it failed."""
        return _has_failed(self.job)

    @property
    def is_late(self) -> bool:
        """Whether its time was up."""
        return condition(self.job, "Failed").get("reason") == "DeadlineExceeded"

    def found(self, **facts: str) -> Found:
        """Return what is told of every Job."""
        shown = f" {self.cause.why[0].upper()}{self.cause.why[1:]}." if self.cause and not self.log else ""
        limit = f" within its {self.job['spec'].get('activeDeadlineSeconds')} s" if self.is_late else ""
        kept = ", so the release was not touched" if self.kind == "migration" else ""
        job = {"": "Job", "schedule": "scheduled Job"}.get(self.kind, self.kind)
        texts = {"job": job, "option": self.kind or "Job", "limit": limit, "kept": kept, "ended": shown, **facts}
        return Found(texts, self.log, certain=holds(self.job, "Failed"))


def _unseen_path(view: JobView) -> Found | None:
    told = telling(view.log) or view.log
    path = path_in(told)
    if not re.search(r"(?i)no such file|ENOENT|not found|does not exist", told):
        return None
    hidden = [mount for mount in view.missing if path == mount or path.startswith(f"{mount.rstrip('/')}/")]
    return view.found(path=hidden[0]) if hidden else None


JOB_RULES: tuple[Rule[JobView], ...] = (
    Rule(
        "Job without the component's volume",
        lambda view: _unseen_path(view) if view.has_failed else None,
        "its {job} did not succeed{limit}{kept}",
        "The {job} does not see {path}, which only the component's own pods mount: let it read that from elsewhere, or do this step in "
        "the component's command.",
    ),
    Rule(
        "Job that takes too long",
        lambda view: view.found() if view.is_late else None,
        "its {job} did not succeed{limit}{kept}.{ended}",
        "See what it waits for, or give it more seconds: {option}.timeout of the component.",
    ),
    Rule(
        "Job that fails",
        lambda view: view.found() if view.has_failed else None,
        "its {job} did not succeed{kept}.{ended}",
        "Correct what its log says.",
        since="when its tries are used up",
    ),
    Rule(
        "Job that still runs",
        lambda view: view.found() if view.running else None,
        "its {job} has not ended yet",
        "See what it waits for, or give it more seconds: {option}.timeout of the component.",
        patience=None,
    ),
)


def _jobs(observed: Observed) -> Iterator[Finding]:
    for job in observed.jobs():
        if not holds(job, "Complete"):
            name, _dash, kind = component(job).rpartition("-")
            yield from job_findings(observed, job, *((name, kind) if kind in JOBS else (component(job), "")))


def job_findings(observed: Observed, job: Object, name: str, kind: str) -> Iterator[Finding]:
    """Yield why a Job has not succeeded, if that is known.

    Args:
        observed: Where its pods are.
        job: The Job.
        name: Its component.
        kind: The component's option that the Job is made of; empty where it is not known.
    """
    pods = observed.pods_of(job)
    cause = _job_cause(observed, job, pods)
    log = cause.found.log if cause else _log(observed, pods)
    running = any(pod["status"].get("phase") == "Running" for pod in pods)
    view = JobView(job, name, kind, cause, log, running, _missing(observed, name, job))
    if cause and not cause.rule.ended:
        facts = view.found().facts
        its = f"{name}: its {facts['job']} did not succeed{facts['limit']}"
        patience = SOON if holds(job, "Failed") else cause.patience
        yield Finding(f"{its}: {cause.why}.", evidence(log), cause.remedy(name), patience, f"{its}: {cause.rule.name}")
    elif told := first(JOB_RULES, view):
        yield _finding(name, told, True)


def _job_cause(observed: Observed, job: Object, pods: Iterable[Object]) -> Cause | None:
    """Return the newest cause that says something: of the pods, of the API server that refuses them, or of pods that are gone."""
    own = [cause for pod in pods for cause in pod_causes(observed, pod)]
    refused = [cause for message in observed.events(job, "FailedCreate") if (cause := first(REFUSALS, Refusal(message)))]
    gone = gone_pods_cause(observed.events_of_pods(job), job["spec"]["template"]["spec"]) if _has_failed(job) else None
    telling_ones = [cause for cause in own if cause.found.log or not cause.rule.ended]
    return next(iter([*telling_ones, *refused, *([gone] if gone else []), *own]), None)


def _log(observed: Observed, pods: Iterable[Object]) -> str:
    """Return the last lines of the newest pod that has any."""
    texts = (observed.logs(pod["metadata"]["name"], str(pod["spec"]["containers"][0]["name"]), False) for pod in pods)
    return next(filter(None, texts), "")


def _missing(observed: Observed, name: str, job: Object) -> tuple[str, ...]:
    """Return what a component's pods mount, by the chart's values, and its Job's pods do not."""
    values = observed.components.get(name) or {}
    has = {(values.get("persistence") or {}).get("path"), *(values.get("configFiles") or {}), (values.get("secretFiles") or {}).get("path")}
    mounts = job["spec"]["template"]["spec"]["containers"][0].get("volumeMounts") or []
    return tuple(sorted(has - {mount["mountPath"] for mount in mounts} - {None, ""}))


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
        names |= {str(login["name"]) for login in pod["spec"].get("imagePullSecrets") or []}
    return names


def stage(observed: Observed, pod: Object) -> str:
    """Return how far a pod is, for a person who waits."""
    if holds(pod, "Ready"):
        return "ready"
    statuses = pod["status"].get("containerStatuses") or []
    state = (statuses[0].get("state") or {}) if statuses else {}
    restarts = int(statuses[0].get("restartCount") or 0) if statuses else 0
    if waiting := str((state.get("waiting") or {}).get("reason", "")):
        pulls = waiting == "ContainerCreating" and next((event.reason for event in observed.events_of(pod)), "") == "Pulling"
        known = {"ContainerCreating": "its container is made", "PodInitializing": "its container is made"}
        word = "its image is pulled" if pulls else known.get(waiting, waiting)
        return f"{word}, restart {restarts}" if restarts else word
    if "terminated" in state:
        return f"ended with exit code {state['terminated'].get('exitCode')}"
    if "running" in state:
        started = "runs" if owner(pod).get("kind") == "Job" else "started, not ready yet"
        return f"{started}, restart {restarts}" if restarts else started
    return "waits for a node" if condition(pod, "PodScheduled").get("status") == "False" else "its container is made"


def stages(observed: Observed) -> dict[str, str]:
    """Return how far each component's pods of this attempt are; of several, those that are not ready first."""
    found: dict[str, list[str]] = {}
    pods = [*observed.pods(), *(pod for job in observed.jobs() for pod in observed.pods_of(job)[:1])]
    for pod in pods:
        if not pod["metadata"].get("deletionTimestamp") and observed.is_new(pod):
            found.setdefault(component(pod), []).append(stage(observed, pod))
    return {name: _together(texts) for name, texts in found.items()}


def _together(texts: list[str]) -> str:
    unready = [text for text in texts if text != "ready"]
    if not unready:
        return "ready"
    ready = len(texts) - len(unready)
    return f"{unready[0]} ({ready} of {len(texts)} ready)" if len(texts) > 1 else unready[0]


RULES: tuple[Rule[Any], ...] = (*POD_RULES, *REFUSALS, *CLAIMS, *JOB_RULES)
"""All rules, for the guide."""
