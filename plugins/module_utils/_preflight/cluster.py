# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster that is none of Minikube's is named, and can have what is built here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.errors import Failure
from .._core.kubeconfig import cluster_entry


def cluster_problems(kubeconfig: str, context: str, registry: str, engine: Mapping[str, Any] | None, built: Sequence[str]) -> Iterator[str]:
    """Name what an inventory lacks that names another cluster.

    Args:
        kubeconfig: ``cluster_kubeconfig``.
        context: ``cluster_context``.
        registry: ``images_registry``.
        engine: ``cluster_engine``, where it is known already; an empty one is nobody's choice.
        built: The components that images are built for.
    """
    path = Path(kubeconfig).expanduser()
    try:
        if not path.is_file():
            yield f"cluster_kubeconfig: there is no file {path}: have its kubeconfig from whoever runs the cluster, and name it there."
        elif not cluster_entry(path, context):
            yield f"cluster_context: {path} leads to no cluster by the context {context}: correct cluster_context or cluster_kubeconfig."
    except Failure as failure:
        yield str(failure)
    if built and not registry and engine == {}:
        yield (
            f"images_registry is empty, and the cluster of context {context} cannot have the images that are built here for "
            f"{' and '.join(built)}: name a registry that it pulls from."
        )
