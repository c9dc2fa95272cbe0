# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a release does not become ready: causes that its pods, Jobs, volume claims and events name.

Everything here is a function of the JSON that kubectl prints; ``release_diagnosis`` the module fetches it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
Logs: TypeAlias = Callable[[str, str, bool], str]
"""Pod, container, whether of its previous run -> the last lines, free of secrets; empty when there are none."""

NAME_LABEL = "app.kubernetes.io/name"
INSTANCE_LABEL = "app.kubernetes.io/instance"
REVISION_ANNOTATION = "release/revision"

_NO_SECRET = re.compile(r'secret "([^"]+)" not found')
_NO_KEY = re.compile(r"couldn't find key (\S+) in Secret \S+?/([^\s,;]+)")
_NO_FILE = re.compile(r"references non-existent secret key: (\S+)")
_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_REFUSED = re.compile(r"is forbidden: |exceeded quota")


@dataclass(frozen=True)
class Observed:
    """The objects of one namespace, by kind."""

    objects: Sequence[Object]
    revisions: Mapping[str, int]
    """Newest revision by release; objects of other releases are not looked at."""
    logs: Logs = field(default=lambda pod, container, previous: "")

    def of(self, kind: str) -> list[Object]:
        """Return the releases' own objects of a kind."""
        return [item for item in self.objects if item["kind"] == kind and labels(item).get(INSTANCE_LABEL) in self.revisions]

    def events(self, name: str, *reasons: str) -> list[str]:
        """Return messages of events about an object, newest first; ``name`` may be a pattern such as ``backend-*``."""
        found = [
            item
            for item in self.objects
            if item["kind"] == "Event"
            and fnmatchcase(str(item["involvedObject"].get("name")), name)
            and (not reasons or item.get("reason") in reasons)
        ]
        found.sort(key=lambda item: str(item.get("lastTimestamp") or item.get("eventTime") or ""), reverse=True)
        return [str(item.get("message", "")).strip() for item in found]


def causes(observed: Observed) -> list[str]:
    """Return a sentence for each cause, the same cause of several pods once."""
    return list(dict.fromkeys(sentence for find in (_refusals, _volume_claims, _pods, _jobs) for sentence in find(observed)))


def labels(item: Object) -> Mapping[str, str]:
    """Return an object's labels."""
    return item["metadata"].get("labels") or {}


def component(item: Object) -> str:
    """Return the component that an object belongs to."""
    return labels(item).get(NAME_LABEL) or str(item["metadata"]["name"])


def condition(item: Object, kind: str) -> Object:
    """Return an object's condition of a type; empty when it has none."""
    return next((entry for entry in item.get("status", {}).get("conditions") or [] if entry["type"] == kind), {})


def _refusals(observed: Observed) -> Iterator[str]:
    for replicaset in observed.of("ReplicaSet"):
        failure = condition(replicaset, "ReplicaFailure")
        if failure.get("status") == "True" and replicaset["spec"].get("replicas"):
            yield _refusal(component(replicaset), str(failure.get("message", "")))
    for job in observed.of("Job"):
        for message in observed.events(job["metadata"]["name"], "FailedCreate")[:1]:
            yield _refusal(component(job), message)


def _refusal(name: str, message: str) -> str:
    reason = _REFUSED.split(message, maxsplit=1)[-1] if "is forbidden" in message else message
    if "PodSecurity" in message:
        return f"{name}: the namespace's Pod Security level refuses its pods: {reason}."
    return f"{name}: the API server refuses its pods: {reason}."


def _volume_claims(observed: Observed) -> Iterator[str]:
    for claim in observed.of("PersistentVolumeClaim"):
        if claim.get("status", {}).get("phase") != "Pending":
            continue
        name = claim["metadata"]["name"]
        storage_class = claim["spec"].get("storageClassName") or "the default class"
        events = observed.events(name, "ProvisioningFailed", "FailedBinding", "ExternalProvisioning")
        detail = f": {events[0]}" if events else ""
        yield f"{component(claim)}: no volume is bound to its claim {name} ({storage_class}){detail}."


def _pods(observed: Observed) -> Iterator[str]:
    for pod in observed.of("Pod"):
        if pod["metadata"].get("deletionTimestamp") or condition(pod, "Ready").get("status") == "True":
            continue
        if _owner(pod) == "Job" and pod["status"].get("phase") in ("Failed", "Succeeded"):
            continue
        yield from _pod(observed, pod)


def _owner(pod: Object) -> str:
    return next((str(owner["kind"]) for owner in pod["metadata"].get("ownerReferences") or []), "")


def _pod(observed: Observed, pod: Object) -> Iterator[str]:
    name, pod_name = component(pod), pod["metadata"]["name"]
    if pod["status"].get("reason") == "Evicted":
        yield f"{name}: its pod was evicted: {pod['status'].get('message', '')}"
        return
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        if "PersistentVolumeClaim" not in str(scheduled.get("message")):
            yield f"{name}: no node takes its pod: {scheduled.get('message')}"
        return
    statuses = [*(pod["status"].get("initContainerStatuses") or []), *(pod["status"].get("containerStatuses") or [])]
    found = [sentence for status in statuses for sentence in _container(observed, pod, status)]
    if not found:
        found = [_mount(name, pod, message) for message in observed.events(pod_name, "FailedMount")[:1]]
    yield from found


def _mount(name: str, pod: Object, message: str) -> str:
    missing = _missing_secret(name, message)
    if missing:
        return missing
    file = _NO_FILE.search(message)
    if file:
        secrets = [volume["secret"]["secretName"] for volume in pod["spec"].get("volumes") or [] if "secret" in volume]
        return f"{name}: its pod does not start: Secret {' or '.join(secrets)} has no key {file[1]}."
    return f"{name}: a volume of its pod cannot be mounted: {message}"


def _missing_secret(name: str, message: str) -> str:
    key = _NO_KEY.search(message)
    if key:
        return f"{name}: its pod does not start: Secret {key[2]} has no key {key[1]}."
    secret = _NO_SECRET.search(message)
    return f"{name}: its pod does not start: there is no Secret {secret[1]}." if secret else ""


def _container(observed: Observed, pod: Object, status: Object) -> Iterator[str]:
    name, pod_name, container = component(pod), pod["metadata"]["name"], str(status["name"])
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message", "")).strip()
    if reason in _IMAGE_REASONS:
        yield f"{name}: the image {status.get('image') or _image(pod, container)} is not in the cluster and cannot be pulled ({reason})."
        return
    if reason == "CreateContainerConfigError":
        yield _missing_secret(name, message) or f"{name}: its container cannot be configured: {message}"
        return
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    if ended and (waiting or state.get("terminated") or status.get("restartCount")):
        yield _ended(name, ended, observed.events(pod_name, "Unhealthy"), observed.logs(pod_name, container, "terminated" not in state))
        return
    if reason in ("RunContainerError", "CreateContainerError"):
        yield f"{name}: its container cannot be started: {message}"
        return
    if "running" in state and not status.get("ready"):
        unhealthy = observed.events(pod_name, "Unhealthy")
        why = f": {unhealthy[0]}" if unhealthy else " yet"
        yield f"{name}: it runs, but is not ready{why}.{_last_lines(observed.logs(pod_name, container, False))}"


def _image(pod: Object, container: str) -> str:
    return next((str(entry["image"]) for entry in pod["spec"]["containers"] if entry["name"] == container), "")


def _ended(name: str, ended: Object, unhealthy: Sequence[str], lines: str) -> str:
    if ended.get("reason") == "OOMKilled":
        return f"{name}: its process used more memory than resources.limits.memory and was killed.{_last_lines(lines)}"
    liveness = next((message for message in unhealthy if message.startswith(("Liveness", "Startup"))), "")
    if liveness:
        return f"{name}: it is restarted again and again: {liveness}.{_last_lines(lines)}"
    message = f" ({ended['message'].strip()})" if ended.get("message") else ""
    return f"{name}: its process ends with exit code {ended.get('exitCode')}{message}.{_last_lines(lines)}"


def _jobs(observed: Observed) -> Iterator[str]:
    for job in observed.of("Job"):
        failed = condition(job, "Failed")
        revision = (job["metadata"].get("annotations") or {}).get(REVISION_ANNOTATION)
        stale = revision is not None and revision != str(observed.revisions[labels(job)[INSTANCE_LABEL]])
        if stale or (failed.get("status") != "True" and not job.get("status", {}).get("failed")):
            continue
        pods = [pod for pod in observed.of("Pod") if labels(pod).get("batch.kubernetes.io/job-name") == job["metadata"]["name"]]
        pods.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
        lines = next((text for pod in pods for text in [observed.logs(pod["metadata"]["name"], _first_container(pod), False)] if text), "")
        limit = job["spec"].get("activeDeadlineSeconds")
        took = f" within its {limit} s" if failed.get("reason") == "DeadlineExceeded" else ""
        hints = [] if lines else observed.events(f"{job['metadata']['name']}-*", "Failed", "FailedMount", "FailedScheduling")
        name, _dash, kind = component(job).rpartition("-")
        kept = ", so the release was not touched." if kind == "migration" else "."
        why = f": {hints[0]}" if hints else kept
        yield f"{name}: its {kind} did not succeed{took}{why}{_last_lines(lines)}"


def _first_container(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["name"])


def _last_lines(lines: str) -> str:
    return f" Its last lines: {lines}" if lines else ""


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
