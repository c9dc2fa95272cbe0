#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin vault_file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_file
short_description: Make an encrypted vault file with random credentials, or add those that it lacks
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Makes a file that C(ansible-vault edit) opens, with random passwords and a private certificate authority for the backing services and
    the application that are named.
  - It is encrypted with the password that Ansible was started with, so that the same play can load it with
    M(ansible.builtin.include_vars).
  - A vault that is there gets what it lacks, behind its last line; nothing else in it changes. It is an error when the password does not
    open it.
options:
  path:
    description: The vault file.
    type: path
    required: true
  services:
    description: Backing services whose credentials it holds, each a folder of the role plannoir.deploy.services.
    type: list
    elements: str
    default: []
  secrets:
    description: Names of the application's own random values; C(vault_<name>) holds each.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Writes nothing.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
  diff_mode:
    description: Names the variables that are made.
    support: full
"""

EXAMPLES = r"""
- name: Make the vault on the first run
  plannoir.deploy.vault_file:
    path: group_vars/all/vault.yml
    services: [postgresql]
    secrets: [session_secret]
"""

RETURN = r"""
names:
  description: The variables that were made; empty when there were all of them already.
  returned: success
  type: list
  elements: str
"""
