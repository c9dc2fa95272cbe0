# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets of an application's components: what they should be, what the cluster has, and the way from one to the other.

A Secret is named by its content, ``<component>-<kind>-<digest>``, and immutable: a new value is a new Secret beside the old one, which
stays as long as Helm keeps a revision that names it. So pods of every kept revision can be started again, whatever became of a later one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._component.checks import JOBS
from .._component.spec import Component
from .._component.values import PULL_KEY
from .._core.cluster import Cluster
from .._core.labels import COMPONENT, own_labels, own_selector
from .._core.references import DOCKER_HUB, registry
from .._core.texts import text
from .._preflight.credentials import Values

DIGEST_DIGITS = 10
"""Hexadecimal digits of a Secret's name, 40 bits: an application has some hundred Secrets at most."""

TYPES = {"pull": "kubernetes.io/dockerconfigjson"}
"""Kind of Secret -> its type for Kubernetes, if not Opaque."""

_DOCKER_HUB_LOGIN = "https://index.docker.io/v1/"


def component_secrets(components: Iterable[Component]) -> dict[str, dict[str, dict[str, str]]]:
    """Take the secret values out of components as ``app_components`` gives them; kinds without a value are left out."""
    secrets: dict[str, dict[str, dict[str, str]]] = {}
    for component in components:
        kinds = {
            "env": component.get("secret_env"),
            "files": (component.get("secret_files") or {}).get("files"),
            "pull": _login(component),
            **{job: (component.get(job) or {}).get("secret_env") for job in JOBS},
        }
        secrets[component["name"]] = {
            kind: {text(key): text(value) for key, value in values.items()} for kind, values in kinds.items() if values
        }
    return secrets


def _login(component: Component) -> dict[str, str]:
    """Return the login to an image's registry as the kubelet reads it, without the user's name by itself, which is no secret."""
    if not (given := component.get("pull_credentials")):
        return {}
    host, password = given.get("registry") or registry(str(component.get("image"))), text(given["password"])
    auth = base64.b64encode(f"{text(given['username'])}:{password}".encode()).decode()
    # As docker login writes it; the kubelet knows Docker Hub by its old address.
    entry = {_DOCKER_HUB_LOGIN if host == DOCKER_HUB else host: {"auth": auth, "password": password}}
    return {PULL_KEY: json.dumps({"auths": entry})}


def keyed_digest(value: str, key: str) -> str:
    """Return 64 hexadecimal digits of HMAC-SHA-256: without the key nobody can tell from it whether a guessed value is right.

    Raises:
        ValueError: The key is empty.
    """
    if not key:
        raise ValueError(
            "secrets_key is empty, so that what is published about a value would give it away: name a random one of the vault."
        )
    return hmac.digest(key.encode(), value.encode(), hashlib.sha256).hex()


def secret_names(secrets: Values, key: str) -> dict[str, dict[str, str]]:
    """Return component -> kind of Secret -> name of the Secret with these values; see ``keyed_digest`` for the key.

    It is called where no value is hidden from outputs (Ansible's no_log): a short value would be cut out of the names.
    """
    return {
        component: {kind: f"{component}-{kind}-{_digest(component, kind, values, key)}" for kind, values in kinds.items()}
        for component, kinds in secrets.items()
    }


def _digest(component: str, kind: str, values: Mapping[str, str], key: str) -> str:
    return keyed_digest(json.dumps([component, kind, values], sort_keys=True), key)[:DIGEST_DIGITS]


@dataclass(frozen=True)
class SecretChanges:
    """What has to be done; each Secret as a Kubernetes object."""

    create: list[dict[str, Any]] = field(default_factory=list)
    replace: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, dict[str, str]] = field(default_factory=dict)
    after: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        return bool(self.create or self.replace)


class SecretStore:
    """The Secrets of one application in one namespace."""

    def __init__(self, cluster: Cluster, application: str, key: str) -> None:
        self._cluster = cluster
        self._application = application
        self._key = key

    def plan(self, secrets: Values) -> SecretChanges:
        """Compare ``secrets`` with the cluster, in one call; one that is not made yet has none.

        Raises:
            Failure: The cluster refuses.
            ValueError: As ``keyed_digest`` does.
        """
        wanted = {item["metadata"]["name"]: item for item in self.definitions(secrets)}
        if not wanted:
            return SecretChanges()
        found = self._cluster.objects("secrets", own_selector(self._application)) if self._cluster.is_there else []
        there = {item["metadata"]["name"]: item for item in found}
        return SecretChanges(
            create=[item for name, item in wanted.items() if name not in there],
            replace=[item for name, item in wanted.items() if name in there and there[name].get("data", {}) != item["data"]],
            before=self._fingerprints(there),
            after=self._fingerprints({**there, **wanted}),
        )

    def carry_out(self, plan: SecretChanges) -> None:
        """Do what ``plan`` says; a Secret of the same name that is not ours stops it."""
        # An immutable Secret that was made anew by hand cannot be written over: --force deletes it first.
        for verb, items in ((["create"], plan.create), (["replace", "--force"], plan.replace)):
            if items:
                self._cluster.kubectl(*verb, "--filename=-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def definitions(self, secrets: Values) -> Iterator[dict[str, Any]]:
        """Yield the Secrets that hold these values, as Kubernetes objects."""
        for component, kinds in secret_names(secrets, self._key).items():
            for kind, name in kinds.items():
                yield {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "type": TYPES.get(kind, "Opaque"),
                    "immutable": True,
                    "metadata": {
                        "name": name,
                        "namespace": self._cluster.namespace,
                        "labels": {**own_labels(self._application), COMPONENT: component},
                    },
                    "data": {key: base64.b64encode(value.encode()).decode() for key, value in sorted(secrets[component][kind].items())},
                }

    def _fingerprints(self, secrets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
        return {
            name: {
                key: keyed_digest(base64.b64decode(value).decode("utf-8", "surrogateescape"), self._key)[:8]
                for key, value in secrets[name].get("data", {}).items()
            }
            for name in sorted(secrets)
        }
