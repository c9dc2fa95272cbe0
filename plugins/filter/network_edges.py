# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connections between components that policies allow, and those that they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils._component.graph import edges
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components

DOCUMENTATION = r"""
name: network_edges
short_description: The connections between components that policies allow, and those that they do not
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Follows C(connects_to) of each component, for M(plannoir.deploy.network_policy_info).
options:
  _input:
    description: Components, as in app_components.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the application's graph
  ansible.builtin.debug:
    msg: "{{ (app_components | plannoir.deploy.network_edges).allowed }}"
"""

RETURN = r"""
_value:
  description: C(allowed) and C(forbidden), each a list of connections.
  type: dict
  sample: {allowed: [{source: frontend, target: backend, port: 8000}], forbidden: [{source: frontend, target: database, port: 5432}]}
"""


def network_edges(components: object) -> dict[str, list[dict[str, Any]]]:
    """Return the connections of the components; see DOCUMENTATION."""
    loaded, problems = load_components(components)
    if problems:
        raise AnsibleFilterError("\n".join(problems))
    return {kind: [asdict(edge) for edge in found] for kind, found in zip(("allowed", "forbidden"), edges(loaded), strict=True)}


class FilterModule:
    """Filters about the application's graph."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"network_edges": network_edges}
