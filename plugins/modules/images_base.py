#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: images_base
short_description: Copy a base image to the engine that builds
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Streams an image from one Docker Engine to another, without a registry and without a file in between.
  - The target is the engine that the environment names (E(DOCKER_HOST), E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)).
options:
  image:
    description: Reference of the image.
    type: str
    required: true
  source_engine:
    description: Address of the engine that has the image; empty for the default socket.
    type: str
    default: ''
attributes:
  check_mode:
    description: Can run in check mode and tell what would be copied.
    support: full
  diff_mode:
    description: Shows the ids of the image before and after.
    support: full
"""

EXAMPLES = r"""
- name: Have the base image where images are built
  plannoir.deploy.images_base:
    image: debian:trixie-slim
    source_engine: unix:///var/run/docker.sock
  environment:
    DOCKER_HOST: tcp://127.0.0.1:32771
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /home/me/.minikube/certs
"""

RETURN = r"""
id:
  description: Id of the image.
  returned: success
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure


def main() -> None:
    module = AnsibleModule(
        argument_spec={"image": {"type": "str", "required": True}, "source_engine": {"type": "str", "default": ""}},
        supports_check_mode=True,
    )
    reference = module.params["image"]
    source, target = Docker({"DOCKER_HOST": module.params["source_engine"]}, timeout=600), Docker(os.environ, timeout=600)
    try:
        wanted, present = source.image_id(reference), target.image_id(reference)
        if wanted is None:
            module.fail_json(msg=f"The engine at {source.host} has no image {reference}: run the toolchain role again.")
        if wanted != present and not module.check_mode:
            source.copy_image(reference, target)
    except Failure as error:
        module.fail_json(msg=str(error))
    diff = {"before": f"{reference} {present or 'absent'}\n", "after": f"{reference} {wanted}\n"}
    module.exit_json(changed=wanted != present, id=wanted, diff=diff)


if __name__ == "__main__":
    main()
