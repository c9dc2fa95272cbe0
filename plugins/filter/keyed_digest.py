# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.store import keyed_digest as digest_of

DOCUMENTATION = r"""
name: keyed_digest
short_description: A digest that gives nothing away about a short value
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Returns HMAC-SHA-256 of a text. Unlike of a plain digest, nobody without the key can tell whether a guessed value is right.
options:
  _input:
    description: The text.
    type: str
    required: true
  key:
    description: A random text of the vault.
    type: str
    required: true
"""

EXAMPLES = r"""
login: "shop_{{ (vault_database_password | plannoir.deploy.keyed_digest(vault_checksum_key))[:8] }}"
"""

RETURN = r"""
_value:
  description: 64 hexadecimal digits.
  type: str
"""


def keyed_digest(value: Any, key: str) -> str:
    """Return the digest; see DOCUMENTATION."""
    try:
        return digest_of(str(value), key)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., str]]:
        return {"keyed_digest": keyed_digest}
