# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From secret values to the Secrets of a cluster."""

from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import (
    SecretStore,
    component_secrets,
    keyed_digest,
    secret_names,
)

KEY = "a key of the vault"
BACKEND = {
    "name": "backend",
    "secret_env": {"DATABASE_URL": "postgresql://x", "DEBUG": True},
    "secret_files": {"path": "/etc/tls", "files": {"ca.crt": "PEM"}},
    "migration": {"command": ["x"], "secret_env": {"DIRECT_URL": "postgresql://y"}},
    "setup": {"command": ["x"], "secret_env": {"ADMIN": "z"}},
}
FRONTEND: dict[str, Any] = {"name": "frontend", "secret_files": None, "migration": None}
SECRETS = {"backend": {"env": {"A": "1"}, "files": {"f": "2"}}, "frontend": {}}


@dataclass(frozen=True)
class FakeCluster(Cluster):
    """What kubectl does, for the few calls that are made: the edge that is faked."""

    namespace: str = "shop"
    secrets: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    made: bool = True

    @property
    def is_there(self) -> bool:
        return self.made

    def kubectl(self, *arguments: str, given: str = "") -> str:
        verb = arguments[0]
        self.calls.append(verb)
        if verb == "get":
            selector = dict(pair.split("=") for pair in arguments[2].removeprefix("--selector=").split(","))
            items = [item for item in self.secrets.values() if selector.items() <= item["metadata"].get("labels", {}).items()]
            return json.dumps({"items": items})
        for item in json.loads(given)["items"]:
            assert (item["metadata"]["name"] in self.secrets) == (verb == "replace")
            self.secrets[item["metadata"]["name"]] = item
        return ""


def bring(cluster: FakeCluster, secrets: dict[str, Any], application: str = "shop", key: str = KEY) -> bool:
    store = SecretStore(cluster, application, key)
    plan = store.plan(secrets)
    store.carry_out(plan)
    return plan.changed


def test_each_components_values_are_taken_out_by_kind() -> None:
    assert component_secrets([BACKEND, FRONTEND]) == {
        "backend": {
            "env": {"DATABASE_URL": "postgresql://x", "DEBUG": "true"},
            "files": {"ca.crt": "PEM"},
            "migration": {"DIRECT_URL": "postgresql://y"},
            "setup": {"ADMIN": "z"},
        },
        "frontend": {},
    }


def test_a_name_changes_with_the_values_of_its_own_secret_only() -> None:
    before = secret_names({"backend": {"env": {"A": "1"}, "migration": {"M": "1"}}, "frontend": {}}, KEY)
    after = secret_names({"backend": {"env": {"A": "1"}, "migration": {"M": "2"}}}, KEY)
    assert before["frontend"] == {}
    assert re.fullmatch(r"backend-env-[0-9a-f]{10}", before["backend"]["env"])
    assert after["backend"]["env"] == before["backend"]["env"]
    assert after["backend"]["migration"] != before["backend"]["migration"]


def test_nobody_without_the_key_can_try_a_guessed_value_on_a_name() -> None:
    one, other = (secret_names({"a": {"env": {"PIN": "482193"}}}, key) for key in ("one key", "another"))
    assert one != other
    assert len({secret_names({name: {"env": {"PIN": "482193"}}}, KEY)[name]["env"][-10:] for name in "abc"}) == 3


def test_without_a_key_nothing_is_published() -> None:
    for call in (
        lambda: keyed_digest("x", ""),
        lambda: secret_names(SECRETS, ""),
        lambda: SecretStore(FakeCluster(), "a", "").plan(SECRETS),
    ):
        with pytest.raises(ValueError, match=r"^secrets_key is empty"):
            call()


def test_an_application_without_secrets_needs_no_key_and_no_call() -> None:
    cluster = FakeCluster()
    assert not bring(cluster, {"frontend": {}}, key="")
    assert cluster.calls == []
    assert secret_names({"frontend": {}}, "") == {"frontend": {}}


def test_one_immutable_secret_for_each_kind_is_made() -> None:
    cluster = FakeCluster()

    assert bring(cluster, SECRETS)

    assert set(cluster.secrets) == set(secret_names(SECRETS, KEY)["backend"].values())
    made = cluster.secrets[secret_names(SECRETS, KEY)["backend"]["env"]]
    assert base64.b64decode(made["data"]["A"]) == b"1"
    assert made["immutable"]
    assert made["metadata"]["labels"]["app.kubernetes.io/component"] == "backend"


def test_a_second_run_changes_nothing_in_one_call() -> None:
    cluster = FakeCluster()
    bring(cluster, SECRETS)
    cluster.calls.clear()

    assert not bring(cluster, SECRETS)
    assert cluster.calls == ["get"]


def test_a_changed_value_is_a_new_secret_beside_the_old_one() -> None:
    cluster = FakeCluster()
    bring(cluster, SECRETS)
    before = dict(cluster.secrets)

    assert bring(cluster, {"backend": {"env": {"A": "3"}, "files": {"f": "2"}}})

    assert before.items() <= cluster.secrets.items()
    assert len(cluster.secrets) == len(before) + 1
    cluster.calls.clear()
    assert not bring(cluster, SECRETS)  # back again, as after a rollback


def test_a_secret_that_was_made_anew_by_hand_is_put_back() -> None:
    cluster = FakeCluster()
    bring(cluster, SECRETS)
    name = secret_names(SECRETS, KEY)["backend"]["env"]
    cluster.secrets[name] = {**cluster.secrets[name], "data": {"A": base64.b64encode(b"edited").decode()}}

    assert bring(cluster, SECRETS)
    assert base64.b64decode(cluster.secrets[name]["data"]["A"]) == b"1"


def test_secrets_of_others_and_of_other_applications_stay() -> None:
    cluster = FakeCluster()
    cluster.secrets["registry-login"] = {"kind": "Secret", "metadata": {"name": "registry-login"}}
    bring(cluster, {"other": {"env": {"A": "1"}}}, application="other")
    before = dict(cluster.secrets)
    bring(cluster, SECRETS)
    assert before.items() <= cluster.secrets.items()


def test_a_difference_shows_keyed_fingerprints_and_no_value() -> None:
    plan = SecretStore(FakeCluster(), "shop", KEY).plan({"backend": {"env": {"A": "hunter2"}}})
    assert plan.before == {}
    ((shown,),) = (kinds.values() for kinds in plan.after.values())
    assert shown == keyed_digest("hunter2", KEY)[:8]
    assert "hunter2" not in str(plan.after)
    assert base64.b64encode(b"hunter2").decode() not in str(plan.after)


def test_a_cluster_that_is_not_made_yet_has_no_secrets_and_is_not_asked() -> None:
    cluster = FakeCluster(made=False)
    plan = SecretStore(cluster, "shop", KEY).plan(SECRETS)
    assert sorted(item["metadata"]["name"] for item in plan.create) == sorted(secret_names(SECRETS, KEY)["backend"].values())
    assert cluster.calls == []


def test_any_texts_give_names_that_kubernetes_takes() -> None:
    """Whatever the digest: digits only, or what YAML reads as a number, such as 4858805542217e30."""
    texts = random.Random(1)
    for number in range(2000):
        (name,) = secret_names({"a": {"env": {"V": str(texts.random() * number)}}}, KEY)["a"].values()
        assert re.fullmatch("a-env-[0-9a-f]{10}", name)


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("ghcr.io/owner/name:1", "ghcr.io"),
        ("registry.example:5000/a/b@sha256:" + "0" * 64, "registry.example:5000"),
        ("owner/name", "https://index.docker.io/v1/"),
        ("index.docker.io/owner/name", "https://index.docker.io/v1/"),
        ("name:1", "https://index.docker.io/v1/"),
        ("localhost/name", "localhost"),
    ],
)
def test_the_login_to_a_registry_is_what_the_kubelet_reads(image: str, host: str) -> None:
    component = {"name": "web", "image": image, "pull_credentials": {"username": "joe", "password": "a:b/c=ü"}}
    secrets = component_secrets([component])
    assert set(secrets["web"]) == {"pull"}
    (definition,) = SecretStore(FakeCluster(), "shop", KEY).definitions(secrets)
    assert definition["type"] == "kubernetes.io/dockerconfigjson"
    assert definition["metadata"]["name"].startswith("web-pull-")
    ((found, entry),) = json.loads(base64.b64decode(definition["data"][".dockerconfigjson"]))["auths"].items()
    assert found == host
    assert base64.b64decode(entry["auth"]).decode() == "joe:a:b/c=ü"
    # The audit looks for each text in it, and an account's name is no secret.
    assert set(entry) == {"auth", "password"}


def test_the_login_for_what_is_built_goes_to_the_registry_that_it_names() -> None:
    login = {"username": "joe", "password": "one", "registry": "registry.example.org:5000"}
    secrets = component_secrets([{"name": "web", "build": {"context": "web"}, "pull_credentials": login}])
    assert list(json.loads(secrets["web"]["pull"][".dockerconfigjson"])["auths"]) == ["registry.example.org:5000"]
    # A new password is a Secret of another name, which brings new pods.
    rotated = component_secrets([{"name": "web", "build": {"context": "web"}, "pull_credentials": {**login, "password": "two"}}])
    assert secret_names(secrets, KEY) != secret_names(rotated, KEY)
