# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster's nodes can pull what is pushed: only a pull tells, so a pod of an image that holds nothing is made on them.

Its container cannot start, which the kubelet finds out after the pull.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._component.values import PULL_KEY
from .._core.cluster import Cluster
from .._core.errors import Failure
from .._core.hardened import container, placement, pod_spec
from .._core.labels import application_label, own_labels, own_selector
from .._release.attempt import INSTANCE_LABEL, NAME_LABEL, Object, Observed, instant, labels
from .._release.pods import pod_causes
from .._release.rules import Cause
from .._secrets.store import TYPES

LABEL = "plannoir.deploy/pull"
"""On the pods, and on the Secret with which they pull."""

NODES = 10
"""So many are asked at most."""

SECONDS = 90
"""For all of them; a pull that fails over the network is tried twice, 10 to 15 s apart."""

PERIOD = 1.0
"""Seconds between two looks."""

REMEDIES = {
    "Certificate of a registry": (
        "Have the nodes trust the authority of its certificate, in the place where their runtime looks for it (docs/cluster.md)."
    ),
    "Image for another processor": "Run this on a machine with the nodes' processor, or name its engine in cluster_engine.",
    "Private image": "Let the account of images_registry_credentials pull, too.",
    "Image that is private or does not exist": "Let the account of images_registry_credentials pull, too.",
}
"""By rule, where another remedy than for a component's own image helps."""


def needless(cluster: Cluster, application: str, registry: str) -> bool:
    """Tell whether pods of the application run from the registry: its nodes have pulled from there. Raises Failure."""
    running = cluster.objects("deployments", f"--selector={application_label(application)}")
    return any(
        entry["image"].startswith(f"{registry}/")
        for item in running
        if (item.get("status") or {}).get("availableReplicas")
        for entry in item["spec"]["template"]["spec"]["containers"]
    )


def pull_problems(
    cluster: Cluster,
    application: str,
    image: str,
    login: Mapping[str, str],
    selector: Mapping[str, str],
    tolerations: Sequence[Mapping[str, Any]],
    clock: Callable[[], float] = time.monotonic,
) -> tuple[list[str], list[str]]:
    """Have the nodes pull an image, remove what was made for it, and return why they cannot, and what could not be told.

    Args:
        cluster: The namespace that is deployed into.
        application: Whose pods they are.
        image: What is pulled.
        login: The data of a Secret with the registry's login; empty where nobody has to log in.
        selector: Labels that the nodes have.
        tolerations: As ``cluster_tolerations`` gives them.

    Raises:
        Failure: What was made cannot be removed.
    """
    placed = placement(selector, tolerations, [f"{application}-pull"] if login else [])
    nodes = [node["metadata"]["name"] for node in cluster.look("nodes")[0] if fits(node, placed)][:NODES]
    try:
        cluster.apply({"apiVersion": "v1", "kind": "List", "items": list(objects(application, image, login, placed, nodes))})
        return _answers(cluster, application, clock)
    except Failure as failure:
        return [], [f"Whether the nodes can pull from the registry was not checked: {failure}"]
    finally:
        ours = f"{own_selector(application)},{LABEL}"
        kinds = "pods,secrets" if login else "pods"
        cluster.kubectl("delete", kinds, ours, "--ignore-not-found", "--grace-period=0", "--force", "--timeout=20s")


def objects(
    application: str, image: str, login: Mapping[str, str], placed: Mapping[str, Any], nodes: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Return the pods, one for each node, or one where the nodes are not known, and the Secret with which they pull."""
    name = f"{application}-pull"
    marks = {**own_labels(application), LABEL: "true", INSTANCE_LABEL: name, NAME_LABEL: name}
    if login:
        metadata = {"name": name, "labels": marks}
        yield {"apiVersion": "v1", "kind": "Secret", "type": TYPES["pull"], "metadata": metadata, "stringData": {PULL_KEY: login[PULL_KEY]}}
    resources = {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}}
    for index, node in enumerate(nodes or [""]):
        only = container("pull", image, 10001, imagePullPolicy="Always", command=["/nothing"], resources=resources)
        spec = pod_spec(SECONDS, containers=[only], **placed, **({"nodeName": node} if node else {}))
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{name}-{index}", "labels": marks}, "spec": spec}


def fits(node: Object, placed: Mapping[str, Any]) -> bool:
    """Tell whether a pod that is placed so may run on a node."""
    spec, listed = node.get("spec") or {}, placed.get("tolerations") or []
    ready = any(entry["type"] == "Ready" and entry["status"] == "True" for entry in (node.get("status") or {}).get("conditions") or [])
    kept = [taint for taint in spec.get("taints") or [] if taint["effect"] != "PreferNoSchedule"]
    chosen = (placed.get("nodeSelector") or {}).items() <= labels(node).items()
    return ready and not spec.get("unschedulable") and chosen and all(any(_tolerates(entry, taint) for entry in listed) for taint in kept)


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    any_value = toleration.get("operator") == "Exists"
    return (
        toleration.get("key") in (None, "", taint["key"])
        and toleration.get("effect") in (None, "", taint["effect"])
        and (any_value or (toleration.get("key") == taint["key"] and toleration.get("value", "") == taint.get("value", "")))
    )


def _answers(cluster: Cluster, application: str, clock: Callable[[], float]) -> tuple[list[str], list[str]]:
    end, seen = clock() + SECONDS, dict[str, float]()
    while True:
        found = cluster.objects("pods,events")
        pods = [item for item in found if item["kind"] == "Pod" and LABEL in labels(item)]
        began = min((instant(pod["metadata"].get("creationTimestamp")) for pod in pods), default=instant(None))
        observed = Observed(found, {f"{application}-pull": began})
        waiting = [pod for pod in pods if not is_pulled(pod)]
        why = {pod["metadata"]["name"]: (pod, cause) for pod in waiting if (cause := _cause(observed, pod))}
        seen = {name: seen.get(name, clock()) for name, (_pod, cause) in why.items() if cause.patience is not None}
        sure = [name for name, since in seen.items() if clock() - since >= (why[name][1].patience or 0)]
        if len(sure) == len(waiting) or (sure and clock() >= end):
            return list(refusals(why[name] for name in sure)), []
        if clock() >= end:
            names = ", ".join(pod["metadata"]["name"] for pod in waiting)
            return [], [f"Whether the nodes can pull from the registry was not checked: {names} did not get so far within {SECONDS} s."]
        time.sleep(PERIOD)


def is_pulled(pod: Object) -> bool:
    """Tell whether a pod's image arrived, whatever became of its container then."""
    status: Object = next(iter((pod.get("status") or {}).get("containerStatuses") or []), {})
    state = status.get("state") or {}
    reason = str((state.get("waiting") or {}).get("reason", ""))
    after = ("CreateContainer", "RunContainer", "CrashLoop", "PreStart", "PostStart")
    return bool(status.get("imageID") or "running" in state or "terminated" in state or reason.startswith(after))


def refusals(found: Iterable[tuple[Object, Cause]]) -> Iterator[str]:
    """Return a sentence for each reason, with the nodes that have it."""
    nodes: dict[str, list[str]] = {}
    for pod, cause in found:
        text = f"{cause.why}. {REMEDIES.get(cause.rule.name) or cause.remedy('')}"
        nodes.setdefault(text, []).append(str(pod["spec"].get("nodeName", "")))
    for text, names in nodes.items():
        yield f"Node{'s' if len(names) > 1 else ''} {' and '.join(names)}: {text}"


def _cause(observed: Observed, pod: Object) -> Cause | None:
    """Return why a pod's image does not arrive; nothing where another thing keeps the pod."""
    return next((cause for cause in pod_causes(observed, pod) if "registry" in cause.found.facts), None)
