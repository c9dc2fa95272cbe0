#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_component/graph.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: network_policy_info
short_description: Find out whether a cluster's network enforces NetworkPolicies
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - A cluster takes NetworkPolicies whether or not anything enforces them; Minikube's default network does not.
  - From a running pod of a component that has Python or Node.js, opens one connection that the application's graph allows and one that it
    does not, to the Services of other components, and closes them at once.
  - Changes nothing.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  allowed:
    description: Connections that have to open; P(plannoir.deploy.network_edges#filter) knows them.
    type: list
    elements: dict
    required: true
    suboptions: &edge
      source:
        description: Component whose pod connects.
        type: str
        required: true
      target:
        description: Component whose Service is called.
        type: str
        required: true
      port:
        description: Port of the Service.
        type: int
        required: true
  forbidden:
    description: Connections that policies forbid.
    type: list
    elements: dict
    required: true
    suboptions: *edge
attributes:
  check_mode:
    description: Nothing is asked in check mode; RV(policies) is then unknown.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Ask whether policies are enforced
  plannoir.deploy.network_policy_info:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    allowed: [{source: frontend, target: backend, port: 8000}]
    forbidden: [{source: frontend, target: database, port: 5432}]
"""

RETURN = r"""
policies:
  description: enforced, ignored or unknown.
  type: str
  returned: success
message:
  description: What that means, in a sentence.
  type: str
  returned: success
  sample: >-
    NetworkPolicies are present and NOT enforced by this cluster's network: a pod of frontend reaches database:5432, which no policy allows.
"""

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._component.graph import Edge, probe
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster

EDGE_SPEC: dict[str, dict[str, Any]] = {
    "source": {"type": "str", "required": True},
    "target": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
}
PROBE_WITHIN = 60
"""Seconds for one try of all connections from a pod."""

MESSAGES = {
    "enforced": "NetworkPolicies are present and enforced: {}",
    "ignored": "NetworkPolicies are present and NOT enforced by this cluster's network: {}",
    "unknown": "NetworkPolicies are present; whether they are enforced could not be found out: {}",
}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "allowed": {"type": "list", "elements": "dict", "required": True, "options": EDGE_SPEC},
            "forbidden": {"type": "list", "elements": "dict", "required": True, "options": EDGE_SPEC},
        },
        supports_check_mode=True,
    )
    allowed, forbidden = ([Edge(**edge) for edge in module.params[kind]] for kind in ("allowed", "forbidden"))
    cluster = Cluster.of(module.params)

    def run(component: str, command: Sequence[str]) -> tuple[int, str]:
        done = cluster.execute(component, command, PROBE_WITHIN)
        return done.code, done.out

    policies, how = ("unknown", "nothing is asked in check mode.") if module.check_mode else probe(allowed, forbidden, run)
    module.exit_json(changed=False, policies=policies, message=MESSAGES[policies].format(how))


if __name__ == "__main__":
    main()
