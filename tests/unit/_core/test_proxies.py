# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies of the machine that stand between it and its own cluster, and the kubeconfig that says which cluster it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.kubeconfig import cluster_entry
from ansible_collections.plannoir.deploy.plugins.module_utils._core.proxies import VARIABLES, direct

NODE = "192.168.49.2"
PROXY = {"HTTPS_PROXY": "http://proxy.test:3128"}
MINIKUBE = f"""
contexts:
  - {{name: broken}}
  - a text
  - {{name: other, context: }}
  - {{name: plannoir, context: {{cluster: plannoir}}}}
  - {{name: company, context: {{cluster: company}}}}
clusters:
  - {{name: other, cluster: {{certificate-authority: /gone}}}}
  - {{cluster: {{}}}}
  - name: plannoir
    cluster:
      server: https://{NODE}:8443
      extensions: [{{name: cluster_info, extension: {{provider: minikube.sigs.k8s.io, version: v1.37.0}}}}]
  - {{name: company, cluster: {{server: "https://10.1.2.3:6443"}}}}
"""


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (*VARIABLES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").write_text(MINIKUBE, encoding="utf-8")
    return tmp_path / "config"


def test_entries_of_others_that_are_broken_do_not_matter(kubeconfig: Path) -> None:
    assert cluster_entry(kubeconfig, "plannoir")["server"] == f"https://{NODE}:8443"
    assert cluster_entry(kubeconfig, "broken") == cluster_entry(kubeconfig, "other") == cluster_entry(kubeconfig, "none") == {}


@pytest.mark.parametrize("text", ["", "contexts: [{name: plannoir}]", "contexts: 1", "- 1", "contexts: [1, {name: plannoir, context: 1}]"])
def test_a_kubeconfig_that_leads_nowhere_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    assert cluster_entry(tmp_path / "config", "plannoir") == cluster_entry(tmp_path / "missing", "plannoir") == {}


@pytest.mark.parametrize("content", [b"contexts:\n\t- x", b"contexts: [", b"\xff\xfe\x00"])
def test_a_kubeconfig_that_every_program_refuses_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config").write_bytes(content)
    with pytest.raises(Failure, match=r"^The kubeconfig .*/config is no YAML.*: mend it, or name another file in minikube_kubeconfig"):
        cluster_entry(tmp_path / "config", "plannoir")


def test_the_node_is_reached_past_the_proxy(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(str(kubeconfig), "plannoir")
    assert cluster.environment == {}
    monkeypatch.setenv("https_proxy", "http://joe:secret@proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "localhost, .corp.test")
    assert cluster.environment == {"NO_PROXY": f"localhost,.corp.test,{NODE}", "no_proxy": f"localhost,.corp.test,{NODE}"}


def test_a_cluster_that_is_no_minikube_keeps_its_proxy(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    assert Cluster(str(kubeconfig), "company").environment == {}
    assert Cluster(str(kubeconfig), "broken").environment == {}


def test_kubectl_gets_it(kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl = kubeconfig.with_name("kubectl")
    kubectl.write_text('#!/bin/sh\necho "$NO_PROXY $no_proxy"\n', encoding="utf-8")
    kubectl.chmod(0o755)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    cluster = Cluster(str(kubeconfig), "plannoir", "shop", str(kubeconfig.parent))
    assert cluster.kubectl("get", "pods") == f"{NODE} {NODE}\n"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"NO_PROXY": "a"}, ""),  # there is no proxy
        (PROXY, NODE),
        ({**PROXY, "NO_PROXY": "a,b"}, f"a,b,{NODE}"),
        ({**PROXY, "no_proxy": "a"}, f"a,{NODE}"),
        ({**PROXY, "NO_PROXY": "a", "no_proxy": "b"}, f"a,b,{NODE}"),
        ({**PROXY, "NO_PROXY": NODE}, NODE),  # Python reads the other one
        ({**PROXY, "NO_PROXY": NODE, "no_proxy": f"x,{NODE}"}, ""),
        ({**PROXY, "NO_PROXY": "*", "no_proxy": "*"}, ""),
        ({"ALL_PROXY": "socks5://127.0.0.1:1080"}, NODE),
    ],
)
def test_both_spellings_hold_what_either_held(environment: dict[str, str], expected: str) -> None:
    assert direct(NODE, environment) == (dict.fromkeys(("NO_PROXY", "no_proxy"), expected) if expected else {})
    assert direct("", environment) == {}
