"""NetworkPolicies: one for each component over a default that denies, and whether this cluster's network cares."""

from __future__ import annotations

import json

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils.network import PROGRAMS
from story import APPLICATION, EXTRAS, RELEASE, Kubectl

NO_QUEUE = "netlink receive: no such file or directory"
"""What the kernel answers to a rule that hands packets to a queue, where it was built without."""
NODE = next(program for program in PROGRAMS if program[0] == "node")


def agent_log(kubectl: Kubectl) -> str:
    return kubectl("logs", "--namespace=kube-system", "daemonset/kube-network-policies")


def test_every_component_has_a_policy_over_a_default_that_denies(kubectl: Kubectl) -> None:
    policies = {item["metadata"]["name"]: item["spec"] for item in json.loads(kubectl("get", "networkpolicies", "--output=json"))["items"]}
    assert set(policies) == APPLICATION | EXTRAS | {f"{RELEASE}-default-deny", f"{RELEASE}-extras-default-deny"}
    assert policies[f"{RELEASE}-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_frontend_cannot_reach_the_database(kubectl: Kubectl) -> None:
    reached = json.loads(kubectl("exec", "deployment/frontend", "--", *NODE, "backend:8000", "database:5432"))
    assert reached["backend:8000"]
    if "Syncing nftables" in (log := agent_log(kubectl)) and NO_QUEUE in log:
        pytest.skip("the policies are present and not enforced: the agent runs, and this machine's kernel has no NFT_QUEUE")
    assert not reached["database:5432"]
