# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same application and chart, deployed by Skaffold into a namespace of its own of the same cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker

from bench.cluster import BASE_IMAGE, CONTEXT, KUBECONFIG, NAMESPACE, engine, kubectl, program

OWN = "skaffold"
"""Namespace."""
PORT = 32081
"""Node port of its page; inventories/molecule publishes it."""
BUILT = ("backend", "frontend")
"""Components that it builds; the rest runs the images that are there."""


class Skaffold:
    """Skaffold with an application's sources and the values that our run gave the chart."""

    url = f"http://127.0.0.1:{PORT}"

    def __init__(self, apps: Path, folder: Path) -> None:
        """Copy what the application needs beside its release, and write Skaffold's configuration.

        Args:
            apps: Folder with a folder for each component that is built.
            folder: Where its files are written.
        """
        self._file = folder / "skaffold.yaml"
        target = [f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", f"--namespace={NAMESPACE}"]
        command = [program("helm"), *target, "get", "values", "plannoir", "--output=json"]
        values = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        values["components"]["frontend"]["service"]["nodePort"] = PORT
        (folder / "values.json").write_text(json.dumps(values), encoding="utf-8")
        # A cluster whose images were kept has built nothing yet.
        Docker.at("").copy_images([BASE_IMAGE], Docker(engine()))
        self._file.write_text(json.dumps(_configuration(apps, folder / "values.json")), encoding="utf-8")
        kubectl("create", "namespace", OWN)
        kubectl("apply", "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": [*_needed(values)]}))

    @staticmethod
    def is_there() -> bool:
        """Tell whether it is on PATH with a Helm 3 in its folder: version 2.16 gives Helm 4 options that only Helm 3 has."""
        version = ["helm", "version", "--short"]
        done = subprocess.run(version, env=_environment(), capture_output=True, text=True, check=False)
        return shutil.which("skaffold") is not None and done.stdout.startswith("v3")

    def run(self) -> str:
        """Build and deploy what differs, wait until it runs, and return what Skaffold printed.

        Raises:
            SystemExit: It failed.
        """
        target = [f"--kubeconfig={KUBECONFIG}", f"--kube-context={CONTEXT}", f"--namespace={OWN}"]
        command = ["skaffold", "run", f"--filename={self._file}", "--detect-minikube=false", "--interactive=false", *target]
        environment = {**_environment(), **engine(), "SKAFFOLD_UPDATE_CHECK": "false"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        return done.stdout

    def remove(self) -> None:
        """Delete its namespace."""
        kubectl("delete", "namespace", OWN, "--ignore-not-found")


def _environment() -> dict[str, str]:
    """Return this process's variables, with the folder of Skaffold before ours, whose Helm is newer."""
    folder = Path(shutil.which("skaffold") or "").parent
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def _configuration(apps: Path, values: Path) -> dict[str, Any]:
    """Return what skaffold.yaml holds: images by the digest of their inputs, built side by side in the node, and one Helm release."""
    artifacts = [
        {"image": name, "context": str(apps / name), "docker": {"dockerfile": "Dockerfile", "buildArgs": {"BASE_IMAGE": BASE_IMAGE}}}
        for name in BUILT
    ]
    release = {
        "name": "plannoir",
        "chartPath": str(Path(__file__).parents[1] / "charts/plannoir"),
        "valuesFiles": [str(values)],
        "setValueTemplates": {f"components.{name}.image": f"{{{{.IMAGE_FULLY_QUALIFIED_{name}}}}}" for name in BUILT},
        "namespace": OWN,
        "skipBuildDependencies": True,
    }
    return {
        "apiVersion": "skaffold/v4beta13",
        "kind": "Config",
        "metadata": {"name": "plannoir"},
        "build": {
            "artifacts": artifacts,
            "tagPolicy": {"inputDigest": {}},
            "local": {"push": False, "useBuildkit": True, "useDockerCLI": True, "concurrency": 0},
        },
        "deploy": {"helm": {"releases": [release]}},
    }


def _needed(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Make what the application's release takes for granted: its Secrets, and the names of the services that another release deploys."""
    text = json.dumps(values)
    secrets = json.loads(kubectl("get", "secrets", f"--namespace={NAMESPACE}", "--field-selector=type=Opaque", "--output=json"))
    for item in secrets["items"]:
        name = item["metadata"]["name"]
        if name in text:
            yield {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": OWN}, "data": item["data"]}
    for name in ("database", "openrouter"):
        address = {"type": "ExternalName", "externalName": f"{name}.{NAMESPACE}.svc.cluster.local"}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": OWN}, "spec": address}
