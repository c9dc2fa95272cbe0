# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory for a cluster that is none of Minikube's, looked at before the cluster is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.cluster import cluster_problems

CONFIG = """
contexts: [{name: production, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://192.0.2.1:6443'}}]
"""
REGISTRY = "registry.example.org/team"


def said(folder: Path, content: str | None = CONFIG, context: str = "production", registry: str = REGISTRY, **more: Any) -> list[str]:
    path = folder / "kubeconfig"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    return list(cluster_problems(str(path), context, registry, more.get("engine", {}), more.get("built", ["web"])))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"content": None}, "cluster_kubeconfig: there is no file"),
        ({"content": "a: [b"}, "is no YAML"),
        ({"context": "prod"}, "leads to no cluster by the context prod"),
        ({"registry": ""}, "images_registry is empty, and the cluster of context production cannot have the images that are built here"),
    ],
)
def test_what_the_inventory_lacks_is_one_sentence(given: dict[str, Any], says: str, tmp_path: Path) -> None:
    (problem,) = said(tmp_path, **given)
    assert says in problem


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"registry": "", "built": []},  # ready images only
        {"registry": "", "engine": {"DOCKER_HOST": "tcp://192.0.2.1:2376"}},  # a node that shows its Docker API
        {"registry": "", "engine": None},  # not known before a role has run
        {"content": CONFIG.replace("production", "'1'"), "context": "1"},
    ],
)
def test_what_is_right_is_not_named(given: dict[str, Any], tmp_path: Path) -> None:
    assert said(tmp_path, **given) == []
