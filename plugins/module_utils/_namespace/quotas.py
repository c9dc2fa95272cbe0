# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a namespace's ResourceQuotas and LimitRanges leave room for what is to be deployed.

An API server counts a pod as it is made, long after images were built, and says so in a ReplicaSet's conditions only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

from .._component.quantities import amount, shown
from .._component.quantities import pods as number
from .._component.spec import Component
from .._release.attempt import Object

Amounts: TypeAlias = Mapping[str, Fraction]
"""Resource as a quota names it -> cores, bytes or a number of objects."""

_ALIASES = {"cpu": "requests.cpu", "memory": "requests.memory"}
_MEASURED = ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
_COUNTED = {
    "count/pods": "pods",
    "count/services": "services",
    "count/persistentvolumeclaims": "persistentvolumeclaims",
}
_OURS = {"NotTerminating", "NotBestEffort"}
"""Scopes of a quota that our pods are in, each by itself; of other scopes nothing is judged."""


def quota_problems(components: Sequence[Component], objects: Iterable[Object], found: Sequence[Object]) -> Iterator[str]:
    """Say what a namespace has no room for once everything is deployed; what a rollout takes for a while does not count.

    Args:
        components: As ``load_components`` returns them.
        objects: Those of the application that are there: the quotas count them already.
        found: ResourceQuotas and LimitRanges of the namespace.
    """
    ranges = [limit for item in found if item["kind"] == "LimitRange" for limit in item["spec"].get("limits") or []]
    pods = {component["name"]: _pod(component, ranges) for component in components}
    running = [component["name"] for component in components if _runs(component)]
    for component in components:
        yield from _range_problems(component, pods[component["name"]], ranges)
    asked, parts, there = _asked(components, pods), _asked_by(components, pods), _there(objects, ranges)
    for quota in (item for item in found if item["kind"] == "ResourceQuota" and _counts_ours(item)):
        called, namespace = quota["metadata"]["name"], quota["metadata"]["namespace"]
        hard, used = (_amounts((quota.get("status") or {}).get(key) or {}) for key in ("hard", "used"))
        for resource in hard:
            if resource in _MEASURED and (lacks := [name for name in running if resource not in pods[name]]):
                yield (
                    f"The ResourceQuota {called} of namespace {namespace} wants resources.{resource} of every pod, and {_listed(lacks)} "
                    f"{'have' if len(lacks) > 1 else 'has'} none: write it, or have a LimitRange give a default."
                )
                continue
            more = asked.get(resource, Fraction()) - there.get(resource, Fraction())
            left = hard[resource] - used.get(resource, Fraction())
            if more > max(left, Fraction()):
                yield (
                    f"The ResourceQuota {called} of namespace {namespace} leaves {shown(resource, max(left, Fraction()))} of {resource} "
                    f"({shown(resource, used.get(resource, Fraction()))} of {shown(resource, hard[resource])} are used), and "
                    f"{shown(resource, more)} more are asked for{_says(resource, parts)}: lower that, remove something else there, or have "
                    "the quota raised."
                )


def _counts_ours(quota: Object) -> bool:
    spec = quota["spec"]
    chosen = (spec.get("scopeSelector") or {}).get("matchExpressions") or []
    scopes = {*(spec.get("scopes") or []), *(entry["scopeName"] for entry in chosen if entry.get("operator") == "Exists")}
    return scopes <= _OURS and all(entry.get("operator") == "Exists" for entry in chosen)


def _amounts(written: Mapping[str, str]) -> dict[str, Fraction]:
    """Read quantities, under one name for each resource; what cannot be read is left out."""
    found: dict[str, Fraction] = {}
    for resource, quantity in written.items():
        name = _ALIASES.get(resource, _COUNTED.get(resource, resource))
        if (value := _read(quantity)) is not None:
            found[name] = min(value, found[name]) if name in found else value
    return found


def _read(quantity: object) -> Fraction | None:
    try:
        return amount(str(quantity))
    except (ValueError, KeyError):
        return None


def _pod(component: Component, ranges: Sequence[Mapping[str, Any]]) -> dict[str, Fraction]:
    """Return what each pod of a component asks for and is limited to, with what LimitRanges and Kubernetes put there."""
    resources = component["resources"] or {}
    return _complete({kind: dict(resources.get(kind) or {}) for kind in ("requests", "limits")}, ranges)


def _complete(given: Mapping[str, Mapping[str, Any]], ranges: Sequence[Mapping[str, Any]]) -> dict[str, Fraction]:
    found = {}
    containers = [limit for limit in ranges if limit.get("type") == "Container"]
    for name in ("cpu", "memory"):
        limit = given.get("limits", {}).get(name) or _default(containers, name, "default", "max")
        request = given.get("requests", {}).get(name) or (
            given.get("limits", {}).get(name) or _default(containers, name, "defaultRequest", "default", "max")
        )
        for kind, quantity in (("limits", limit), ("requests", request or limit)):
            if quantity and (value := _read(quantity)) is not None:
                found[f"{kind}.{name}"] = value
    return found


def _default(containers: Iterable[Mapping[str, Any]], name: str, *keys: str) -> str:
    """Return the first default of a resource; a LimitRange without one has the one that is named next."""
    return next((str(limit[key][name]) for limit in containers for key in keys if name in (limit.get(key) or {})), "")


def _range_problems(component: Component, pod: Amounts, ranges: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    where = f"Component {component['name']}"
    for limit in ranges:
        if limit.get("type") in ("Container", "Pod") and _runs(component):
            most, least, ratio = (_amounts_of(limit, key) for key in ("max", "min", "maxLimitRequestRatio"))
            for name in ("cpu", "memory"):
                requests, limits = pod.get(f"requests.{name}"), pod.get(f"limits.{name}")
                if name in most and limits is not None and limits > most[name]:
                    yield _ranged(where, f"resources.limits.{name}", limits, "at most", most[name])
                if name in least and requests is not None and requests < least[name]:
                    yield _ranged(where, f"resources.requests.{name}", requests, "at least", least[name])
                if name in ratio and requests and limits and limits / requests > ratio[name]:
                    yield (
                        f"{where}: resources.limits.{name} is {float(limits / requests):g} times resources.requests.{name}, and the "
                        f"namespace's LimitRange allows {float(ratio[name]):g} times: raise the request, or lower the limit."
                    )
        elif limit.get("type") == "PersistentVolumeClaim" and component["persistence"]:
            size, most, least = amount(component["persistence"]["size"]), _amounts_of(limit, "max"), _amounts_of(limit, "min")
            if size > most.get("storage", size):
                yield _ranged(where, "persistence.size", size, "at most", most["storage"])
            if size < least.get("storage", size):
                yield _ranged(where, "persistence.size", size, "at least", least["storage"])


def _ranged(where: str, option: str, value: Fraction, how: str, bound: Fraction) -> str:
    return (
        f"{where}: {option} is {shown(option, value)}, and the namespace's LimitRange allows {how} {shown(option, bound)}: write that, or "
        "have the LimitRange changed."
    )


def _amounts_of(limit: Mapping[str, Any], key: str) -> dict[str, Fraction]:
    return {name: value for name, quantity in (limit.get(key) or {}).items() if (value := _read(quantity)) is not None}


def _asked(components: Sequence[Component], pods: Mapping[str, Amounts]) -> dict[str, Fraction]:
    """Return what everything takes once it is deployed."""
    total: defaultdict[str, Fraction] = defaultdict(Fraction)
    for component in components:
        replicas = _lasting(component)
        total["pods"] += replicas
        for resource, value in pods[component["name"]].items():
            total[resource] += value * replicas
        if component["port"]:
            published = component["service"]["type"]
            total["services"] += 1
            total["services.nodeports"] += published in ("NodePort", "LoadBalancer")
            total["services.loadbalancers"] += published == "LoadBalancer"
        if component["persistence"]:
            total["persistentvolumeclaims"] += 1
            total["requests.storage"] += amount(component["persistence"]["size"])
    return total


def _asked_by(components: Sequence[Component], pods: Mapping[str, Amounts]) -> dict[str, list[str]]:
    """Return for each measured resource who asks for how much of it."""
    return {
        resource: [
            f"{component['name']} {_lasting(component)} x {shown(resource, pods[component['name']][resource])}"
            for component in components
            if _lasting(component) and pods[component["name"]].get(resource)
        ]
        for resource in _MEASURED
    }


def _there(objects: Iterable[Object], ranges: Sequence[Mapping[str, Any]]) -> dict[str, Fraction]:
    """Return what the application's own objects take already."""
    total: defaultdict[str, Fraction] = defaultdict(Fraction)
    for item in objects:
        if item["kind"] == "Deployment":
            running = int((item.get("status") or {}).get("replicas") or 0)
            total["pods"] += running
            for container in item["spec"]["template"]["spec"]["containers"]:
                for resource, value in _complete(container.get("resources") or {}, ranges).items():
                    total[resource] += value * running
        elif item["kind"] == "Service":
            total["services"] += 1
            total["services.nodeports"] += item["spec"].get("type") in ("NodePort", "LoadBalancer")
            total["services.loadbalancers"] += item["spec"].get("type") == "LoadBalancer"
        elif item["kind"] == "PersistentVolumeClaim":
            total["persistentvolumeclaims"] += 1
            total["requests.storage"] += _read(item["spec"]["resources"]["requests"]["storage"]) or 0
    return total


def _lasting(component: Component) -> int:
    """Return how many of a component's pods go on running at least."""
    return 0 if component["schedule"] else number(component).least


def _runs(component: Component) -> bool:
    return bool(_lasting(component) or component["schedule"])


def _says(resource: str, parts: Mapping[str, Sequence[str]]) -> str:
    listed = parts.get(resource)
    return f" ({', '.join(listed)} in all)" if listed else ""


def _listed(names: Sequence[str]) -> str:
    return f"component{'s' if len(names) > 1 else ''} {' and '.join(names)}"
