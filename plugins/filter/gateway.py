# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter gateway."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._services.gateway import gateway_config, routes_of

DOCUMENTATION = r"""
name: gateway
short_description: The routes of the service gateway as nginx reads them
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Writes the locations for the routes, and names the components that they lead to.
options:
  _input:
    description: Prefix of a path to a component, or to a dictionary with C(to) and C(strip).
    type: dict
    required: true
  components:
    description: As in app_components.
    type: list
    elements: dict
    required: true
  namespace:
    description: Where they are deployed.
    type: str
    required: true
"""

EXAMPLES = r"""
config: "{{ ({'/': 'frontend'} | plannoir.deploy.gateway(app_components, app_namespace)).config }}"
"""

RETURN = r"""
_value:
  description: C(config), the text, and C(targets), the components.
  type: dict
"""


def gateway(routes: object, components: Sequence[Mapping[str, Any]], namespace: str) -> dict[str, Any]:
    """Return what follows from the routes; see DOCUMENTATION. What is wrong with them, preflight says."""
    names = {component["name"] for component in components}
    targets = sorted({route.to for route in routes_of(routes)} & names)
    return {"config": gateway_config(routes, components, namespace), "targets": targets}


class FilterModule:
    """Filters about the gateway."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"gateway": gateway}
