# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in place of a component's released pods while playbooks/live.yml does: made from the released Deployment, as a function of it.

It stays in the application's namespace and within the Pod Security level ``restricted``, with the same environment, Secrets and policies.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from copy import deepcopy
from itertools import starmap
from typing import Any

from .._component.names import live_name
from .._core.cluster import Cluster
from .._core.labels import LIVE, MANAGED_BY, MANAGER, application_label

LOOSENED = "its image has a shell and tar, its source folders can be written to, it has no limits and no liveness probe"
"""What is not as hard as in the released pod."""

SEEDS = "/plannoir-live"
"""Where the container that fills the source folders from the image has them."""

START = {"periodSeconds": 1, "timeoutSeconds": 30, "failureThreshold": 300}
"""A development server compiles as it is asked first."""


def variant(released: Mapping[str, Any], live: Mapping[str, Any], image: str) -> dict[str, Any]:
    """Return the Deployment that runs beside a released one.

    Args:
        released: The live Deployment of the component.
        live: The component's option of that name.
        image: Reference of the stage's image.
    """
    meta, template = released["metadata"], deepcopy(released["spec"]["template"])
    labels = {**template["metadata"]["labels"], LIVE: "true"}
    name, pod = live_name(meta["name"]), template["spec"]
    own, others = pod["containers"][0], pod["containers"][1:]
    start = next((own[probe] for probe in ("readinessProbe", "startupProbe", "livenessProbe") if probe in own), None)
    container = {
        key: value
        for key, value in own.items()
        if key not in ("command", "args", "lifecycle", "livenessProbe", "readinessProbe", "startupProbe", "resources")
    }
    seeds = {f"live-source-{index}": folder["to"] for index, folder in enumerate(live["sync"])}
    folders = seeds | {f"live-writable-{index}": path for index, path in enumerate(live["writable_paths"])}
    requests = own.get("resources", {}).get("requests")
    container |= {
        "name": name,
        "image": image,
        "volumeMounts": [*own.get("volumeMounts", []), *_mounts(folders)],
        **({"resources": {"requests": requests}} if requests else {}),
        **({"startupProbe": {**start, **START}} if start else {}),
    }
    fill = {
        "name": "live-source",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sh", "-ec", "; ".join(starmap(_fill, enumerate(seeds.values())))],
        "securityContext": own.get("securityContext", {}),
        "volumeMounts": _mounts({seed: f"{SEEDS}/{index}" for index, seed in enumerate(seeds)}),
    }
    pod |= {
        "initContainers": [*pod.get("initContainers", []), fill],
        "containers": [container, *others],
        "volumes": [*pod.get("volumes", []), *({"name": folder, "emptyDir": {}} for folder in folders)],
        "terminationGracePeriodSeconds": 2,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": meta["namespace"], "labels": {**labels, MANAGED_BY: MANAGER}},
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 0,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {**_kept(template["metadata"]), "labels": labels}, "spec": pod},
        },
    }


def _kept(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"annotations": metadata["annotations"]} if metadata.get("annotations") else {}


def _fill(index: int, folder: str) -> str:
    return f"[ ! -d {shlex.quote(folder)} ] || cp -R {shlex.quote(folder)}/. {SEEDS}/{index}"


def _mounts(folders: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "mountPath": path.rstrip("/")} for name, path in folders.items()]


def take_over(cluster: Cluster, component: str) -> list[str]:
    """Return the command that has a component's Service lead to what runs in place of its pods."""
    return _select(cluster, component, '"true"')


def give_back(cluster: Cluster, component: str) -> list[str]:
    """Return the command that has a component's Service lead to its released pods."""
    return _select(cluster, component, "null")


def put_back(cluster: Cluster, components: Sequence[str], application: str) -> list[list[str]]:
    """Return the commands after which Services lead to released pods, and what took their place is gone; they may run again."""
    selector = f"--selector={application_label(application)},{LIVE}"
    delete = ["delete", "deployments", selector, "--ignore-not-found", "--wait=false"]
    return [*(give_back(cluster, component) for component in components), cluster.alone("kubectl", *delete)]


def _select(cluster: Cluster, component: str, value: str) -> list[str]:
    patch = f'{{"spec":{{"selector":{{"{LIVE}":{value}}}}}}}'
    return cluster.alone("kubectl", "--request-timeout=20s", "patch", "service", component, "--type=merge", f"--patch={patch}")
