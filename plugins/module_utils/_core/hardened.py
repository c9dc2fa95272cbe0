# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pods that the collection makes beside the chart's: each meets Pod Security's level restricted, and ends by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def container(name: str, image: str, user: int, **more: Any) -> dict[str, Any]:
    """Return a container that may do nothing on its node; ``more`` is the rest of it."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsUser": user,
            "runAsGroup": user,
        },
        **more,
    }


def pod_spec(seconds: int, **more: Any) -> dict[str, Any]:
    """Return the specification of a pod that is ended after so many seconds; ``more`` is the rest of it."""
    return {
        "restartPolicy": "Never",
        "activeDeadlineSeconds": seconds,
        "terminationGracePeriodSeconds": 0,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "fsGroup": 10003, "seccompProfile": {"type": "RuntimeDefault"}},
        **more,
    }


def placement(selector: Mapping[str, Any], tolerations: Sequence[Mapping[str, Any]], pull_secrets: Sequence[str] = ()) -> dict[str, Any]:
    """Return where a pod runs and with what it pulls, as part of its specification.

    Args:
        selector: ``cluster_node_selector``.
        tolerations: ``cluster_tolerations``.
        pull_secrets: Names of Secrets with logins to registries.
    """
    names = {"toleration_seconds": "tolerationSeconds"}
    tolerated = [{names.get(key, key): value for key, value in entry.items() if value is not None} for entry in tolerations]
    found = {
        "nodeSelector": {key: str(value) for key, value in selector.items()},
        "tolerations": tolerated,
        "imagePullSecrets": [{"name": name} for name in pull_secrets],
    }
    return {key: value for key, value in found.items() if value}
