#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube
short_description: Start, stop or delete a Minikube cluster
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Manages one Minikube profile in the docker driver, with one node or, with containerd, several.
  - Several nodes get O(agent) as their network, before they are ready. Nothing is published on the loopback address then.
  - A cluster that was stopped, or whose node was killed, comes back with its data. The module returns when the API server answers, the node
    is Ready and kube-proxy and CoreDNS are ready.
  - A profile whose first start was killed or failed is deleted and made again.
  - The current context of the kubeconfig is left as it is.
attributes:
  check_mode:
    support: full
    description: Says in RV(actions) what would be done, and changes nothing. Problems with the settings are reported too.
  diff_mode:
    support: full
    description: Shows the state and the settings of the cluster before and after.
options:
  profile:
    description: Name of the profile, which is also the name of the context and of the node.
    type: str
    default: plannoir
  state:
    description: What the cluster shall be.
    type: str
    choices: [started, stopped, absent]
    default: started
  bin:
    description: Folder with the program minikube; empty for the one on E(PATH).
    type: path
    default: ""
  kubernetes_version:
    description: Version of Kubernetes; empty for the one that this collection pins.
    type: str
    default: ""
  cpus:
    description: Number of processors of each node.
    type: int
    default: 2
  memory:
    description: Memory of each node, in MiB or with a unit, as in V(4096) or V(4g).
    type: str
    default: 4g
  ports:
    description: Node ports that are published under the same number on 127.0.0.1.
    type: list
    elements: int
    default: [30080]
  nodes:
    description: Number of nodes; with several, O(container_runtime) has to be V(containerd) and O(ports) empty.
    type: int
    default: 1
  container_runtime:
    description: What runs the pods. Only an engine, V(docker), builds images, so that V(containerd) takes a registry.
    type: str
    choices: [docker, containerd]
    default: docker
  node_image:
    description: Image of the nodes, present in the Docker Engine. Empty means minikube's own, which it pulls.
    type: str
    default: ""
  extra_config:
    description: Options of the Kubernetes components, as in V(apiserver.v=2).
    type: list
    elements: str
    default: []
  encryption:
    description:
      - Whether the API server encrypts Secrets before they reach etcd, with a key of the cluster's own (provider secretbox).
      - The key lies in minikube's folder, in C(files/var/lib/minikube/certs/encryption-<profile>.json) of mode 0600, and goes with the
        cluster. Without it the cluster cannot be started again.
    type: bool
    default: true
  home:
    description:
      - Where minikube keeps its files, as in E(MINIKUBE_HOME). Both the folder C(.minikube) and the folder that holds it may be named.
      - By default E(MINIKUBE_HOME), or else C(~/.minikube).
    type: path
  kubeconfig:
    description: The kubeconfig that the context is written to.
    type: path
    default: ~/.kube/config
  cache_seed:
    description:
      - A folder laid out like minikube's cache, whose files are linked into it before a start. With it minikube downloads nothing and boots
        only the versions that are there.
    type: path
  agent:
    description:
      - Definitions of what enforces NetworkPolicies in the cluster, among them the DaemonSet C(plannoir-kube-router), and of what else
        several nodes take; empty where nothing shall. They are compared with what is there, in RV(network_policy_differs), and applied
        where they are the network of several nodes.
    type: list
    elements: dict
    default: []
  metrics_server:
    description:
      - Definitions of the metrics server, among them the APIService C(v1beta1.metrics.k8s.io); empty where none of ours shall be. They are
        compared with what is there, in RV(metrics_server_differs), and not applied.
    type: list
    elements: dict
    default: []
  archives:
    description: >-
      Archives of images that O(agent) and O(metrics_server) name, which are loaded into each node that lacks them before those have to be
      applied.
    type: list
    elements: path
    default: []
  recreate:
    description:
      - Whether a cluster whose settings differ from the wanted ones is deleted, with its data, and made anew. With V(false) the
        differences are reported in RV(drift) and as a warning.
    type: bool
    default: false
  application:
    description: For O(state=absent), the application on whose behalf the cluster is deleted; what else it holds is somebody else's.
    type: str
    default: ""
  namespace:
    description: The application's namespace.
    type: str
    default: ""
  delete_data:
    description:
      - For O(state=absent), whether a cluster is deleted that holds volume claims, or volumes whose claim is gone, or that does not answer
        so that nobody can tell. Otherwise the module names them and fails.
    type: bool
    default: false
  delete_others:
    description: For O(state=absent), whether a cluster is deleted that holds applications, Helm releases or workloads of others.
    type: bool
    default: false
  keep_images:
    description:
      - Whether the application images that run in a cluster are copied to the machine's engine before it is deleted, so that the next one
        need not build them. Of each component only the newest is kept.
    type: bool
    default: false
  timeout:
    description: Seconds that minikube has for one call, and the cluster for getting ready after it.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Start a cluster that publishes the node port 30080
  plannoir.deploy.minikube:
    cpus: 2
    memory: 4g
    ports: [30080]
  register: cluster

- name: Delete it, unless it holds data or what is not of the application shop
  plannoir.deploy.minikube:
    state: absent
    application: shop
    namespace: shop
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  returned: success
  type: list
  elements: str
  sample: [start the cluster plannoir]
drift:
  description: Settings in which the cluster differs from the wanted ones and was left so.
  returned: success
  type: list
  elements: dict
  sample: [{setting: cpus, have: "2", want: "4"}]
context:
  description: Name of the context in the kubeconfig.
  returned: success
  type: str
  sample: plannoir
kubeconfig:
  description: Path of the kubeconfig.
  returned: success
  type: str
  sample: /home/me/.kube/config
host:
  description: Address on which node ports answer, of several nodes that of the first.
  returned: success
  type: str
  sample: 127.0.0.1
ip:
  description: Address of the node in the engine's network; empty when it does not run.
  returned: success
  type: str
  sample: 192.168.49.2
ports:
  description: The wanted ports that the node does publish.
  returned: success
  type: list
  elements: int
  sample: [30080]
environment:
  description: Variables with which other programs reach the node past the machine's proxies; empty without a proxy.
  returned: success
  type: dict
engine:
  description: Environment in which docker speaks to the engine inside the node; empty when there is none or it does not run.
  returned: success
  type: dict
  sample: {DOCKER_HOST: "tcp://127.0.0.1:32770", DOCKER_CERT_PATH: /home/me/.minikube/certs, DOCKER_TLS_VERIFY: "1"}
network_policy_agents:
  description: This role's DaemonSets that enforce NetworkPolicies, an earlier version's included; empty when it does not run.
  returned: success
  type: list
  elements: str
  sample: [plannoir-kube-router]
network_policy_differs:
  description:
    - Whether O(agent) has to be applied, or to be removed, because it is missing, edited, not ready or not wanted.
    - V(false) when the cluster does not run.
  returned: success
  type: bool
metrics_server_differs:
  description:
    - Whether O(metrics_server) has to be applied, or ours to be removed. Somebody else's metrics server is enough, and stays.
    - V(false) when the cluster does not run.
  returned: success
  type: bool
"""

from collections.abc import Mapping
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.machine import Machine
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.files import Files
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.profile import Loss, Profile, ensure
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import settings_from
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.pins import KUBERNETES


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "profile": {"type": "str", "default": "plannoir"},
            "state": {"type": "str", "default": "started", "choices": ["started", "stopped", "absent"]},
            "bin": {"type": "path", "default": ""},
            "kubernetes_version": {"type": "str", "default": ""},
            "cpus": {"type": "int", "default": 2},
            "memory": {"type": "str", "default": "4g"},
            "ports": {"type": "list", "elements": "int", "default": [30080]},
            "nodes": {"type": "int", "default": 1},
            "container_runtime": {"type": "str", "choices": ["docker", "containerd"], "default": "docker"},
            "node_image": {"type": "str", "default": ""},
            "extra_config": {"type": "list", "elements": "str", "default": []},
            "encryption": {"type": "bool", "default": True},
            "home": {"type": "path"},
            "kubeconfig": {"type": "path", "default": "~/.kube/config"},
            "cache_seed": {"type": "path"},
            "agent": {"type": "list", "elements": "dict", "default": []},
            "metrics_server": {"type": "list", "elements": "dict", "default": []},
            "archives": {"type": "list", "elements": "path", "default": []},
            "recreate": {"type": "bool", "default": False},
            "application": {"type": "str", "default": ""},
            "namespace": {"type": "str", "default": ""},
            "delete_data": {"type": "bool", "default": False},
            "delete_others": {"type": "bool", "default": False},
            "keep_images": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 600},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        profile = Profile(
            Machine(),
            Files.of(params["home"], params["profile"]),
            kubeconfig=Path(params["kubeconfig"]),
            binary=str(Path(params["bin"], "minikube")),
            wanted=settings_from({**params, "kubernetes_version": params["kubernetes_version"] or KUBERNETES}),
            cache_seed=Path(params["cache_seed"]) if params["cache_seed"] else None,
            timeout=params["timeout"],
            agent=params["agent"],
            metrics_server=params["metrics_server"],
            archives=[Path(archive) for archive in params["archives"]],
            keep_images=keep_images if params["keep_images"] else None,
        )
        lost = Loss(params["application"], params["namespace"], data=params["delete_data"], others=params["delete_others"])
        result = ensure(profile, params["state"], recreate=params["recreate"], check=module.check_mode, lost=lost)
    except Failure as failure:
        module.fail_json(msg=str(failure))
    for warning in profile.warnings:
        module.warn(warning)
    module.exit_json(**result)


def keep_images(engine: Mapping[str, str]) -> None:
    """Copy the images that an engine runs to the machine's."""
    from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker  # most runs delete nothing
    from ansible_collections.plannoir.deploy.plugins.module_utils._images.tags import keep

    keep(Docker(engine, timeout=120), Docker.at(""))


if __name__ == "__main__":
    main()
