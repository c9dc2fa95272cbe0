# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the cluster after the main job ran, and ran again."""

from __future__ import annotations

import base64
import json
import shlex
from datetime import datetime
from typing import Any

import requests
from story import APPLICATION, BASE_URL, CONTEXT, EXTRAS, KUBECONFIG, NAMESPACE, RELEASE, Kubectl, Pods, helm
from testinfra.host import Host


def asked(local: Host, *arguments: str) -> Any:
    """What helm prints as JSON."""
    return json.loads(local.check_output(shlex.join(helm(*arguments, "--output=json"))))


def component(pod: dict[str, Any]) -> str:
    return str(pod["metadata"]["labels"]["app.kubernetes.io/name"])


def condition_time(pod: dict[str, Any], name: str) -> datetime:
    moments = [c["lastTransitionTime"] for c in pod["status"]["conditions"] if c["type"] == name and c["status"] == "True"]
    return datetime.fromisoformat(moments[0])


def test_every_pod_runs_and_is_ready(pods: Pods) -> None:
    assert {component(pod) for pod in pods()} == APPLICATION | EXTRAS
    for pod in pods():
        assert pod["status"]["phase"] == "Running", component(pod)
        assert all(status["ready"] for status in pod["status"]["containerStatuses"]), component(pod)


def test_all_pods_ran_within_two_minutes_of_the_release(local: Host, pods: Pods, capsys: Any) -> None:
    started = datetime.fromisoformat(asked(local, "status", f"{RELEASE}-extras")["info"]["first_deployed"])
    seconds = max((condition_time(pod, "Ready") - started).total_seconds() for pod in pods())
    with capsys.disabled():
        print(f"\nall pods Running and ready {seconds:.0f} s after the release's start")
    assert 0 < seconds < 120


def test_the_second_run_made_no_new_revision(local: Host) -> None:
    for release in (RELEASE, f"{RELEASE}-extras"):
        assert [entry["revision"] for entry in asked(local, "history", release)] == [1]


def test_the_namespace_enforces_pod_security_restricted(kubectl: Kubectl) -> None:
    labels = json.loads(kubectl("get", "namespace", NAMESPACE, "--output=json"))["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"] != "latest"


def test_the_page_answers_on_loopback(local: Host) -> None:
    port = BASE_URL.rsplit(":", 1)[1]
    assert local.socket(f"tcp://127.0.0.1:{port}").is_listening
    assert not local.socket(f"tcp://0.0.0.0:{port}").is_listening
    page = requests.get(BASE_URL, timeout=30)
    assert page.status_code == 200
    assert "Plannoir" in page.text


def test_no_secret_value_stands_in_what_helm_keeps(local: Host, kubectl: Kubectl) -> None:
    secrets = json.loads(kubectl("get", "secrets", "--field-selector=type=Opaque", "--output=json"))["items"]
    values = {base64.b64decode(value).decode() for secret in secrets for value in secret["data"].values()}
    assert len(values) > 3
    for release in (RELEASE, f"{RELEASE}-extras"):
        for kind in ("values", "manifest"):
            text = local.check_output(shlex.join(helm("get", kind, release)))
            assert not [value[:2] for value in values if value in text], f"{release} {kind}"


def test_minikube_service_names_the_page(local: Host) -> None:
    """The address is the node's own, so it is asked from inside the node."""
    url = local.check_output(f"KUBECONFIG={KUBECONFIG} minikube --profile={CONTEXT} service frontend --namespace={NAMESPACE} --url")
    assert url.startswith("http://")
    assert "Plannoir" in local.check_output(f"docker exec {CONTEXT} curl --silent --fail {url}")


def test_helm_test_passes_and_leaves_nothing(local: Host, kubectl: Kubectl) -> None:
    assert "Phase:          Succeeded" in local.check_output(shlex.join(helm("test", RELEASE, "--timeout=2m")))
    assert (
        json.loads(kubectl("get", "jobs,networkpolicies", "--selector=app.kubernetes.io/name=frontend-test", "--output=json"))["items"]
        == []
    )
