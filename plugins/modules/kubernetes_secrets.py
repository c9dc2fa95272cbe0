#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the Secrets of an application's components into a namespace."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_secrets
short_description: Bring the Secrets of an application's components into a namespace
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Makes the namespace with its Pod Security labels, and one Secret for each component and kind, named C(<component>-<kind>).
  - Secrets of the same application that are no longer wanted are removed. Secrets that this module did not make are never touched.
  - Values reach kubectl on its standard input only. One call of kubectl when nothing changes.
options:
  kubectl:
    description: Path of kubectl.
    type: path
    default: kubectl
  kubeconfig:
    description: Path of the kubeconfig.
    type: path
    required: true
  context:
    description: Context of the kubeconfig.
    type: str
    required: true
  namespace:
    description: Namespace of the application.
    type: str
    required: true
  application:
    description: Name of the application; labels what belongs to it.
    type: str
    required: true
  pod_security:
    description: Pod Security level of the namespace, pinned to the version that the cluster has when it is made.
    type: str
    choices: [privileged, baseline, restricted]
    default: restricted
  secrets:
    description: >-
      Component to kind of Secret (V(env), V(files), V(migration), V(setup)) to key to value, as the filter
      P(plannoir.deploy.component_secrets#filter) returns it.
    type: dict
    required: true
attributes:
  check_mode:
    description: Reads the cluster and changes nothing. A cluster that does not answer then counts as an empty one.
    support: full
  diff_mode:
    description: Shows a fingerprint of each value, the first 8 hex digits of its SHA-256, never the value.
    support: full
"""

EXAMPLES = r"""
- name: Bring the Secrets
  plannoir.deploy.kubernetes_secrets:
    kubeconfig: "{{ cluster_kubeconfig }}"
    context: "{{ cluster_context }}"
    namespace: plannoir
    application: plannoir
    secrets:
      backend:
        env:
          SESSION_SECRET: "{{ vault_session_secret }}"
"""

RETURN = r"""
checksums:
  description: >-
    Component to 16 hex digits of SHA-256 of what its pods read from Secrets, empty when they read none;
    the same of its setup by V(<component>/setup).
  returned: success
  type: dict
"""

import base64

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils.credentials import empty_problems
from ansible_collections.plannoir.deploy.plugins.module_utils.kubernetes_secrets import (
    ClusterError,
    Plan,
    SecretStore,
    checksums,
    make_kubectl,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "kubectl": {"type": "path", "default": "kubectl"},
            "kubeconfig": {"type": "path", "required": True},
            "context": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "application": {"type": "str", "required": True},
            "pod_security": {"type": "str", "choices": ["privileged", "baseline", "restricted"], "default": "restricted"},
            "secrets": {"type": "dict", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    parameters, secrets = module.params, module.params["secrets"]
    # What kubectl may quote is the encoded form: hide it as well as the values themselves.
    module.no_log_values.update(base64.b64encode(value.encode()).decode() for value in module.no_log_values.copy())
    if problems := list(empty_problems(secrets)):
        module.fail_json(msg="\n".join(problems))
    kubectl = make_kubectl(parameters["kubectl"], parameters["kubeconfig"], parameters["context"])
    store = SecretStore(kubectl, parameters["namespace"], parameters["application"], parameters["pod_security"])
    try:
        plan = store.plan(secrets)
        if not module.check_mode:
            store.carry_out(plan)
    except ClusterError as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
        module.warn(str(error))
        plan = Plan(namespace={"metadata": {"name": parameters["namespace"]}})
    module.exit_json(changed=plan.changed, checksums=checksums(secrets), diff={"before": plan.before, "after": plan.after})


if __name__ == "__main__":
    main()
