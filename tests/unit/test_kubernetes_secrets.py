"""From secret values to the Secrets of a cluster."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils.kubernetes_secrets import (
    ClusterError,
    SecretStore,
    checksums,
    component_secrets,
    make_kubectl,
)

BACKEND = {
    "name": "backend",
    "secret_env": {"DATABASE_URL": "postgresql://x", "DEBUG": True},
    "secret_files": {"path": "/etc/tls", "files": {"ca.crt": "PEM"}},
    "migration": {"command": ["x"], "secret_env": {"DIRECT_URL": "postgresql://y"}},
    "setup": {"command": ["x"], "secret_env": {"ADMIN": "z"}},
}
FRONTEND: dict[str, Any] = {"name": "frontend", "secret_files": None, "migration": None}
SECRETS = {"backend": {"env": {"A": "1"}, "files": {"f": "2"}}, "frontend": {}}


class Cluster:
    """What kubectl does, for the few calls that are made: the edge that is faked."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] | None = None
        self.secrets: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []

    def __call__(self, arguments: Sequence[str], stdin: str) -> str:
        verb = arguments[0]
        self.calls.append(verb)
        if arguments[1] == "--raw=/version":
            return json.dumps({"major": "1", "minor": "34+"})
        if verb == "get":
            selector = dict(pair.split("=") for pair in arguments[3].removeprefix("--selector=").split(","))
            items = [*([self.namespace] if self.namespace else []), *self.secrets.values()]
            return json.dumps({"items": [item for item in items if selector.items() <= item["metadata"].get("labels", {}).items()]})
        if verb == "apply":
            self.namespace = json.loads(stdin)
        elif verb == "delete":
            for name in arguments[4:]:
                del self.secrets[name]
        else:
            for item in json.loads(stdin)["items"]:
                assert (item["metadata"]["name"] in self.secrets) == (verb == "replace")
                self.secrets[item["metadata"]["name"]] = item
        return ""


def bring(cluster: Cluster, secrets: dict[str, Any], application: str = "shop") -> bool:
    store = SecretStore(cluster, "shop", application, "restricted")
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


def test_a_checksum_changes_with_what_the_pods_read_and_only_with_that() -> None:
    before = checksums({"backend": {"env": {"A": "1"}, "migration": {"M": "1"}}, "frontend": {}})
    assert before["frontend"] == ""
    assert len(before["backend"]) == 16
    assert checksums({"backend": {"env": {"A": "1"}, "migration": {"M": "2"}}})["backend"] == before["backend"]
    assert checksums({"backend": {"env": {"A": "2"}, "migration": {"M": "1"}}})["backend"] != before["backend"]


def test_a_setups_values_have_a_checksum_of_their_own() -> None:
    before, after = (checksums({"database": {"env": {"A": "1"}, "setup": {"S": value}}}) for value in "12")
    assert before["database"] == after["database"]
    assert before["database/setup"] != after["database/setup"]
    assert set(checksums({"database": {"env": {"A": "1"}}})) == {"database"}


def test_a_namespace_and_one_secret_for_each_kind_are_made() -> None:
    cluster = Cluster()

    assert bring(cluster, SECRETS)

    assert cluster.namespace is not None
    labels = cluster.namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"] == "v1.34"
    assert sorted(cluster.secrets) == ["backend-env", "backend-files"]
    assert base64.b64decode(cluster.secrets["backend-env"]["data"]["A"]) == b"1"


def test_a_second_run_changes_nothing_in_one_call() -> None:
    cluster = Cluster()
    bring(cluster, SECRETS)
    cluster.calls.clear()

    assert not bring(cluster, SECRETS)
    assert cluster.calls == ["get"]


def test_a_changed_value_replaces_its_secret_only() -> None:
    cluster = Cluster()
    bring(cluster, SECRETS)
    files = cluster.secrets["backend-files"]

    assert bring(cluster, {"backend": {"env": {"B": "1"}, "files": {"f": "2"}}})

    assert list(cluster.secrets["backend-env"]["data"]) == ["B"]
    assert cluster.secrets["backend-files"] is files


def test_secrets_that_are_no_longer_wanted_are_removed_and_foreign_ones_stay() -> None:
    cluster = Cluster()
    cluster.secrets["registry-login"] = {"kind": "Secret", "metadata": {"name": "registry-login"}}
    bring(cluster, SECRETS)
    bring(cluster, {"other": {"env": {"A": "1"}}}, application="other")

    assert bring(cluster, {"backend": {"files": {"f": "2"}}})

    assert sorted(cluster.secrets) == ["backend-files", "other-env", "registry-login"]


def test_a_difference_shows_fingerprints_and_no_value() -> None:
    plan = SecretStore(Cluster(), "shop", "shop", "restricted").plan({"backend": {"env": {"A": "hunter2"}}})
    assert plan.before == {}
    assert plan.after == {"backend-env": {"A": hashlib.sha256(b"hunter2").hexdigest()[:8]}}
    assert "hunter2" not in str(plan.after)
    assert base64.b64encode(b"hunter2").decode() not in str(plan.after)


def program(folder: Path, script: str) -> str:
    path = folder / "kubectl"
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}")
    path.chmod(0o755)
    return str(path)


def test_every_call_names_kubeconfig_and_context(tmp_path: Path) -> None:
    kubectl = make_kubectl(program(tmp_path, "print(sys.argv[1:], sys.stdin.read())"), "/kube/config", "shop")
    assert kubectl(["get", "x"], "in").startswith("['--kubeconfig=/kube/config', '--context=shop', ")


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("The connection to the server 127.0.0.1:1 was refused - did you specify the right host?", "context shop .* does not answer"),
        (
            'Error from server (AlreadyExists): error when creating "STDIN": secrets "a-env" already exists',
            "The Secret a-env is in the cluster",
        ),
        ('Error from server (Forbidden): namespaces is forbidden: User "x"', "refused: .Forbidden"),
        ("", "no reason given"),
    ],
)
def test_a_refusal_is_one_sentence(tmp_path: Path, stderr: str, said: str) -> None:
    kubectl = make_kubectl(program(tmp_path, f"sys.exit({stderr!r} or 1)"), "/kube/config", "shop")
    with pytest.raises(ClusterError, match=said):
        kubectl(["get"], "")


def test_a_missing_kubectl_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="is missing"):
        make_kubectl(str(tmp_path / "kubectl"), "/kube/config", "shop")(["get"], "")
