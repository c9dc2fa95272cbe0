# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter component_secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import component_secrets

DOCUMENTATION = r"""
name: component_secrets
short_description: The secret values of components, by component and kind
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description: >-
  Takes the values of C(secret_env), C(secret_files.files), C(pull_credentials) and of the Jobs' C(secret_env) out of
  C(app_components).
options:
  _input:
    description: The components.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
secrets: "{{ app_components | plannoir.deploy.component_secrets }}"
"""

RETURN = r"""
_value:
  description: Component to kind of Secret (V(env), V(files), V(pull), V(migration), V(setup), V(test)) to key to value.
  type: dict
"""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"component_secrets": component_secrets}
