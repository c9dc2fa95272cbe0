# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Since when it is certain that an attempt fails, and what is waited for all the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import Observed, instant
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import RULES, Finding, stages, unfinished_jobs
from ansible_collections.plannoir.deploy.plugins.module_utils._release.log_rules import LOG_RULES
from ansible_collections.plannoir.deploy.plugins.module_utils._release.watch import Certainty
from observed import BEFORE, BEGAN, crashed, ended, event, found, made_by, migration, pod, replicaset

NO_SECRET = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "backend-env" not found'}}
CREATING: dict[str, Any] = {"waiting": {"reason": "ContainerCreating"}}


def looped(restarts: int, state: dict[str, Any] | None = None, reason: str = "Error") -> dict[str, Any]:
    item = crashed({"exitCode": 1, "reason": reason})
    item["status"]["containerStatuses"][0].update(restartCount=restarts, **({"state": state} if state else {}))
    return item


def patience(*objects: dict[str, Any], log: str = "") -> float | None:
    (finding,) = found(*objects, log=log)
    return finding.patience


@pytest.mark.parametrize("reason", ["Error", "OOMKilled"])
def test_a_process_is_in_a_loop_when_it_ends_again_after_two_restarts(reason: str) -> None:
    assert patience(looped(1, reason=reason)) is None
    assert patience(looped(2, {"running": {}}, reason)) is None
    assert patience(looped(2, reason=reason)) is not None
    assert patience(looped(2, {"terminated": {"exitCode": 1, "reason": reason}}, reason)) is not None


def test_a_process_that_waits_for_a_component_that_still_starts_is_waited_for() -> None:
    other = pod({"running": {}}, name="auth-1")
    other["metadata"]["labels"]["app.kubernetes.io/name"] = "auth"
    refused = "ConnectionError: http://auth:8000 refused"
    own = next(finding for finding in found(looped(2), other, log=refused) if finding.sentence.startswith("backend"))
    assert own.patience is None
    other["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    assert patience(looped(2), other, log=refused) is not None
    other["status"]["conditions"] = []
    own = next(finding for finding in found(looped(2), other, log="ValueError: no port") if finding.sentence.startswith("backend"))
    assert own.patience is not None


def test_a_slow_start_is_waited_for() -> None:
    unhealthy = event("backend-1", "Unhealthy", "Startup probe failed: connection refused")
    assert patience(pod({"running": {}}), unhealthy) is None
    assert patience(looped(1, {"running": {}}), unhealthy) is None
    assert patience(looped(2), unhealthy) is not None


def test_a_readiness_probe_that_fails_is_waited_for() -> None:
    assert patience(pod({"running": {}}), event("backend-1", "Unhealthy", "Readiness probe failed: 404")) is None


def test_a_missing_secret_is_certain_but_not_that_of_a_pod_of_before() -> None:
    old = pod(NO_SECRET)
    old["metadata"].update(creationTimestamp=BEFORE, ownerReferences=made_by("ReplicaSet", "backend-5d"))
    assert patience(pod(NO_SECRET)) is not None
    assert patience(replicaset("backend-5d", 1, at=BEFORE), old) is None


def test_while_a_migration_runs_nothing_else_is_this_attempts() -> None:
    (job,) = migration()
    assert patience(pod(NO_SECRET), job) is None
    job["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    assert patience(pod(NO_SECRET), job) is not None


def unscheduled(message: str) -> dict[str, Any]:
    return pod(conditions=[{"type": "PodScheduled", "status": "False", "message": message}])


def test_a_node_without_room_is_certain_but_not_one_that_comes() -> None:
    assert patience(unscheduled("0/1 nodes are available: 1 Insufficient cpu.")) is not None
    assert patience(unscheduled("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.")) is None
    scaled = event("backend-1", "TriggeredScaleUp", "pod triggered scale-up: 1->2")
    assert patience(unscheduled("0/1 nodes are available: 1 Insufficient cpu."), scaled) is None


def test_a_sandbox_that_fails_is_certain_until_something_newer_is_said() -> None:
    broken = event("backend-1", "FailedCreatePodSandBox", "Failed to create pod sandbox: plugin type=bridge failed", at=BEGAN, count=3)
    (finding,) = found(pod(CREATING), broken)
    assert finding.sentence == "backend: the node cannot make its pod's sandbox: plugin type=bridge failed."
    assert finding.patience is not None
    assert found(pod(CREATING), broken, event("backend-1", "Pulling", "Pulling image")) == []
    words = "Failed create pod sandbox: rpc error: code = Unknown desc = netplugin failed"
    assert found(pod(CREATING), event("backend-1", "FailedCreatePodSandBox", words)) == [
        finding._replace(sentence="backend: the node cannot make its pod's sandbox: netplugin failed.", patience=None)
    ]


@pytest.mark.parametrize(
    ("message", "certain"),
    [('exec: "serve": executable file not found in $PATH', True), ("context deadline exceeded", False), ("name is reserved", False)],
)
def test_a_program_that_is_not_there_is_certain_and_a_busy_engine_is_not(message: str, certain: bool) -> None:
    assert (patience(pod({"waiting": {"reason": "CreateContainerError", "message": message}})) is not None) is certain


def claim(message: str, reason: str = "ProvisioningFailed") -> list[dict[str, Any]]:
    pending = {
        "kind": "PersistentVolumeClaim",
        "metadata": pod()["metadata"],
        "spec": {"storageClassName": "fast"},
        "status": {"phase": "Pending"},
    }
    return [pending, event("backend-1", reason, message, kind="PersistentVolumeClaim")]


def test_a_storage_class_that_is_missing_is_certain_and_a_volume_that_is_being_made_is_not() -> None:
    assert patience(*claim('storageclass.storage.k8s.io "fast" not found')) is not None
    assert patience(*claim("no persistent volumes available for this claim and no storage class is set", "FailedBinding")) is not None
    assert patience(*claim("Waiting for a volume to be created by the external provisioner", "ExternalProvisioning")) is None


@pytest.mark.parametrize(
    "message", ['is forbidden: violates PodSecurity "restricted"', "is forbidden: exceeded quota: few", "webhook denied"]
)
def test_a_refusal_is_certain_but_not_of_a_replicaset_of_before(message: str) -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": f'pods "x" {message}', "lastTransitionTime": BEFORE}
    assert patience(replicaset("backend-5d", 1, failure)) is not None
    assert patience(replicaset("backend-5d", 1, failure, at=BEFORE)) is None
    failure["lastTransitionTime"] = BEGAN
    assert patience(replicaset("backend-5d", 1, failure, at=BEFORE)) is not None


def test_a_job_is_certain_to_fail_when_it_failed_or_when_its_pod_cannot_start() -> None:
    assert found(*migration(ended())) == []
    assert patience(*migration(ended(), reason="BackoffLimitExceeded")) is not None
    assert patience(*migration(pod({"running": {}}, phase="Running"))) is None
    assert patience(*migration(pod(NO_SECRET))) is not None
    assert patience(*migration(ended(137, "OOMKilled"))) is None


def test_jobs_that_still_try_are_named() -> None:
    def unfinished(*objects: dict[str, Any]) -> list[str]:
        return unfinished_jobs(Observed(objects, {"shop": instant(BEGAN)}))

    assert unfinished(*migration(pod(NO_SECRET))) == ["backend-migration"]
    assert unfinished(*migration(ended(), reason="BackoffLimitExceeded")) == []
    assert unfinished(*migration(pod(NO_SECRET), at=BEFORE)) == []


def test_a_cause_has_to_be_seen_without_a_break() -> None:
    now = 0.0
    certainty = Certainty(lambda: now)
    flash, other = Finding("a", "", "", 2, "a"), Finding("b", "", "", None, "b")
    assert not certainty.of([flash, other])
    now = 1.9
    assert not certainty.of([flash])
    now = 2.0
    assert not certainty.of([])
    now = 3.0
    assert not certainty.of([flash])
    now = 5.0
    assert certainty.of([other, flash._replace(sentence="the same, said with another number")])
    now = 500.0
    assert not certainty.of([other])


def test_a_person_sees_how_far_each_component_is() -> None:
    ready = pod({"running": {}}, name="web-1", conditions=[{"type": "Ready", "status": "True"}])
    half = pod({"running": {}}, name="web-2")
    for item in (ready, half):
        item["metadata"]["labels"]["app.kubernetes.io/name"] = "web"
    old = pod({"running": {}}, name="idle-1")
    old["metadata"].update(creationTimestamp=BEFORE, labels={**old["metadata"]["labels"], "app.kubernetes.io/name": "idle"})
    objects = [ready, half, old, pod(CREATING), event("backend-1", "Pulling", "Pulling image"), *migration(pod({"running": {}}))]
    assert stages(Observed(objects, {"shop": instant(BEGAN)})) == {
        "web": "started, not ready yet (1 of 2 ready)",
        "backend": "its image is pulled",
        "backend-migration": "runs",
    }


def test_a_remedy_names_only_variables_and_options_that_there_are() -> None:
    root = Path(__file__).parents[3]
    specs = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in root.glob("roles/*/meta/argument_specs.yml")]
    known = {option for spec in specs for entry in spec["argument_specs"].values() for option in entry.get("options") or {}}
    known |= set(yaml.safe_load((root / "plugins/module_utils/_component/specification.yml").read_text(encoding="utf-8"))["options"])
    known |= {"storage_class", "failure_threshold", "pool_size"}
    texts = [rule.remedy for rule in RULES] + [rule.remedy for rule in LOG_RULES]
    named = {word for text in texts for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", text)}
    assert named > {"release_timeout"}
    assert named <= known


@pytest.mark.parametrize(
    ("log", "mounts", "hidden"),
    [
        ("FileNotFoundError: [Errno 2] No such file or directory: '/data/shop.db'", [], "/data"),
        ("Error: ENOENT: no such file or directory, open '/etc/shop/app.toml'", [], "/etc/shop/app.toml"),
        ("cat: /data/x: No such file or directory", [{"mountPath": "/data"}], ""),
        ("cat: /database/x: No such file or directory", [], ""),
        ("PermissionError: [Errno 13] Permission denied: '/data/shop.db'", [], ""),
        ("python: can't open file '/app/migrate.py': No such file or directory", [], ""),
    ],
)
def test_a_migration_that_misses_what_only_its_component_mounts_is_told_so(log: str, mounts: list[dict[str, str]], hidden: str) -> None:
    job, ended_pod = migration(ended(), reason="BackoffLimitExceeded")
    job["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = mounts
    values = {"backend": {"persistence": {"path": "/data"}, "configFiles": {"/etc/shop/app.toml": ""}}}
    (finding,) = found(job, ended_pod, log=log, components=values)
    assert ("The migration does not see" in finding.remedy) is bool(hidden)
    assert f"does not see {hidden}," in finding.remedy or not hidden
    assert finding.patience is not None
