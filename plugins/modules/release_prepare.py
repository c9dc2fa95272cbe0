#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_release/repair.py and node_ports.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_prepare
short_description: Bring a namespace into the state that Helm takes for granted
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Puts back what was edited by hand in the objects of releases, where Helm's three-way merge would leave it or be refused, as when a
    label was added to a selector, or a variable that comes from a Secret was given a value.
  - Only fields that the release sets change. What somebody else added stays, and replicas that an autoscaler sets.
  - Frees node ports that go from one Service of the application to another, because Helm makes the new one first.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  application:
    description: Name of the application, by which its objects are labelled.
    type: str
    required: true
  releases:
    description: >-
      The releases that are about to be deployed, each with C(name) and C(values), as M(plannoir.deploy.release_plan) returns them.
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Does nothing; M(plannoir.deploy.release_plan) says what would be put back.
    support: full
  diff_mode:
    description: M(plannoir.deploy.release_plan) shows it.
    support: none
"""

EXAMPLES = r"""
- name: Put back what was edited
  plannoir.deploy.release_prepare:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    application: shop
    releases: "{{ plan.releases | selectattr('action', 'eq', 'deploy') }}"
"""

RETURN = r"""
done:
  description: A sentence for each object that was changed.
  type: list
  elements: str
  returned: success
  sample: ["Service web was edited (spec.selector.app)", "Service site gave up node port 30080"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.node_ports import free_node_ports, wanted_node_ports
from ansible_collections.plannoir.deploy.plugins.module_utils._release.repair import put_back


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "application": {"type": "str", "required": True},
            "releases": {"type": "list", "elements": "dict", "required": True},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=False, done=[])
    cluster, releases = Cluster.of(module.params), module.params["releases"]
    try:
        done = put_back(cluster, [release["name"] for release in releases])
        ports = {name: port for release in releases for name, port in wanted_node_ports(release["values"]).items()}
        done += free_node_ports(cluster, module.params["application"], ports)
    except Failure as error:
        module.fail_json(msg=f"What was edited by hand cannot be put back: {error}")
    module.exit_json(changed=bool(done), done=done)


if __name__ == "__main__":
    main()
