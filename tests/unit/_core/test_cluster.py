# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster, through programs that stand for kubectl and helm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core import cluster as cluster_module
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster, reference
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure


def cluster(folder: Path, script: str) -> Cluster:
    """Return a cluster whose kubectl and helm run a script, with ``words``, their arguments."""
    for name in ("kubectl", "helm"):
        path = folder / name
        path.write_text(f"#!{sys.executable}\nimport sys, time\nwords = sys.argv[1:]\n{script}")
        path.chmod(0o755)
    return Cluster("/kube/config", "shop", "market", str(folder))


def test_every_call_names_kubeconfig_context_and_namespace(tmp_path: Path) -> None:
    shop = cluster(tmp_path, "print(*words, sys.stdin.read())")
    named = "--kubeconfig=/kube/config --{}=shop --namespace=market"
    assert shop.kubectl("get", "x", given="in") == f"{named.format('context')} --request-timeout=20s get x in\n"
    assert shop.helm("list").startswith(f"{named.format('kube-context')} list")
    assert shop.execute("web", ["true"], 5).out.startswith(f"{named.format('context')} exec deployment/web --container=web -- true")


def test_the_programs_on_path_are_taken_where_no_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster(tmp_path, "print('found')")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert Cluster("/kube/config", "shop", "market").kubectl("get") == "found\n"


@pytest.mark.parametrize(
    ("out", "names"), [("", []), ('{"kind": "Pod"}', ["Pod"]), ('{"items": [{"kind": "A"}, {"kind": "B"}]}', ["A", "B"])]
)
def test_objects_are_a_list_however_many_there_are(tmp_path: Path, out: str, names: list[str]) -> None:
    assert [item["kind"] for item in cluster(tmp_path, f"print({out!r})").objects("x")] == names


def test_a_resource_with_several_names_is_read_once_and_what_was_not_named_is_left_out(tmp_path: Path) -> None:
    """kubectl waits 0.2 s before each name from the eleventh on."""

    def item(kind: str, name: str, group: str = "") -> dict[str, Any]:
        return {"apiVersion": f"{group}/v1".lstrip("/"), "kind": kind, "metadata": {"name": name}}

    held = {
        "namespaces/market": [item("Namespace", "market")],
        "deployments.apps,networkpolicies.networking.k8s.io": [
            *(item("Deployment", f"part-{number}", "apps") for number in range(30)),
            item("NetworkPolicy", "a", "networking.k8s.io"),
            item("NetworkPolicy", "part-1", "networking.k8s.io"),
        ],
        "secrets": [item("Secret", "env"), item("Secret", "token"), item("Secret", "other")],
    }
    script = f"""import json
held, log = {held!r}, open({str(tmp_path / "log")!r}, "a")
print(*words[5:], file=log)
print(json.dumps({{"items": held[words[5]]}}))
"""
    wanted = [
        "namespaces/market",
        *("deployments.apps/part-1", "deployments.apps/part-29", "deployments.apps/gone"),
        *("networkpolicies.networking.k8s.io/part-1", "networkpolicies.networking.k8s.io/part-2"),
        *("secrets/env", "secrets/token"),
    ]
    found = cluster(tmp_path, script).named(*wanted)
    assert sorted(map(reference, found)) == sorted(set(wanted) - {"deployments.apps/gone", "networkpolicies.networking.k8s.io/part-2"})
    asked = (tmp_path / "log").read_text().splitlines()
    assert len(asked) == 3
    assert any(line.startswith("secrets --field-selector=type!=helm.sh/release.v1") for line in asked)
    assert cluster(tmp_path, "sys.exit(1)").named() == []


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
    with pytest.raises(Failure, match=said):
        cluster(tmp_path, f"sys.exit({stderr!r} or 1)").kubectl("get")


def test_helm_says_in_its_own_words_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"^one\ntwo$"):
        cluster(tmp_path, "print('one\\ntwo', file=sys.stderr); sys.exit(1)").helm("upgrade")


@pytest.mark.parametrize("code", [1, 124, 127])
def test_a_command_in_a_pod_that_fails_is_no_failure_of_the_cluster(tmp_path: Path, code: int) -> None:
    done = cluster(tmp_path, f"print('inside', file=sys.stderr); sys.exit({code})").execute("web", ["x"], 5)
    assert (done.code, done.err) == (code, "inside\n")


def test_a_cluster_that_says_nothing_is_waited_for_so_long_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "ANSWER_WITHIN", 0.5)
    with pytest.raises(Failure, match=r"context shop .* did not answer within 0\.5 s"):
        cluster(tmp_path, "time.sleep(30)").kubectl("get")


def test_a_missing_program_is_named_with_the_remedy(tmp_path: Path) -> None:
    for call in (Cluster(bin=str(tmp_path)).kubectl, Cluster(bin=str(tmp_path)).helm):
        with pytest.raises(Failure, match=rf"^{tmp_path}/\w+ cannot be run \(No such file or directory\): run the toolchain role"):
            call("get")


def test_the_clusters_minor_version_is_what_pod_security_pins(tmp_path: Path) -> None:
    assert cluster(tmp_path, """print('{"major": "1", "minor": "34+"}')""").server_version() == "v1.34"


def test_a_cluster_that_is_not_made_yet_has_no_context(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    others = "contexts: [{name: theirs, context: {cluster: theirs}}]\nclusters: [{name: theirs, cluster: {server: https://a}}]\n"
    assert not Cluster(str(kubeconfig), "shop").is_there
    for text in ("", "clusters: null\ncontexts: null\n", others):
        kubeconfig.write_text(text)
        assert not Cluster(str(kubeconfig), "shop").is_there
    kubeconfig.write_text(others.replace("theirs", "shop"))
    assert Cluster(str(kubeconfig), "shop").is_there
