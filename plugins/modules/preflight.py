#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at what a deployment needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Report everything that would stop a deployment, at once
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Looks at every variable of the play, at the vault, at the components' source folders and at the machine, and changes nothing.
  - A variable is an error when its name has one of the collection's prefixes and no role documents it, when its name is nearly that
    of a documented one, or when its value has another type than the role's argument spec says.
  - A secret value is an error when it is a placeholder, was copied with something around it, or is a URL that cannot work or sends
    a credential out of the cluster unprotected. The message names its key and never the value.
  - An address in a variable is an error when it leads to the pod itself (C(localhost)), or to a component that there is not.
  - Fails once, with a sentence for every problem and its remedy.
options:
  own_variables:
    description: Names that begin like the collection's own and are the user's all the same.
    type: list
    elements: str
    default: []
  accepted_values:
    description: Values that are right although they look wrong, each as C(component.secret_env.KEY), as the message names it.
    type: list
    elements: str
    default: []
  vault_file:
    description: The vault that must open where it is there; empty when credentials come from elsewhere.
    type: path
  sources:
    description: >-
      Folders that images are built from, each with C(component), C(live) and the options of a component's C(build), defaults included; the
      variables' check names those of C(app_components).
    type: list
    elements: dict
    default: []
  source_root:
    description: What a relative source folder is relative to.
    type: path
  cache_dir:
    description: Folder of the downloaded and built tools; while it is missing, O(disk_gb) must be free on its file system.
    type: path
  disk_gb:
    description: Free disk space that a first run needs, in GB.
    type: int
    default: 10
  memory_gb:
    description: Memory of the machine, in GB.
    type: int
    default: 4
  minikube:
    description: The cluster's profile, which must be free or this user's; nothing where the cluster is another one.
    type: dict
    suboptions:
      profile:
        description: Name of the profile.
        type: str
        required: true
      home:
        description: Minikube's folder, as in M(plannoir.deploy.minikube).
        type: path
      ports:
        description: Node ports that the cluster publishes on 127.0.0.1. On the controller, those of C(app_components) must be among them.
        type: list
        elements: int
      nodes:
        description: How many nodes it gets, for whose programs the kernel must have room.
        type: int
        default: 1
      recreate:
        description: Whether a cluster that publishes others is made anew.
        type: bool
        default: false
  packages:
    description: Whether tools are built from packages, which works on Linux on x86-64 only.
    type: bool
    default: false
attributes:
  check_mode:
    description: Nothing is ever changed.
    support: full
  action:
    description: The variables are checked by an action plugin on the controller.
    support: full
  diff_mode:
    description: Nothing is ever changed.
    support: none
"""

EXAMPLES = r"""
- name: Report every problem before anything is touched
  plannoir.deploy.preflight:
    vault_file: group_vars/all/vault.yml
    source_root: "{{ playbook_dir }}"
"""

RETURN = r"""
vault_services:
  description:
    - Backing services whose values the vault has to hold, for M(plannoir.deploy.vault_file), when it has to be made, completed or loaded.
    - Nothing when Ansible has loaded all that is needed, or no vault is needed.
  returned: success
  type: list
  elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.requirements import machine_problems


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "own_variables": {"type": "list", "elements": "str", "default": []},
            "accepted_values": {"type": "list", "elements": "str", "default": []},
            "vault_file": {"type": "path"},
            "sources": {"type": "list", "elements": "dict", "default": []},
            "source_root": {"type": "path"},
            "cache_dir": {"type": "path"},
            "disk_gb": {"type": "int", "default": 10},
            "memory_gb": {"type": "int", "default": 4},
            "minikube": {
                "type": "dict",
                "options": {
                    "profile": {"type": "str", "required": True},
                    "home": {"type": "path"},
                    "ports": {"type": "list", "elements": "int"},
                    "nodes": {"type": "int", "default": 1},
                    "recreate": {"type": "bool", "default": False},
                },
            },
            "packages": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, problems=list(machine_problems(module.params)), cpus=os.cpu_count())


if __name__ == "__main__":
    main()
