#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes after a deployment whose every release was seen to be good."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_settle
short_description: Finish a deployment that was seen to be good
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Runs the components' commands for this moment, such as one that ends old logins of a database, in one of their pods.
  - Marks the newest revision of each release as good, by a label on Helm's record of it. A recovery goes back to such a revision only.
  - Removes the application's Secrets that no kept revision names, and no scheduled Job that still runs.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  names:
    description: Names of the releases.
    type: list
    elements: str
    required: true
  application:
    description: Name of the application, by which its Secrets are labelled.
    type: str
    required: true
  commands:
    description: Component to the command, as a list of its words.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Does nothing.
    support: full
  diff_mode:
    description: There is no content to compare.
    support: none
"""

EXAMPLES = r"""
- name: Finish the deployment
  plannoir.deploy.release_settle:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    names: [shop-extras, shop]
    application: shop
    commands:
      database: [end-logins, 5 minutes, shop_1f2e3d4c]
"""

RETURN = r"""
removed:
  description: Names of the Secrets that were removed.
  type: list
  elements: str
  returned: success
"""

from collections.abc import Iterable
from itertools import chain

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import secret_keys
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import application_label, own_selector
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import TIMED_OUT
from ansible_collections.plannoir.deploy.plugins.module_utils._core.texts import text
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import Record, mark_good, read_records
from ansible_collections.plannoir.deploy.plugins.module_utils._release.schedules import KINDS, needed_secrets

COMMAND_WITHIN = 600
"""Seconds for one command."""


def run_commands(cluster: Cluster, commands: dict[str, list[str]]) -> None:
    """Run each component's command in one of its pods; raises Failure."""
    for component, command in commands.items():
        done = cluster.execute(component, list(map(text, command)), COMMAND_WITHIN)
        if done.code:
            why = f"no end within {COMMAND_WITHIN} s" if done.code == TIMED_OUT else (done.err or done.out).strip()
            raise Failure(
                f"The new revisions are good, but post_release of {component} did not succeed: {why}\n"
                "Correct it and run this again; until then what it ends stays as it is."
            )


def remove_secrets(cluster: Cluster, application: str, records: Iterable[Record]) -> list[str]:
    """Remove the application's Secrets that no kept revision and no running scheduled Job names, and return their names; raises Failure."""
    there = cluster.kubectl("get", "secrets", own_selector(application), "--output=jsonpath={.items[*].metadata.name}").split()
    named = {secret for record in records for secret in secret_keys(record.values)}
    unused = set(there) - named
    if unused:
        unused -= needed_secrets(cluster.objects(KINDS, f"--selector={application_label(application)}"))
    if unused:
        cluster.kubectl("delete", "secrets", "--ignore-not-found", *sorted(unused))
    return sorted(unused)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "names": {"type": "list", "elements": "str", "required": True},
            "application": {"type": "str", "required": True},
            "commands": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=False, removed=[])
    cluster = Cluster.of(module.params)
    try:
        run_commands(cluster, module.params["commands"])
        releases = read_records(cluster, module.params["names"])
        mark_good(cluster, releases)
        removed = remove_secrets(cluster, module.params["application"], chain.from_iterable(releases.values()))
    except Failure as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(removed or module.params["commands"] or any(releases.values())), removed=removed)


if __name__ == "__main__":
    main()
