#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin images_push."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images_push
short_description: Push images to a registry
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Has the engine that the environment names (E(DOCKER_HOST), E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)) push images. Layers that the
    registry has are not sent again. Shows how much of a large one is sent.
  - The login goes to the engine with the request. Neither a file nor a command line has it.
options:
  refs:
    description: The images' references, with their tags.
    type: list
    elements: str
    required: true
  keep:
    description: How many of the newest images of each repository, as the engine has them, count as needed.
    type: int
    default: 5
extends_documentation_fragment: [plannoir.deploy.registry]
attributes:
  check_mode:
    description: Pushes nothing and reports a change when an image is given.
    support: full
  diff_mode:
    description: M(plannoir.deploy.images_plan) shows the images that are missing.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Push what was built
  plannoir.deploy.images_push:
    refs:
      - registry.example.org/team/shop-backend:3f1c0a9b27de
    name: registry.example.org/team
    username: shop
    password: "{{ vault_registry_password }}"
"""

RETURN = r"""
pushed:
  description: The images that were pushed.
  returned: always
  type: list
  elements: dict
  contains:
    ref: {description: Reference., type: str, returned: always}
    digest: {description: Its digest in the registry., type: str, returned: always}
    sent: {description: Bytes of the layers that were sent., type: int, returned: always}
    seconds: {description: Seconds that it took., type: float, returned: always}
unneeded:
  description: What else the repositories hold and this engine's newest images are not. Nothing is removed there.
  returned: always
  type: list
  elements: str
"""
