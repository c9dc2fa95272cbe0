# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that meet, that are killed and that fail: what runs goes on, and the next run ends well."""

from __future__ import annotations

import json
import re
import shlex
import signal
import time
from collections.abc import Iterator

import pytest
import yaml
from story import RELEASE, ROOT, Kubectl, Person, finish, helm, playbook, refusal, start, wait_for
from testinfra.host import Host


def replicas(number: int) -> str:
    return f'--extra-vars={{"app_replicas": {number}}}'


def releases(local: Host) -> dict[str, str]:
    """Status by release."""
    return {item["name"]: item["status"] for item in json.loads(local.check_output(shlex.join(helm("list", "--output=json"))))}


def read_url(kubectl: Kubectl) -> str:
    """The database's URL that the backend's pods read."""
    container = json.loads(kubectl("get", "deployment", "backend", "--output=json"))["spec"]["template"]["spec"]["containers"][0]
    name = next(entry["valueFrom"]["secretKeyRef"]["name"] for entry in container["env"] if entry["name"] == "DATABASE_URL")
    return str(kubectl("get", "secret", name, "--output=jsonpath={.data.DATABASE_URL}"))


@pytest.fixture
def put_back() -> Iterator[None]:
    yield
    playbook("site.yml")


@pytest.mark.faults
@pytest.mark.usefixtures("put_back")
def test_two_runs_at_the_same_second_both_end_well_one_after_the_other(kubectl: Kubectl, local: Host) -> None:
    runs = [start("site.yml", replicas(number)) for number in (1, 2)]
    printed = [finish(run) for run in runs]
    assert sum("is in use by another run" in text for text in printed) == 1
    assert not [text for text in printed if "another operation" in text]
    assert releases(local) == {RELEASE: "deployed", f"{RELEASE}-extras": "deployed"}
    last = next(number for number, text in zip((1, 2), printed, strict=True) if "is in use by another run" in text)
    assert kubectl("get", "deployment", "backend", "--output=jsonpath={.spec.replicas}") == str(last)


@pytest.mark.faults
@pytest.mark.usefixtures("put_back")
def test_what_a_killed_run_leaves_cannot_call_its_revision_good(person: Person, kubectl: Kubectl, local: Host) -> None:
    run = start("site.yml", "--extra-vars=" + json.dumps({"app_node_port": 32080, "app_replicas": 3}))
    wait_for(lambda: releases(local).get(RELEASE) == "pending-upgrade", 60, "the beginning of the upgrade")
    run.send_signal(signal.SIGKILL)
    run.wait()
    revision = kubectl(
        "get", "secrets", f"--selector=owner=helm,name={RELEASE}", "--sort-by=.metadata.creationTimestamp", "--output=name"
    ).split()[-1]
    printed = playbook("site.yml")
    assert "left pending" in printed or "left failed" in printed or releases(local)[RELEASE] == "deployed"
    left = local.run(shlex.join(["pgrep", "--full", f"[h]elm .*upgrade.* {RELEASE} "])).stdout
    assert not left, left
    time.sleep(10)
    labels = json.loads(kubectl("get", revision, "--output=json"))["metadata"]["labels"]
    assert labels["status"] != "deployed"
    assert labels.get("plannoir.deploy/good") != labels["version"]
    assert person.titles() == []
    assert kubectl("get", "deployment", "backend", "--output=jsonpath={.spec.replicas}") == "1"


@pytest.mark.usefixtures("put_back")
def test_a_run_that_lost_its_lease_to_another_machine_ends(kubectl: Kubectl, local: Host) -> None:
    """As a laptop that slept: the Lease ran out, another machine took it, and the run that wakes up must not go on."""
    lease = ("lease.coordination.k8s.io", f"{RELEASE}-deploy")

    def hold(holder: str) -> None:
        kubectl("patch", *lease, "--type=merge", f"--patch={json.dumps({'spec': {'holderIdentity': holder}})}")

    run = start("site.yml", replicas(2))
    # Not any holder: the run before may be about to let go.
    wait_for(lambda: f"process {run.pid}" in kubectl("get", *lease, "--output=jsonpath={.spec.holderIdentity}"), 60, "the run's Lease")
    hold("somebody on another machine")
    printed = run.communicate()[0]
    assert run.returncode != 0, printed[-7000:]
    assert "somebody on another machine has taken over: it ends." in printed
    assert kubectl("get", *lease, "--output=jsonpath={.spec.holderIdentity}") == "somebody on another machine"
    helm = shlex.join(["pgrep", "--full", f"[h]elm .*upgrade.* {RELEASE} "])
    wait_for(lambda: not local.run(helm).stdout, 15, "the end of the run's helm")
    hold("")


@pytest.mark.faults
def test_a_password_change_whose_deployment_fails_leaves_the_old_pods_with_all_that_they_need(person: Person, kubectl: Kubectl) -> None:
    before = read_url(kubectl)
    image = kubectl("get", "deployment", "openrouter", "--output=jsonpath={.spec.template.spec.containers[0].image}")
    # It fails after every pod was replaced by one with the new password.
    broken = {"name": "broken", "image": image, "port": 1, "replicas": 0, "setup": {"command": ["python", "-c", "exit(1)"], "timeout": 20}}
    components = yaml.safe_load((ROOT / "group_vars/all/app.yml").read_text(encoding="utf-8"))["app_components"]
    changed = {
        "vault_database_password": "a-password-that-never-arrives",
        "vault_database_pooler_password": "another-that-never-arrives",
        "vault_openrouter_api_key": "a-key-that-never-arrives",
        "services_postgresql_login_grace": "1 second",
        "app_components": [*components, broken],
    }
    printed = refusal("site.yml", f"--extra-vars={json.dumps(changed)}")
    assert re.search(r"plannoir was left failed: it is at revision \d+ again", printed)
    assert re.search(r"plannoir-extras was left ahead of a release that failed: it is at revision \d+ again", printed)
    assert "broken: its setup did not succeed" in printed
    time.sleep(5)  # longer than the old login would have had
    for component in ("backend", "pgbouncer", "database", "openrouter"):
        kubectl("rollout", "restart", f"deployment/{component}")
        kubectl("rollout", "status", f"deployment/{component}", "--timeout=120s")
    wait_for(lambda: person.titles() == [], 60, "new connections with the old password")
    wait_for(lambda: bool(person.call("POST", "/api/chat", json={"message": "hello"})), 60, "the old key at the model")
    assert read_url(kubectl) == before
    playbook("site.yml")
    # Helm keeps a failed hook for its log until the next attempt of the same component, which does not come.
    kubectl("delete", "job/broken-setup")
    assert person.titles() == []
