# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentence for each way in which a release does not become ready."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import secret_names
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import decode
from observed import BEFORE, BEGAN, SINCE, crashed, ended, event, found, made_by, metadata, migration, pod, replicaset, seen


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("ErrImageNeverPull", "the image local/backend:1 is not in the node, and may not be pulled."),
        ("ImagePullBackOff", "the image local/backend:1 is not in the cluster and cannot be pulled (ImagePullBackOff)."),
        ("ErrImagePull", "the image local/backend:1 is not in the cluster and cannot be pulled (ErrImagePull)."),
        ("InvalidImageName", "local/backend:1 is no name of an image."),
    ],
)
def test_a_missing_image_is_named(reason: str, why: str) -> None:
    assert seen(pod({"waiting": {"reason": reason}})) == [f"backend: {why}"]


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
    (sentence,) = seen(crashed({"exitCode": 1, "reason": "Error"}), log="starting\nValueError: no such port")
    assert sentence == "backend: its process ends with exit code 1. Its log says: ValueError: no such port"


def test_too_little_memory_is_named() -> None:
    (sentence,) = seen(crashed({"exitCode": 137, "reason": "OOMKilled"}))
    assert "more memory than resources.limits.memory" in sentence


def test_a_failing_liveness_probe_is_told_from_a_crash() -> None:
    unhealthy = event("backend-1", "Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500")
    (sentence,) = seen(crashed({"exitCode": 143, "reason": "Error"}), unhealthy)
    assert sentence.startswith("backend: it is restarted again and again: Liveness probe failed")


def test_a_failing_readiness_probe_is_quoted_with_its_newest_reason() -> None:
    older = event("backend-1", "Unhealthy", "connection refused", at="2026-11-23T20:01:00Z")
    newer = event("backend-1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    assert seen(pod({"running": {}}), older, newer, log="no database") == [
        "backend: it runs, but is not ready: Readiness probe failed: HTTP probe failed with statuscode: 503. Its last lines: no database"
    ]


@pytest.mark.parametrize("status", [400, 421])
def test_a_probe_that_is_refused_for_its_host_says_so(status: int) -> None:
    readiness = event("backend-1", "Unhealthy", f"Readiness probe failed: HTTP probe failed with statuscode: {status}")
    startup = event("backend-1", "Unhealthy", f"Startup probe failed: HTTP probe failed with statuscode: {status}")
    (waits,) = found(pod({"running": {}}), readiness)
    assert "probes.readiness.headers" in waits.remedy
    assert waits.patience is None
    (ends,) = found(crashed({"exitCode": 143, "reason": "Error"}), startup)
    assert "probes.startup.headers" in ends.remedy
    (other,) = found(crashed({"exitCode": 1, "reason": "Error"}), readiness)
    assert "headers" not in other.remedy


def test_a_port_that_nothing_listens_on_is_told_from_a_bad_answer() -> None:
    refused = "Readiness probe failed: dial tcp 10.244.0.9:8000: connect: connection refused"
    (finding,) = found(pod({"running": {}}), event("backend-1", "Unhealthy", refused))
    assert "listen on 0.0.0.0" in finding.remedy
    assert finding.patience is None
    (other,) = found(
        pod({"running": {}}), event("backend-1", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 404")
    )
    assert "0.0.0.0" not in other.remedy
    (crash,) = found(crashed({"exitCode": 1, "reason": "Error"}), event("backend-1", "Unhealthy", refused))
    assert "0.0.0.0" not in crash.remedy


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ("INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", "127.0.0.1:8000, which only the pod itself reaches"),
        ("[2026-01-01] [1] [INFO] Listening at: http://127.0.0.1:8000 (1)", "127.0.0.1:8000"),
        (" * Running on http://127.0.0.1:5000", "port 5000"),
        ("Starting development server at http://127.0.0.1:8000/", "127.0.0.1:8000"),
        ("Server listening on port 3001", "port 3001"),
        ("INFO:     Uvicorn running on http://0.0.0.0:8080", "port 8080"),
        ("server started on localhost:8000", "localhost:8000"),
        ("INFO:     Uvicorn running on http://0.0.0.0:8000", ""),
        ("Server listening on port 8000", ""),
        ("connected to postgresql:5432", ""),
        ("worker 12 ready", ""),
        ("metrics: listening on 127.0.0.1:9090\nListening at: http://0.0.0.0:8000", ""),
    ],
)  # fmt: skip
def test_a_process_that_says_that_it_listens_elsewhere_is_told_its_port(log: str, says: str) -> None:
    refused = "Readiness probe failed: dial tcp 10.244.0.9:8000: connect: connection refused"
    (finding,) = found(pod({"running": {}}), event("backend-1", "Unhealthy", refused), log=log)
    assert (f"it says that it listens on {says}" in finding.sentence) is bool(says)
    assert ("Nothing takes connections there" in finding.remedy) is not bool(says)


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
    problem = event("backend-data", "ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', kind="PersistentVolumeClaim")
    assert seen(pod(conditions=[unscheduled]), claim, problem) == [
        'backend: no volume is bound to its claim backend-data (fast): storageclass.storage.k8s.io "fast" not found.'
    ]


def test_a_refusal_by_pod_security_is_read_from_the_replicaset() -> None:
    message = 'pods "backend-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
    failure = {"type": "ReplicaFailure", "status": "True", "message": message}
    (sentence,) = seen(replicaset("backend-5d", 1, failure))
    assert sentence.startswith("backend: the namespace's Pod Security level refuses its pods: violates PodSecurity")


def test_a_failed_migration_is_quoted() -> None:
    (sentence,) = seen(*migration(ended(), reason="BackoffLimitExceeded"), log="relation already exists")
    assert sentence == "backend: its migration did not succeed, so the release was not touched. Its last lines: relation already exists"


def test_a_failed_migration_without_a_log_names_its_exit_code() -> None:
    assert seen(*migration(ended(3), reason="BackoffLimitExceeded")) == [
        "backend: its migration did not succeed, so the release was not touched. Its process ends with exit code 3."
    ]


def test_a_failed_setup_is_quoted() -> None:
    objects = json.loads(json.dumps(migration(ended(), reason="BackoffLimitExceeded")).replace("-migration", "-setup"))
    assert seen(*objects, log="no such role") == ["backend: its setup did not succeed. Its last lines: no such role"]


def test_a_failed_migration_of_an_earlier_attempt_is_no_cause() -> None:
    gone = event("backend-migration-x", "Failed", "Error: ImagePullBackOff")
    assert seen(*migration(ended(), reason="BackoffLimitExceeded", at=BEFORE), gone) == []


def test_a_migration_that_takes_too_long_names_its_limit() -> None:
    assert "within its 60 s" in seen(*migration(reason="DeadlineExceeded"))[0]


def test_a_migration_that_still_runs_is_named() -> None:
    running = pod({"running": {}}, phase="Running")
    assert seen(*migration(running), log="waiting for a lock") == [
        "backend: its migration has not ended yet. Its last lines: waiting for a lock"
    ]


def test_a_migration_that_succeeded_at_last_is_no_cause() -> None:
    job, first = migration(ended())
    job["status"] = {"failed": 1, "succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
    assert seen(job, first, log="no database yet") == []


UNSCHEDULED = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient cpu."}


@pytest.mark.parametrize(
    ("trying", "why"),
    [
        (
            ended(137, "OOMKilled"),
            "its process used more memory than resources.limits.memory and was killed. Its last lines: a log",
        ),
        (
            pod({"waiting": {"reason": "ImagePullBackOff"}}),
            "the image local/backend:1 is not in the cluster and cannot be pulled (ImagePullBackOff).",
        ),
        (
            pod({"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "backend-env" not found'}}),
            "its pod does not start: there is no Secret backend-env.",
        ),
        (
            pod({"waiting": {"reason": "CreateContainerConfigError", "message": "couldn't find key A in Secret shop/backend-env"}}),
            "its pod does not start: Secret backend-env has no key A.",
        ),
        (pod(conditions=[UNSCHEDULED]), "no node takes its pod: 0/1 nodes are available: 1 Insufficient cpu."),
        (
            pod(phase="Failed", reason="Evicted", message="The node was low on resource: memory."),
            "its pod was evicted: The node was low on resource: memory.",
        ),
        (
            ended(128, "StartError", message='exec: "alembc": executable file not found in $PATH'),
            'its container cannot be started: exec: "alembc": executable file not found in $PATH.',
        ),
    ],
)
@pytest.mark.parametrize("reason", ["", "BackoffLimitExceeded"])
def test_a_migrations_pod_is_judged_like_any_other(trying: dict[str, Any], why: str, reason: str) -> None:
    assert seen(*migration(copy.deepcopy(trying), reason=reason), log="a log") == [f"backend: its migration did not succeed: {why}"]


def test_a_volume_that_a_migrations_pod_waits_for_is_named() -> None:
    objects = migration(pod({"waiting": {"reason": "ContainerCreating"}}))
    message = 'MountVolume.SetUp failed for volume "files" : secret "backend-files" not found'
    assert seen(*objects, event("backend-migration-0", "FailedMount", message)) == [
        "backend: its migration did not succeed: its pod does not start: there is no Secret backend-files."
    ]


def test_a_refused_migration_is_named_once() -> None:
    message = 'pods "backend-migration-x" is forbidden: exceeded quota: few'
    assert seen(*migration(reason="DeadlineExceeded"), event("backend-migration", "FailedCreate", message, kind="Job")) == [
        "backend: its migration did not succeed within its 60 s: the API server refuses its pods: exceeded quota: few."
    ]


def test_the_newest_pod_of_a_migration_tells_the_cause() -> None:
    objects = migration(ended(137, "OOMKilled"), pod({"waiting": {"reason": "ErrImagePull"}}))
    assert "cannot be pulled" in seen(*objects)[0]


def test_pods_of_an_earlier_job_of_the_same_name_are_not_asked() -> None:
    job, earlier = migration(ended(137, "OOMKilled"), reason="BackoffLimitExceeded")
    earlier["metadata"]["ownerReferences"] = made_by("Job", "the migration before")
    assert "memory" not in seen(job, earlier)[0]


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (
            [("Failed", 'Error: secret "backend-env" not found')],
            "its pod does not start: there is no Secret backend-env.",
        ),
        (
            [("Failed", "Error: ImagePullBackOff"), ("BackOff", 'Back-off pulling image "a/b:1"')],
            "the image a/b:1 is not in the cluster and cannot be pulled (ImagePullBackOff).",
        ),
        (
            [
                ("ErrImageNeverPull", 'Container image "a/b:1" is not present with pull policy of Never'),
                ("Failed", "Error: ErrImageNeverPull"),
            ],
            "the image a/b:1 is not in the node, and may not be pulled.",
        ),
        (
            [("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.")],
            "no node takes its pod: 0/1 nodes are available: 1 Insufficient cpu.",
        ),
        (
            [
                ("Failed", "Error: context deadline exceeded"),
                ("FailedMount", 'MountVolume.SetUp failed for volume "a" : secret "b" not found'),
            ],
            "its pod does not start: there is no Secret b.",
        ),
        ([("Failed", "Error: context deadline exceeded")], "its container cannot be started: context deadline exceeded."),
        ([("Evicted", "The node was low on resource: memory.")], "its pod was evicted: The node was low on resource: memory."),
    ],
)
def test_a_migration_whose_pods_are_gone_is_explained_by_their_events(events: list[tuple[str, str]], why: str) -> None:
    gone = [event("backend-migration-x", *said, at=f"2026-11-23T20:05:{59 - number}Z") for number, said in enumerate(events)]
    assert seen(*migration(reason="DeadlineExceeded"), *gone) == [f"backend: its migration did not succeed within its 60 s: {why}"]


def test_the_image_of_gone_pods_is_the_one_that_their_events_name() -> None:
    job, *_pods = migration(reason="DeadlineExceeded")
    job["spec"]["template"]["spec"]["initContainers"] = [{"name": "wait", "image": "a/wait:1"}]
    named = event("backend-migration-x", "Failed", 'Failed to pull image "a/wait:1": not found', at=BEGAN)
    assert "there is no image a/wait:1" in seen(job, event("backend-migration-x", "Failed", "Error: ErrImagePull"), named)[0]


def test_gone_pods_of_a_job_with_a_long_name_are_found_by_the_name_that_kubernetes_cuts() -> None:
    name = f"{'long-' * 10}migration"
    objects = json.loads(json.dumps(migration(reason="DeadlineExceeded")).replace("backend-migration", name))
    assert "cannot be pulled" in seen(*objects, event(f"{name[:58]}xk2p9", "Failed", "Error: ErrImagePull"))[0]


def test_the_events_of_an_earlier_attempt_do_not_explain_this_one() -> None:
    earlier = event("backend-migration-x", "Failed", "Error: ImagePullBackOff", at=BEFORE)
    assert seen(*migration(ended(137, "OOMKilled"), reason="BackoffLimitExceeded"), earlier, log="a log") == [
        "backend: its migration did not succeed: its process used more memory than resources.limits.memory and was killed. "
        "Its last lines: a log"
    ]
    assert seen(*migration(reason="DeadlineExceeded"), earlier) == [
        "backend: its migration did not succeed within its 60 s, so the release was not touched."
    ]


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ({"at": BEGAN}, True),
        ({"at": "2026-11-23T20:59:59+01:00"}, False),
        ({"at": "2026-11-23T19:30:00-01:00"}, True),
        ({"at": None, "eventTime": "2026-11-23T20:00:00.000001Z"}, True),
        ({"at": None, "eventTime": "2026-11-23T19:59:59.999999Z"}, False),
        ({"at": BEFORE, "series": {"count": 9, "lastObservedTime": "2026-11-23T20:01:00.123456Z"}}, True),
        ({"at": BEFORE, "series": None, "eventTime": None}, False),
        ({"at": None}, False),
    ],
)
def test_an_event_counts_when_it_was_last_seen_in_this_attempt(times: dict[str, Any], counts: bool) -> None:
    waiting = pod({"waiting": {"reason": "ContainerCreating"}})
    assert bool(seen(waiting, event("backend-1", "FailedMount", "not mounted", **times))) is counts


def test_pods_of_the_newest_replicaset_count_however_old() -> None:
    sets = [replicaset("backend-10", 10, at=BEFORE), replicaset("backend-9", 9, at=BEFORE)]
    for number in (9, 10):
        item = pod({"waiting": {"reason": "ErrImagePull"}}, name=f"backend-{number}-x")
        item["metadata"]["ownerReferences"] = made_by("ReplicaSet", f"backend-{number}")
        item["metadata"]["creationTimestamp"] = BEFORE if number == 10 else SINCE
        item["spec"]["containers"][0]["image"] = f"local/backend:{number}"
        sets.append(item)
    assert seen(*sets) == ["backend: the image local/backend:10 is not in the cluster and cannot be pulled (ErrImagePull)."]


def test_other_pods_of_an_earlier_attempt_are_not_asked() -> None:
    item = pod({"waiting": {"reason": "ErrImagePull"}})
    item["metadata"]["creationTimestamp"] = BEFORE
    assert seen(item) == []


def test_a_refusal_of_an_old_replicaset_is_no_cause() -> None:
    failure = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    assert seen(replicaset("backend-1", 1, failure), replicaset("backend-2", 2)) == []


def test_an_attempt_begins_when_the_cluster_stored_helms_record() -> None:
    info = {"status": "failed", "last_deployed": BEFORE}
    chart = {"metadata": {"name": "plannoir"}}
    content = {"name": "shop", "namespace": "ns", "version": 3, "info": info, "chart": chart}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
    assert decode({"metadata": {"creationTimestamp": BEGAN}, "data": {"release": packed}}).created == BEGAN


def test_an_evicted_pod_says_why() -> None:
    evicted = pod(phase="Failed", reason="Evicted", message="The node was low on resource: ephemeral-storage.")
    assert seen(evicted) == ["backend: its pod was evicted: The node was low on resource: ephemeral-storage."]


def test_a_volume_that_cannot_be_mounted_says_why() -> None:
    waiting = pod({"waiting": {"reason": "ContainerCreating"}})
    assert seen(waiting, event("backend-1", "FailedMount", "hostPath type check failed: /data is not a directory")) == [
        "backend: a volume of its pod cannot be mounted: hostPath type check failed: /data is not a directory."
    ]


@pytest.mark.parametrize("reason", ["RunContainerError", "CreateContainerError"])
def test_a_container_that_cannot_be_started_says_why(reason: str) -> None:
    message = 'exec: "serve": executable file not found in $PATH'
    assert seen(pod({"waiting": {"reason": reason, "message": message}})) == [f"backend: its container cannot be started: {message}."]


def test_a_container_that_could_not_be_started_again_and_again_says_why() -> None:
    message = 'exec: "serve": executable file not found in $PATH'
    assert seen(crashed({"exitCode": 128, "reason": "StartError", "message": message})) == [
        f"backend: its container cannot be started: {message}."
    ]


def test_an_init_container_that_did_its_work_is_no_cause() -> None:
    item = pod({"waiting": {"reason": "PodInitializing"}})
    item["status"]["initContainerStatuses"] = [{"name": "wait", "ready": True, "state": {"terminated": {"exitCode": 0}}}]
    assert seen(item) == []


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
