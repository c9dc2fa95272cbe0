#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_release/records.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_recover
short_description: Free Helm releases that an interrupted or failed run left behind
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - A release whose newest revision is pending or failed goes back to its last good revision; one without any is uninstalled.
  - A release that is deployed, not there, or of another chart than this collection's, is left alone.
  - A good revision is one that a run saw to be good (M(plannoir.deploy.release_settle)); Helm's own word counts only where no run
    ever marked one.
  - Volume claims that the chart keeps are kept.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  names:
    description: Names of the releases.
    type: list
    elements: str
    required: true
  not_ready:
    description: The newest revisions are not good, although Helm, which was not told to wait, calls them deployed.
    type: bool
    default: false
  undo:
    description: >-
      Releases that the same run deployed well before one of O(names) failed; they go back, too, where there is something to go back to.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds to wait for each release.
    type: int
    default: 180
attributes:
  check_mode:
    description: Reports what would be done.
    support: full
  diff_mode:
    description: There is no content to compare.
    support: none
"""

EXAMPLES = r"""
- name: Free what a killed run left behind
  plannoir.deploy.release_recover:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    names: [shop-extras, shop]
"""

RETURN = r"""
recovered:
  description: For each release that needed it, what was done.
  type: list
  elements: str
  returned: success
  sample: ["shop was left pending-upgrade: it is at revision 3 again."]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import read_records, recover, recovery_for, undoing
from ansible_collections.plannoir.deploy.plugins.module_utils._release.repair import restore


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "names": {"type": "list", "elements": "str", "required": True},
            "not_ready": {"type": "bool", "default": False},
            "undo": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 180},
        },
        supports_check_mode=True,
    )
    cluster = Cluster.of(module.params)
    recovered: list[str] = []
    try:
        undo = module.params["undo"]
        for name, records in read_records(cluster, [*module.params["names"], *undo]).items():
            recovery = undoing(records) if name in undo else recovery_for(records, module.params["not_ready"])
            if not recovery:
                continue
            if not module.check_mode:
                # A roll-back is refused by what was edited by hand, as an upgrade is.
                restore(cluster, [record for record in records if record.revision == recovery.revision])
            warning = "" if module.check_mode else recover(cluster, recovery, module.params["timeout"])
            if warning:
                module.warn(warning)
            recovered.append(str(recovery))
    except Failure as error:
        names = ", ".join(module.params["names"])
        module.fail_json(msg=f"An interrupted run left a release of {names} that cannot be recovered: {error}", recovered=recovered)
    module.exit_json(changed=bool(recovered), recovered=recovered)


if __name__ == "__main__":
    main()
