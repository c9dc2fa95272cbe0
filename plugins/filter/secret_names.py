# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils.kubernetes_secrets import secret_names as names_of

DOCUMENTATION = r"""
name: secret_names
short_description: The names of the Secrets that hold given values
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - A Secret is named by its content, C(<component>-<kind>-<digest>), so that a new value is a new Secret beside the old one.
options:
  _input:
    description: Component to kind of Secret to key to value, as the filter P(plannoir.deploy.component_secrets#filter) returns it.
    type: dict
    required: true
  key:
    description: A random text of the vault, without which nobody can try out a guessed value on the names.
    type: str
    required: true
"""

EXAMPLES = r"""
names: "{{ app_components | plannoir.deploy.component_secrets | plannoir.deploy.secret_names(secrets_key) }}"
"""

RETURN = r"""
_value:
  description: Component to kind of Secret (V(env), V(files), V(migration), V(setup)) to its name.
  type: dict
"""


def secret_names(secrets: Mapping[str, Mapping[str, Mapping[str, str]]], key: str) -> dict[str, Any]:
    """Return the names; see DOCUMENTATION."""
    try:
        return names_of(secrets, key)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"secret_names": secret_names}
