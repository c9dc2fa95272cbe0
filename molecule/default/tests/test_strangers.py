# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not ours is never touched: releases, namespaces and objects of somebody else, seen before anything is built."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from story import Kubectl, helm, playbook, refusal
from testinfra.host import Host

Run = Callable[..., str]
KINDS = "deployments,services,configmaps,persistentvolumeclaims,secrets,networkpolicies,leases,jobs"


AWKWARD = {
    **{"Y": "Y", "N": "n", "LIMIT": "1e5", "BRANCH": "08", "MODE": "0o17", "DIGEST": "4858805542217e30", "EMPTY": "", "A": "expanded"},
    **{
        "PATTERN": "^a$$b",
        "LITERAL": "$(OPENROUTER_STANDIN_KEY)",
        "HOME_": "$HOME $$(A)",
        "LINES": "a\n b\t\u2028\U0001f600\u0085",
        "QUOTES": "'\"\\",
    },
}
"""Texts that YAML, Helm or the kubelet takes for something else."""

WORDS = ["$$", "$(A)", "08", "Y"]

READ = """
import json
variables = dict(entry.split("=", 1) for entry in open("/proc/1/environ").read().split("\\0") if entry)
print(json.dumps([variables, open("/etc/awkward", newline="").read()]))
"""
"""Prints what the process was given."""


@pytest.fixture
def shop(kubectl: Kubectl, namespace: str) -> Callable[..., list[str]]:
    """Arguments that deploy another application, of one small component, into the namespace."""
    image = kubectl("get", "deployment", "openrouter", "--output=jsonpath={.spec.template.spec.containers[0].image}")

    def arguments(**changed: Any) -> list[str]:
        component = {
            "name": "web",
            "image": image,
            "port": 8080,
            "run_as_user": 10004,
            "env": AWKWARD,
            "config_files": {"/etc/awkward": "".join(AWKWARD.values())},
            "probes": {
                "startup": {"command": ["python", "-c", f"import sys; sys.exit(sys.argv[1:] != {WORDS})", *WORDS], "period": 1},
                "readiness": {"path": "/health", "period": 1},
            },
            # Of one character, beside a long one: what is published of it must arrive whole.
            "secret_env": {"OPENROUTER_STANDIN_KEY": "a-key-of-the-shop", "DEBUG": "0", "WORKERS": "4"},
            "stop_grace_seconds": 1,
        }
        own = {"app_services": [], "app_secrets": [], "app_components": [component], "app_checks": []}
        given = {"app_name": "shop", "app_namespace": namespace, **own, **changed}
        return [f"--extra-vars={json.dumps(given)}"]

    return arguments


def chart(folder: Path, name: str, *objects: dict[str, Any]) -> Path:
    """Write a chart of somebody else's."""
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": name, "version": "1.0.0"}))
    (folder / "templates/all.yaml").write_text(yaml.safe_dump_all(objects))
    return folder


CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "theirs"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {"a": "1"}}
STUCK = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "stuck"},
    "spec": {"containers": [{"name": "a", "image": "none.invalid/a:1"}]},
}


def everything(kubectl: Kubectl, namespace: str) -> dict[str, Any]:
    """Identity and version of each object of the namespace, and its own; the cluster's controllers may still be at work on claims."""
    objects = json.loads(kubectl("get", KINDS, f"--namespace={namespace}", "--output=json"))["items"]
    objects.append(json.loads(kubectl("get", "namespace", namespace, "--output=json")))
    return {
        f"{item['kind']} {item['metadata']['name']}": (
            item["metadata"]["uid"],
            item["metadata"]["resourceVersion"],
            item["metadata"].get("labels"),
        )
        for item in objects
    }


@pytest.mark.parametrize("state", ["deployed", "failed", "pending-install"])
def test_a_strangers_release_of_our_name_stays_as_it_is(
    state: str, namespace: str, shop: Callable[..., list[str]], kubectl: Kubectl, local: Host, tmp_path: Path
) -> None:
    theirs = chart(tmp_path / "theirs", "their-chart", CLAIM, CONFIG, *([] if state == "deployed" else [STUCK]))
    install = helm("install", "shop", str(theirs), "--create-namespace", namespace=namespace)
    if state == "pending-install":
        process = subprocess.Popen([*install, "--wait"])
        while "pending" not in local.run(shlex.join(helm("list", namespace=namespace))).stdout:
            time.sleep(0.2)
        time.sleep(1)
        process.send_signal(signal.SIGKILL)
        process.wait()
    else:
        subprocess.run([*install, *(["--wait", "--timeout=3s"] if state == "failed" else [])], check=state == "deployed")
    time.sleep(5)  # the claim gets its volume
    before = everything(kubectl, namespace)

    for arguments in (["site.yml", *shop()], ["site.yml", "--check", *shop()]):
        printed = refusal(*arguments)
        assert (
            f"The Helm release shop ({state}) in namespace {namespace} is of the chart their-chart and was not made by this collection"
            in printed
        )
        assert "Nothing was changed." in printed
        assert "Compare the source folders" not in printed
    printed = refusal("playbooks/teardown.yml", '--extra-vars={"teardown_cluster": false}', *shop())
    assert "is of the chart their-chart" in printed
    assert everything(kubectl, namespace) == before


def test_a_namespace_with_workloads_of_others_stays_as_it_is_until_sharing_it_is_asked_for(
    namespace: str, shop: Callable[..., list[str]], kubectl: Kubectl
) -> None:
    kubectl("create", "namespace", namespace)
    kubectl("label", "namespace", namespace, "team=billing")
    kubectl("create", "deployment", "theirs", "--image=none.invalid/a:1", "--replicas=0", f"--namespace={namespace}")
    time.sleep(2)
    before = everything(kubectl, namespace)
    printed = refusal("site.yml", *shop())
    assert f"The namespace {namespace} was not made by this collection and holds workloads of others (Deployment theirs)" in printed
    assert everything(kubectl, namespace) == before

    printed = playbook("site.yml", *shop(namespace_shared=True))
    assert "stays as it is: neither labelled nor ever deleted. Its Pod Security level is privileged." in printed
    after = everything(kubectl, namespace)
    assert before.items() <= after.items()
    policies = json.loads(kubectl("get", "networkpolicies", f"--namespace={namespace}", "--output=json"))["items"]
    assert {item["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/instance"] for item in policies} == {"shop"}


def test_an_object_of_others_that_has_a_name_of_ours_is_named_first(
    namespace: str, shop: Callable[..., list[str]], kubectl: Kubectl
) -> None:
    playbook("site.yml", *shop())  # the namespace is ours
    variables, file = json.loads(kubectl("exec", "deployment/web", f"--namespace={namespace}", "--", "python", "-c", READ))
    assert {name: variables[name] for name in AWKWARD} == AWKWARD
    assert file == "".join(AWKWARD.values())
    kubectl("create", "configmap", "db-config", f"--namespace={namespace}")
    kubectl("create", "job", "db-migration", "--image=none.invalid/a:1", f"--namespace={namespace}")
    before = everything(kubectl, namespace)
    component = {"name": "db", "image": "none.invalid/a:1", "port": 1, "config_files": {"/a": "b"}, "migration": {"command": ["true"]}}
    printed = refusal("site.yml", *shop(app_components=[component]))
    assert f"ConfigMap db-config in namespace {namespace} was not made by this collection" in printed
    assert f"Job db-migration in namespace {namespace} was not made by this collection" in printed
    after = everything(kubectl, namespace)
    assert {name: found for name, found in after.items() if "Job" not in name} == {
        name: found for name, found in before.items() if "Job" not in name
    }
    assert after["Job db-migration"][0] == before["Job db-migration"][0]


def test_two_applications_of_ours_share_a_namespace_that_lacks_our_label(
    namespace: str, shop: Callable[..., list[str]], kubectl: Kubectl
) -> None:
    kubectl("create", "namespace", namespace)
    labels = everything(kubectl, namespace)[f"Namespace {namespace}"]
    first = shop()
    (given,) = first
    other = json.loads(given.partition("=")[2])
    other["app_components"][0]["name"] = "other"
    second = [f"--extra-vars={json.dumps({**other, 'app_name': 'second'})}"]
    for arguments in (first, second):
        playbook("site.yml", *arguments)
    for arguments in (first, second):
        assert "changed=0 " in playbook("site.yml", *arguments)
    assert everything(kubectl, namespace)[f"Namespace {namespace}"] == labels
    playbook("playbooks/teardown.yml", '--extra-vars={"teardown_cluster": false}', *first)
    left = everything(kubectl, namespace)
    assert "Deployment other" in left
    assert "Deployment web" not in left
    assert left[f"Namespace {namespace}"] == labels
