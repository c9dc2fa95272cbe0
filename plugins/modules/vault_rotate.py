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
    with the same password and vault id. Comments and all other values stay.
  - What is deployed does not change; deploy afterwards, and load the vault anew before that.
options:
  path:
    description: The vault file.
    type: path
    required: true
  names:
    description: Variables whose values are a text on one line.
    type: list
    elements: str
    required: true
  kept:
    description:
      - Variable of O(names) to another variable of the vault that keeps its old value, as C({value, until}), for a service that
        accepts both until then.
    type: dict
    default: {}
  overlap:
    description: Seconds until a value in O(kept) is no longer accepted.
    type: int
    default: 300
attributes:
  check_mode:
    description: Writes nothing, but finds every problem.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
  diff_mode:
    description: Shows 8 hexadecimal digits of the values' SHA-256.
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
