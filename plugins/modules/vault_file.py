#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin vault_file."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_file
short_description: Make an encrypted vault file with random credentials
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Makes a file that C(ansible-vault edit) opens, from a template with placeholders for random passwords and certificates.
  - It is encrypted with the password that Ansible was started with, so that the same play can load it with
    M(ansible.builtin.include_vars).
  - A vault that is there is never changed; it is an error when that password does not open it.
options:
  path:
    description: The vault file.
    type: path
    required: true
  template:
    description:
      - File with the vault's YAML text. C(${password}) becomes a random password, a new one at each place.
      - C(${ca}), C(${certificate}) and C(${certificate_key}) become a private certificate authority and a server certificate for
        O(certificate_hosts), valid for 10 years.
      - By default that of the reference application.
    type: path
  certificate_hosts:
    description: DNS names that the certificate is for.
    type: list
    elements: str
    default: [localhost]
attributes:
  check_mode:
    description: Writes nothing.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
  diff_mode:
    description: A vault has no readable difference.
    support: none
"""

EXAMPLES = r"""
- name: Make the vault on the first run
  plannoir.deploy.vault_file:
    path: group_vars/all/vault.yml
    certificate_hosts: [database, pgbouncer, localhost]
"""

RETURN = r"""
names:
  description: The variables of the vault that was made; empty when there was one already.
  returned: success
  type: list
  elements: str
"""
