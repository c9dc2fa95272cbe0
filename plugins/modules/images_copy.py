#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: images_copy
short_description: Copy images from one engine to another
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Streams images from one Docker Engine to another, without a registry and without a file in between.
  - The target is the engine that the environment names (E(DOCKER_HOST), E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)).
options:
  images:
    description: References of the images.
    type: list
    elements: str
    required: true
  source_engine:
    description: Address of the engine that has the images; empty for the default socket.
    type: str
    default: ''
attributes:
  check_mode:
    description: Can run in check mode and tell what would be copied.
    support: full
  diff_mode:
    description: Shows the ids of the images that differ, before and after.
    support: full
"""

EXAMPLES = r"""
- name: Have the base image where images are built
  plannoir.deploy.images_copy:
    images: [debian:trixie-slim]
    source_engine: unix:///var/run/docker.sock
  environment:
    DOCKER_HOST: tcp://127.0.0.1:32771
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /home/me/.minikube/certs
"""

RETURN = r"""
copied:
  description: References of the images that the target lacked, or had with another content.
  returned: success
  type: list
  elements: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {"type": "list", "elements": "str", "required": True},
            "source_engine": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    source, target = Docker({"DOCKER_HOST": module.params["source_engine"]}, timeout=600), Docker(os.environ, timeout=600)
    before, after, copied = "", "", []
    try:
        for reference in module.params["images"]:
            wanted, present = source.image_id(reference), target.image_id(reference)
            if wanted is None:
                module.fail_json(msg=f"The engine at {source.host} has no image {reference}: run the toolchain role again.")
            if wanted != present:
                copied.append(reference)
                before, after = f"{before}{reference} {present or 'absent'}\n", f"{after}{reference} {wanted}\n"
        if copied and not module.check_mode:
            source.copy_images(copied, target)
    except Failure as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(copied), copied=copied, diff={"before": before, "after": after})


if __name__ == "__main__":
    main()
