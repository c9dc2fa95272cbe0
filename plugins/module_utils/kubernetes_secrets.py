# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of an application's components: what they should be, what the cluster has, and the way from one to the other."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ansible_collections.plannoir.deploy.plugins.module_utils.component_checks import JOBS
from ansible_collections.plannoir.deploy.plugins.module_utils.components import Component, text

Values: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Component -> kind of Secret (``env``, ``files``, ``migration``, ``setup``) -> key -> value."""

Kubectl: TypeAlias = Callable[[Sequence[str], str], str]
"""Runs kubectl with arguments and standard input, returns its standard output, raises ``ClusterError``."""

MANAGER = "plannoir.deploy"
_LABEL = "app.kubernetes.io"
_POD_SECURITY = "pod-security.kubernetes.io"


class ClusterError(Exception):
    """The cluster refused or did not answer; the message says which one, why and what to do, and holds no secret value."""


def component_secrets(components: Iterable[Component]) -> dict[str, dict[str, dict[str, str]]]:
    """Take the secret values out of components as ``app_components`` gives them; kinds without a value are left out."""
    secrets: dict[str, dict[str, dict[str, str]]] = {}
    for component in components:
        kinds = {
            "env": component.get("secret_env"),
            "files": (component.get("secret_files") or {}).get("files"),
            **{job: (component.get(job) or {}).get("secret_env") for job in JOBS},
        }
        secrets[component["name"]] = {
            kind: {key: "" if value is None else text(value) for key, value in values.items()} for kind, values in kinds.items() if values
        }
    return secrets


def empty_values(secrets: Values) -> Iterator[str]:
    """Name every value that is empty, by component and key."""
    options = {"env": "secret_env", "files": "secret_files.files", **{job: f"{job}.secret_env" for job in JOBS}}
    for component, kinds in secrets.items():
        for kind, values in kinds.items():
            for key, value in values.items():
                if not value.strip():
                    yield f"Component {component}: {options[kind]}.{key} is empty: set it in the vault (ansible-vault edit)."


def checksums(secrets: Values) -> dict[str, str]:
    """Return 16 hex digits of SHA-256 for what each component's pods read; empty where they read no Secret.

    The values of its Jobs do not take part: a change of them replaces no pod. Those of a setup have a checksum of their own,
    ``<component>/setup``, because a change of them has to run it again.
    """
    read: dict[str, Mapping[str, object]] = {
        component: {kind: values for kind, values in kinds.items() if kind not in JOBS} for component, kinds in secrets.items()
    }
    read |= {f"{component}/setup": kinds["setup"] for component, kinds in secrets.items() if "setup" in kinds}
    return {reader: _digest(json.dumps(values, sort_keys=True), 16) if values else "" for reader, values in read.items()}


@dataclass(frozen=True)
class Plan:
    """What has to be done; each Secret as a Kubernetes object."""

    namespace: dict[str, Any] | None = None
    create: list[dict[str, Any]] = field(default_factory=list)
    replace: list[dict[str, Any]] = field(default_factory=list)
    delete: list[str] = field(default_factory=list)
    before: dict[str, dict[str, str]] = field(default_factory=dict)
    after: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.namespace or self.create or self.replace or self.delete)


class SecretStore:
    """The Secrets of one application in one namespace."""

    def __init__(self, kubectl: Kubectl, namespace: str, application: str, pod_security: str) -> None:
        self._kubectl = kubectl
        self._namespace = namespace
        self._labels = {f"{_LABEL}/part-of": application, f"{_LABEL}/managed-by": MANAGER}
        self._pod_security = pod_security

    def plan(self, secrets: Values) -> Plan:
        """Compare ``secrets`` with the cluster, in one call where the namespace is there."""
        selector = ",".join(f"{key}={value}" for key, value in self._labels.items())
        found = json.loads(
            self._kubectl(["get", "namespaces,secrets", f"--namespace={self._namespace}", f"--selector={selector}", "--output=json"], "")
        )
        there = {item["metadata"]["name"]: item for item in found["items"] if item["kind"] == "Secret"}
        namespaces = [item for item in found["items"] if item["kind"] == "Namespace" and item["metadata"]["name"] == self._namespace]
        wanted = {item["metadata"]["name"]: item for item in self._definitions(secrets)}
        return Plan(
            namespace=self._namespace_change(namespaces[0]["metadata"]["labels"] if namespaces else {}),
            create=[item for name, item in wanted.items() if name not in there],
            replace=[item for name, item in wanted.items() if name in there and there[name].get("data", {}) != item["data"]],
            delete=sorted(there.keys() - wanted.keys()),
            before=_fingerprints(there),
            after=_fingerprints(wanted),
        )

    def carry_out(self, plan: Plan) -> None:
        """Do what ``plan`` says; a Secret of the same name that is not ours stops it."""
        if plan.namespace:
            self._kubectl(
                ["apply", "--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "--filename=-"], json.dumps(plan.namespace)
            )
        for verb, items in (("create", plan.create), ("replace", plan.replace)):
            if items:
                self._kubectl([verb, "--filename=-"], json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
        if plan.delete:
            self._kubectl(["delete", "secret", f"--namespace={self._namespace}", "--ignore-not-found", *plan.delete], "")

    def _definitions(self, secrets: Values) -> Iterator[dict[str, Any]]:
        for component, kinds in secrets.items():
            for kind, values in kinds.items():
                yield {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "type": "Opaque",
                    "metadata": {
                        "name": f"{component}-{kind}",
                        "namespace": self._namespace,
                        "labels": {**self._labels, f"{_LABEL}/component": component},
                    },
                    "data": {key: base64.b64encode(value.encode()).decode() for key, value in sorted(values.items())},
                }

    def _namespace_change(self, labels: Mapping[str, str]) -> dict[str, Any] | None:
        """Return the namespace's definition, unless it is there with these labels; the version it is pinned to stays."""
        modes = ("enforce", "warn", "audit")
        version = labels.get(f"{_POD_SECURITY}/enforce-version") or self._server_version()
        wanted = {
            **self._labels,
            **{f"{_POD_SECURITY}/{mode}": self._pod_security for mode in modes},
            **{f"{_POD_SECURITY}/{mode}-version": version for mode in modes},
        }
        if wanted.items() <= labels.items():
            return None
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._namespace, "labels": wanted}}

    def _server_version(self) -> str:
        version = json.loads(self._kubectl(["get", "--raw=/version"], ""))
        return f"v{version['major']}.{re.sub(r'[^0-9].*', '', version['minor'])}"


def make_kubectl(program: str, kubeconfig: str, context: str) -> Kubectl:
    """Make a caller of kubectl that always names kubeconfig and context and gives up after 20 s."""

    def call(arguments: Sequence[str], stdin: str) -> str:
        command = [program, f"--kubeconfig={kubeconfig}", f"--context={context}", "--request-timeout=20s", *arguments]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
        except FileNotFoundError as error:
            raise ClusterError(f"{program} is missing: run the toolchain role, or name kubectl's folder in toolchain_bin.") from error
        except subprocess.TimeoutExpired as error:
            raise ClusterError(
                f"The cluster of context {context} ({kubeconfig}) did not answer within 60 s: check that it runs."
            ) from error
        if done.returncode:
            raise ClusterError(_sentence(done.stderr, f"context {context} ({kubeconfig})"))
        return done.stdout

    return call


def _sentence(stderr: str, cluster: str) -> str:
    reason = (stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error from server ").strip()
    if match := re.search(r'\(AlreadyExists\).*secrets "([^"]+)" already exists', stderr):
        return f"The Secret {match[1]} is in the cluster already and was not made by this collection: remove it or rename the component."
    if "refused" in stderr or "Unable to connect" in stderr or "no route" in stderr:
        return f"The cluster of {cluster} does not answer: start it (site.yml does) and run this again. kubectl says: {reason}"
    return f"The cluster of {cluster} refused: {reason}"


def _fingerprints(secrets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    return {name: {key: _digest(value, 8) for key, value in item.get("data", {}).items()} for name, item in sorted(secrets.items())}


def _digest(value: str, length: int) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:length]
