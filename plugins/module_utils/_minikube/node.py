# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there of a Minikube profile: its files, its nodes (containers) and the API server inside.

Read straight from the profile's config.json, one `docker inspect` and the API server, because each call of minikube takes
0.3 s and a run that changes nothing must not feel it.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from .._core.errors import Failure
from .._core.labels import MANAGER
from .._core.machine import Machine
from .files import Files

API_PORT = 8443
ENGINE_PORT = 2376
# The DaemonSet that enforces NetworkPolicies, and how an earlier version's, which had a common name, is known as ours.
NETWORK_POLICY_AGENT = "plannoir-kube-router"
METRICS_SERVER = "plannoir-metrics-server"
FORMER_AGENT_LABELS = {"app": "kube-network-policies"}
_API_TIMEOUT = 5.0


class Get(Protocol):
    """GET of a path: (HTTP status, body); status 0 when nothing answers, with the cause as the body."""

    def __call__(self, path: str, applied: Mapping[str, Any] | None = None, *, dry_run: bool = True) -> tuple[int, str]:
        """Ask; with ``applied``, for the object at the path as it were if that definition were applied, which it is unless ``dry_run``."""


@dataclass(frozen=True)
class Node:
    """The container that is the node. `ports` maps a port inside to the (address, port) pairs that it is published on."""

    running: bool = False
    started_at: str = ""
    ip: str = ""
    image: str = ""
    ports: dict[int, list[tuple[str, int]]] = field(default_factory=dict)

    def published(self, port: int) -> int:
        """Return the port of the host that leads to `port` of the node, or 0."""
        bindings = self.ports.get(port, [])
        return bindings[0][1] if bindings else 0


def names(profile: str, count: int) -> list[str]:
    """Return what minikube calls a profile's nodes and their containers, the one with the API server first."""
    return [profile, *(f"{profile}-m{number:02}" for number in range(2, count + 1))]


def inspect(machine: Machine, *containers: str) -> list[Node | None]:
    """Look at containers; None for each that is not there.

    Raises Failure when the engine does not answer.
    """
    shown = machine.run(["docker", "container", "inspect", *containers])
    if shown.code and "no such container" not in shown.err.lower():
        raise Failure(f"The Docker Engine does not answer ({shown.last_line}); run the role engine, or start it.")
    found = {item["Name"].removeprefix("/"): _node(item) for item in json.loads(shown.out or "[]")}
    return [found.get(name) for name in containers]


def _node(item: Mapping[str, Any]) -> Node:
    networks = item["NetworkSettings"]["Networks"]
    bindings = item["NetworkSettings"]["Ports"] or {}
    return Node(
        running=item["State"]["Running"],
        started_at=item["State"]["StartedAt"],
        ip=next((network["IPAddress"] for network in networks.values() if network["IPAddress"]), ""),
        image=item["Config"]["Image"],
        ports={
            int(inside.split("/")[0]): [(b["HostIp"], int(b["HostPort"])) for b in outside or []] for inside, outside in bindings.items()
        },
    )


def api(files: Files, port: int) -> Get:
    """Return a GET of the API server on 127.0.0.1 with the profile's own certificates, over one kept connection."""
    connection: http.client.HTTPSConnection | None = None

    def get(path: str, applied: Mapping[str, Any] | None = None, *, dry_run: bool = True) -> tuple[int, str]:
        nonlocal connection
        try:
            if connection is None:
                context = ssl.create_default_context(cafile=str(files.home / "ca.crt"))
                # Minikube's certificates lack the key identifiers that Python 3.13 began to insist on.
                context.verify_flags &= ~ssl.VERIFY_X509_STRICT
                context.load_cert_chain(files.folder / "client.crt", files.folder / "client.key")
                connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=_API_TIMEOUT, context=context)
            if applied is None:
                connection.request("GET", path)
            else:
                query = urlencode({"force": "true", "fieldManager": MANAGER, **({"dryRun": "All"} if dry_run else {})})
                connection.request("PATCH", f"{path}?{query}", json.dumps(applied), {"Content-Type": "application/apply-patch+yaml"})
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException, ValueError) as error:
            if connection is not None:
                connection.close()
            connection = None
            return 0, str(error) or type(error).__name__

    return get


def api_complaint(get: Get) -> str:
    """Return why the API server is not ready, or nothing."""
    status, body = get("/readyz")
    return "" if status == 200 else f"the API server is not ready ({_first_line(body) or status})"


def cluster_complaint(get: Get, node_names: Sequence[str], started_at: str) -> str:
    """Return why the cluster cannot take pods yet, or nothing.

    What the API server remembers from before the node's start (`started_at`, RFC 3339) does not count: kube-proxy and
    CoreDNS must have been started since. CoreDNS gets ready through a Service address only, so kube-proxy's rules stand then.
    """
    complaint = api_complaint(get)
    if complaint:
        return complaint
    for name in node_names:
        status, body = get(f"/api/v1/nodes/{name}")
        conditions = json.loads(body)["status"]["conditions"] if status == 200 else []
        if not _is_true(conditions, "Ready"):
            return f"the node {name} is not Ready"
    for app in ("kube-proxy", "kube-dns"):
        status, body = get(f"/api/v1/namespaces/kube-system/pods?labelSelector={quote(f'k8s-app={app}')}")
        pods = json.loads(body)["items"] if status == 200 else []
        if not any(_ready_since(pod["status"], started_at) for pod in pods):
            return f"no pod of {app} in kube-system is ready since the node started"
    return ""


def network_policy_agents(get: Get) -> list[str]:
    """Name the DaemonSets with which the role minikube enforces NetworkPolicies, or did in an earlier version."""
    status, body = get("/apis/apps/v1/namespaces/kube-system/daemonsets")
    found = [item["metadata"] for item in json.loads(body)["items"]] if status == 200 else []
    return [meta["name"] for meta in found if meta["name"] == NETWORK_POLICY_AGENT or meta.get("labels") == FORMER_AGENT_LABELS]


def agent_differs(get: Get, definitions: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether an object of the agent is missing, is not what its definition says, or is a DaemonSet that is not ready on each node."""
    return any(_differs(get, definition) for definition in definitions)


def metrics_server_differs(get: Get, definitions: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether our metrics server has to be applied (``definitions`` are its) or removed (there are none).

    One of somebody else, which the API's registration leads to, is left alone and is enough.
    """
    status, body = get("/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io")
    leads_to = (json.loads(body)["spec"].get("service") or {}).get("name", "") if status == 200 else ""
    if not definitions:
        return leads_to == METRICS_SERVER
    return leads_to in ("", METRICS_SERVER) and any(_differs(get, definition) for definition in definitions)


def _differs(get: Get, definition: Mapping[str, Any]) -> bool:
    path = _path(definition)
    have, (status, body) = get(path), get(path, definition)
    if have[0] != 200 or status != 200:
        return True
    live = json.loads(have[1])
    numbers = live.get("status") or {}
    return _content(live) != _content(json.loads(body)) or numbers.get("numberReady") != numbers.get("desiredNumberScheduled")


def apply(get: Get, definitions: Iterable[Mapping[str, Any]]) -> None:
    """Have each object be as its definition says.

    Raises Failure where the API server refuses one.
    """
    for definition in definitions:
        _apply(get, _path(definition), definition)


def scale_dns(get: Get, replicas: int) -> None:
    """Have CoreDNS run in so many pods; minikube scales it to one at each start."""
    meta = {"name": "coredns", "namespace": "kube-system"}
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": meta, "spec": {"replicas": replicas}}
    _apply(get, "/apis/apps/v1/namespaces/kube-system/deployments/coredns/scale", scale)


def _apply(get: Get, path: str, definition: Mapping[str, Any]) -> None:
    status, body = get(path, definition, dry_run=False)
    if status not in (200, 201):
        raise Failure(f"The API server did not take {definition['kind']} {definition['metadata']['name']} ({status}: {body[:300]}).")


def _path(definition: Mapping[str, Any]) -> str:
    version, meta = definition["apiVersion"], definition["metadata"]
    folder = f"namespaces/{meta['namespace']}/" if "namespace" in meta else ""
    kind = definition["kind"].lower()
    return f"/{'apis' if '/' in version else 'api'}/{version}/{folder}{kind}{'es' if kind.endswith('s') else 's'}/{meta['name']}"


def _content(item: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what the API server keeps about it."""
    kept = {key: value for key, value in item["metadata"].items() if key not in ("managedFields", "generation", "resourceVersion")}
    return {**item, "metadata": kept, "status": None}


def _is_true(conditions: list[dict[str, Any]], kind: str) -> bool:
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)


def _ready_since(pod: dict[str, Any], started_at: str) -> bool:
    since = datetime.fromisoformat(started_at).replace(microsecond=0)
    starts = [c.get("state", {}).get("running", {}).get("startedAt", "") for c in pod.get("containerStatuses") or []]
    fresh = bool(starts) and all(start and datetime.fromisoformat(start) >= since for start in starts)
    return fresh and _is_true(pod.get("conditions") or [], "Ready")


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:200] if lines else ""
