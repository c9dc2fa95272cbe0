#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin vault_secret."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_secret
short_description: Put one value into a vault
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Opens a vault with the password that Ansible was started with, gives a variable the value of O(value) or what O(command) prints, and
    encrypts it again with the same password and vault id. Comments, order, quotes and all other values stay as they were written.
  - A variable that the vault does not hold is put behind the others.
  - No output holds the value, or what the command says when it fails.
options:
  path:
    description: The vault file, which is there.
    type: path
    required: true
  name:
    description: The variable, which begins with C(vault_).
    type: str
    required: true
  value:
    description: Its value; one of O(value) and O(command) is given.
    type: str
  command:
    description:
      - A program and its arguments that print the value, such as C(pass), C(op) or C(sops). Words and quotes are as in a shell, but no
        shell runs it. The line break at the end is left out.
    type: str
attributes:
  check_mode:
    description: Does everything but replace the file; the command is run.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
  diff_mode:
    description: Names the variable.
    support: full
"""

EXAMPLES = r"""
- name: Take the key from a password manager
  plannoir.deploy.vault_secret:
    path: group_vars/all/vault.yml
    name: vault_stripe_api_key
    command: pass show stripe/key
"""

RETURN = r"""
name:
  description: The variable.
  returned: success
  type: str
"""
