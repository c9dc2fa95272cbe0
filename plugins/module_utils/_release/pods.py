# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why one pod does not do its work: what its status says, or its events when it is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .attempt import Event, Object, Observed, condition, owner

_NO_SECRET = re.compile(r'secret "([^"]+)" not found')
_NO_KEY = re.compile(r"couldn't find key (\S+) in Secret \S+?/([^\s,;]+)")
_NO_FILE = re.compile(r"references non-existent secret key: (\S+)")
_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_IMAGE_MESSAGE = re.compile(rf'{"|".join(_IMAGE_REASONS)}|[Pp]ull(?:ing)? image|[Ii]mage "[^"]*" is not present|image tag')
_NOT_STARTED = ("RunContainerError", "CreateContainerError", "StartError", "ContainerCannotRun")


class Cause(NamedTuple):
    """A clause that stands behind the name of a component."""

    why: str
    lines: str = ""
    """The last lines of the container's log."""
    ended: bool = False
    """The process ended by itself, so its log says more than the cause."""

    def __str__(self) -> str:
        return f"{self.why.rstrip('.')}.{last_lines(self.lines)}"


def last_lines(lines: str) -> str:
    """Return the sentence that quotes a log."""
    return f" Its last lines: {lines}" if lines else ""


def pod_causes(observed: Observed, pod: Object) -> list[Cause]:
    """Return why a pod is not ready, a cause for each of its containers; none when its status tells nothing."""
    if pod["status"].get("reason") == "Evicted":
        return [_evicted(str(pod["status"].get("message", "")))]
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return list(_unscheduled(str(scheduled.get("message", ""))))
    found = [cause for status in _statuses(pod) for cause in _container(observed, pod, status)]
    return found or [_mount(pod["spec"], message) for message in observed.events(pod, "FailedMount")[:1]]


def gone_pods_cause(events: Sequence[Event], spec: Object) -> Cause | None:
    """Return why pods that are gone did not start; a message that names what is lacking wins over one that does not.

    Args:
        events: Those of the pods, newest first.
        spec: What the pods were made from.
    """
    known = (cause for event in events for cause in _named(event, events, spec))
    failed = (_not_started(event.message.removeprefix("Error: ")) for event in events if event.reason == "Failed")
    return next(known, None) or next(failed, None)


def _named(event: Event, events: Sequence[Event], spec: Object) -> Iterator[Cause]:
    if event.reason == "FailedScheduling":
        yield from _unscheduled(event.message)
    elif event.reason == "Evicted":
        yield _evicted(event.message)
    elif event.reason == "FailedMount":
        yield _mount(spec, event.message)
    elif event.reason in ("Failed", "BackOff", "InspectFailed", *_IMAGE_REASONS):
        if _IMAGE_MESSAGE.search(event.message):
            yield _image_of_events(events, spec)
        elif missing := _missing_secret(event.message):
            yield missing


def _image_of_events(events: Sequence[Event], spec: Object) -> Cause:
    messages = [event.message for event in events]
    images = [str(container["image"]) for container in _containers(spec)]
    image = next((image for image in images if any(f'"{image}"' in message for message in messages)), images[-1])
    reason = next((reason for message in messages for reason in _IMAGE_REASONS if reason in message), _IMAGE_REASONS[0])
    return _no_image(image, reason)


def _containers(spec: Object) -> list[Object]:
    return [*(spec.get("initContainers") or []), *spec["containers"]]


def _statuses(pod: Object) -> list[Object]:
    """Return the statuses of containers that have still something to do."""
    prepared = [status for status in pod["status"].get("initContainerStatuses") or [] if not _completed(status)]
    working = pod["status"].get("containerStatuses") or []
    return [*prepared, *(status for status in working if owner(pod).get("kind") != "Job" or not _completed(status))]


def _completed(status: Object) -> bool:
    return ((status.get("state") or {}).get("terminated") or {}).get("exitCode") == 0


def _container(observed: Observed, pod: Object, status: Object) -> Iterator[Cause]:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, message = str(waiting.get("reason", "")), str(waiting.get("message", "")).strip()
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    if reason in _IMAGE_REASONS:
        yield _no_image(str(status.get("image") or _image(pod, status)), reason)
    elif reason == "CreateContainerConfigError":
        yield _missing_secret(message) or Cause(f"its container cannot be configured: {message}")
    elif ended and (waiting or state.get("terminated") or status.get("restartCount")):
        yield _ended(observed, pod, status, ended)
    elif reason in _NOT_STARTED:
        yield _not_started(message)
    elif "running" in state and not status.get("ready") and owner(pod).get("kind") != "Job":
        unhealthy = observed.events(pod, "Unhealthy")
        why = f": {unhealthy[0]}" if unhealthy else " yet"
        yield Cause(f"it runs, but is not ready{why}", _log(observed, pod, status, False))


def _image(pod: Object, status: Object) -> str:
    return next((str(entry["image"]) for entry in _containers(pod["spec"]) if entry["name"] == status["name"]), "")


def _log(observed: Observed, pod: Object, status: Object, previous: bool) -> str:
    return observed.logs(pod["metadata"]["name"], str(status["name"]), previous)


def _ended(observed: Observed, pod: Object, status: Object, ended: Object) -> Cause:
    message = str(ended.get("message") or "").strip()
    if ended.get("reason") in _NOT_STARTED:
        return _not_started(message)
    lines = _log(observed, pod, status, "terminated" not in (status.get("state") or {}))
    if ended.get("reason") == "OOMKilled":
        return Cause("its process used more memory than resources.limits.memory and was killed", lines)
    probes = (message for message in observed.events(pod, "Unhealthy") if message.startswith(("Liveness", "Startup")))
    if unhealthy := next(probes, ""):
        return Cause(f"it is restarted again and again: {unhealthy}", lines)
    return Cause(f"its process ends with exit code {ended.get('exitCode')}{f' ({message})' if message else ''}", lines, ended=True)


def _no_image(image: str, reason: str) -> Cause:
    return Cause(f"the image {image} is not in the cluster and cannot be pulled ({reason})")


def _not_started(message: str) -> Cause:
    return Cause(f"its container cannot be started: {message}")


def _evicted(message: str) -> Cause:
    return Cause(f"its pod was evicted: {message.strip()}")


def _unscheduled(message: str) -> Iterator[Cause]:
    if "PersistentVolumeClaim" not in message:  # the claim itself is told
        yield Cause(f"no node takes its pod: {message.strip()}")


def _mount(spec: Object, message: str) -> Cause:
    if missing := _missing_secret(message):
        return missing
    if file := _NO_FILE.search(message):
        secrets = [volume["secret"]["secretName"] for volume in spec.get("volumes") or [] if "secret" in volume]
        return Cause(f"its pod does not start: Secret {' or '.join(secrets)} has no key {file[1]}")
    return Cause(f"a volume of its pod cannot be mounted: {message}")


def _missing_secret(message: str) -> Cause | None:
    if key := _NO_KEY.search(message):
        return Cause(f"its pod does not start: Secret {key[2]} has no key {key[1]}")
    if secret := _NO_SECRET.search(message):
        return Cause(f"its pod does not start: there is no Secret {secret[1]}")
    return None
