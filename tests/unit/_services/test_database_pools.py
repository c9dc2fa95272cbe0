# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sizes of the pools fit the server, whatever the number of pods."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.filter.database_pools import database_pools
from ansible_collections.plannoir.deploy.plugins.module_utils._services.pools import client_pods

SUPERUSER_RESERVED = 3


@pytest.mark.parametrize("replicas", range(1, 11))
@pytest.mark.parametrize("max_connections", [14, 60, 100])
def test_all_pools_fit_even_while_old_and_new_pods_run_together(replicas: int, max_connections: int) -> None:
    pools = database_pools(max_connections, replicas, pooler_clients=200)
    setup_and_migration = 2
    pooler = pools["default_pool_size"] + pools["reserve_pool_size"]
    assert min(pools.values()) >= 1
    assert pooler == pools["max_db_connections"]
    assert 2 * pooler <= max_connections - SUPERUSER_RESERVED - setup_and_migration
    assert 2 * replicas * pools["pool_size"] <= 200


@pytest.mark.parametrize("max_connections", [16, 60, 100])
def test_the_pools_of_two_poolers_fit_beside_that_of_a_third_which_a_rollout_adds(max_connections: int) -> None:
    pools = database_pools(max_connections, "2", "200", "2")
    assert min(pools.values()) >= 1
    assert 3 * pools["max_db_connections"] <= max_connections - SUPERUSER_RESERVED - 2


def test_two_poolers_need_more_connections() -> None:
    with pytest.raises(AnsibleFilterError, match="set it to at least 16"):
        database_pools(15, 2, 200, 2)


@pytest.mark.parametrize("replicas", range(1, 11))
def test_without_a_pooler_the_pods_share_the_servers_own_connections(replicas: int) -> None:
    assert 2 * replicas * database_pools(60, replicas)["pool_size"] <= 60 - SUPERUSER_RESERVED


def test_the_defaults_of_the_reference_application() -> None:
    assert database_pools("60", "1", "200") == {
        "pool_size": 10,
        "max_db_connections": 25,
        "default_pool_size": 20,
        "reserve_pool_size": 5,
    }


MANY = (
    "services_postgresql_client_pods {} are too many for services_postgresql_{}: set it to at least {}, or take fewer pods (replicas, or "
    "autoscale.max, of the components that use it)."
)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((13, 1, 200), "services_postgresql_max_connections 13 is too low: 10 are for others than the application; set it to at least 14."),
        ((60, 20, 39), MANY.format(20, "pooler_clients", 40)),
        ((60, 26, 0), MANY.format(26, "max_connections", 62)),
    ],
)
def test_numbers_that_cannot_fit_are_refused_with_the_least_that_does(numbers: tuple[int, int, int], sentence: str) -> None:
    with pytest.raises(AnsibleFilterError) as error:
        database_pools(*numbers)
    assert str(error.value) == sentence
    max_connections, replicas, clients = numbers
    least = int(sentence.split("at least ")[1].split(".")[0].split(",")[0])
    assert database_pools(max_connections if clients == 39 else least, replicas, least if clients == 39 else clients)


USES = {"env": {"POOL": {"from": "postgresql", "as": "pool_size"}}}
URL = {"secret_env": {"URL": {"from": "postgresql", "as": "url"}, "TOKEN": "x"}}


@pytest.mark.parametrize(
    ("components", "pods"),
    [
        ([{**USES, "replicas": 3}], 3),
        ([{**USES, "replicas": "3"}, {**URL, "replicas": 2}, {"replicas": 9, "env": {"A": "b"}}], 5),
        ([{**USES, **URL, "autoscale": {"min": 2, "max": 8}}, URL], 9),
        ([{**URL, "schedule": {"cron": "@daily"}}], 1),
        ([{"migration": {"command": ["up"], **URL}, "replicas": 6}], 4),
        ([{"env": {"URL": {"from": "redis", "as": "url"}}, "replicas": 6}], 4),
        ([{**USES, "replicas": 0}], 1),
        ([], 4),
        (None, 4),
        ([{**USES, "replicas": "two"}, "no component"], 1),
    ],
)
def test_the_pods_that_use_a_service_are_those_that_take_a_value_from_it_at_their_most(components: Any, pods: int) -> None:
    assert client_pods(components, "postgresql", "4") == pods


@pytest.mark.parametrize(
    ("components", "pods"),
    [
        ([{**USES, "replicas": 1}, URL], 1),  # two components of one pod each
        ([{**USES, "replicas": "3"}, {**URL, "autoscale": {"max": 4}}, {"replicas": 9}], 4),
        ([], 2),
    ],
)
def test_the_most_pods_of_one_component_that_uses_a_service(components: Any, pods: int) -> None:
    assert client_pods(components, "postgresql", "2", of_one=True) == pods


class Template(dict[str, Any]):
    """An environment with a text that is made of the number of pods, as Ansible resolves it: when it is looked at."""

    def items(self) -> Any:
        return [("SIZE", str(client_pods(self["components"], "postgresql", 7))), *dict.items(self)]


def test_a_text_that_is_made_of_the_number_asks_for_it_without_end() -> None:
    components: list[dict[str, Any]] = [{**USES, "replicas": 3}, {"replicas": 5}]
    components[1]["env"] = Template(components=components)
    assert client_pods(components, "postgresql") == 3
    assert client_pods(components[1:], "postgresql", 7) == 7
