# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vars plugin requirements."""

from __future__ import annotations

DOCUMENTATION = r"""
name: requirements
short_description: Stop with one sentence when the environment lacks what the collection needs
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Compares ansible-core and the installed collections with what this collection asks for, before Ansible reads a playbook, because
    Ansible's own message names a module that it cannot find, and neither the collection nor the remedy.
  - Gives no variables.
options:
  stage:
    default: inventory
    ini:
      - key: stage
        section: vars_requirements
    env:
      - name: ANSIBLE_VARS_PLUGIN_STAGE
extends_documentation_fragment:
  - ansible.builtin.vars_plugin_staging
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.vars import BaseVarsPlugin
from ansible_collections.plannoir.deploy.plugins.plugin_utils.requirements import environment_problems


@cache
def problems() -> str:
    """Return what the environment lacks, looked at once."""
    return "\n".join(environment_problems())


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # ansible has no types
    is_stateless = True

    def get_vars(self, loader: DataLoader, path: str, entities: Iterable[Any], cache: bool = True) -> dict[str, Any]:
        super().get_vars(loader, path, entities)
        if found := problems():
            raise AnsibleParserError(found)
        return {}
