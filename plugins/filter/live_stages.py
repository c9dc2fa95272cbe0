# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter live_stages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import live_name

DOCUMENTATION = r"""
name: live_stages
short_description: The development stages of components, as components of their own
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description: Each component with the option C(live) becomes one that is called C(<name>-live) and is built to that stage.
options:
  _input:
    description: The components.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
stages: "{{ app_components | plannoir.deploy.live_stages }}"
"""

RETURN = r"""
_value:
  description: For each its name and its build.
  type: list
  elements: dict
"""


def live_stages(components: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the development stages of components."""
    return [
        {"name": live_name(component["name"]), "build": {**component["build"], "target": component["live"]["target"]}}
        for component in components
        if component.get("live")
    ]


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"live_stages": live_stages}
