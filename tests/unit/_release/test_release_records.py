# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm's records say about the next step, and how an interrupted run is put right."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any, cast

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import (
    GOOD_LABEL,
    Record,
    Recovery,
    action_for,
    decode,
    read_records,
    recover,
    recovery_for,
    undoing,
)

VALUES = {"backend": {"image": "api:1", "port": 8000, "env": None}}


def stored(revision: int, status: str, values: Mapping[str, Any] = VALUES, name: str = "shop", good: str = "") -> dict[str, Any]:
    chart = {"metadata": {"name": "plannoir"}}
    content = {"name": name, "namespace": "ns", "version": revision, "info": {"status": status}, "config": values, "chart": chart}
    packed = base64.b64encode(gzip.compress(json.dumps(content).encode()))
    return {
        "metadata": {"labels": {GOOD_LABEL: good} if good else {}},
        "data": {"release": base64.b64encode(packed).decode()},
    }


def history(*statuses: str) -> list[Record]:
    """Records of these statuses, the oldest first, in the order in which the modules read them; ``deployed!`` was seen to be good."""
    return [Record("shop", revision, status.rstrip("!"), VALUES, good=status.endswith("!")) for revision, status in enumerate(statuses, 1)][
        ::-1
    ]


class FakeCluster:
    """The edge: what kubectl and helm would answer."""

    def __init__(self, secrets: list[dict[str, Any]], fail: str = "") -> None:
        self.secrets = secrets
        self.fail = fail
        self.commands: list[tuple[str, ...]] = []

    def objects(self, *request: str) -> list[dict[str, Any]]:
        return self.secrets

    def kubectl(self, *arguments: str) -> str:
        self.commands.append(arguments)
        return ""

    def helm(self, *arguments: str) -> str:
        if arguments[0] == "version":
            return "v4.3.1"
        self.commands.append(arguments)
        if self.fail:
            raise Failure(self.fail)
        return ""

    def as_cluster(self) -> Cluster:
        return cast(Cluster, self)


def test_a_record_is_read_as_helm_stores_it() -> None:
    assert decode(stored(3, "deployed")) == Record("shop", 3, "deployed", VALUES, "plannoir", "ns")


@pytest.mark.parametrize(("label", "good"), [("3", True), ("2", False), ("", False)])
def test_a_mark_counts_for_the_revision_that_it_names(label: str, good: bool) -> None:
    """Helm hands a record's labels on to the next revision."""
    assert decode(stored(3, "deployed", good=label)).good is good


def test_records_come_by_release_and_newest_first() -> None:
    cluster = FakeCluster([stored(9, "superseded"), stored(10, "deployed"), stored(1, "deployed", name="shop-extras")])
    records = read_records(cluster.as_cluster(), ["shop-extras", "shop", "other"])
    assert {name: [record.revision for record in found] for name, found in records.items()} == {
        "shop-extras": [1],
        "shop": [10, 9],
        "other": [],
    }


@pytest.mark.parametrize(
    ("state", "statuses", "action"),
    [
        ("present", [], "deploy"),
        ("present", ["deployed!"], "none"),
        ("present", ["deployed"], "deploy"),
        ("present", ["superseded", "failed"], "deploy"),
        ("present", ["deployed", "pending-upgrade"], "deploy"),
        ("present", ["uninstalled"], "deploy"),
        ("absent", [], "none"),
        ("absent", ["deployed"], "uninstall"),
        ("absent", ["pending-install"], "uninstall"),
        ("absent", ["uninstalled"], "none"),
    ],
)
def test_the_newest_record_decides_what_is_done(state: str, statuses: list[str], action: str) -> None:
    assert action_for(state, VALUES, history(*statuses)) == action


@pytest.mark.parametrize(
    "values", [{}, {"backend": {"image": "api:2", "port": 8000, "env": None}}, {"backend": {"image": "api:1", "port": 8000}}]
)
def test_other_values_are_deployed(values: dict[str, Any]) -> None:
    assert action_for("present", values, history("deployed!")) == "deploy"


@pytest.mark.parametrize(
    ("statuses", "revision"),
    [
        (["pending-install"], 0),
        (["failed"], 0),
        (["deployed!", "pending-upgrade"], 1),
        (["superseded!", "deployed!", "failed", "pending-rollback"], 2),
        (["superseded!", "failed"], 1),
        (["deployed!", "uninstalling"], 1),
        # A helm that outlived its run called its revision deployed, or the next run superseded it.
        (["superseded!", "deployed", "failed"], 1),
        (["superseded!", "superseded", "pending-upgrade"], 1),
    ],
)
def test_what_an_interrupted_run_left_goes_back_to_the_last_good_revision(statuses: list[str], revision: int) -> None:
    assert recovery_for(history(*statuses)) == Recovery("shop", statuses[-1], revision)


def test_helms_word_counts_only_where_no_run_marked_a_revision() -> None:
    recovery = recovery_for(history("superseded", "deployed", "failed"))
    assert recovery == Recovery("shop", "failed", 2, seen_good=False)
    assert str(recovery) == "shop was left failed: it is at revision 2 again, which Helm calls good and no run has seen to be so."


@pytest.mark.parametrize("status", ["deployed", "failed", "pending-install", "pending-upgrade", "uninstalling"])
def test_a_release_of_another_chart_is_never_touched(status: str) -> None:
    theirs = [Record("shop", 1, status, VALUES, chart="nginx")]
    assert recovery_for(theirs) is None
    assert recovery_for(theirs, not_ready=True) is None
    assert undoing(theirs) is None


def test_a_recovery_never_goes_to_a_revision_of_another_chart() -> None:
    theirs = Record("shop", 1, "superseded", VALUES, chart="nginx")
    recovery = recovery_for([Record("shop", 2, "failed", VALUES), theirs])
    assert recovery is not None
    assert recovery.revision == 0


@pytest.mark.parametrize(("statuses", "revision"), [(["deployed"], None), (["superseded!", "deployed"], 1), (["failed", "deployed"], None)])
def test_what_the_run_deployed_before_a_failure_goes_back_where_it_can(statuses: list[str], revision: int | None) -> None:
    recovery = undoing(history(*statuses))
    assert (recovery.revision if recovery else None) == revision


def test_the_revision_after_a_rollback_is_marked_as_good() -> None:
    cluster = FakeCluster([stored(3, "deployed", good="1")])
    recover(cluster.as_cluster(), Recovery("shop", "failed", 1), 60)
    assert cluster.commands[-1] == ("label", "secret", "sh.helm.release.v1.shop.v3", "plannoir.deploy/good=3", "--overwrite")


@pytest.mark.parametrize(("statuses", "revision"), [(["deployed"], 0), (["superseded!", "deployed"], 1), (["superseded!", "failed"], 1)])
def test_a_revision_that_helm_did_not_wait_for_goes_back_too(statuses: list[str], revision: int) -> None:
    recovery = recovery_for(history(*statuses), not_ready=True)
    assert recovery is not None
    assert recovery.revision == revision


def test_nothing_waits_for_the_address_of_an_earlier_load_balancer() -> None:
    balanced = {"components": {"frontend": {"service": {"type": "LoadBalancer"}}}}
    records = [decode(stored(2, "failed")), decode(stored(1, "superseded", balanced))]
    recovery = recovery_for(records)
    assert recovery is not None
    assert not recovery.wait
    cluster = FakeCluster([])
    recover(cluster.as_cluster(), recovery, 60)
    assert "--wait" not in cluster.commands[0]
    assert "--server-side=false" in cluster.commands[0]


@pytest.mark.parametrize("statuses", [[], ["deployed"], ["failed", "deployed"], ["uninstalled"]])
def test_a_release_in_order_is_left_alone(statuses: list[str]) -> None:
    assert recovery_for(history(*statuses)) is None


def test_a_release_that_never_succeeded_is_uninstalled() -> None:
    cluster = FakeCluster([])
    assert recover(cluster.as_cluster(), Recovery("shop", "pending-install", 0), 60) == ""
    assert [command[:2] for command in cluster.commands] == [("uninstall", "shop")]


def test_a_rollback_that_does_not_become_ready_is_a_warning() -> None:
    cluster = FakeCluster([stored(2, "failed")], fail="timed out")
    assert "revision 1" in recover(cluster.as_cluster(), Recovery("shop", "pending-upgrade", 1), 60)


def test_a_rollback_that_does_not_free_the_release_is_an_error() -> None:
    cluster = FakeCluster([stored(2, "pending-upgrade")], fail="connection refused")
    with pytest.raises(Failure, match="connection refused"):
        recover(cluster.as_cluster(), Recovery("shop", "pending-upgrade", 1), 60)


def test_a_failed_revision_that_a_failed_roll_back_calls_superseded_is_no_good_one() -> None:
    """Helm 3.20, seen on a cluster: `helm rollback` that fails marks the revision that it left, however that one ended."""
    failed = Record("shop", 2, "superseded", VALUES, description='Upgrade "shop" failed: cannot patch "web" with kind Deployment')
    records = [Record("shop", 3, "failed", VALUES), failed, Record("shop", 1, "superseded", VALUES, description="Install complete")]
    recovery = recovery_for(records)
    assert recovery is not None
    assert recovery.revision == 1
    assert recovery_for(records[:2]) == Recovery("shop", "failed", 0)
