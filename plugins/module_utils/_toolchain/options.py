# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the toolchain's modules share; their documentation is the fragment ``toolchain``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pins import PINNED

OPTIONS: dict[str, dict[str, Any]] = {
    "cache_dir": {"type": "path", "required": True},
    "recipes": {"type": "path", "required": True},
    "engine_host": {"type": "str", "default": ""},
    "debian_mirror": {"type": "str", "default": ""},
    "minikube_version": {"type": "str", "default": ""},
    "kubernetes_version": {"type": "str", "default": ""},
    "helm_version": {"type": "str", "default": ""},
    "minikube_url": {"type": "str", "default": ""},
    "kubectl_url": {"type": "str", "default": ""},
    "helm_url": {"type": "str", "default": ""},
}


def resolved(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with what an empty version or address means."""
    return {**given, **{name: given[name] or pinned for name, pinned in PINNED.items() if name in given}}
