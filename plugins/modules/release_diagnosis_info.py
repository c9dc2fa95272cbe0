#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_release/diagnosis.py."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_diagnosis_info
short_description: Name the causes why a release does not become ready
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Looks at the pods, ReplicaSets, Jobs, volume claims and events of releases and at the last log lines of containers that ended.
  - Names an image that is missing, a Secret or key that is missing, a process that ends, a probe that fails, a pod that no node
    takes, a volume that is not bound, a migration or setup that failed and a refusal by Pod Security.
  - Asks only about the attempt that began when Helm stored the newest revision, not about what earlier ones left.
  - Values of the Secrets that the pods read are taken out of everything that is returned.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  names:
    description: Names of the releases.
    type: list
    elements: str
    required: true
  revisions:
    description:
      - Newest revision by release before the attempt, as M(plannoir.deploy.release_plan) returns it.
      - A release that is still at that revision has no cause in the cluster, because Helm changed nothing.
    type: dict
    default: {}
  lines:
    description: How many of a container's last log lines are quoted.
    type: int
    default: 5
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Ask the cluster for the cause
  plannoir.deploy.release_diagnosis_info:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: plannoir
    bin: /usr/local/bin
    names: [shop]
    revisions: {shop: 3}
  register: diagnosis
"""

RETURN = r"""
causes:
  description: A sentence for each cause; empty when the cluster shows none.
  type: list
  elements: str
  returned: success
  sample: ["backend: its pod does not start: Secret backend-env has no key DATABASE_URL."]
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import Logs, Observed, attempts
from ansible_collections.plannoir.deploy.plugins.module_utils._release.diagnosis import causes, secret_names
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import read_records
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.redaction import Redactor

KINDS = "pods,replicasets,jobs,persistentvolumeclaims,events"


def log_reader(cluster: Cluster, count: int, redactor: Redactor) -> Logs:
    """Return a function that reads a container's last lines without secret values."""

    def last_lines(pod: str, container: str, previous: bool) -> str:
        try:
            text = cluster.kubectl("logs", pod, f"--container={container}", f"--tail={count}", f"--previous={str(previous).lower()}")
        except Failure:
            return ""
        return redactor.redact(" | ".join(line.strip() for line in text.splitlines() if line.strip()))

    return last_lines


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **CLUSTER_SPEC,
            "names": {"type": "list", "elements": "str", "required": True},
            "revisions": {"type": "dict", "default": {}},
            "lines": {"type": "int", "default": 5},
        },
        supports_check_mode=True,
    )
    cluster = Cluster.of(module.params)
    try:
        records = read_records(cluster, module.params["names"])
        begun = attempts(records, module.params["revisions"])
        objects = cluster.objects(KINDS) if begun else []
        observed = Observed(objects, begun)
        secrets = secret_names(observed.of("Pod"))
        redactor = Redactor(cluster.objects("secrets", *sorted(secrets)) if secrets else [])
    except Failure as error:
        module.fail_json(msg=f"The cause cannot be found out: {error}")
    observed = Observed(objects, begun, log_reader(cluster, module.params["lines"], redactor))
    module.exit_json(changed=False, causes=[redactor.redact(sentence) for sentence in causes(observed)])


if __name__ == "__main__":
    main()
