# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that the toolchain's modules share."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  cache_dir:
    description: Folder that holds the toolchain; made where it is missing.
    type: path
    required: true
  recipes:
    description: Folder with the recipes of the programs, the role's C(files).
    type: path
    required: true
  engine_host:
    description: Address of the Docker Engine; empty for the docker client's own choice.
    type: str
    default: ""
  debian_mirror:
    description: Address of a Debian mirror for the base image, instead of the one that the machine's apt uses.
    type: str
    default: ""
  minikube_version:
    description: Version of minikube; empty for the one that this collection pins.
    type: str
    default: ""
  kubernetes_version:
    description: Version of Kubernetes and kubectl; empty for the one that this collection pins.
    type: str
    default: ""
  helm_version:
    description: Version of Helm; empty for the one that this collection pins.
    type: str
    default: ""
  minikube_url:
    description: Where minikube is published, empty for its official host;
      below it C(VERSION/minikube-SYSTEM-MACHINE) and C(.sha256) beside it.
    type: str
    default: ""
  kubectl_url:
    description: Where Kubernetes is published, empty for its official host;
      below it C(VERSION/bin/SYSTEM/MACHINE/kubectl) and C(.sha256) beside it.
    type: str
    default: ""
  helm_url:
    description: Where Helm is published, empty for its official host;
      below it C(helm-VERSION-SYSTEM-MACHINE.tar.gz) and C(.sha256sum) beside it.
    type: str
    default: ""
"""
