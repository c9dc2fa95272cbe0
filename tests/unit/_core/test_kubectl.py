# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubectl as the action plugins call it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.kubectl import ClusterError, make_kubectl, server_version


def program(folder: Path, script: str) -> str:
    path = folder / "kubectl"
    path.write_text(f"#!{sys.executable}\nimport sys\n{script}")
    path.chmod(0o755)
    return str(path)


def test_every_call_names_kubeconfig_and_context(tmp_path: Path) -> None:
    kubectl = make_kubectl(program(tmp_path, "print(sys.argv[1:], sys.stdin.read())"), "/kube/config", "shop")
    assert kubectl(["get", "x"], "in").startswith("['--kubeconfig=/kube/config', '--context=shop', ")


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("The connection to the server 127.0.0.1:1 was refused - did you specify the right host?", "context shop .* does not answer"),
        (
            'Error from server (AlreadyExists): error when creating "STDIN": secrets "a-env" already exists',
            "The Secret a-env is in the cluster",
        ),
        ('Error from server (Forbidden): namespaces is forbidden: User "x"', "refused: .Forbidden"),
        ("", "no reason given"),
    ],
)
def test_a_refusal_is_one_sentence(tmp_path: Path, stderr: str, said: str) -> None:
    kubectl = make_kubectl(program(tmp_path, f"sys.exit({stderr!r} or 1)"), "/kube/config", "shop")
    with pytest.raises(ClusterError, match=said):
        kubectl(["get"], "")


def test_a_missing_kubectl_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="is missing"):
        make_kubectl(str(tmp_path / "kubectl"), "/kube/config", "shop")(["get"], "")


def test_the_clusters_minor_version_is_what_pod_security_pins() -> None:
    assert server_version(lambda arguments, stdin: '{"major": "1", "minor": "34+"}') == "v1.34"
