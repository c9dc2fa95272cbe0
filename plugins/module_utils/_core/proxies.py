# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's proxies, as its environment names them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from .kubeconfig import cluster_entry, is_minikube

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
"""Variables that name a proxy."""

EXCEPTIONS = ("NO_PROXY", "no_proxy")
"""Variables that name what is reached without one; Go reads the first of them, Python the second."""


def direct(address: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which programs reach an address without a proxy; none where they do already."""
    if not address or not any(environment.get(name) for name in VARIABLES):
        return {}
    named = [[part.strip() for part in environment.get(name, "").split(",") if part.strip()] for name in EXCEPTIONS]
    if all({address, "*"} & set(parts) for parts in named):
        return {}
    # Both are set to all that is in either, because programs do not agree on which counts.
    return dict.fromkeys(EXCEPTIONS, ",".join(dict.fromkeys([*named[0], *named[1], address])))


def direct_to_minikube(kubeconfig: Path, context: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the same for the node of a cluster of Minikube, which no proxy can reach; nothing for any other cluster.

    Raises:
        Failure: The kubeconfig is no YAML.
    """
    if not any(environment.get(name) for name in VARIABLES):
        return {}
    entry = cluster_entry(kubeconfig, context)
    return direct(urlsplit(str(entry.get("server", ""))).hostname or "", environment) if is_minikube(entry) else {}
