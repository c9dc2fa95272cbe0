# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployments that fail: how long after it is certain the run names the cause, and that what ran before still answers.

Each fault is one more component, called ``broken``, with the image of the model's stand-in, which has Python.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import yaml
from story import ROOT, Kubectl, Person, start, wait_for

LONGEST = 60
"""Seconds from certainty to the cause on the screen, of the 180 that Helm would wait. What is printed tells whether it met the goal, 10:
a busy machine takes longer, so no story fails by that."""

Seen = Callable[[dict[str, Any]], bool]


class Fault(NamedTuple):
    """A component that fails, since when that is certain, and what has to be said."""

    options: dict[str, Any]
    certain: Seen
    """Of its pod or its Job."""
    said: str
    kind: str = "pods"
    timeout: int = 180


def state(item: dict[str, Any]) -> dict[str, Any]:
    statuses = item["status"].get("containerStatuses") or [{}]
    return dict(statuses[0])


def waits(*reasons: str) -> Seen:
    return lambda pod: (state(pod).get("state", {}).get("waiting") or {}).get("reason") in reasons


def loops(pod: dict[str, Any]) -> bool:
    return state(pod).get("restartCount", 0) >= 2 and "running" not in state(pod)["state"]


def condition(name: str, value: str) -> Seen:
    return lambda item: any(entry["type"] == name and entry["status"] == value for entry in item["status"].get("conditions") or [])


def python(text: str) -> list[str]:
    return ["python", "-c", text]


SLEEPS = python("import time; time.sleep(3600)")
EATS = python("x = b'x' * 10; exec('while True: x += x')")
SPREAD = {"topology_key": "plannoir.deploy/no-node-has-it", "when_unsatisfiable": "DoNotSchedule"}
MEMORY = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}}

FAULTS = {
    "program": Fault(
        {"command": ["nosuch"]}, waits("RunContainerError", "CreateContainerError", "CrashLoopBackOff"), "executable file not found"
    ),
    "exit": Fault({"command": python("raise ValueError('no port')")}, loops, "Its log says: ValueError: no port"),
    "read-only root": Fault({"command": python("import os; os.mkdir('/.cache')")}, loops, "set HOME to /tmp"),
    "out of memory": Fault({"command": EATS, "resources": MEMORY}, loops, "used more memory than resources.limits.memory"),
    "no node": Fault(
        {"command": SLEEPS, "topology_spread": [SPREAD], "replicas": 1}, condition("PodScheduled", "False"), "no node takes its pod"
    ),
    "migration": Fault(
        {"command": SLEEPS, "migration": {"command": python("raise KeyError('tasks')"), "timeout": 60}},
        condition("Failed", "True"),
        "KeyError: 'tasks'",
        "jobs",
    ),
    "migration out of memory": Fault(
        {"command": SLEEPS, "resources": MEMORY, "migration": {"command": EATS, "timeout": 60}},
        condition("Failed", "True"),
        "used more memory than resources.limits.memory",
        "jobs",
    ),
    "no registry": Fault({"image": "registry.invalid/shop/api:1"}, waits("ErrImagePull", "ImagePullBackOff"), "does not answer"),
    "private image": Fault({"image": "{registry}/private/api:1"}, waits("ErrImagePull", "ImagePullBackOff"), "is private"),
    "missing image": Fault({"image": "{registry}/missing/api:1"}, waits("ErrImagePull", "ImagePullBackOff"), "there is no image"),
    "not ready": Fault(
        {"command": python("import http.server as h; h.test(port=8000)"), "probes": {"readiness": {"path": "/none", "period": 2}}},
        lambda pod: False,
        "Readiness probe failed: HTTP probe failed with statuscode: 404",
        timeout=30,
    ),
}
QUICK = ["program"]
"""Those that the default set of stories tries, too."""

REGISTRY = """\
import http.server
class Registry(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        private = '/private/' in self.path
        code, status = ('UNAUTHORIZED', 401) if private else ('MANIFEST_UNKNOWN', 404)
        words = code.lower().replace('_', ' ')
        body = b'{}' if self.path == '/v2/' else ('{"errors":[{"code":"%s","message":"%s"}]}' % (code, words)).encode()
        self.send_response(200 if self.path == '/v2/' else status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Docker-Distribution-Api-Version', 'registry/2.0')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.command == 'GET' else b'')
    do_HEAD = do_GET
http.server.ThreadingHTTPServer(('', 5000), Registry).serve_forever()
"""


@pytest.fixture(scope="session")
def image(kubectl: Kubectl) -> str:
    """An image that is in the node and has Python."""
    return str(kubectl("get", "deployment", "openrouter", "--output=jsonpath={.spec.template.spec.containers[0].image}"))


@pytest.fixture
def registry(image: str, kubectl: Kubectl) -> Iterator[str]:
    """A registry with nothing but refusals; Minikube's engine asks addresses of Services without TLS."""
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {
        "name": "registry",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", REGISTRY],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    labels = {"story": "registry"}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "story-registry", "labels": labels}}
    pod |= {"spec": {"securityContext": security, "containers": [container], "terminationGracePeriodSeconds": 0}}
    kubectl("run", "story-registry", f"--image={image}", "--restart=Never", f"--overrides={json.dumps(pod)}")
    kubectl("expose", "pod", "story-registry", "--port=5000")
    kubectl("wait", "pod/story-registry", "--for=condition=Ready", "--timeout=60s")
    yield kubectl("get", "service", "story-registry", "--output=jsonpath={.spec.clusterIP}") + ":5000"
    kubectl("delete", "pod,service", "story-registry", "--wait=false")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.faults) for name in FAULTS])
def test_a_deployment_that_fails_ends_soon_after_that_is_certain(
    name: str, person: Person, image: str, kubectl: Kubectl, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = FAULTS[name]
    options = {"name": "broken", "image": image, "port": 8000, **fault.options}
    if "{registry}" in options["image"]:
        options["image"] = options["image"].format(registry=request.getfixturevalue("registry"))
    components = yaml.safe_load((ROOT / "group_vars/all/app.yml").read_text(encoding="utf-8"))["app_components"]
    changed = {"app_components": [*components, options], "release_timeout": fault.timeout}
    titles = person.titles()

    def broken() -> dict[str, dict[str, Any]]:
        items = json.loads(kubectl("get", fault.kind, "--output=json"))["items"]
        return {item["metadata"]["uid"]: item for item in items if item["metadata"]["name"].startswith("broken")}

    earlier = broken().keys()  # Helm keeps a failed hook until the next attempt
    run = start("site.yml", f"--extra-vars={json.dumps(changed)}")
    lines: list[tuple[float, str]] = []

    def read() -> None:
        lines.extend((time.monotonic(), line) for line in run.stdout or [])

    reader = threading.Thread(target=read)
    began = time.monotonic()
    reader.start()
    certain = None
    while run.poll() is None:
        if certain is None and any(fault.certain(item) for uid, item in broken().items() if uid not in earlier):
            certain = time.monotonic()
        time.sleep(0.5)
    end = time.monotonic()
    reader.join()
    printed = "".join(line for _, line in lines)
    assert run.returncode != 0, printed[-7000:]
    assert fault.said in printed, printed[-7000:]
    assert "it is at revision" in printed, printed[-7000:]
    told = next(moment for moment, line in lines if "could not be deployed" in line)
    with capsys.disabled():
        since = f"{told - certain:.0f} s to the cause, {end - certain:.0f} s to the end" if certain else "never certain"
        print(f"\n{name}: certain after {(certain or end) - began:.0f} s, {since}; {end - began:.0f} s in all")
    if certain:
        assert told - certain < LONGEST
    wait_for(lambda: person.titles() == titles, 30, "the application after the failure")
    assert not [item for item in kubectl("get", "deployments,jobs", "--output=name").split() if "broken" in item and "job" not in item]
