#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube_registry
short_description: Have the nodes of a Minikube cluster trust a registry, or start one beside them
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Writes the certificate authority of a registry to where the runtime of each node looks for it.
  - Without a registry's name, starts one with TLS and a login in the network of the nodes, whose address both they and, on Linux, this
    machine reach. It makes its certificate itself, and goes with the cluster.
  - The engine of this machine gets the authority of such a registry, too, where this user may write C(/etc/docker/certs.d).
attributes:
  check_mode:
    support: full
    description: Says in RV(actions) what would be done, and changes nothing.
  diff_mode:
    support: none
    description: RV(actions) says what differs.
options:
  profile:
    description: Name of the cluster's profile.
    type: str
    required: true
  home:
    description: Where minikube keeps its files, as in M(plannoir.deploy.minikube).
    type: path
  name:
    description: The registry, as in C(images_registry); empty for one beside the nodes.
    type: str
    default: ""
  ca:
    description: A file with the certificate authority of the registry O(name), or that as text (PEM).
    type: str
    default: ""
  username:
    description: Of the login to the registry beside the nodes.
    type: str
    default: ""
  password:
    description: Of that login. A new one takes its place at once.
    type: str
    default: ""
  image:
    description: Image of the registry beside the nodes, as M(plannoir.deploy.toolchain_plan) returns it.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Have the nodes trust a registry with a private authority
  plannoir.deploy.minikube_registry:
    profile: plannoir
    name: registry.example.org/team
    ca: ~/registry-ca.pem
"""

RETURN = r"""
name:
  description: The registry; empty in check mode where the one beside the nodes does not run yet.
  returned: success
  type: str
  sample: 192.168.49.254:5000
ca:
  description: O(ca), or the file with the authority of the registry beside the nodes.
  returned: success
  type: str
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [start the registry plannoir-registry, have plannoir trust the registry 192.168.49.254:5000]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.machine import Machine
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube import registry
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.node import names
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import Settings


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "profile": {"type": "str", "required": True},
            "home": {"type": "path"},
            "name": {"type": "str", "default": ""},
            "ca": {"type": "str", "default": ""},
            "username": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "image": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    params = module.params
    machine, files = Machine(), Files.of(params["home"], params["profile"])
    beside = registry.Beside(machine, files, params["image"], params["username"], params["password"])
    name, ca, actions = params["name"], params["ca"], beside.actions
    config = files.config()
    try:
        if config and not name:
            name, ca = beside.ensure(check=module.check_mode), str(registry.ca_file(files))
            if name and not module.check_mode:
                beside.have_engine_trust(name)
        if config and name and ca:
            settings = Settings.from_config(config)
            nodes = names(params["profile"], settings.nodes)
            actions += registry.trust(machine, nodes, settings.container_runtime, name, registry.authority(ca), check=module.check_mode)
    except Failure as failure:
        module.fail_json(msg=str(failure))
    module.exit_json(changed=bool(actions), name=name, ca=ca, actions=actions)


if __name__ == "__main__":
    main()
