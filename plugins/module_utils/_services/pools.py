# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections each pod and the pooler may hold, from the server's limit and the number of pods."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from .references import references

RESERVED = 3 + 7
"""Connections that no pool gets: PostgreSQL's superuser_reserved_connections, and setup, migration, the pooler's questions about
passwords (2), a probe and two people with psql."""

ROLLOUT = 2
"""During a rollout old and new pods hold their connections at the same time."""

POOL_LIMIT = 10
"""Connections that one process of the application makes use of."""

_is_counting: ContextVar[bool] = ContextVar("is_counting", default=False)


def database_pools(max_connections: int, replicas: int, pooler_clients: int = 0, poolers: int = 1) -> dict[str, int]:
    """Divide a PostgreSQL server's connections.

    Args:
        max_connections: The server's limit.
        replicas: Number of the application's pods, each with a pool.
        pooler_clients: Connections that each pooler in front accepts; 0 without a pooler of ours. While one is away another has them all.
        poolers: Number of the pooler's pods; a rollout adds one.

    Returns:
        ``pool_size`` of each pod; ``max_db_connections`` of each pooler, which are its ``default_pool_size`` and ``reserve_pool_size``.

    Raises:
        ValueError: The numbers leave a pool without a connection.
    """
    budget = max_connections - RESERVED
    most_poolers = poolers + 1
    if budget < 2 * most_poolers:
        raise ValueError(
            f"services_postgresql_max_connections {max_connections} is too low: {RESERVED} are for others than the application; "
            f"set it to at least {RESERVED + 2 * most_poolers}."
        )
    name, limit = ("pooler_clients", pooler_clients) if pooler_clients else ("max_connections", budget)
    pool_size = min(POOL_LIMIT, limit // (ROLLOUT * max(replicas, 1)))
    if pool_size < 1:
        least = ROLLOUT * replicas + (0 if pooler_clients else RESERVED)
        raise ValueError(
            f"services_postgresql_client_pods {replicas} are too many for services_postgresql_{name}: set it to at least {least}, or take "
            "fewer pods (replicas, or autoscale.max, of the components that use it)."
        )
    pooled = budget // most_poolers
    reserve = max(1, pooled // 5)
    return {
        "pool_size": pool_size,
        "max_db_connections": pooled,
        "default_pool_size": pooled - reserve,
        "reserve_pool_size": reserve,
    }


def client_pods(components: Any, service: str, unnamed: int | str = 1, *, of_one: bool = False) -> int:
    """Return the most pods that use a service at once, rollouts apart; what is no component is named where components are checked.

    Args:
        components: As ``app_components`` gives them.
        service: Its name.
        unnamed: The number where no component takes a value from it.
        of_one: Whether those of the component with the most are asked for, in place of all.
    """
    # A component's text that is a template of what follows from this number asks for it again, as it is looked at.
    if _is_counting.get() or not isinstance(components, list):
        return max(1, int(unnamed))
    token = _is_counting.set(True)
    try:
        taking = [item for item in components if isinstance(item, Mapping) and _takes_from(service, item)]
        return max(1, (max if of_one else sum)(map(_most, taking)) if taking else int(unnamed))
    finally:
        _is_counting.reset(token)


def _takes_from(service: str, component: Mapping[str, Any]) -> bool:
    return any(not part and reference.get("from") == service for part, _option, _key, reference in references(component))


def _most(component: Mapping[str, Any]) -> int:
    scale = component.get("autoscale")
    number = str(scale.get("max") if isinstance(scale, Mapping) else component.get("replicas"))
    return int(number) if number.isdecimal() else 1
