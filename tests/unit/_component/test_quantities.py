# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts that cannot be meant are named with the unit that was, and what a node has no room for with what it has."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.quantities import amount, growth_hints, pods, room_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components

API = {"name": "api", "port": 8000, "image": "a/b:1"}
NODE = {"cpu": Fraction(2), "memory": Fraction(4 << 30)}
MORE = {"cpu": "raise minikube_cpus", "memory": "raise minikube_memory"}


def with_resources(**resources: Any) -> dict[str, Any]:
    return {**API, "resources": resources}


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("500m", Fraction(1, 2)), ("0.5", Fraction(1, 2)), (".25", Fraction(1, 4)), ("2", 2), ("1Ki", 1024), ("1k", 1000), ("1.5Gi", 3 << 29)],
)
def test_an_amount_is_exact(quantity: str, expected: Fraction) -> None:
    assert amount(quantity) == expected


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"limits": {"memory": "512m"}}, "resources.limits.memory must be bytes with Ki, Mi or Gi such as 512Mi"),
        ({"limits": {"memory": "512MB"}}, "resources.limits.memory must be bytes with Ki, Mi or Gi such as 512Mi"),
        ({"limits": {"memory": 512}}, "resources.limits.memory 512 is 512 bytes: write 512Mi."),
        ({"requests": {"memory": "256"}}, "resources.requests.memory 256 is 256 bytes: write 256Mi."),
        ({"limits": {"memory": "512k"}}, "resources.limits.memory 512k is 500Ki: write a number with Mi or Gi."),
        ({"limits": {"memory": "4Mi"}}, "resources.limits.memory 4Mi is 4Mi: write a number with Mi or Gi."),
        ({"requests": {"cpu": 2000}}, "resources.requests.cpu 2000 is 2000 cores: write 2000m, thousandths of a core."),
        ({"requests": {"cpu": "512Mi"}}, "resources.requests.cpu must be a number of cores such as 0.5"),
        ({"limits": {"cpu": "0.0005"}}, "resources.limits.cpu must be a number of cores such as 0.5"),
        ({"requests": {"memory": "1Gi"}, "limits": {"memory": "512Mi"}}, "requests.memory 1Gi is more than resources.limits.memory 512Mi"),
        ({"requests": {"cpu": 1.5}, "limits": {"cpu": "1000m"}}, "resources.requests.cpu 1.5 is more than resources.limits.cpu 1000m"),
    ],
)
def test_an_amount_that_cannot_be_meant_is_one_sentence(resources: dict[str, Any], expected: str) -> None:
    (problem,) = load_components([with_resources(**resources)])[1]
    assert expected in problem
    assert problem.startswith("Component api: ")


@pytest.mark.parametrize("size", ["10", "512m", "1GB", "512k"])
def test_a_volume_has_a_size_that_can_be_meant(size: str) -> None:
    (problem,) = load_components([{**API, "persistence": {"path": "/data", "size": size}}])[1]
    assert problem.startswith("Component api: persistence.size ")


@pytest.mark.parametrize(
    "resources",
    [
        {},
        {"requests": {"cpu": 0, "memory": "0"}},
        {"limits": {"memory": "536870912"}},
        {"limits": {"memory": "512M", "cpu": ".5"}, "requests": {"memory": "512M", "cpu": "500m"}},
        {"limits": {"memory": "16Mi"}, "requests": {"cpu": "1m"}},
        {"limits": {"cpu": 64, "memory": "0.5Gi"}},
    ],
)
def test_amounts_that_only_look_odd_pass(resources: dict[str, Any]) -> None:
    assert load_components([with_resources(**resources)])[1] == []


def room(*components: dict[str, Any]) -> list[str]:
    loaded, wrong = load_components([{"name": f"c{index}", **component} for index, component in enumerate(components)])
    assert wrong == []
    return list(room_problems(loaded, NODE, MORE))


def asking(cpu: str = "0", memory: str = "0", **options: Any) -> dict[str, Any]:
    return {"port": 80, "image": "a", "resources": {"requests": {"cpu": cpu, "memory": memory}}, **options}


def test_a_pod_that_no_node_could_hold_is_named_alone() -> None:
    (problem,) = room(asking("2"), asking("100m"))
    assert problem == (
        "Component c0: a pod asks for 2 of cpu, and the node has 2, 0.75 of them for the cluster itself: lower resources.requests.cpu, or "
        "raise minikube_cpus."
    )
    (problem,) = room(asking(memory="8Gi"))
    assert "a pod asks for 8Gi of memory, and the node has 4Gi, 170Mi of them for the cluster itself" in problem


def test_the_sum_counts_replicas_a_rollout_and_the_extras() -> None:
    fits = [asking("250m", replicas=3), asking("250m", extra=True, persistence={"path": "/data"})]
    assert room(*fits) == []  # 1 + 0.25 + 0.75
    (problem,) = room(*fits, asking("10m"))
    assert problem.startswith(
        "The components ask for 1.01 of cpu (c0 3 x 0.25, c1 1 x 0.25, c2 1 x 0.01), and for 0.25 more while one of them"
    )


def test_without_a_rollout_beside_running_pods_nothing_more_is_asked_for() -> None:
    volume: dict[str, Any] = {"persistence": {"path": "/data"}}
    assert room(asking("625m", **volume), asking("625m", **volume)) == []
    assert len(room(asking("625m", **volume), asking("625m", **volume, setup={"command": ["x"]}))) == 1
    assert room(asking("1", replicas=0), asking("600m")) == []


def test_without_a_request_the_limit_is_asked_for() -> None:
    assert len(room({"port": 80, "image": "a", "resources": {"limits": {"memory": "3Gi"}}})) == 1
    assert room({"port": 80, "image": "a", "resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": "64Gi"}}}) == []


def scaled(cpu: str, least: int, most: int, **options: Any) -> dict[str, Any]:
    return {**asking(cpu), "autoscale": {"min": least, "max": most}, **options}


def growth(*components: dict[str, Any]) -> list[str]:
    loaded, wrong = load_components([{"name": f"c{index}", **component} for index, component in enumerate(components)])
    assert wrong == []
    return list(growth_hints(loaded, NODE))


def test_of_what_is_scaled_the_fewest_pods_have_to_fit() -> None:
    assert room(scaled("250m", 2, 40)) == []  # 0.5 + 0.25 + 0.75
    (problem,) = room(scaled("250m", 5, 40))
    assert "(c0 5 x 0.25)" in problem


def test_pods_that_will_find_no_room_are_said_and_refuse_nothing() -> None:
    assert growth(scaled("250m", 1, 5), asking("10m", replicas=0)) == []
    (hint,) = growth(scaled("250m", 1, 8), asking("100m", replicas=2))
    assert hint.startswith("Component c0: the node has room for 4 of the 8 pods that autoscale.max allows")
    (hint,) = growth(scaled("1m", 1, 100, resources={"requests": {"cpu": "1m", "memory": "1Gi"}}))
    assert "room for 3 of the 100 pods" in hint


def test_a_number_that_stays_is_the_fewest_and_the_most() -> None:
    (fixed, scaling), _problems = load_components([{**API, "replicas": 3}, {**API, "name": "b", **scaled("1m", 2, 9)}])
    assert (pods(fixed), pods(scaling)) == ((3, 3), (2, 9))
