"""The sentence for each way in which a release does not become ready."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils.release_diagnosis import Observed, causes, secret_names


def metadata(name: str, component: str = "backend", instance: str = "shop", **more: Any) -> dict[str, Any]:
    return {"name": name, "labels": {"app.kubernetes.io/name": component, "app.kubernetes.io/instance": instance}, **more}


def pod(state: dict[str, Any] | None = None, name: str = "backend-1", **status: Any) -> dict[str, Any]:
    containers = [{"name": "backend", "image": "local/backend:1", "ready": False, "state": state}] if state is not None else []
    return {
        "kind": "Pod",
        "metadata": metadata(name),
        "spec": {"containers": [{"name": "backend", "image": "local/backend:1"}], "volumes": []},
        "status": {"phase": "Pending", "conditions": [], "containerStatuses": containers, **status},
    }


def crashed(last: dict[str, Any]) -> dict[str, Any]:
    item = pod({"waiting": {"reason": "CrashLoopBackOff"}})
    item["status"]["containerStatuses"][0].update(restartCount=3, lastState={"terminated": last})
    return item


def event(name: str, reason: str, message: str, at: str = "2026-11-23T20:00:00Z") -> dict[str, Any]:
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}"},
        "involvedObject": {"name": name},
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def seen(*objects: dict[str, Any], log: str = "") -> list[str]:
    return causes(Observed(objects, {"shop": 2}, lambda pod, container, previous: log))


@pytest.mark.parametrize("reason", ["ErrImageNeverPull", "ImagePullBackOff", "ErrImagePull", "InvalidImageName"])
def test_a_missing_image_is_named(reason: str) -> None:
    (sentence,) = seen(pod({"waiting": {"reason": reason}}))
    assert sentence == f"backend: the image local/backend:1 is not in the cluster and cannot be pulled ({reason})."


def test_a_missing_secret_is_named() -> None:
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "backend-env" not found'}}
    assert seen(pod(state)) == ["backend: its pod does not start: there is no Secret backend-env."]


def test_a_missing_key_of_a_secret_is_named() -> None:
    message = "couldn't find key DATABASE_URL in Secret shop/backend-env"
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": message}}
    assert seen(pod(state)) == ["backend: its pod does not start: Secret backend-env has no key DATABASE_URL."]


def test_a_missing_secret_of_a_volume_is_named() -> None:
    message = 'MountVolume.SetUp failed for volume "secret-files" : secret "backend-files" not found'
    state = {"waiting": {"reason": "ContainerCreating"}}
    assert seen(pod(state), event("backend-1", "FailedMount", message)) == [
        "backend: its pod does not start: there is no Secret backend-files."
    ]


def test_a_missing_file_of_a_secret_is_named() -> None:
    waiting = pod({"waiting": {"reason": "ContainerCreating"}})
    waiting["spec"]["volumes"] = [{"name": "secret-files", "secret": {"secretName": "backend-files"}}]
    message = 'MountVolume.SetUp failed for volume "secret-files" : references non-existent secret key: tls.key'
    assert seen(waiting, event("backend-1", "FailedMount", message)) == [
        "backend: its pod does not start: Secret backend-files has no key tls.key."
    ]


def test_a_process_that_ends_is_quoted() -> None:
    (sentence,) = seen(crashed({"exitCode": 1, "reason": "Error"}), log="Traceback | ValueError: no such port")
    assert sentence == "backend: its process ends with exit code 1. Its last lines: Traceback | ValueError: no such port"


def test_too_little_memory_is_named() -> None:
    (sentence,) = seen(crashed({"exitCode": 137, "reason": "OOMKilled"}))
    assert "more memory than resources.limits.memory" in sentence


def test_a_failing_liveness_probe_is_told_from_a_crash() -> None:
    unhealthy = event("backend-1", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")
    (sentence,) = seen(crashed({"exitCode": 143, "reason": "Error"}), unhealthy)
    assert sentence.startswith("backend: it is restarted again and again: Liveness probe failed")


def test_a_failing_readiness_probe_is_quoted_with_its_newest_reason() -> None:
    older = event("backend-1", "Unhealthy", "connection refused", at="2026-11-23T19:00:00Z")
    newer = event("backend-1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    assert seen(pod({"running": {}}), older, newer, log="no database") == [
        "backend: it runs, but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503. Its last lines: no database"
    ]


def test_a_pod_that_no_node_takes_says_why() -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient memory."}
    assert seen(pod(conditions=[unscheduled])) == ["backend: no node takes its pod: 0/1 nodes are available: 1 Insufficient memory."]


def test_a_volume_that_is_not_bound_is_named_once() -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "message": "pod has unbound immediate PersistentVolumeClaims."}
    claim = {
        "kind": "PersistentVolumeClaim",
        "metadata": metadata("backend-data"),
        "spec": {"storageClassName": "fast"},
        "status": {"phase": "Pending"},
    }
    problem = event("backend-data", "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found')
    assert seen(pod(conditions=[unscheduled]), claim, problem) == [
        'backend: no volume is bound to its claim backend-data (fast): storageclass.storage.k8s.io "fast" not found.'
    ]


def test_a_refusal_by_pod_security_is_read_from_the_replicaset() -> None:
    message = 'pods "backend-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    failure = {"type": "ReplicaFailure", "status": "True", "message": message}
    replicaset = {"kind": "ReplicaSet", "metadata": metadata("backend-5d"), "spec": {"replicas": 1}, "status": {"conditions": [failure]}}
    (sentence,) = seen(replicaset)
    assert sentence.startswith("backend: the namespace's Pod Security level refuses its pods: violates PodSecurity")


def failed_migration(reason: str) -> list[dict[str, Any]]:
    job = {
        "kind": "Job",
        "metadata": metadata("backend-migration", "backend-migration"),
        "spec": {"activeDeadlineSeconds": 60},
        "status": {"failed": 3, "conditions": [{"type": "Failed", "status": "True", "reason": reason}]},
    }
    ended = pod(name="backend-migration-x", phase="Failed")
    ended["metadata"] = metadata("backend-migration-x", "backend-migration", ownerReferences=[{"kind": "Job"}], creationTimestamp="2026")
    ended["metadata"]["labels"]["batch.kubernetes.io/job-name"] = "backend-migration"
    return [job, ended]


def test_a_failed_migration_is_quoted() -> None:
    (sentence,) = seen(*failed_migration("BackoffLimitExceeded"), log="relation already exists")
    assert sentence == "backend: its migration did not succeed, so the release was not touched. Its last lines: relation already exists"


def test_a_failed_setup_is_quoted() -> None:
    objects = json.loads(json.dumps(failed_migration("BackoffLimitExceeded")).replace("-migration", "-setup"))
    assert seen(*objects, log="no such role") == ["backend: its setup did not succeed. Its last lines: no such role"]


def test_a_failed_migration_of_an_earlier_attempt_is_no_cause() -> None:
    objects = failed_migration("BackoffLimitExceeded")
    objects[0]["metadata"]["annotations"] = {"release/revision": "1"}
    assert seen(*objects) == []


def test_a_migration_that_takes_too_long_names_its_limit() -> None:
    assert "within its 60 s" in seen(*failed_migration("DeadlineExceeded"))[0]


def test_a_migration_whose_pods_are_gone_is_explained_by_their_events() -> None:
    gone = event("backend-migration-x", "Failed", 'Error: secret "backend-env" not found')
    assert seen(failed_migration("DeadlineExceeded")[0], gone) == [
        'backend: its migration did not succeed within its 60 s: Error: secret "backend-env" not found'
    ]


def test_the_same_cause_of_several_pods_is_told_once() -> None:
    state = {"waiting": {"reason": "ErrImageNeverPull"}}
    assert len(seen(pod(state, name="backend-1"), pod(state, name="backend-2"))) == 1


def test_pods_that_are_ready_or_of_another_release_are_no_cause() -> None:
    ready = pod({"running": {}}, conditions=[{"type": "Ready", "status": "True"}])
    foreign = pod({"waiting": {"reason": "ErrImageNeverPull"}})
    foreign["metadata"] = metadata("other", instance="other")
    ending = pod({"waiting": {"reason": "ErrImageNeverPull"}})
    ending["metadata"]["deletionTimestamp"] = "2026-11-23T20:00:00Z"
    assert seen(ready, foreign, ending) == []


def test_the_secrets_that_pods_read_are_found() -> None:
    reading = pod()
    reading["spec"]["containers"][0]["env"] = [
        {"name": "A", "valueFrom": {"secretKeyRef": {"name": "backend-env"}}},
        {"name": "B", "value": "x"},
    ]
    reading["spec"]["volumes"] = [{"secret": {"secretName": "backend-files"}}, {"emptyDir": {}}]
    assert secret_names([reading]) == {"backend-env", "backend-files"}
