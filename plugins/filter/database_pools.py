# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils._services.pools import database_pools as pools_of

DOCUMENTATION = r"""
name: database_pools
short_description: Sizes of connection pools from a PostgreSQL server's limit
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Divides the connections of a server among the application's pods, directly or by way of PgBouncer, with room for a rollout.
  - Fails with a sentence when the numbers leave a pool without a connection.
options:
  _input:
    description: C(max_connections) of the server.
    type: int
    required: true
  replicas:
    description: Number of the application's pods.
    type: int
    required: true
  pooler_clients:
    description: C(max_client_conn) of the PgBouncer in front; V(0) where the pods reach a server, or a pooler, that is not ours.
    type: int
    default: 0
  poolers:
    description: Number of PgBouncer's pods.
    type: int
    default: 1
"""

EXAMPLES = r"""
pools: "{{ 60 | plannoir.deploy.database_pools(replicas=3, pooler_clients=200) }}"
"""

RETURN = r"""
_value:
  description: V(pool_size) of a pod, and V(max_db_connections), V(default_pool_size) and V(reserve_pool_size) of PgBouncer.
  type: dict
"""


def database_pools(
    max_connections: int | str, replicas: int | str, pooler_clients: int | str = 0, poolers: int | str = 1
) -> dict[str, int]:
    """Return the sizes; see DOCUMENTATION. Extra variables of a command line are text."""
    try:
        return pools_of(int(max_connections), int(replicas), int(pooler_clients), int(poolers))
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, int]]]:
        return {"database_pools": database_pools}
