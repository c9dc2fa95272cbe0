# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rights in a namespace that a deployment takes, and which of them an account lacks.

``RIGHTS`` is the one list: what is checked follows from it, and so does docs/role.yml, which grants them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._component.quantities import pods as number

READ = ("get", "list", "watch")
ALL = (*READ, "create", "update", "patch", "delete")
NAMED = frozenset({"get", "update", "patch", "delete"})
"""Verbs that a rule may grant for objects of certain names; the API server knows no name yet for the others."""


class Right(NamedTuple):
    """Verbs on a resource, which is written with its group and its subresource: ``deployments.apps``, ``pods/log``.

    Attributes:
        resource: What they are for.
        verbs: Those of Kubernetes' API.
        what: What the collection does with them.
        needed: Tells for a component whether it needs them; without it every deployment does.
        optional: A run goes on without them, and does or sees less.
    """

    resource: str
    verbs: tuple[str, ...]
    what: str
    needed: Callable[[Mapping[str, Any]], bool] | None = None
    optional: bool = False


def _has(*options: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda component: any(component.get(option) for option in options)


RIGHTS: tuple[Right, ...] = (
    Right("leases.coordination.k8s.io", ("get", "create", "update", "patch"), "one run at a time"),
    Right("secrets", ALL, "credentials, and Helm's records"),
    Right("configmaps", ALL, "config_files"),
    Right("services", ALL, "how components are reached"),
    Right("deployments.apps", ALL, "components"),
    Right("networkpolicies.networking.k8s.io", ALL, "which component may connect to which"),
    Right("pods", READ, "what runs, and why something does not"),
    Right("pods/log", ("get",), "why something does not run"),
    Right("events", READ, "why something does not run"),
    Right("replicasets.apps", READ, "why something does not run"),
    Right("jobs.batch", READ, "why something does not run"),
    Right("persistentvolumeclaims", READ, "why something does not run"),
    Right("horizontalpodautoscalers.autoscaling", READ, "what changes a number of pods beside Helm"),
    Right("jobs.batch", ALL, "migration, setup and test of a component", _has("migration", "setup", "test")),
    Right("cronjobs.batch", ALL, "components with a schedule", _has("schedule")),
    Right("persistentvolumeclaims", ALL, "components with a volume", _has("persistence")),
    Right("poddisruptionbudgets.policy", ALL, "components with several replicas", lambda component: number(component).most > 1),
    Right("horizontalpodautoscalers.autoscaling", ALL, "components with autoscale", _has("autoscale")),
    Right("pods/exec", ("create",), "post_release of a component", _has("post_release")),
    Right("pods/exec", ("create",), "checks with exec, and whether NetworkPolicies are enforced", optional=True),
    Right("pods", ("create", "patch", "delete"), "the trial of images, and of the pull from a registry", optional=True),
    Right("leases.coordination.k8s.io", ("list",), "the list of applications", optional=True),
    Right("statefulsets.apps", READ, "whether others use the namespace", optional=True),
    Right("daemonsets.apps", READ, "whether others use the namespace", optional=True),
    Right("cronjobs.batch", READ, "whether others use the namespace", optional=True),
    Right("resourcequotas", READ, "whether there is room", optional=True),
    Right("limitranges", READ, "whether there is room", optional=True),
    Right("namespaces", ("get",), "the namespace's Pod Security level", optional=True),
)
"""All of them are in the namespace; what else a run asks of a cluster (nodes, storage classes) it can do without."""

MAKING = Right("namespaces", ("create", "patch"), "a namespace that is not there")


def needed(components: Iterable[Mapping[str, Any]], *, make: bool = False) -> list[tuple[str, str]]:
    """Return the verbs and resources that a deployment cannot do without.

    Args:
        components: With the defaults of the specification.
        make: Whether the namespace has to be made.
    """
    listed = list(components)
    rights = [right for right in RIGHTS if not right.optional and (right.needed is None or any(map(right.needed, listed)))]
    return list(dict.fromkeys((verb, right.resource) for right in [*rights, *([MAKING] if make else [])] for verb in right.verbs))


def rules_review(namespace: str) -> dict[str, Any]:
    """Return the question for all that whoever asks may do in a namespace."""
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}}


def access_reviews(namespace: str, wanted: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the questions for single rights, as one List."""
    items = [
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": namespace, "verb": verb, "resource": plural, "group": group, "subresource": part}},
        }
        for verb, resource in wanted
        for plural, group, part in [_parts(resource)]
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def lacking(wanted: Iterable[tuple[str, str]], rules: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what of the wanted rights no rule grants.

    Args:
        wanted: Verbs and resources.
        rules: ``status.resourceRules`` of a SelfSubjectRulesReview.
    """
    return [(verb, resource) for verb, resource in wanted if not any(_grants(rule, verb, *_parts(resource)) for rule in rules)]


def denied(wanted: Sequence[tuple[str, str]], answers: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what of the wanted rights the answers to ``access_reviews`` refuse."""
    return [right for right, answer in zip(wanted, answers, strict=True) if not (answer.get("status") or {}).get("allowed")]


def rights_problem(namespace: str, missing: Sequence[tuple[str, str]], wanted: Sequence[tuple[str, str]]) -> str:
    """Return one sentence that names all rights that are missing, and the remedy; empty without any."""
    if not missing:
        return ""
    remedy = "have docs/role.yml bound to it there, which grants what a deployment takes."
    if len(missing) == len(wanted):
        return f"The account of this kubeconfig may do nothing of a deployment in namespace {namespace}, if that is there: {remedy}"
    named = "; ".join(f"{', '.join(verbs)} {' and '.join(resources)}" for verbs, resources in _by_verbs(missing))
    return f"The account of this kubeconfig lacks rights in namespace {namespace} ({named}): {remedy}"


def rules() -> list[tuple[str, dict[str, list[str]]]]:
    """Return the rules of a Role that grants all of them, one for each resource, each with what it is for."""
    verbs: dict[str, dict[str, None]] = {}
    what: dict[str, dict[str, None]] = {}
    for right in RIGHTS:
        verbs.setdefault(right.resource, {}).update(dict.fromkeys(right.verbs))
        what.setdefault(right.resource, {})[right.what] = None
    found = []
    for resource, granted in verbs.items():
        plural, group, part = _parts(resource)
        rule = {"apiGroups": [group], "resources": [f"{plural}/{part}" if part else plural], "verbs": list(granted)}
        found.append(("; ".join(what[resource]), rule))
    return found


def _parts(resource: str) -> tuple[str, str, str]:
    """Return plural, group and subresource."""
    head, _slash, part = resource.partition("/")
    plural, _dot, group = head.partition(".")
    return plural, group, part


def _grants(rule: Mapping[str, Any], verb: str, plural: str, group: str, part: str) -> bool:
    verbs, groups, resources = (rule.get(key) or () for key in ("verbs", "apiGroups", "resources"))
    if rule.get("resourceNames") and verb not in NAMED:
        return False
    full = f"{plural}/{part}" if part else plural
    named = full in resources or "*" in resources or bool(part and f"*/{part}" in resources)
    return (verb in verbs or "*" in verbs) and (group in groups or "*" in groups) and named


def _by_verbs(missing: Iterable[tuple[str, str]]) -> Iterator[tuple[list[str], list[str]]]:
    """Put together the resources that lack the same verbs."""
    verbs: dict[str, list[str]] = {}
    for verb, resource in missing:
        verbs.setdefault(resource, []).append(verb)
    together: dict[tuple[str, ...], list[str]] = {}
    for resource, lacks in verbs.items():
        together.setdefault(tuple(lacks), []).append(resource)
    yield from ((list(lacks), resources) for lacks, resources in together.items())
