# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions that this collection pins, each in this one place beside the go.mod of its recipe, and where they are published."""

from __future__ import annotations

MINIKUBE = "v1.38.1"
KUBERNETES = "v1.35.4"
HELM = "v4.3.1"
# Those that kubeadm of this Kubernetes asks for, and the rest of the node.
ETCD = "v3.6.6"
COREDNS = "v1.13.1"
CRI_DOCKERD = "v0.4.3"
CRICTL = "v1.34.0"
CNI_PLUGINS = "v1.9.0"
# The agent that enforces NetworkPolicies.
KUBE_ROUTER = "v2.10.0"
# What makes volumes on several nodes.
LOCAL_PATH = "v0.0.30"
# What tells the autoscaler how much processor pods use.
METRICS_SERVER = "v0.9.0"
BASE_IMAGE = "debian:trixie-slim"

PINNED: dict[str, object] = {
    "minikube_version": MINIKUBE,
    "kubernetes_version": KUBERNETES,
    "helm_version": HELM,
    "minikube_url": "https://storage.googleapis.com/minikube/releases",
    "kubectl_url": "https://dl.k8s.io/release",
    "helm_url": "https://get.helm.sh",
    "registry_urls": ["https://registry.k8s.io/v2/", "https://gcr.io/v2/"],
}
"""What an option of the toolchain's modules that is left empty means."""
