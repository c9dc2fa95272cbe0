# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""When an application's Lease may be taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.lease import DURATION, Lease


class Clock:
    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(clock: Clock) -> Lease:
    return Lease("shop", "ns", "me", clock)


def held(by: str = "somebody", ago: float = 0, labels: dict[str, str] | None = None) -> dict[str, Any]:
    time = (datetime.now(UTC) - timedelta(seconds=ago)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "metadata": {"name": "shop-deploy", "resourceVersion": "7", "labels": labels or {}},
        "spec": {"holderIdentity": by, "leaseDurationSeconds": DURATION, "acquireTime": time, "renewTime": time},
    }


@pytest.mark.parametrize("found", [None, {"metadata": {}, "spec": {}}, held(by="")])
def test_what_nobody_holds_is_free(lease: Lease, found: dict[str, Any] | None) -> None:
    assert lease.is_free(found)


def test_what_is_renewed_is_held_however_long(lease: Lease, clock: Clock) -> None:
    for ago in (50, 40, 30, 20):
        assert not lease.is_free(held(ago=ago))
        clock.time += DURATION - 1


def test_what_is_not_renewed_for_its_duration_is_free_whatever_the_clocks_say(lease: Lease, clock: Clock) -> None:
    found = held(ago=-300)
    assert not lease.is_free(found)
    clock.time += DURATION + 1
    assert lease.is_free(found)


def test_a_holder_that_is_long_dead_needs_no_watching(lease: Lease) -> None:
    assert lease.is_free(held(ago=3600))


def test_a_play_knows_its_own(lease: Lease) -> None:
    assert lease.is_own(held(by="me"))
    assert not lease.is_own(held())
    assert not lease.is_own(None)


def test_an_object_of_others_is_not_ours_to_take(lease: Lease) -> None:
    assert lease.is_foreign(held())
    assert not lease.is_foreign(lease.taken(None, ""))


def test_it_is_taken_only_as_it_was_seen(lease: Lease) -> None:
    assert lease.taken(held(), "now")["metadata"]["resourceVersion"] == "7"
    assert "resourceVersion" not in lease.taken(None, "now")["metadata"]
    assert lease.taken(None, "now")["spec"]["holderIdentity"] == "me"
