#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin images_registry_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images_registry_info
short_description: Which images a registry has, and whether the others can be pushed
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Asks a registry for the digest of each image, and changes nothing.
  - Where one is missing it tells, before anything is built, whether it can be pushed. It begins an upload and gives it up again, asks the
    engine that the environment names (E(DOCKER_HOST)) whether that trusts the registry, and compares what it builds for with the nodes.
options:
  refs:
    description: References by component, as M(plannoir.deploy.images_plan) returns them.
    type: dict
    required: true
extends_documentation_fragment: [plannoir.deploy.cluster, plannoir.deploy.registry]
attributes:
  check_mode:
    description: Changes nothing. In check mode the engine and the nodes are not asked.
    support: full
  diff_mode:
    description: M(plannoir.deploy.images_plan) shows the images that are missing.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: See what the registry has
  plannoir.deploy.images_registry_info:
    refs:
      backend: registry.example.org/team/shop-backend:3f1c0a9b27de
    name: registry.example.org/team
    username: shop
    password: "{{ vault_registry_password }}"
    kubeconfig: ~/.kube/config
    context: production
    namespace: shop
"""

RETURN = r"""
refs:
  description: Reference by component, with the digest where the registry has the image.
  returned: success
  type: dict
  sample: {backend: "registry.example.org/team/shop-backend@sha256:0fafe5e906db..."}
present:
  description: The references that the registry has.
  returned: success
  type: list
  elements: str
missing:
  description: Those that it has not.
  returned: success
  type: list
  elements: str
"""
