#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin vault_rotate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_rotate
short_description: Give variables of a vault new random values
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Opens a vault with the password that Ansible was started with, gives variables new random values of 256 bits and encrypts it again
    with the same password and vault id. Comments, order, quotes and all other values stay as they were written.
  - The file is replaced after its new content was encrypted, opened and read again, and found to be right. It is left as it was where
    that fails, and where somebody else wrote it meanwhile. A link to the vault, the file's mode and, for root, its owner stay.
  - No output holds a value, or anything that a value could be guessed from.
  - What is deployed does not change; deploy afterwards, and load the vault anew before that.
options:
  path:
    description: The vault file.
    type: path
    required: true
  names:
    description:
      - Variables whose values are a text, in any style of YAML, also with the tag C(!unsafe). A number, list, mapping, alias or encrypted
        string is refused.
    type: list
    elements: str
    required: true
  kept:
    description:
      - Variable of O(names) to another variable of the vault that keeps its old value, as C({value, until}), for a service that
        accepts both until then. It is replaced where it stands, and put behind the rotated one where the vault does not hold it.
    type: dict
    default: {}
  overlap:
    description: Seconds until a value in O(kept) is no longer accepted.
    type: int
    default: 300
attributes:
  check_mode:
    description: Does everything but replace the file.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
  diff_mode:
    description: Names the variables that get a new value.
    support: full
"""

EXAMPLES = r"""
- name: Give the database's logins new passwords
  plannoir.deploy.vault_rotate:
    path: group_vars/all/vault.yml
    names: [vault_database_password, vault_database_owner_password]
"""

RETURN = r"""
names:
  description: The variables that have new values.
  returned: success
  type: list
  elements: str
until:
  description: Until when the old values in O(kept) are accepted, in seconds since the epoch.
  returned: success
  type: int
"""
