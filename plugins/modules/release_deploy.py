#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_release/deploy.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_deploy
short_description: Install or upgrade a Helm release
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Installs a release of a local chart, or upgrades it. Each text among the values reaches the chart character for character, also one that
    YAML's parsers take for something else, such as V(Y) or V(1e5).
  - It always makes a new revision; M(plannoir.deploy.release_plan) tells whether one is needed.
  - When Helm fails, what it did until then stays, so that others can ask why; M(plannoir.deploy.release_recover) puts it right.
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
    description: All values that differ from the chart's.
    type: dict
    default: {}
  wait:
    description: Whether to wait until everything of it is ready.
    type: bool
    default: true
  timeout:
    description: Seconds for each of Helm's operations.
    type: int
    default: 180
  history:
    description: Number of revisions that Helm keeps.
    type: int
    default: 5
attributes:
  check_mode:
    description: Does nothing and reports a change.
    support: full
  diff_mode:
    description: M(plannoir.deploy.release_plan) shows the values before and after.
    support: none
"""

EXAMPLES = r"""
- name: Deploy the shop
  plannoir.deploy.release_deploy:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    name: shop
    chart: charts/plannoir
    values: "{{ plan.releases[1]['values'] }}"
"""

RETURN = r""" # """

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.deploy import deploy


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "name": {"type": "str", "required": True},
            "chart": {"type": "path", "required": True},
            "values": {"type": "dict", "default": {}},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 180},
            "history": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    given = {name: module.params[name] for name in ("name", "chart", "values", "wait", "timeout", "history")}
    try:
        if not module.check_mode:
            deploy(Cluster.of(module.params), **given)
    except Failure as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
