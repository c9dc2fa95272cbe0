#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine
short_description: Make a Docker Engine answer
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Uses the Docker Engine that the docker client would use, which is E(DOCKER_HOST), the current docker context or the default socket.
  - Where none is installed, installs it with its buildx plugin from the packages of Debian or Ubuntu, and starts it with systemd, or
    without systemd as a process of its own that outlives the play.
  - On Debian 12 the packages come from Debian 13, because Debian 12 has no buildx and a Docker that cannot run privileged containers on a
    machine without every capability. Nothing else on the machine changes its suite, and apt forgets Debian 13 again.
  - An engine that is installed but stopped is started.
attributes:
  check_mode:
    support: full
    description: Says in RV(actions) what would be installed and started, and changes nothing.
  diff_mode:
    support: full
    description: Shows the state of the engine and the actions that change it.
options:
  manage:
    description:
      - Whether an engine may be installed and started. With V(false) the module only looks, and fails at once with the cause and the
        command that mends it when no engine answers.
    type: bool
    default: true
  timeout:
    description: Seconds to wait for an engine that was started to answer.
    type: float
    default: 60
"""

EXAMPLES = r"""
- name: Make a Docker Engine answer
  plannoir.deploy.engine:

- name: Fail within seconds when no Docker Engine answers
  plannoir.deploy.engine:
    manage: false
"""

RETURN = r"""
host:
  description: Address of the engine.
  returned: success
  type: str
  sample: unix:///var/run/docker.sock
version:
  description: Version of the engine; empty in check mode when none answers yet.
  returned: success
  type: str
  sample: 26.1.5+dfsg1
api_version:
  description: Newest version of the Engine API that it speaks.
  returned: success
  type: str
  sample: "1.45"
buildx:
  description: Version of the buildx plugin.
  returned: success
  type: str
  sample: 0.13.1+ds1
installed:
  description: Whether an engine was installed by this call.
  returned: success
  type: bool
started:
  description: Whether an engine was started by this call.
  returned: success
  type: bool
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [start the Docker Engine]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.machine import Machine
from ansible_collections.plannoir.deploy.plugins.module_utils._engine import engine
from ansible_collections.plannoir.deploy.plugins.module_utils._engine.environment import environment_problems


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "manage": {"type": "bool", "default": True},
            "timeout": {"type": "float", "default": 60},
        },
        supports_check_mode=True,
    )
    if problems := list(environment_problems(os.environ)):
        module.fail_json(msg="\n".join(problems))
    try:
        result = engine.ensure(Machine(), manage=module.params["manage"], timeout=module.params["timeout"], check=module.check_mode)
    except Failure as failure:
        module.fail_json(msg=str(failure))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
