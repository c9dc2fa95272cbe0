# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter client_pods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._services.pools import client_pods

DOCUMENTATION = r"""
name: client_pods
short_description: The most pods of an application that use a service at once
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Adds up C(replicas), or C(autoscale.max), of the components in whose C(env) or C(secret_env) a value comes from the service.
options:
  _input:
    description: Components, as in app_components.
    type: list
    elements: dict
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  unnamed:
    description: The number where no component names the service so.
    type: int
    default: 1
  of_one:
    description: Whether the pods of the component that has the most are counted, in place of all.
    type: bool
    default: false
"""

EXAMPLES = r"""
pods: "{{ app_components | plannoir.deploy.client_pods('postgresql') }}"
"""

RETURN = r"""
_value:
  description: The number of pods, from 1 on.
  type: int
"""


class FilterModule:
    """Filters about the pods of an application."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"client_pods": client_pods}
