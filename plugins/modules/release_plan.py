#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_release/records.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_plan
short_description: Compare Helm releases with what they should be
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Reads Helm's own records of several releases in one request and says for each what has to be done.
  - Fails when a release of one of the names is of another chart than this collection's, whatever state it is in.
  - Fails when a release has to be deployed and a Secret, or a key of one, that its pods read is missing, instead of letting them wait.
  - Changes nothing. In check mode it reports what the deployment would change, as changed and as a diff.
  - In check mode a cluster that does not exist yet counts as one without releases.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  releases:
    description: The releases, in the order of deployment, as the filter P(plannoir.deploy.releases#filter) returns them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the release.
        type: str
        required: true
      state:
        description: Whether it should be there.
        type: str
        choices: [present, absent]
        default: present
      values:
        description: Its Helm values.
        type: dict
        default: {}
      timeout:
        description: Seconds for each of Helm's operations.
        type: int
        default: 180
  drift:
    description:
      - Release to what of it was deleted or edited by hand, as M(plannoir.deploy.namespace) returns it. Such a release is deployed again.
      - Where a volume claim is gone, the releases after it are deployed again, too, because their migrations need its data.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Reports what would change.
    support: full
  diff_mode:
    description: Shows the values before and after, and what was edited by hand, in check mode.
    support: full
"""

EXAMPLES = r"""
- name: Compare the releases
  plannoir.deploy.release_plan:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    releases: "{{ app_components | plannoir.deploy.releases('shop', 'charts/plannoir', images_result.refs, secrets_result.names, 180) }}"
    drift: "{{ namespace_result.drift }}"
  register: plan
"""

RETURN = r"""
releases:
  description: The releases in the order given, each with what has to be done.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Name of the release.
      type: str
    action:
      description: none, deploy or uninstall.
      type: str
    stuck:
      description: Whether an interrupted or failed run left it so that it has to be recovered first.
      type: bool
    first:
      description: Whether no revision of it was ever good.
      type: bool
    after:
      description: Releases that are deployed before it.
      type: list
      elements: str
    values:
      description: Its Helm values.
      type: dict
    wait:
      description: Whether Helm is to wait until it is ready; not where it would wait for a load balancer's address, too.
      type: bool
    timeout:
      description: Seconds for each of Helm's operations.
      type: int
    network:
      description: Whether it is deployed with other connections between components than its newest revision has.
      type: bool
    idle_migrations:
      description: >-
        Components whose migration need not run again, because nothing that it runs from changed since the newest revision; null where a
        Job of the release has to run.
      type: list
      elements: str
drifted:
  description: A sentence for each object that was deleted or edited by hand and is put back.
  type: list
  elements: str
  returned: success
  sample: ["Deployment web was edited (spec.replicas)"]
time:
  description: When the comparison was made, in seconds since the epoch.
  type: float
  returned: success
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import (
    has_load_balancer,
    idle_jobs,
    missing_secrets,
    network_of,
    secret_keys,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.objects import foreign_releases
from ansible_collections.plannoir.deploy.plugins.module_utils._release.drift import drifted_releases
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import action_for, read_records, recovery_for

RELEASE_SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "values": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 180},
}


def refuse_missing_secrets(module: AnsibleModule, values: list[dict[str, Any]]) -> None:
    """Fail when a Secret or key that releases with these values read is not in the namespace."""
    needed: dict[str, set[str]] = {}
    for release in values:
        needed.update(secret_keys(release))
    if not needed:
        return
    try:
        secrets = Cluster.of(module.params).named(*(f"secrets/{name}" for name in sorted(needed)))
    except Failure as error:
        module.fail_json(msg=f"The Secrets cannot be read: {error}")
    present = {secret["metadata"]["name"]: set(secret.get("data") or {}) for secret in secrets}
    missing = missing_secrets(needed, present)
    if missing:
        where = f"Nothing was changed; let the secrets role make them in namespace {module.params['namespace']}."
        module.fail_json(msg="\n".join([*missing, where]))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "releases": {"type": "list", "elements": "dict", "required": True, "options": RELEASE_SPEC},
            "drift": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    releases = module.params["releases"]
    names = [release["name"] for release in releases]
    records: dict[str, list[Any]] = {name: [] for name in names}
    cluster = Cluster.of(module.params)
    try:
        if not module.check_mode or cluster.is_there:
            records = read_records(cluster, names)
    except Failure as error:
        module.fail_json(msg=f"The releases cannot be read: {error}")
    if foreign := list(foreign_releases(records)):
        module.fail_json(msg="\n".join([*foreign, "Nothing was changed."]))
    drift = {release["name"]: module.params["drift"].get(release["name"], {}) for release in releases if release["state"] == "present"}
    again = drifted_releases([release["name"] for release in releases], drift)
    plan = [
        {
            "name": release["name"],
            "action": action_for(release["state"], release["values"], records[release["name"]], drifted=release["name"] in again),
            "stuck": release["state"] == "present" and recovery_for(records[release["name"]]) is not None,
            "first": not any(record.good for record in records[release["name"]]),
            "values": release["values"],
            "wait": not has_load_balancer(release["values"]),
            "timeout": release["timeout"],
        }
        for release in releases
    ]
    deployed: list[str] = []
    for release in plan:
        release["after"] = list(deployed)
        newest = next(iter(records[release["name"]]), None)
        release["network"] = release["action"] == "deploy" and network_of(release["values"]) != network_of(newest.values if newest else {})
        # What was deleted or deployed just before may have taken the data of a migration along.
        known = newest and newest.status == "deployed" and newest.good and not deployed and release["name"] not in again
        release["idle_migrations"] = idle_jobs(release["values"], newest.values) if newest and known and release["values"] else None
        deployed += [release["name"]] if release["action"] == "deploy" else []
    if not module.check_mode:
        refuse_missing_secrets(module, [release["values"] for release in plan if release["action"] == "deploy"])
    before: dict[str, Any] = {name: found[0].values for name, found in records.items() if found and found[0].status != "uninstalled"}
    after: dict[str, Any] = {release["name"]: release["values"] for release in releases if release["state"] == "present"}
    for side, values in (("before", before), ("after", after)):
        values.update({f"objects of {name}": found[side] for name, found in drift.items() if found})
    module.exit_json(
        changed=module.check_mode and any(release["action"] != "none" for release in plan),
        releases=plan,
        drifted=[sentence for found in drift.values() if found for sentence in found["objects"]],
        time=time.time(),
        diff={"before": before, "after": after},
    )


if __name__ == "__main__":
    main()
