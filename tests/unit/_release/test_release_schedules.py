# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the last runs of schedules ended, that they are no part of a deployment, and the Secrets that they still need."""

from __future__ import annotations

from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import Observed, instant
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import unfinished_jobs
from ansible_collections.plannoir.deploy.plugins.module_utils._release.schedules import failures, last_runs, needed_secrets
from ansible_collections.plannoir.deploy.plugins.modules.release_settle import remove_secrets
from observed import BEGAN, ended, event, found, made_by, metadata, pod

FAILED = {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}
LATE = {"failed": 1, "conditions": [{"type": "Failed", "status": "True", "reason": "DeadlineExceeded"}]}
DONE = {"succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}


def template(image: str, secret: str) -> dict[str, Any]:
    env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": secret, "key": "TOKEN"}}}]
    return {"spec": {"containers": [{"name": "report", "image": image, "env": env}]}}


def schedule(image: str = "shop:2", secret: str = "report-env-b") -> dict[str, Any]:
    spec = {"jobTemplate": {"spec": {"template": template(image, secret)}}}
    return {"kind": "CronJob", "metadata": metadata("report", "report"), "spec": spec}


def run(status: dict[str, Any], number: int = 1, image: str = "shop:2", secret: str = "report-env-b") -> dict[str, Any]:
    made = metadata(f"report-{number}", "report", at=f"2026-11-23T2{number}:00:00Z", ownerReferences=made_by("CronJob", "report"))
    return {"kind": "Job", "metadata": made, "spec": {"activeDeadlineSeconds": 60, "template": template(image, secret)}, "status": status}


def pod_of(job: dict[str, Any], item: dict[str, Any]) -> dict[str, Any]:
    name = job["metadata"]["name"]
    item["metadata"] = metadata(f"{name}-x", "report", at=job["metadata"]["creationTimestamp"], ownerReferences=made_by("Job", name))
    return item


def told(*objects: dict[str, Any], log: str = "") -> list[str]:
    return list(failures(last_runs(objects), list(objects), lambda pod, container, previous: log))


def test_a_failed_run_is_quoted_with_its_time() -> None:
    job = run(FAILED)
    (sentence,) = told(schedule(), job, pod_of(job, ended()), log="Traceback\nValueError: no recipients")
    assert sentence.startswith("report: its scheduled Job did not succeed")
    assert "ValueError: no recipients" in sentence
    assert "It was report-1, of 2026-11-23T21:00:00Z." in sentence


def test_a_run_that_takes_too_long_names_the_option() -> None:
    (sentence,) = told(schedule(), run(LATE))
    assert "its scheduled Job did not succeed within its 60 s" in sentence
    assert "schedule.timeout of the component" in sentence


def test_a_run_that_cannot_begin_is_named_before_its_time_is_up() -> None:
    job = run({"active": 1})
    waiting = pod_of(job, pod({"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "report-env-b" not found'}}))
    (sentence,) = told(schedule(), job, waiting)
    assert "report-env-b" in sentence


def test_only_the_newest_run_of_what_is_deployed_now_counts() -> None:
    assert told(schedule(), run(FAILED, 1), run(DONE, 2)) == []
    assert told(schedule(), run(FAILED, 1, image="shop:1")) == []
    assert len(told(schedule(), run(FAILED, 1), run(FAILED, 2, image="shop:1"))) == 1
    assert told(schedule(), run({"active": 1}, 2)) == []
    assert told(run(FAILED)) == []


def test_a_run_that_fails_meanwhile_fails_no_deployment_and_is_not_ended() -> None:
    job = run(FAILED)
    assert found(job, pod_of(job, ended()), event("report-1-x", "Failed", "it failed")) == []
    assert unfinished_jobs(Observed([run({"active": 1})], {"shop": instant(BEGAN)})) == []


def test_a_secret_stays_while_a_run_may_start_another_pod_with_it() -> None:
    earlier, over = run({"active": 1}, 1, secret="report-env-a"), run(DONE, 2, secret="report-env-0")
    assert needed_secrets([schedule(), earlier, over]) == {"report-env-a"}
    assert needed_secrets([earlier]) == set()


class Recorded(Cluster):
    """A cluster with two Secrets that no revision names, one of which a run still reads."""

    deleted: tuple[str, ...] = ()

    def kubectl(self, *arguments: str, given: str = "") -> str:
        if arguments[0] == "delete":
            object.__setattr__(self, "deleted", arguments[3:])
        return "report-env-a report-env-0"

    def objects(self, *request: str) -> list[dict[str, Any]]:
        return [schedule(), run({"active": 1}, secret="report-env-a")] if request[0] == "cronjobs,jobs" else []


def test_a_deployment_removes_no_secret_that_a_run_still_reads() -> None:
    cluster = Recorded()
    assert remove_secrets(cluster, "shop", []) == ["report-env-0"]
    assert cluster.deleted == ("report-env-0",)
