#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin live."""

from __future__ import annotations

DOCUMENTATION = r"""
module: live
short_description: Bring edits to running pods until something else changes
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Runs the development stage of each component with the option C(live) beside its released pods, in the same namespace, with the same
    environment and Secrets and within the Pod Security level C(restricted), and lets the Service lead to it as soon as it answers.
  - Watches the source folders, copies what changes in the component's folders into the pod, and shows the pod's lines.
  - Ends when something else of a source folder changes, with what was taken over as it is; or when it is interrupted or told to end,
    with the released pods serving again. A process that outlives the play puts them back, too, however the play ends.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  application:
    description: Name of the application.
    type: str
    required: true
  components:
    description: Its components, as in C(app_components).
    type: list
    elements: dict
    required: true
  images:
    description: Reference of the development stage's image, by component.
    type: dict
    required: true
  root:
    description: Folder that relative source folders are relative to.
    type: path
    required: true
  since:
    description: When the release began that ran before, in seconds since the epoch; what changed later is not in it.
    type: float
    required: true
  first:
    description: Whether this is the play's first call of it.
    type: bool
    default: true
requirements:
  - watchfiles
attributes:
  check_mode:
    description: Does nothing.
    support: full
  diff_mode:
    description: It changes nothing that could be compared.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Run the development stages
  plannoir.deploy.live:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    application: shop
    components: "{{ app_components }}"
    images: {web: "shop/web-live:0123456789ab"}
    root: "{{ playbook_dir }}"
    since: "{{ now().timestamp() }}"
"""

RETURN = r"""
released:
  description: Component to the paths of its source folder that have to be built and released; empty when the loop was told to end.
  returned: success
  type: dict
  sample: {backend: [requirements.txt]}
"""
