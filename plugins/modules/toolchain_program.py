#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: toolchain_program
short_description: Make one program of the toolchain
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Makes a program that M(plannoir.deploy.toolchain_plan) found missing and puts it in its place in the cache folder or the Docker
    Engine.
  - A published program (the source V(official)) has to be downloaded before, as RV(plannoir.deploy.toolchain_plan#module:downloads) says.
  - A program is made aside and takes its place in one step, so that a run that was killed leaves nothing that looks whole. Two runs on
    one cache folder wait for each other.
attributes:
  check_mode:
    support: full
    description: Says whether the program would be made, and makes nothing.
  diff_mode:
    support: none
    description: A program is there or not; its content is binary.
extends_documentation_fragment:
  - plannoir.deploy.toolchain
options:
  name:
    description: Name of the program.
    type: str
    required: true
  source:
    description: Where the program comes from.
    type: str
    choices: [official, packages]
    required: true
"""

EXAMPLES = r"""
- name: Make the missing programs
  plannoir.deploy.toolchain_program:
    name: "{{ item.name }}"
    source: "{{ plan.source }}"
    cache_dir: ~/.cache/plannoir
    recipes: "{{ role_path }}/files"
  loop: "{{ plan.programs }}"
"""

RETURN = r"""
seconds:
  description: Seconds that the call took.
  returned: success
  type: int
  sample: 184
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import make as toolchain_make
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.options import OPTIONS, resolved


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **OPTIONS,
            "name": {"type": "str", "required": True},
            "source": {"type": "str", "choices": ["official", "packages"], "required": True},
        },
        supports_check_mode=True,
    )
    try:
        made = toolchain_make.make(resolved(module.params), check=module.check_mode)
    except Failure as error:
        module.fail_json(msg=f"The program {module.params['name']} could not be made: {error}")
    module.exit_json(changed=made.changed, seconds=round(made.seconds))


if __name__ == "__main__":
    main()
