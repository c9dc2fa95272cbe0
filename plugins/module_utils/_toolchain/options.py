# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the toolchain's modules share; their documentation is the fragment ``toolchain``."""

from __future__ import annotations

from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "cache_dir": {"type": "path", "required": True},
    "recipes": {"type": "path", "required": True},
    "engine_host": {"type": "str", "default": ""},
    "debian_mirror": {"type": "str", "default": ""},
    "minikube_version": {"type": "str", "required": True},
    "kubernetes_version": {"type": "str", "required": True},
    "helm_version": {"type": "str", "required": True},
    "minikube_url": {"type": "str", "default": "https://storage.googleapis.com/minikube/releases"},
    "kubectl_url": {"type": "str", "default": "https://dl.k8s.io/release"},
    "helm_url": {"type": "str", "default": "https://get.helm.sh"},
}
