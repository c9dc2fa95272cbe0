# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account lacks is named by right, and no account is refused that may do what is needed."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.rights import (
    RIGHTS,
    access_reviews,
    denied,
    lacking,
    needed,
    rights_problem,
    rules,
)


def components(**more: Any) -> list[Any]:
    loaded, problems = load_components([{"name": "web", "image": "a/b:1", "port": 80, **more}])
    assert problems == []
    return loaded


def rule(groups: str = "*", resources: str = "*", verbs: str = "*", **more: Any) -> dict[str, Any]:
    return {"apiGroups": groups.split() or [""], "resources": resources.split(), "verbs": verbs.split(), **more}


JOB = {"migration": {"command": ["migrate"]}}


def test_a_component_needs_the_rights_of_what_is_made_for_it() -> None:
    assert ("create", "jobs.batch") not in needed(components())
    assert ("create", "jobs.batch") in needed(components(**JOB))
    assert ("create", "persistentvolumeclaims") in needed(components(persistence={"path": "/data"}))
    assert ("create", "poddisruptionbudgets.policy") in needed(components(replicas=2))
    resources = {"requests": {"cpu": "250m", "memory": "64Mi"}}
    scaled = components(autoscale={"min": 1, "max": 2, "cpu": 70}, resources=resources)
    assert {("create", "horizontalpodautoscalers.autoscaling"), ("create", "poddisruptionbudgets.policy")} <= set(needed(scaled))
    assert ("create", "cronjobs.batch") in needed(components(schedule={"cron": "@daily"}, command=["x"], port=None))
    assert ("create", "namespaces") in needed(components(), make=True)
    assert not [resource for _verb, resource in needed(components()) if resource == "namespaces"]


def test_the_published_role_grants_everything_and_nothing_cluster_wide() -> None:
    published = [granted for _what, granted in rules()]
    everything = [(verb, right.resource) for right in RIGHTS for verb in right.verbs]
    assert lacking(everything, published) == []
    assert not any("nodes" in granted["resources"] or "*" in granted["verbs"] for granted in published)


@pytest.mark.parametrize(
    "granted",
    [
        [rule()],  # an administrator of the cluster
        [rule(verbs="get list watch create update patch delete")],
        [rule(groups=" ".join(["apps", "batch", "policy", "coordination.k8s.io", "networking.k8s.io", "autoscaling", "*"]))],
        [rule(resources="* */log */exec")],
        [granted for _what, granted in rules()],
        [granted | {"verbs": [verb]} for _what, granted in rules() for verb in granted["verbs"]],  # each by itself
    ],
)
def test_whoever_may_do_all_that_is_needed_lacks_nothing(granted: list[dict[str, Any]]) -> None:
    assert lacking(needed(components(**JOB)), granted) == []


def test_a_rule_for_objects_of_certain_names_does_not_let_others_be_made() -> None:
    named = rule("", "secrets", "get create", resourceNames=["one"])
    assert lacking([("get", "secrets"), ("create", "secrets")], [named]) == [("create", "secrets")]


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (rule("", "pods", "*"), ("get", "pods/log")),  # a subresource is a resource of its own
        (rule("apps", "deployments", "*"), ("create", "deployments.extensions")),
        (rule("", "secrets", "get"), ("list", "secrets")),
    ],
)
def test_a_rule_for_something_else_grants_nothing(granted: dict[str, Any], missing: tuple[str, str]) -> None:
    assert lacking([missing], [granted]) == [missing]


def test_one_sentence_names_all_rights_that_are_missing() -> None:
    wanted = needed(components())
    missing = [("create", "secrets"), ("patch", "secrets"), ("create", "services"), ("patch", "services"), ("get", "pods/log")]
    assert rights_problem("shop", missing, wanted) == (
        "The account of this kubeconfig lacks rights in namespace shop (create, patch secrets and services; get pods/log): have "
        "docs/role.yml bound to it there, which grants what a deployment takes."
    )
    assert "may do nothing of a deployment in namespace shop, if that is there" in rights_problem("shop", wanted, wanted)
    assert rights_problem("shop", [], wanted) == ""


def test_what_no_rule_lists_another_authorizer_may_allow() -> None:
    wanted = [("get", "pods/log"), ("create", "jobs.batch")]
    asked = [item["spec"]["resourceAttributes"] for item in access_reviews("shop", wanted)["items"]]
    assert asked == [
        {"namespace": "shop", "verb": "get", "resource": "pods", "group": "", "subresource": "log"},
        {"namespace": "shop", "verb": "create", "resource": "jobs", "group": "batch", "subresource": ""},
    ]
    assert denied(wanted, [{"status": {"allowed": True}}, {"status": {"allowed": False, "reason": "no"}}]) == [wanted[1]]
