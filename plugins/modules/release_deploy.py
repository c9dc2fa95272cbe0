#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin release_deploy."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_deploy
short_description: Deploy a Helm release and name the cause as soon as it is certain that it fails
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Runs C(helm upgrade --install) and looks at the release's pods, ReplicaSets, Jobs, volume claims and events every two seconds. Shows a
    line for each component that gets further.
  - Ends Helm as soon as a cause does not heal by itself, such as an image that no registry has, a Secret that is missing or a process that
    ended again after two restarts, and removes the Jobs that still try. An image that is being pulled, or a start within the limits of its
    own probe, is waited for.
  - Each text among the values reaches the chart character for character, also one that YAML's parsers take for something else, such as V(Y)
    or V(1e5). It always makes a new revision; M(plannoir.deploy.release_plan) tells whether one is needed.
  - A failure names each cause with what shows it and with the remedy (C(docs/troubleshooting.md) lists them), beside what Helm says.
    Only what this attempt made, or was said of in it, is a cause. Values of the Secrets that the pods read are taken out.
  - Puts nothing back; M(plannoir.deploy.release_recover) does.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  name:
    description: Name of the release.
    type: str
    required: true
  chart:
    description: Folder of the chart.
    type: path
    required: true
  values:
    description: The chart's values.
    type: dict
    required: true
  wait:
    description: Whether Helm waits for all that it made; else only the pods are waited for, and no load balancer's address.
    type: bool
    default: true
  timeout:
    description: Seconds for each of Helm's operations.
    type: int
    default: 180
  history:
    description: How many revisions Helm keeps.
    type: int
    default: 5
  hooks:
    description: Whether the Jobs of the release run, its migrations and its setup.
    type: bool
    default: true
attributes:
  check_mode:
    description: Deploys nothing and reports a change.
    support: full
  diff_mode:
    description: M(plannoir.deploy.release_plan) shows what differs.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Deploy
  plannoir.deploy.release_deploy:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    name: shop
    chart: charts/plannoir
    values: "{{ plan.releases[0]['values'] }}"
"""

RETURN = r""" # """
