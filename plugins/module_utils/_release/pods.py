# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why one pod does not do its work: what its status says, or its events when it is gone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .._core.references import registry
from .attempt import Event, Object, Observed, condition, owner
from .logs import telling
from .rules import WHILE, Cause, Found, Rule, first

LOOPS = 2
"""Restarts after which a process that ended once more is in a loop."""

PULLS = 2
"""Failed pulls after which a registry that does not answer is away, and not only late."""

SANDBOXES = 3
"""Failed tries to make a pod's sandbox after which the node is broken, and not only busy."""

_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable")
_IMAGE_MESSAGE = re.compile(rf'{"|".join(_IMAGE_REASONS)}|[Pp]ull(?:ing)? image|[Ii]mage "[^"]*" is not present|image tag')
_NOT_STARTED = ("RunContainerError", "CreateContainerError", "StartError", "ContainerCannotRun")
_NO_PROGRAM = re.compile(r"executable file not found|no such file or directory|permission denied|exec format error|is a directory")
_WAITS = re.compile(
    r"(?i)refused|timed? ?out|unreachable|not known|resolution|resolve|\bENOTFOUND\b|\bEAI_AGAIN\b|no such host|starting up|not ready|"
    r"unavailable"
)


@dataclass(frozen=True)
class View:
    """What is known of one container of a pod, and of the pod itself; or of a pod that is gone, by its events alone."""

    spec: Object
    """The pod's."""
    events: list[Event]
    """About the pod in this attempt, newest first."""
    pod: Object | None = None
    status: Object | None = None
    """The container's; nothing as long as the kubelet has none."""
    read: Callable[[bool], str] = lambda previous: ""
    """Reads the container's log, that of its previous run when asked."""
    others_start: bool = False
    """Whether other pods of the attempt may still become ready."""

    @property
    def gone(self) -> bool:
        """Whether only events are left."""
        return self.pod is None

    @property
    def of_job(self) -> bool:
        """Whether a Job made the pod."""
        return bool(self.pod) and owner(self.pod or {}).get("kind") == "Job"

    @property
    def state(self) -> Object:
        """The container's state now."""
        return (self.status or {}).get("state") or {}

    @property
    def waiting(self) -> str:
        """The reason for which the container waits; empty when it does not."""
        return str((self.state.get("waiting") or {}).get("reason", ""))

    @property
    def message(self) -> str:
        """What the kubelet says of the container that waits."""
        return str((self.state.get("waiting") or {}).get("message", "")).strip()

    @property
    def ended(self) -> Object:
        """How the container ended, now or the time before; empty when it did not."""
        now: Object = self.state.get("terminated") or {}
        before: Object = ((self.status or {}).get("lastState") or {}).get("terminated") or {}
        return now or (before if self.waiting or self.restarts else {})

    @property
    def restarts(self) -> int:
        """How often the container was started again."""
        return int((self.status or {}).get("restartCount") or 0)

    @property
    def image(self) -> str:
        """The image that cannot be pulled: the container's, or the one that the events name."""
        containers = [*(self.spec.get("initContainers") or []), *self.spec["containers"]]
        if self.status:
            declared = (str(entry["image"]) for entry in containers if entry["name"] == self.status["name"])
            return str(next(declared, "") or self.status.get("image"))
        images = [str(entry["image"]) for entry in containers]
        return next((image for image in images if any(f'"{image}"' in event.message for event in self.events)), images[-1])

    def messages(self, *reasons: str) -> list[str]:
        """Return the messages of events of these reasons, newest first."""
        return [event.message for event in self.events if event.reason in reasons]

    def log(self) -> str:
        """Return the last lines of the run of the container that tells why it failed."""
        return self.read(bool(self.ended) and "terminated" not in self.state)


def pod_causes(observed: Observed, pod: Object) -> list[Cause]:
    """Return why a pod is not ready, a cause for each of its containers; none when its status tells nothing."""
    return [cause for view in _views(observed, pod) if (cause := first(POD_RULES, view))]


def gone_pods_cause(events: list[Event], spec: Object) -> Cause | None:
    """Return why pods that are gone did not start, by their events, newest first, and what they were made from."""
    return first(POD_RULES, View(spec, events))


def _views(observed: Observed, pod: Object) -> Iterator[View]:
    status = pod["status"]
    prepared = [entry for entry in status.get("initContainerStatuses") or [] if not _completed(entry)]
    working = [entry for entry in status.get("containerStatuses") or [] if owner(pod).get("kind") != "Job" or not _completed(entry)]
    events = observed.events_of(pod)
    for entry in [*prepared, *working] or ([None] if not status.get("containerStatuses") else []):
        yield View(pod["spec"], events, pod, entry, _reader(observed, pod, entry), observed.others_start(pod))


def _reader(observed: Observed, pod: Object, status: Object | None) -> Callable[[bool], str]:
    return lambda previous: observed.logs(pod["metadata"]["name"], str(status["name"]), previous) if status else ""


def _completed(status: Object) -> bool:
    return ((status.get("state") or {}).get("terminated") or {}).get("exitCode") == 0


def _evicted(view: View) -> Found | None:
    if view.pod and view.pod["status"].get("reason") == "Evicted":
        return Found({"message": str(view.pod["status"].get("message", ""))})
    messages = view.messages("Evicted") if view.gone else []
    return Found({"message": messages[0]}) if messages else None


def _unscheduled(view: View) -> Found | None:
    scheduled = condition(view.pod, "PodScheduled") if view.pod else {}
    messages = [str(scheduled.get("message", ""))] if scheduled.get("status") == "False" else []
    messages = messages or (view.messages("FailedScheduling") if view.gone else [])
    if not messages or "PersistentVolumeClaim" in messages[0]:  # the claim itself is told
        return None
    comes = "not-ready" in messages[0] or "unreachable" in messages[0] or bool(view.messages("TriggeredScaleUp", "Nominated"))
    return Found({"message": messages[0]}, certain=not comes)


_LACKS = re.compile(r'(secret|configmap) "([^"]+)" not found')
_NO_KEY = re.compile(r"couldn't find key (\S+) in (Secret|ConfigMap) \S+?/([^\s,;]+)")
_NO_FILE = re.compile(r"references non-existent (secret|config) key: (\S+)")
_KINDS = {"secret": "Secret", "configmap": "ConfigMap", "config": "ConfigMap"}


def _configured(view: View) -> list[str]:
    """Return what the kubelet says of what the container is configured with."""
    live = [view.message] if view.waiting == "CreateContainerConfigError" else []
    return [
        *live,
        *(view.messages("FailedMount") if not view.state.get("running") else []),
        *(view.messages("Failed") if view.gone else []),
    ]


def _lacks_object(view: View) -> Found | None:
    matches = [match for message in _configured(view) if (match := _LACKS.search(message))]
    return Found({"kind": _KINDS[matches[0][1]], "object": matches[0][2]}) if matches else None


def _lacks_key(view: View) -> Found | None:
    for message in _configured(view):
        if key := _NO_KEY.search(message):
            return Found({"kind": key[2], "object": key[3], "key": key[1]})
        if file := _NO_FILE.search(message):
            field, name = ("secret", "secretName") if file[1] == "secret" else ("configMap", "name")
            mounted = [str(volume[field][name]) for volume in view.spec.get("volumes") or [] if field in volume]
            return Found({"kind": _KINDS[file[1]], "object": " or ".join(mounted), "key": file[2]})
    return None


def _not_configured(view: View) -> Found | None:
    return Found({"message": view.message}) if view.waiting == "CreateContainerConfigError" else None


def _pull(view: View) -> str | None:
    """Return what is said of an image that cannot be pulled; nothing when that is not the matter."""
    failed = [message for message in view.messages("Failed", "InspectFailed", *_IMAGE_REASONS) if "ull image" in message]
    if view.waiting in _IMAGE_REASONS:
        return " ".join([view.waiting, *(failed[:1] or [view.message])])
    told = [event.message for event in view.events if event.reason in ("Failed", "BackOff", "InspectFailed", *_IMAGE_REASONS)]
    if view.gone and any(_IMAGE_MESSAGE.search(message) for message in told):
        reason = next((reason for message in told for reason in _IMAGE_REASONS if reason in message), _IMAGE_REASONS[0])
        return " ".join([reason, *(failed[:1] or told)])
    return None


def _image_rule(pattern: str, *, pulls: int = 1) -> Callable[[View], Found | None]:
    """Return the finder of an image that cannot be pulled for a reason; certain after so many failed pulls."""
    reason = re.compile(pattern)

    def find(view: View) -> Found | None:
        said = _pull(view)
        if said is None or not reason.search(said):
            return None
        tried = sum(event.times for event in view.events if event.reason == "Failed" and "ull image" in event.message)
        facts = {"image": view.image, "registry": registry(view.image), "reason": _registry_words(said)}
        return Found(facts, certain=tried >= pulls or pulls == 1)

    return find


def _registry_words(said: str) -> str:
    """Return a pull's own reason without what the kubelet and the engine put before it."""
    reason, _blank, rest = re.sub(r"\s+", " ", said).partition(" ")
    words = re.split(r'image "[^"]*"(?:: |$)', rest)[-1] if '": ' in rest else "" if "Back-off" in rest or "Error: " in rest[:7] else rest
    words = re.sub(r"^(?:ErrImagePull: |rpc error: code = \w+ desc = |Error response from daemon: )+", "", words)
    return words.strip().rstrip(".")[:300] or reason


def _sandbox(view: View) -> Found | None:
    """Find a sandbox that cannot be made: nothing newer is said of the pod. The kubelet tries again, and often that is enough."""
    about = [event for event in view.events if event.reason not in ("Scheduled", "SandboxChanged")]
    failed = [event for event in about if event.reason == "FailedCreatePodSandBox"]
    if not failed or failed[0] is not about[0] or view.state.get("running"):
        return None
    message = re.sub(r"^Failed (?:to )?create pod sandbox: (?:rpc error: code = \w+ desc = )?", "", failed[0].message)
    return Found({"message": message}, certain=sum(event.times for event in failed) >= SANDBOXES)


def _mount(view: View) -> Found | None:
    messages = view.messages("FailedMount", "FailedAttachVolume", "FailedMapVolume")
    stuck = view.gone or not view.status or view.waiting in ("ContainerCreating", "PodInitializing")
    return Found({"message": messages[0]}) if messages and stuck else None


def _not_started_message(view: View) -> str:
    if view.gone:
        return next((message.removeprefix("Error: ") for message in view.messages("Failed")), "")
    if view.ended and str(view.ended.get("reason")) in _NOT_STARTED:
        return str(view.ended.get("message") or "").strip() or str(view.ended.get("reason"))
    return (view.message or view.waiting) if view.waiting in _NOT_STARTED else ""


def _no_program(view: View) -> Found | None:
    message = _not_started_message(view)
    return Found({"message": message}) if _NO_PROGRAM.search(message) else None


def _not_started(view: View) -> Found | None:
    message = _not_started_message(view)
    return Found({"message": message}, certain=view.restarts >= LOOPS) if message else None


def _loops(view: View) -> bool:
    return view.restarts >= LOOPS and "running" not in view.state


def _out_of_memory(view: View) -> Found | None:
    return Found(log=view.log(), certain=_loops(view)) if view.ended.get("reason") == "OOMKilled" else None


def _probe_restarts(view: View) -> Found | None:
    unhealthy = [message for message in view.messages("Unhealthy") if message.startswith(("Liveness", "Startup"))]
    if not view.ended or not unhealthy:
        return None
    return Found({"message": unhealthy[0], "probe": unhealthy[0].split()[0].lower()}, view.log(), certain=_loops(view))


def _ends(view: View) -> Found | None:
    if not view.ended:
        return None
    message, log = str(view.ended.get("message") or "").strip(), view.log()
    # A process that ends because another is not there yet may be right with its next start.
    waits = view.others_start and bool(_WAITS.search(telling(log) or log))
    facts = {"code": str(view.ended.get("exitCode")), "message": f" ({message})" if message else ""}
    return Found(facts, log, certain=_loops(view) and not waits)


def _refused_host(view: View) -> Found | None:
    """Find a probe that an application answers with 400 or 421, as one does that accepts certain names only."""
    found = _probe_restarts(view) or _unready(view)
    refused = re.search(r"^(\w+) probe failed: .*statuscode: (?:400|421)$", next(iter(view.messages("Unhealthy")), ""))
    if not found or not refused:
        return None
    return found._replace(facts={"message": refused[0], "probe": refused[1].lower()}, certain=_loops(view))


def _nothing_listens(view: View) -> Found | None:
    found = _unready(view)
    return found if found and "connection refused" in found.facts["message"] else None


_LISTENS = re.compile(
    r"(?i)(?:running|listening|server|serving|started|ready)\b[\w ]*?\b(?:on|at)\b:? +"
    r"(?:https?://)?(?:(\[[\da-f:]+\]|[\w.*-]+):|port |:|)(\d{2,5})\b(?!\.)"
)
"""What servers say as they begin to listen: uvicorn, gunicorn, hypercorn, Flask, Django, and most of Node.js."""

_LOCAL = ("127.0.0.1", "localhost", "[::1]")


def _listens_elsewhere(view: View) -> Found | None:
    """Find a process that says that it listens, but not where the cluster asks it."""
    found = _nothing_listens(view)
    asked = re.search(r":(\d+): connect: connection refused", found.facts["message"]) if found else None
    said = _LISTENS.findall(found.log) if found else []
    if not found or not asked or not said or any(host not in _LOCAL and port == asked[1] for host, port in said):
        return None
    host, port = said[-1]
    where = f"port {port}" if port != asked[1] else f"{host}:{port}, which only the pod itself reaches"
    return found._replace(facts={"where": where, "port": port, "asked": asked[1]})


def _unready(view: View) -> Found | None:
    if "running" not in view.state or (view.status or {}).get("ready") or view.of_job:
        return None
    unhealthy = view.messages("Unhealthy")
    return Found({"message": f": {unhealthy[0]}" if unhealthy else " yet"}, view.log())


_NETWORK = (
    r"dial tcp|no such host|i/o timeout|connection refused|connection reset|Client\.Timeout|deadline exceeded|TLS handshake timeout|"
    r"\bEOF\b|server misbehaving|network is unreachable|no route to host|proxyconnect|\b50[0234]\b|RegistryUnavailable|context canceled"
)
POD_RULES: tuple[Rule[View], ...] = (
    Rule(
        "Evicted pod",
        _evicted,
        "its pod was evicted: {message}",
        "Make room on the node, or give the component the memory or disk in resources.requests that it uses.",
        patience=None,
    ),
    Rule(
        "No node takes a pod",
        _unscheduled,
        "no node takes its pod: {message}",
        "Lower resources.requests of the components, or give the cluster more: minikube_cpus, minikube_memory.",
        patience=WHILE / 2,
    ),
    Rule(
        "Missing Secret or ConfigMap",
        _lacks_object,
        "its pod does not start: there is no {kind} {object}",
        "Run site.yml again, which makes it from the vault; if something else deletes it, stop that.",
    ),
    Rule(
        "Missing key",
        _lacks_key,
        "its pod does not start: {kind} {object} has no key {key}",
        "Name the key in the component's secret_env or secret_files, and run site.yml again.",
    ),
    Rule(
        "Container that cannot be configured",
        _not_configured,
        "its container cannot be configured: {message}",
        "Correct the option that the reason names.",
    ),
    Rule(
        "Invalid image name",
        _image_rule(r"InvalidImageName|invalid reference format|couldn't parse image"),
        "{image} is no name of an image",
        "Write it as registry/name:tag, in lower-case letters, in the component's image.",
    ),
    Rule(
        "Image that is not in the node",
        _image_rule(r"ErrImageNeverPull|is not present with pull policy"),
        "the image {image} is not in the node, and may not be pulled",
        "Build it with the images role, or load it into the node's engine.",
    ),
    Rule(
        "Image for another processor",
        _image_rule(r"no matching manifest|no match for platform|does not match the specified platform"),
        "the registry has the image {image}, but not for the node's processor ({reason})",
        "Use a tag that is built for it, or build the image from source with the component's build.",
    ),
    Rule(
        "Full disk of the node",
        _image_rule(r"no space left on device"),
        "the node's disk is full, so the image {image} cannot be pulled ({reason})",
        "Remove images that nothing uses, or give it a larger disk.",
    ),
    Rule(
        "Pull limit of a registry",
        _image_rule(r"(?i)toomanyrequests|\b429\b|rate limit"),
        "the registry {registry} refuses to give the image {image} for now, because it was asked too often ({reason})",
        "Wait, or log in with the component's pull_credentials, or take the image from a mirror of your own.",
    ),
    Rule(
        "Certificate of a registry",
        _image_rule(r"x509|certificate|HTTP response to HTTPS client"),
        "the node does not trust the registry {registry}, so the image {image} cannot be pulled ({reason})",
        "Add the registry's authority to the node, or take the image from a registry that it trusts.",
    ),
    Rule(
        "Registry that does not answer",
        _image_rule(_NETWORK, pulls=PULLS),
        "the registry {registry} does not answer, so the image {image} cannot be pulled ({reason})",
        "See whether the node reaches it (network, proxy, DNS), or take the image from a registry that it reaches.",
        since="after two failed pulls",
    ),
    Rule(
        "Image that is private or does not exist",
        _image_rule(
            r"does not exist or (?:may require|no pull access)|may require (?:authorization|'docker login')|not found: does not exist"
        ),
        "the registry {registry} shows the image {image} to nobody without credentials: it is private, or there is none ({reason})",
        "Correct its name, or give the component pull_credentials for its registry.",
    ),
    Rule(
        "Private image",
        _image_rule(
            r"(?i)unauthorized|authentication required|no basic auth|\b40[13]\b|forbidden|denied|authorization failed|insufficient_scope|"
            r"incorrect username or password"
        ),
        "the image {image} is private: the registry {registry} refuses to give it ({reason})",
        "Give the component pull_credentials of an account that may pull it.",
    ),
    Rule(
        "Missing image",
        _image_rule(r"(?i)manifest unknown|not found|name unknown|(?:manifest|name)_unknown|\b404\b|repository name not known"),
        "there is no image {image}: the registry {registry} does not know it ({reason})",
        "Correct the name and the tag in the component's image.",
    ),
    Rule(
        "Image that cannot be pulled",
        _image_rule("", pulls=PULLS),
        "the image {image} is not in the cluster and cannot be pulled ({reason})",
        "Correct its name, or see whether the node reaches the registry.",
        since="after two failed pulls",
    ),
    Rule(
        "Pod without a sandbox",
        _sandbox,
        "the node cannot make its pod's sandbox: {message}",
        "The node's network or container runtime is broken: restart it (minikube stop, then site.yml).",
        since="after three tries",
    ),
    Rule(
        "Volume that cannot be mounted",
        _mount,
        "a volume of its pod cannot be mounted: {message}",
        "Correct what the reason names; a volume of one node can be used by one node only.",
        patience=None,
    ),
    Rule(
        "Program that cannot be started",
        _no_program,
        "its container cannot be started: {message}",
        "Correct the component's command, or the image's entry point: the program has to be there, to be executable, with Unix line ends.",
        patience=WHILE / 2,
    ),
    Rule(
        "Container that cannot be started",
        _not_started,
        "its container cannot be started: {message}",
        "Correct what the reason names.",
        since="after two restarts",
    ),
    Rule(
        "Too little memory",
        _out_of_memory,
        "its process used more memory than resources.limits.memory and was killed",
        "Raise the component's resources.limits.memory, or let the process use less.",
        since="when it ends again after two restarts",
    ),
    Rule(
        "Probe without the name that is expected",
        _refused_host,
        "its probe is refused: {message}",
        "An application that answers to certain names only (ALLOWED_HOSTS, TrustedHostMiddleware) says so: name one of them as Host in "
        "probes.{probe}.headers.",
        since="when it ends again after two restarts, where it does",
    ),
    Rule(
        "Probe that ends a process",
        _probe_restarts,
        "it is restarted again and again: {message}",
        "Correct the component's probes.{probe}; a slow start needs probes.startup with a higher failure_threshold.",
        since="when it ends again after two restarts",
    ),
    Rule(
        "Process that ends",
        _ends,
        "its process ends with exit code {code}{message}",
        "Correct what the log says; a component's process has to run on in the foreground.",
        since="when it ends again after two restarts, and not while it waits for another component that still starts",
        ended=True,
    ),
    Rule(
        "Process that listens elsewhere",
        _listens_elsewhere,
        "it runs, but is not ready: it says that it listens on {where}, and the cluster asks port {asked} of the pod",
        "Write its own port in app.yml (port: {port}), or let it listen on 0.0.0.0 and on {asked}: by its command, or by the variables "
        "that it reads (HOST, HOSTNAME, PORT, UVICORN_HOST, UVICORN_PORT) in env.",
        patience=None,
    ),
    Rule(
        "Port that nothing listens on",
        _nothing_listens,
        "it runs, but is not ready{message}",
        "Nothing takes connections there: let the process listen on 0.0.0.0, not on localhost, and on the component's port. A slow start "
        "needs probes.startup; a process that listens on no port needs probes.readiness with a command.",
        patience=None,
    ),
    Rule(
        "Not ready",
        _unready,
        "it runs, but is not ready{message}",
        "Correct what the readiness probe asks for, or the component's probes; a slow start needs probes.startup, or a larger "
        "release_timeout.",
        patience=None,
    ),
)
"""The first that holds for a container is its cause."""
