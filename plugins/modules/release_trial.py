#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_trial."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_trial
short_description: Ask built images what only running tells
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Runs the image of each Python component, and of each of Node.js that makes tables or uses a database, in a pod of its own, without a
    network, without credentials and, where the application uses the embedded PostgreSQL or MariaDB, beside a scratch database that nobody
    else reaches.
  - There it imports the application, or starts the one of Node.js, runs the migration twice and compares it with the models (of Drizzle
    tables, columns and NOT NULL), and asks the routes of health with the database and without. The answers become the lines of app.yml that
    are missing or wrong, and say what of a migration was not tried, and why.
  - The pods are removed. What cannot be tried is told in a line, and never fails.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  application:
    description: Name of the application, by which the pods are labelled.
    type: str
    required: true
  components:
    description: O(ignore:app_components). Of credentials only the names leave this machine.
    type: list
    elements: dict
    required: true
  refs:
    description: Component to its image.
    type: dict
    required: true
  databases:
    description: V(postgresql), V(mariadb) to the embedded service's image; without it no migration is tried.
    type: dict
    default: {}
  routes:
    description: Prefix of the one origin to the component, or to a dictionary of C(to) and C(strip).
    type: dict
    default: {}
  checked:
    description: Whether O(ignore:app_checks) has a step; without one a path to ask is told.
    type: bool
    default: true
  secrets:
    description: Component to kind of Secret to its name, as M(plannoir.deploy.kubernetes_secrets) returns it; images are pulled with them.
    type: dict
    default: {}
  node_selector:
    description: Labels of the nodes, as O(ignore:cluster_node_selector).
    type: dict
    default: {}
  tolerations:
    description: Taints that the pods tolerate, as O(ignore:cluster_tolerations).
    type: list
    elements: dict
    default: []
  root:
    description: Folder that relative source folders are relative to.
    type: path
    required: true
attributes:
  check_mode:
    description: Nothing is tried.
    support: full
  diff_mode:
    description: Nothing that stays is changed.
    support: none
"""

EXAMPLES = r"""
- name: Run the images for what only running tells
  plannoir.deploy.release_trial:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    application: shop
    components: "{{ app_components }}"
    refs: {api: "shop/api:1f2e3d4c5b6a"}
    root: /src/shop
"""

RETURN = r"""
lines:
  description: What to know and what to write, a sentence each.
  type: list
  elements: str
  returned: success
  sample: ["backend: its migration fails on an empty database: ..."]
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.hardened import placement


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "application": {"type": "str", "required": True},
            # Whole, because any value of an environment may be a credential.
            "components": {"type": "list", "elements": "dict", "required": True, "no_log": True},
            "refs": {"type": "dict", "required": True},
            "databases": {"type": "dict", "default": {}},
            "routes": {"type": "dict", "default": {}},
            "checked": {"type": "bool", "default": True},
            "secrets": {"type": "dict", "default": {}, "no_log": False},
            "node_selector": {"type": "dict", "default": {}},
            "tolerations": {"type": "list", "elements": "dict", "default": []},
            "root": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    # Ansible would cut each text of a component, its name too, out of all that is returned. Nothing of a credential is.
    module.no_log_values = set()
    given = module.params
    shown = {"invocation": {"module_args": {**given, "components": [component.get("name") for component in given["components"]]}}}
    if module.check_mode:
        module.exit_json(changed=False, lines=[], **shown)
    # Here, because detection takes longer to import than a run without a trial may take for it.
    from ansible_collections.plannoir.deploy.plugins.module_utils._trial.run import ask, trials

    cluster = Cluster.of(given)
    pulls = sorted({kinds["pull"] for kinds in given["secrets"].values() if "pull" in kinds})
    placed = placement(given["node_selector"], given["tolerations"], pulls)
    images = (given["refs"], given["databases"])
    planned = list(trials(given["components"], *images, given["routes"], Path(given["root"]), placed, is_checked=given["checked"]))
    try:
        lines = ask(cluster, given["application"], planned)
    except Failure as error:
        lines = [f"The trial could not be made: {error}"]
    module.exit_json(changed=False, lines=lines, **shown)


if __name__ == "__main__":
    main()
