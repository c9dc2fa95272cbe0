#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: toolchain_plan
short_description: Decide where the toolchain comes from and list what is missing of it
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Looks at the cache folder and the Docker Engine and returns the programs of the toolchain that the module
    M(plannoir.deploy.toolchain_program) has to make, in the order in which to make them.
  - Finds what would stop the work (no Go module proxy, no root for Debian packages, no engine, a full disk, a version that the recipes do
    not build) and fails with all of it before anything is made.
attributes:
  check_mode:
    support: full
    description: The module changes nothing but the note of a decision of O(source=auto), and not that in check mode.
  diff_mode:
    support: full
    description: Shows the missing programs.
extends_documentation_fragment:
  - plannoir.deploy.toolchain
options:
  source:
    description:
      - V(packages) builds everything from Go modules and Debian packages. V(official) downloads the published programs and leaves the node
        image to minikube.
      - V(auto) takes V(official) when all its hosts answer within 2 s, else V(packages). The answer is remembered in O(cache_dir).
    type: str
    choices: [auto, official, packages]
    default: auto
  registry_urls:
    description: Addresses of the image registries that must answer, beside the hosts of the programs, for V(auto) to take V(official).
    type: list
    elements: str
    default: []
  become:
    description: Whether missing Debian packages will be installed with become; the module itself never does.
    type: bool
    default: false
  minikube:
    description: Whether there is a Minikube; for another cluster only its clients and the base image of images are wanted.
    type: bool
    default: true
  network_policy:
    description: Whether the agent that enforces NetworkPolicies is wanted, too.
    type: bool
    default: false
  metrics_server:
    description: Whether the metrics server is wanted, too.
    type: bool
    default: false
  local_volumes:
    description: Whether what makes volumes on several nodes is wanted, too.
    type: bool
    default: false
  containerd:
    description: Whether the nodes run pods with containerd, which takes a node image of its own.
    type: bool
    default: false
  registry:
    description: Whether the image of a registry is wanted, too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: See what the toolchain lacks
  plannoir.deploy.toolchain_plan:
    cache_dir: ~/.cache/plannoir
    recipes: "{{ role_path }}/files"
  register: plan
"""

RETURN = r"""
source:
  description: Where the toolchain comes from, V(packages) or V(official).
  returned: success
  type: str
  sample: packages
programs:
  description: The missing programs in the order in which to make them.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name for M(plannoir.deploy.toolchain_program).
      type: str
    version:
      description: Version that will be made.
      type: str
    seconds:
      description: Seconds that it took once, on 2 cores with empty caches.
      type: int
    next:
      description: Name of the program after it; empty after the last.
      type: str
downloads:
  description: Published programs that are to be downloaded for M(plannoir.deploy.toolchain_program); empty with the source V(packages).
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Name of the program., type: str, returned: success}
    version: {description: Its version., type: str, returned: success}
    url: {description: Where it is published., type: str, returned: success}
    checksum_url: {description: Where its SHA-256 is published., type: str, returned: success}
    folder: {description: Folder for it and nothing else., type: str, returned: success}
    file: {description: What the download is called there., type: str, returned: success}
    member: {description: The program's path in a download that is an archive; empty otherwise., type: str, returned: success}
packages:
  description: Debian packages that making them takes and the machine lacks.
  returned: success
  type: list
  elements: str
  sample: [mmdebstrap]
node_image:
  description: Reference of the node image; empty with the source V(official).
  returned: success
  type: str
  sample: plannoir/node:5f0c6e1d2b3a4958
registry_image:
  description: Reference of the image of a registry, which M(plannoir.deploy.minikube_registry) starts; empty with the source V(official).
  returned: success
  type: str
base_image:
  description: Reference of the Debian image in the engine; empty with the source V(official).
  returned: success
  type: str
  sample: debian:trixie-slim
bin:
  description: Folder with minikube, kubectl and helm.
  returned: success
  type: str
  sample: /home/me/.cache/plannoir/bin
minikube_cache:
  description: Folder laid out as minikube's own cache, for a start without a network; empty with the source V(official).
  returned: success
  type: str
  sample: /home/me/.cache/plannoir/minikube-cache
metrics_server_image:
  description: Image of the metrics server.
  returned: success
  type: str
  sample: registry.k8s.io/metrics-server/metrics-server:v0.9.0
metrics_server_archive:
  description: Archive of that image; empty where it is not wanted or the node pulls it.
  returned: success
  type: str
network_policy_image:
  description: Image of the agent that enforces NetworkPolicies.
  returned: success
  type: str
  sample: docker.io/cloudnativelabs/kube-router:v2.10.0
network_policy_archive:
  description: Archive of that image; empty where it is not wanted or the node pulls it.
  returned: success
  type: str
local_volumes_image:
  description: Image of what makes volumes on several nodes.
  returned: success
  type: str
  sample: docker.io/rancher/local-path-provisioner:v0.0.30
local_volumes_archive:
  description: Archive of that image; empty where it is not wanted or the nodes pull it.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import plan as toolchain_plan
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.catalogue import (
    LOCAL_VOLUMES_IMAGE,
    LOCAL_VOLUMES_OFFICIAL,
    METRICS_SERVER_IMAGE,
    NETWORK_POLICY_IMAGE,
    NETWORK_POLICY_OFFICIAL,
    archive,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.options import OPTIONS, resolved


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **OPTIONS,
            "source": {"type": "str", "choices": ["auto", "official", "packages"], "default": "auto"},
            "registry_urls": {"type": "list", "elements": "str", "default": []},
            "become": {"type": "bool", "default": False},
            "minikube": {"type": "bool", "default": True},
            "network_policy": {"type": "bool", "default": False},
            "metrics_server": {"type": "bool", "default": False},
            "local_volumes": {"type": "bool", "default": False},
            "containerd": {"type": "bool", "default": False},
            "registry": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        plan = toolchain_plan.plan(resolved(module.params), check=module.check_mode)
    except Failure as error:
        module.fail_json(msg=str(error))
    if plan.problems:
        module.fail_json(msg=" ".join(f"{problem.rstrip('.')}." for problem in plan.problems))
    cache = module.params["cache_dir"]
    from_packages = plan.source == "packages"
    names = [program["name"] for program in plan.programs]
    module.exit_json(
        changed=False,
        source=plan.source,
        programs=plan.programs,
        packages=plan.packages,
        downloads=plan.downloads,
        node_image=plan.node_image,
        registry_image=plan.registry_image,
        base_image=plan.base_image,
        bin=f"{cache}/bin",
        minikube_cache=f"{cache}/minikube-cache" if from_packages else "",
        network_policy_image=NETWORK_POLICY_IMAGE if from_packages else NETWORK_POLICY_OFFICIAL,
        network_policy_archive=f"{cache}/{archive(NETWORK_POLICY_IMAGE)}" if from_packages and module.params["network_policy"] else "",
        metrics_server_image=METRICS_SERVER_IMAGE,
        metrics_server_archive=f"{cache}/{archive(METRICS_SERVER_IMAGE)}" if from_packages and module.params["metrics_server"] else "",
        local_volumes_image=LOCAL_VOLUMES_IMAGE if from_packages else LOCAL_VOLUMES_OFFICIAL,
        local_volumes_archive=f"{cache}/{archive(LOCAL_VOLUMES_IMAGE)}" if from_packages and module.params["local_volumes"] else "",
        diff={"before": {"missing": names}, "after": {"missing": []}} if names else {"before": {}, "after": {}},
    )


if __name__ == "__main__":
    main()
