#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_namespace/applications.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: applications_info
short_description: List the applications of this collection on a cluster
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - >-
    Reads, in three requests, what carries this collection's label in all namespaces, its Leases, and Helm's records of releases. What is
    somebody else's is not listed. Where the account may not see all namespaces, only O(namespace) is looked at, and a line says so.
options:
  kubeconfig:
    description: Path of the kubeconfig.
    type: path
    required: true
  context:
    description: Context in it; the current one is never used.
    type: str
    required: true
  namespace:
    description: Namespace that is looked at where the account may not see them all.
    type: str
    default: ""
  bin:
    description: Folder with the program kubectl; empty for the one on E(PATH).
    type: path
    default: ""
  host:
    description: Host on which the cluster publishes its node ports.
    type: str
    default: 127.0.0.1
  inventory:
    description: Inventory that the command for the removal names where an application's own is not known; several with commas.
    type: str
    default: ""
attributes:
  check_mode:
    description: It only reads; a cluster that does not exist yet has no applications.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: List the applications
  plannoir.deploy.applications_info:
    kubeconfig: ~/.kube/config
    context: plannoir
    bin: /usr/local/bin
    inventory: inventories/minikube
"""

RETURN = r"""
applications:
  description: The applications, by namespace and name.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Its C(app_name).
      type: str
    namespace:
      description: Where it is.
      type: str
    releases:
      description: Its Helm releases that are there.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the release.
          type: str
        revision:
          description: Its newest revision.
          type: int
        status:
          description: What Helm calls it.
          type: str
          sample: deployed
        good:
          description: Whether a run saw that revision to be good.
          type: bool
        deployed:
          description: When that revision was stored, by the server's clock (RFC 3339).
          type: str
          sample: "2026-11-29T12:00:00Z"
    components:
      description: Its components that are there.
      type: list
      elements: dict
      contains:
        name:
          description: Name of the component.
          type: str
        image:
          description: Reference of its image.
          type: str
        pods:
          description: How many pods it should have; 0 with a schedule.
          type: int
        ready:
          description: How many of them are ready.
          type: int
        available:
          description: Whether Kubernetes calls it available.
          type: bool
        schedule:
          description: When it runs, for one with a schedule.
          type: str
    urls:
      description: URL by component, for Services of the types NodePort and LoadBalancer.
      type: dict
      sample: {web: "http://127.0.0.1:30080"}
    volumes:
      description: Its volume claims, each with C(name) and C(size); also those of an application that was removed.
      type: list
      elements: dict
    by:
      description: Who ran the last run that took the application's Lease.
      type: str
      sample: joe@laptop
    inventory:
      description: That run's inventory; several with commas.
      type: str
      sample: /home/joe/plannoir/inventories/shop
lines:
  description: The same for a person, with the command that removes each of them.
  type: list
  elements: str
  returned: success
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION, MANAGED_BY, MANAGER
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.applications import KINDS, applications, table

REQUESTS = (
    (KINDS, f"--selector={APPLICATION}"),
    ("leases.coordination.k8s.io", f"--selector={MANAGED_BY}={MANAGER}"),
    ("secrets", "--selector=owner=helm"),
)


def read(cluster: Cluster) -> tuple[list[list[dict[str, Any]]], bool]:
    """Return the answers to ``REQUESTS``, and whether they are those of the cluster's own namespace only.

    Raises:
        Failure: The cluster does not answer, or that namespace may not be seen either.
    """
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda request: cluster.look(*request, "--all-namespaces"), REQUESTS))
        refusals = [line for _found, refused in answers for line in refused]
        if not refusals:
            return [found for found, _refused in answers], False
        if not cluster.namespace:
            raise Failure(refusals[0])
        return list(pool.map(lambda request: cluster.objects(*request), REQUESTS)), True


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "namespace": {"type": "str", "default": ""},
            "host": {"type": "str", "default": "127.0.0.1"},
            "inventory": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    cluster = Cluster.of(parameters)
    try:
        if not cluster.is_there:
            module.exit_json(changed=False, applications=[], lines=[f"There is no cluster {parameters['context']}: site.yml makes it."])
        (objects, leases, records), only_one = read(cluster)
    except Failure as error:
        module.fail_json(msg=f"The applications cannot be read: {error}")
    found = applications(objects, leases, records, parameters["host"])
    lines = table(found, parameters["context"], parameters["inventory"], datetime.now(UTC))
    if only_one:
        lines.append(f"Only the namespace {cluster.namespace} was looked at: the account of this kubeconfig may not see others.")
    module.exit_json(changed=False, applications=found, lines=lines)


if __name__ == "__main__":
    main()
