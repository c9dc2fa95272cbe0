#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin images_pull_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images_pull_info
short_description: Find out whether a cluster's nodes can pull from a registry
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Pushes an image that holds nothing (600 bytes, no tag) to the repository of the first reference, and has a pod of it on each node that
    pods may run on pull it; on one node where the account may not see which there are, and on ten at most.
  - Fails with a sentence for each reason, such as a certificate that nodes do not trust, a login that may not pull, a registry that they
    do not reach, or another processor. What cannot be told is a warning.
  - The pods, and the Secret with which they pull, are removed. It does nothing where pods of the application run from that registry.
options:
  application:
    description: Name of the application, by which the pods are labelled.
    type: str
    required: true
  refs:
    description: What is going to be pushed.
    type: list
    elements: str
    required: true
  node_selector:
    description: Labels of the nodes, as O(ignore:cluster_node_selector).
    type: dict
    default: {}
  tolerations:
    description: Taints that the pods tolerate, as O(ignore:cluster_tolerations).
    type: list
    elements: dict
    default: []
extends_documentation_fragment: [plannoir.deploy.cluster, plannoir.deploy.registry]
attributes:
  check_mode:
    description: Nothing is asked in check mode.
    support: full
  diff_mode:
    description: Nothing that stays is changed.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Check that the nodes can pull from the registry
  plannoir.deploy.images_pull_info:
    application: shop
    refs: [registry.example.org/team/shop-backend:3f1c0a9b27de]
    name: registry.example.org/team
    kubeconfig: ~/.kube/config
    context: production
    namespace: shop
"""

RETURN = r"""
asked:
  description: Whether nodes were asked.
  type: bool
  returned: success
"""
