# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicies: one for each component over a default that denies, and whether this cluster's network cares."""

from __future__ import annotations

import json

from ansible_collections.plannoir.deploy.plugins.module_utils._component.graph import PROGRAMS
from story import APPLICATION, EXTRAS, RELEASE, Kubectl, playbook

NODE = next(program for program in PROGRAMS if program[0] == "node")


def test_every_component_has_a_policy_over_a_default_that_denies(kubectl: Kubectl) -> None:
    policies = {item["metadata"]["name"]: item["spec"] for item in json.loads(kubectl("get", "networkpolicies", "--output=json"))["items"]}
    assert set(policies) == APPLICATION | EXTRAS | {f"{RELEASE}-default-deny", f"{RELEASE}-extras-default-deny"}
    ours = {"matchLabels": {"app.kubernetes.io/instance": RELEASE}}
    assert policies[f"{RELEASE}-default-deny"] == {"podSelector": ours, "policyTypes": ["Ingress", "Egress"]}


def test_the_frontend_cannot_reach_the_database(kubectl: Kubectl) -> None:
    reached = json.loads(kubectl("exec", "deployment/frontend", "--", *NODE, "backend:8000", "database:5432"))
    assert reached["backend:8000"]
    assert not reached["database:5432"]


def test_the_agent_goes_and_comes_with_its_variable_and_the_run_says_what_that_means(kubectl: Kubectl) -> None:
    assert "NOT enforced" in playbook("site.yml", '--extra-vars={"minikube_network_policy": false}')
    assert not kubectl("get", "daemonset", "--namespace=kube-system", "--selector=app.kubernetes.io/name=kube-router", "--output=name")
    assert json.loads(kubectl("exec", "deployment/frontend", "--", *NODE, "database:5432"))["database:5432"]
    printed = playbook("site.yml")
    assert "NetworkPolicies are present and enforced" in printed
