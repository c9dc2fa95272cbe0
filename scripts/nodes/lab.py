# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster of the session ``nodes``, its two inventories, and the programs that look at it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from scripts.apps_any import ROOT, Failed, playbook

SCRATCH = ROOT / ".cache/nodes"
MINIKUBE, CLUSTER = SCRATCH / "minikube", SCRATCH / "cluster"
"""The inventory that makes the nodes, and the one that deploys to any cluster, here to them."""
LOG = SCRATCH / "log"
PROFILE, PORT = "plannoir-nodes", 31151
KUBECONFIG = SCRATCH / "kubeconfig"
PATIENCE = 180
"""Seconds in which the application has to be as it was."""
SUPPLIED = ("registry.k8s.io/", "gcr.io/k8s-minikube/", "docker.io/plannoir/")
"""What the nodes have from archives, before they can pull."""
USER = "plannoir"
"""Whom the registry knows."""


def application(count: int) -> dict[str, Any]:
    """Return what both inventories say of the application."""
    return {
        "app_root": str(ROOT),
        "app_node_port": PORT,
        "app_replicas": 2 if count > 1 else 1,
        "app_secrets": ["session_secret", "registry_password"],
        "images_registry_credentials": {"username": USER, "password": "{{ vault_registry_password }}"},
        "secrets_vault_file": "{{ inventory_dir }}/group_vars/cluster/vault.yml",
        "verify_report": str(SCRATCH / "evidence"),
        # A vault of its own that names no outside service, whatever the person's own vault holds.
        "vault_database_url": "",
        "vault_database_direct_url": "",
        "vault_openrouter_base_url": "",
    }


def write_minikube(count: int) -> None:
    """Write what a person writes for such nodes."""
    nodes_ = {
        "minikube_profile": PROFILE,
        "minikube_kubeconfig": str(KUBECONFIG),
        "minikube_nodes": count,
        "minikube_container_runtime": "containerd",
        "minikube_memory": "2200m" if count > 1 else "4g",
        "minikube_registry": True,
        "minikube_metrics_server": count > 1,
    }
    folder = MINIKUBE / "group_vars/cluster"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nodes.yml").write_text(yaml.safe_dump({**application(count), **nodes_}), encoding="utf-8")
    shutil.copy(ROOT / "inventories/minikube/hosts.yml", MINIKUBE)


def write_cluster(count: int) -> None:
    """Copy ``inventories/cluster``, and write into it what a person writes for these nodes, which run; with the vault that is there."""
    shutil.rmtree(CLUSTER, ignore_errors=True)
    shutil.copytree(ROOT / "inventories/cluster", CLUSTER)
    file = CLUSTER / "group_vars/cluster/cluster.yml"
    mine = {
        "cluster_kubeconfig": str(KUBECONFIG),
        "cluster_context": PROFILE,
        "cluster_host": address(PROFILE),
        "images_registry": registry(),
        "images_registry_ca": str(authority()),
        "app_service_type": "NodePort",
    }
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**written, **application(count), **mine}), encoding="utf-8")
    shutil.copy(MINIKUBE / "group_vars/cluster/vault.yml", CLUSTER / "group_vars/cluster")


def run(name: str, inventory: Path, tags: str = "", **variables: Any) -> tuple[float, str]:
    """Run a playbook on the cluster; return its seconds and what it printed.

    Raises:
        Failed: It failed.
    """
    mine = yaml.safe_load((MINIKUBE / "group_vars/cluster/nodes.yml").read_text(encoding="utf-8"))
    cluster = {key: mine[key] for key in ("minikube_profile", "minikube_kubeconfig")}
    ports = [] if mine["minikube_nodes"] > 1 else [PORT]
    start = time.monotonic()
    printed = playbook(name, inventory, LOG, tags=tags, **cluster, minikube_ports=ports, **variables)
    return time.monotonic() - start, printed


def unchanged(printed: str) -> None:
    """Check what a run printed.

    Raises:
        Failed: It changed something.
    """
    if " changed=0 " not in printed:
        raise Failed("the second run changed something")


def kubectl(*arguments: str, given: str = "") -> str:
    """Return what kubectl prints.

    Raises:
        Failed: it failed.
    """
    command = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={PROFILE}", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"kubectl {' '.join(arguments)} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def nodes() -> list[str]:
    return kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}").split()


def address(container: str) -> str:
    return docker("container", "inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container).strip()


def registry() -> str:
    return f"{address(f'{PROFILE}-registry')}:5000"


def authority() -> Path:
    """Return the file with the authority of the registry's certificate."""
    return Path.home() / ".minikube/profiles" / PROFILE / "registry-ca.crt"


def node_of(component: str) -> str:
    """Return the node of a component's pod."""
    selector = f"--selector=app.kubernetes.io/name={component}"
    return kubectl("--namespace=plannoir", "get", "pods", selector, "--output=jsonpath={.items[0].spec.nodeName}")


def settled() -> None:
    """Wait until every Deployment and StatefulSet of the application has all its pods.

    Raises:
        Failed: One has not, after ``PATIENCE`` seconds.
    """
    for name in kubectl("--namespace=plannoir", "get", "deployments,statefulsets", "--output=name").split():
        kubectl("--namespace=plannoir", "rollout", "status", name, f"--timeout={PATIENCE}s")


def check_images() -> None:
    """Check that the nodes have the application's images by digests of the registry, and nothing else but the supply.

    Raises:
        Failed: They have another.
    """
    host = f"{registry()}/"
    for node in nodes():
        images = json.loads(docker("exec", node, "crictl", "images", "--output=json"))["images"]
        own = [image for image in images if not any(tag.startswith(SUPPLIED) for tag in image["repoTags"])]
        digests = [digest for image in own for digest in image["repoDigests"]]
        tags = [tag for image in own for tag in image["repoTags"]]
        if tags or not all(re.fullmatch(rf"{re.escape(host)}[a-z-]+@sha256:[0-9a-f]{{64}}", digest) for digest in digests):
            raise Failed(f"{node} has {', '.join([*tags, *digests])}, and not only digests of {host}")
        show(f"{node}: {len(own)} images of {host}, each by its digest; besides these only what the cluster itself runs")


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
