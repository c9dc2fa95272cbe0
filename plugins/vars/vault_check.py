# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vars plugin vault_check."""

from __future__ import annotations

DOCUMENTATION = r"""
name: vault_check
short_description: Keep vaults data, and stop with one sentence when one cannot be used
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Opens C(group_vars/<group>/vault.yml) of the inventory and of the working folder before Ansible itself loads them.
  - One that is plaintext, damaged, or that no password opens, ends the program with a sentence that names the file and the remedy.
  - From then on, what Ansible loads from an encrypted file of variables is no template, so that C({{) may be part of a password. That holds
    for C(group_vars), C(-e @file), C(vars_files) and C(include_vars).
  - Gives no variables.
options:
  stage:
    default: inventory
    ini:
      - key: stage
        section: vars_vault_check
    env:
      - name: ANSIBLE_VARS_PLUGIN_STAGE
extends_documentation_fragment:
  - ansible.builtin.vars_plugin_staging
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.inventory.group import InventoryObjectType
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.vars import BaseVarsPlugin


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # ansible has no types
    is_stateless = True

    def get_vars(self, loader: DataLoader, path: str, entities: Iterable[Any], cache: bool = True) -> dict[str, Any]:
        # Here, because Ansible imports every vars plugin before it asks the first: an old ansible-core is named by the plugin requirements.
        from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
        from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_check import read_vault
        from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_data import keep_vaults_data

        keep_vaults_data()
        super().get_vars(loader, path, entities)
        groups = [entity.name for entity in entities if entity.base_type is InventoryObjectType.GROUP]
        vaults = [Path(base, "group_vars", group, "vault.yml").resolve() for base in (path, loader.get_basedir()) for group in groups]
        for vault in dict.fromkeys(vaults):
            try:
                read_vault(vault, loader._vault.secrets)
            except Failure as error:
                raise AnsibleParserError(str(error)) from None
        return {}
