#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin namespace."""

from __future__ import annotations

DOCUMENTATION = r"""
module: namespace
short_description: Ensure the namespace of an application, and hold its Lease for the rest of the play
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Stops before anything is built when a Helm release of the application's name is of another chart, when an object of a name that the
    chart needs belongs to somebody else, or when the namespace holds workloads of others.
  - It also stops when a volume claim would have to shrink, to change its storage class, or to grow where that class does not allow it,
    and when a storage class does not exist.
  - Before the application's first deployment, and with O(ask), it stops where the cluster would not take it. Its Kubernetes is too old,
    the account lacks rights, which are named, a quota is full, or a LimitRange allows other amounts. What the account may not see is told
    in a warning.
  - Rights in the namespace are enough where it is there.
  - Makes the namespace with Pod Security labels where it is missing. One that this collection did not make keeps its labels; one that
    was made for another application of this collection keeps that one's.
  - Compares the objects of the application's releases with Helm's records and returns what was deleted or edited by hand.
  - Takes the Lease C(<application>-deploy) in the namespace, so that one run at a time deploys the application, from whichever machine.
    A process that goes with the play renews it. Another run waits, says for whom and since when, and leaves after O(timeout).
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  application:
    description: Name of the application, which names its Helm releases.
    type: str
    required: true
  components:
    description: The components, as in app_components; what they are called must not be in use.
    type: list
    elements: dict
    default: []
  pod_security:
    description: Pod Security level of a namespace that is ours, pinned to the version that the cluster has when it is made.
    type: str
    choices: [privileged, baseline, restricted]
    default: restricted
  shared:
    description: Whether a namespace that this collection did not make may hold workloads of others.
    type: bool
    default: false
  create:
    description: Whether a namespace that is missing is made, and workloads of others count; not so where releases are removed.
    type: bool
    default: true
  ask:
    description: >-
      Whether the cluster is asked for its version, the account's rights, and what quotas and LimitRanges leave, although a revision of the
      application was good already; before the first one it always is.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for another run that deploys the application.
    type: float
    default: 600
attributes:
  check_mode:
    description: Finds every problem, makes no namespace and takes no Lease. A cluster that does not answer counts as an empty one.
    support: full
  diff_mode:
    description: Shows the namespace's labels.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Ensure the namespace
  plannoir.deploy.namespace:
    kubeconfig: ~/.kube/config
    context: plannoir
    namespace: shop
    application: shop
    components: "{{ app_components }}"
"""

RETURN = r"""
owned:
  description: Whether this collection made the namespace.
  returned: success
  type: bool
environment:
  description: Variables with which other programs reach Minikube's node past the machine's proxies; empty without a proxy.
  returned: success
  type: dict
selector:
  description: kubectl's option that selects the application's objects.
  returned: success
  type: str
  sample: --selector=plannoir.deploy/app=shop
pod_security:
  description: >-
    Pod Security level that the namespace enforces; V(privileged) where it enforces none, V(not checked) where it may not be seen.
  returned: success
  type: str
drift:
  description: >-
    For each release of which objects were deleted or edited by hand, a sentence for each of them, whether a volume claim is gone, and
    the fields on both sides. Values of variables, files, commands and annotations are not shown.
  returned: success
  type: dict
  sample:
    shop:
      objects: ["Service web was deleted", "Deployment web was edited (spec.replicas)"]
      lost_data: false
      before: {Deployment web: {spec.replicas: 3}}
      after: {Deployment web: {spec.replicas: 1}, Service web: made again}
asked:
  description: Whether the cluster was asked for rights, room and version.
  returned: success
  type: bool
waited:
  description: Whether another run deployed the application meanwhile.
  returned: success
  type: bool
"""
