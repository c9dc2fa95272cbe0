# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt to deploy a release, with stand-ins for helm and kubectl."""

from __future__ import annotations

import base64
import gzip
import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.containers import said_by_components
from ansible_collections.plannoir.deploy.plugins.module_utils._release.watch import Deployment, Outcome, Wanted
from observed import BEFORE, BEGAN, migration, pod

NO_SECRET = {"waiting": {"reason": "CreateContainerConfigError", "message": 'secret "backend-env" not found'}}


def record(revision: int, at: str) -> dict[str, Any]:
    content = {
        "name": "shop",
        "namespace": "ns",
        "version": revision,
        "info": {"status": "deployed"},
        "chart": {"metadata": {"name": "plannoir"}},
    }
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
    return {"kind": "Secret", "metadata": {"name": f"v{revision}", "creationTimestamp": at}, "data": {"release": packed}}


class World:
    """helm and kubectl as scripts; what the cluster holds is what helm puts there when it begins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shown: list[str] = []
        self.version = "v4.3.1"
        self.objects([], record(1, BEFORE))

    def objects(self, items: list[dict[str, Any]], *records: dict[str, Any]) -> None:
        for name, found in (("objects", items), ("records", list(records))):
            (self.folder / name).write_text(json.dumps({"items": found}), encoding="utf-8")

    def script(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\ncd {self.folder}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def deploy(self, helm: str, then: list[dict[str, Any]], *, wait: bool = True, kubectl: str = "") -> Outcome:
        for name, found in (("objects", then), ("records", [record(2, BEGAN), record(1, BEFORE)])):
            (self.folder / f"new-{name}").write_text(json.dumps({"items": found}), encoding="utf-8")
        version = f"case $* in *version*) echo {self.version}; exit;; esac"
        begin = "begin() { mv new-objects objects; mv new-records records; }"
        self.script("helm", f'{version}\ncat > given; echo "$*" > called\n{begin}\n{helm}')
        self.script(
            "kubectl",
            f"""case "$*" in
*owner=helm*) cat records;;
*rollout*) {kubectl or "true"};;
*"get pods,"*) cat objects;;
*"get secrets"*) echo '{{"items": []}}';;
*logs*) echo 'ValueError: no port';;
*"delete jobs"*) echo "$*" >> deleted;;
esac""",
        )
        cluster = Cluster("config", "context", "ns", str(self.folder))
        wanted = Wanted("shop", "chart", {"components": {}}, wait, 60, 5)
        return Deployment(cluster, wanted, self.shown.append, period=0.05).run()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_helm_is_ended_as_soon_as_a_cause_is_certain_and_what_still_tries_goes(world: World) -> None:
    began = time.monotonic()
    starting = pod({"running": {}}, name="web-1")
    outcome = world.deploy("begin; sleep 30", [pod(NO_SECRET), starting, *migration(pod(NO_SECRET))])
    assert time.monotonic() - began < 10
    assert outcome.failed
    assert outcome.ended_early
    assert outcome.causes[0].startswith("backend: its migration did not succeed: its pod does not start: there is no Secret backend-env.\n")
    assert not any("Helm says" in cause or "not ready" in cause for cause in outcome.causes)
    assert "delete jobs backend-migration" in (world.folder / "deleted").read_text()
    assert world.shown


def test_helm_that_succeeds_is_left_alone(world: World) -> None:
    ready = pod({"running": {}}, conditions=[{"type": "Ready", "status": "True"}])
    outcome = world.deploy("begin; sleep 0.3", [ready])
    assert (outcome.failed, outcome.causes) == (False, [])
    assert json.loads((world.folder / "given").read_text()) == {"components": {}}
    assert "--wait" in (world.folder / "called").read_text()
    assert [line.split("s  ")[1] for line in world.shown] == ["backend: ready"]


def test_helms_own_reason_stands_beside_the_cause(world: World) -> None:
    outcome = world.deploy("begin; echo 'Error: UPGRADE FAILED: context deadline exceeded' >&2; exit 1", [pod({"running": {}})])
    assert outcome.causes == [
        "backend: it runs, but is not ready yet.\n  Its log says: ValueError: no port\n  Correct what the readiness probe asks for, or "
        "the component's probes; a slow start needs probes.startup, or a larger release_timeout.",
        "Helm says: context deadline exceeded",
    ]


SAID_BY_4 = """level=WARN msg="upgrade failed" name=shop error="pre-upgrade hooks failed: resource Job/ns/web-migration not ready"
Error: UPGRADE FAILED: pre-upgrade hooks failed: resource Job/ns/web-migration not ready. status: Failed, message: Job Failed. failed: 1/1
"""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (SAID_BY_4, "pre-upgrade hooks failed: resource Job/ns/web-migration not ready. status: Failed, message: Job Failed. failed: 1/1"),
        ('level=WARN msg="command failed" error="no chart"\n', 'level=WARN msg="command failed" error="no chart"'),
        ("WARNING: the kubeconfig is group-readable.\nError: INSTALLATION FAILED: level=1 is no label\n", "level=1 is no label"),
        ("", "no reason"),
    ],
)
def test_what_helm_logs_is_no_reason_where_it_gives_one(world: World, said: str, reason: str) -> None:
    (world.folder / "said").write_text(said)
    assert world.deploy("cat said >&2; exit 1", []).causes == [f"Helm says: {reason}"]


@pytest.mark.parametrize(("version", "merges"), [("v3.22.0", False), ("v4.3.1", True), ("v4.0.0-rc.1", True)])
def test_helm_4_merges_in_the_client_as_helm_3_does(world: World, version: str, merges: bool) -> None:
    world.version = version
    world.deploy("begin", [])
    assert ("--server-side=false" in (world.folder / "called").read_text()) == merges


def test_what_helm_refuses_before_it_stores_a_revision_changed_nothing(world: World) -> None:
    outcome = world.deploy("echo 'Error: UPGRADE FAILED: values do not meet the schema' >&2; exit 1", [pod(NO_SECRET)])
    assert outcome.causes == ["Helm says: values do not meet the schema"]
    assert not outcome.changed


def test_without_helms_wait_the_pods_are_waited_for_and_watched(world: World) -> None:
    outcome = world.deploy("begin", [pod(NO_SECRET)], wait=False, kubectl="sleep 30")
    assert outcome.ended_early
    assert "--wait" not in (world.folder / "called").read_text()
    assert "there is no Secret backend-env" in outcome.causes[0]


def test_a_cluster_that_is_busy_does_not_end_the_wait(world: World) -> None:
    outcome = world.deploy("begin; mv kubectl away; sleep 0.3; mv away kubectl; exit 0", [])
    assert not outcome.failed


def test_helms_reason_is_told_where_the_cluster_is_away(world: World) -> None:
    outcome = world.deploy("begin; sleep 0.3; echo 'Error: connection lost' >&2; rm kubectl; exit 1", [])
    assert outcome.failed
    assert outcome.changed
    assert outcome.causes[0].startswith("Helm says: connection lost (")


def test_helm_that_is_not_there_is_named(tmp_path: Path) -> None:
    World(tmp_path).script("kubectl", "echo '{\"items\": []}'")
    with pytest.raises(Failure, match="helm cannot be run"):
        Deployment(Cluster("c", "x", "n", str(tmp_path)), Wanted("shop", "chart", {}, True, 60, 5), print).run()


def test_what_the_components_logs_say_of_errors_is_quoted_without_secrets(tmp_path: Path) -> None:
    world = World(tmp_path)
    names = ("web", "api")
    pods = [pod(name=f"{name}-1", phase="Running") for name in names]
    for item, name in zip(pods, names, strict=True):
        item["metadata"]["labels"]["app.kubernetes.io/name"] = name
        item["spec"]["containers"][0]["env"] = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "env", "key": "A"}}}]
    world.objects(pods)
    secret = {
        "items": [
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "env"}, "data": {"A": base64.b64encode(b"hunter2hunter2").decode()}}
        ]
    }
    world.script(
        "kubectl",
        f"""case "$*" in
*"get pods"*) echo "$*" > asked; cat objects;;
*"get secrets/env"*) echo '{json.dumps(secret)}';;
*"logs web-1"*) echo 'GET / 200';;
*"logs api-1"*) echo "$*" > asked-logs; echo 'KeyError: hunter2hunter2';;
esac""",
    )
    assert said_by_components(Cluster("config", "context", "ns", str(tmp_path)), 3.2) == ["The log of api says: KeyError: [redacted]"]
    assert "--selector=plannoir.deploy/app" in (tmp_path / "asked").read_text()
    assert "--since=3s" in (tmp_path / "asked-logs").read_text()


@pytest.mark.parametrize(
    ("line", "ready", "sees"),
    [
        ('psycopg.OperationalError: FATAL:  password authentication failed for user "shop"', "True", False),
        ('sqlalchemy.exc.OperationalError: could not translate host name "db" to address', "True", False),
        ('psycopg.OperationalError: FATAL:  password authentication failed for user "shop"', "False", True),
        ("socket.gaierror: Name or service not known: api.example.com", "True", True),
        ('sqlalchemy.exc.ProgrammingError: (psycopg.errors.UndefinedTable) relation "tasks" does not exist', "True", True),
        ("redis.exceptions.AuthenticationError: Authentication required.", "True", True),
        ("ValueError: database of prices is empty", "True", True),
    ],
)
def test_a_probe_that_does_not_see_a_missing_database_is_named(tmp_path: Path, line: str, ready: str, sees: bool) -> None:
    world = World(tmp_path)
    item = pod(name="api-1", phase="Running", conditions=[{"type": "Ready", "status": ready}])
    item["metadata"]["labels"]["app.kubernetes.io/name"] = "api"
    item["spec"]["containers"][0]["readinessProbe"] = {"httpGet": {"path": "/health", "port": 8000}}
    world.objects([item])
    world.script("kubectl", f"""case "$*" in *"get pods"*) cat objects;; *"logs api-1"*) cat <<'EOF'\n{line}\nEOF\n;; esac""")
    (said,) = said_by_components(Cluster("config", "context", "ns", str(tmp_path)), 3.2)
    assert said.startswith(f"The log of api says: {line}")
    assert ("GET /health answers below 400 while the database is away" in said) != sees
