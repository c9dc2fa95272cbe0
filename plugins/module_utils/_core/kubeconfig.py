# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One entry of a kubeconfig; what other people's entries look like does not matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import Failure

_MINIKUBE = "minikube.sigs.k8s.io"


def cluster_entry(kubeconfig: Path, context: str) -> dict[str, Any]:
    """Return the cluster that a context leads to, as the file describes it; empty where there is none.

    Raises:
        Failure: The file is no YAML, so that kubectl, helm and minikube would all refuse it.
    """
    # Ansible comes with it, but ansible-test imports modules without it.
    import yaml

    try:
        found = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise Failure(f"The kubeconfig {kubeconfig} is no YAML{where}: mend it, or name another file in minikube_kubeconfig.") from None
    name = _named(found, "contexts", context, "context").get("cluster")
    return _named(found, "clusters", name, "cluster") if name else {}


def is_minikube(cluster: Mapping[str, Any]) -> bool:
    """Tell whether minikube wrote a cluster's entry: its node is a container or a machine beside this one."""
    extensions = cluster.get("extensions")
    providers = [(item.get("extension") or {}).get("provider") for item in extensions or [] if isinstance(item, Mapping)]
    return _MINIKUBE in providers


def _named(found: Any, kind: str, name: object, key: str) -> dict[str, Any]:
    entries = found.get(kind) if isinstance(found, Mapping) else None
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, Mapping) and entry.get("name") == name:
            content = entry.get(key)
            return dict(content) if isinstance(content, Mapping) else {}
    return {}
