#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release offers: the URLs of its Services and the state of its pods."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: URLs, pods and scheduled runs of Helm releases
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Reads the Services and pods of releases in one request. Warns of scheduled runs that failed, and of an autoscaler without measurements.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  names:
    description: Names of the releases.
    type: list
    elements: str
    required: true
  host:
    description: Host on which the cluster publishes its node ports.
    type: str
    required: true
  scheduled:
    description: Whether components run by a schedule, so that their last runs are looked at, too.
    type: bool
    default: false
  autoscaled:
    description: Components of which it is asked whether the cluster measures what C(autoscale) goes by, with a warning where it does not.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: It only reads; a cluster that does not exist yet has nothing to show.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Ask for the URLs
  plannoir.deploy.release_info:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    names: [shop]
    host: 127.0.0.1
"""

RETURN = r"""
urls:
  description: URL by component, for Services of the types NodePort and LoadBalancer.
  type: dict
  returned: success
  sample: {frontend: "http://127.0.0.1:30080"}
pods:
  description: How many pods the releases have, without those of Jobs.
  type: int
  returned: success
running:
  description: How many of them run and are ready.
  type: int
  returned: success
failed_runs:
  description: >-
    What is wrong with the last run of each component with a schedule, where it did not succeed. Runs of an earlier release are left out.
  type: list
  elements: str
  returned: success
  sample: ["report: its scheduled Job did not succeed.\n  ValueError: no recipients\n  Correct what its log says."]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import LIVE
from ansible_collections.plannoir.deploy.plugins.module_utils._release import schedules
from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import INSTANCE_LABEL, holds
from ansible_collections.plannoir.deploy.plugins.module_utils._release.containers import ContainerLogs
from ansible_collections.plannoir.deploy.plugins.module_utils._release.metrics import metrics_problem
from ansible_collections.plannoir.deploy.plugins.module_utils._release.node_ports import service_url


def failed_runs(cluster: Cluster, objects: list[dict[str, Any]]) -> list[str]:
    """Say why the last runs of schedules failed; events and logs are asked for only where one did. Raises Failure."""
    runs = {name: job for name, job in schedules.last_runs(objects).items() if not holds(job, "Complete")}
    if not runs:
        return []
    pods = [item for item in objects if item["kind"] == "Pod"]
    logs = ContainerLogs(cluster, pods)

    def last_lines(pod: str, container: str, previous: bool) -> str:
        return logs.read(pod, container, f"--previous={str(previous).lower()}")

    return list(schedules.failures(runs, [*pods, *cluster.objects("events")], last_lines))


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "names": {"type": "list", "elements": "str", "required": True},
            "host": {"type": "str", "required": True},
            "scheduled": {"type": "bool", "default": False},
            "autoscaled": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    objects: list[dict[str, Any]] = []
    failed: list[str] = []
    unmeasured = ""
    cluster = Cluster.of(module.params)
    selector = f"--selector={INSTANCE_LABEL} in ({','.join(module.params['names'])}),!{LIVE}"
    try:
        if not module.check_mode or cluster.is_there:
            kinds = ["services", "pods", *([schedules.KINDS] if module.params["scheduled"] else [])]
            objects = cluster.objects(",".join(kinds), selector)
            failed = failed_runs(cluster, objects)
            unmeasured = metrics_problem(lambda path: cluster.kubectl("get", f"--raw={path}"), module.params["autoscaled"])
    except Failure as error:
        module.fail_json(msg=f"The releases cannot be read: {error}")
    urls = {item["metadata"]["name"]: service_url(item, module.params["host"]) for item in objects if item["kind"] == "Service"}
    pods = [item for item in objects if item["kind"] == "Pod" and "batch.kubernetes.io/job-name" not in item["metadata"]["labels"]]
    pods = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    for sentence in [*failed, *([unmeasured] if unmeasured else [])]:
        module.warn(sentence)
    module.exit_json(
        changed=False,
        failed_runs=failed,
        urls={name: address for name, address in urls.items() if address},
        pods=len(pods),
        running=sum(holds(pod, "Ready") for pod in pods),
    )


if __name__ == "__main__":
    main()
