# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of processor and memory: what a component asks for, what its limits are, and whether a node has room for all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

UNITS = {
    "": Fraction(1),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Fraction(1024**power) for power, unit in enumerate("KMGTPE", 1)},
}

LEAST_MEMORY = {"requests": 1 << 20, "limits": 6 << 20}
"""Bytes. Docker's daemon makes no container with a limit below 6 MiB; nothing runs in 1 MiB, so that a unit was left out."""

MOST_CORES = 256
"""More than the machines have that a component could be meant for: thousandths without their m."""

SYSTEM = {"cpu": Fraction(3, 4), "memory": Fraction(170 << 20)}
"""What Kubernetes' own pods ask for on the one node of a Minikube: API server 250m, controller manager 200m, etcd 100m and 100Mi,
scheduler 100m, CoreDNS 100m and 70Mi (kubeadm's and minikube's manifests)."""


class Pods(NamedTuple):
    """How many pods of a component go on running."""

    least: int
    most: int


def pods(component: Mapping[str, Any]) -> Pods:
    """Return the number of a component's pods: its ``replicas``, or what ``autoscale`` chooses between."""
    if scale := component["autoscale"]:
        return Pods(scale["min"], scale["max"])
    return Pods(component["replicas"], component["replicas"])


def amount(quantity: str) -> Fraction:
    """Return the cores or bytes of a quantity of the formats ``cores`` and ``bytes``."""
    number = quantity.rstrip("kKMGTPEim")
    return Fraction(number) * UNITS[quantity[len(number) :]]


def shown(resource: str, value: Fraction) -> str:
    """Write an amount of a resource, as Kubernetes or an option names it, for a person."""
    return _bytes(value) if any(word in resource for word in ("memory", "storage", "size")) else _cores(value)


def quantity_problems(component: Mapping[str, Any]) -> Iterator[str]:
    """Say which amounts of a component cannot be meant; the formats hold already."""
    resources = component["resources"] or {}
    for kind in ("requests", "limits"):
        for name, given in _given(resources, kind):
            value, where = amount(given), f"resources.{kind}.{name}"
            if name == "memory" and 0 < value < LEAST_MEMORY[kind]:
                meant = f"{given}Mi" if given.isdecimal() else "a number with Mi or Gi"
                yield f"{where} {given} is {_bytes(value)}: write {meant}."
            elif name == "cpu" and value >= MOST_CORES:
                yield f"{where} {given} is {_cores(value)} cores: write {given}m, thousandths of a core."
    limits = dict(_given(resources, "limits"))
    for name, given in _given(resources, "requests"):
        if name in limits and amount(given) > amount(limits[name]):
            most = f"resources.limits.{name} {limits[name]}"
            yield f"resources.requests.{name} {given} is more than {most}: raise the limit, or ask for less."
    size = (component["persistence"] or {}).get("size")
    if size and amount(size) < 1 << 20:
        yield f"persistence.size {size} is {_bytes(amount(size))}: write {f'{size}Gi' if size.isdecimal() else 'a number with Mi or Gi'}."


def room_problems(components: Sequence[Mapping[str, Any]], node: Mapping[str, Fraction], remedies: Mapping[str, str]) -> Iterator[str]:
    """Say where the components ask for more than a node has.

    Each pod counts, the fewest of what is scaled, and one more while a component is rolled out: its new pod, or its migration's; several
    take turns where it is tight.

    Args:
        components: All that are deployed, of the application and of its services.
        node: What the only node has: ``cpu`` in cores, ``memory`` in bytes.
        remedies: Resource -> what gives the node more, as the end of a sentence.
    """
    for name, has in node.items():
        show = _cores if name == "cpu" else _bytes
        there = f"the node has {show(has)}, {show(SYSTEM[name])} of them for the cluster itself"
        each = {component["name"]: asked(component, name) for component in components}
        too_large = [component for component, one in each.items() if one + SYSTEM[name] > has]
        for component in too_large:
            one = f"Component {component}: a pod asks for {show(each[component])} of {name}"
            yield f"{one}, and {there}: lower resources.requests.{name}, or {remedies[name]}."
        total = sum((each[component["name"]] * pods(component).least for component in components), Fraction())
        rollout = max((each[component["name"]] for component in components if _rolls_out(component)), default=Fraction())
        if not too_large and total + rollout + SYSTEM[name] > has:
            counts = {component["name"]: pods(component).least for component in components}
            parts = [f"{component} {count} x {show(each[component])}" for component, count in counts.items() if each[component] and count]
            yield (
                f"The components ask for {show(total)} of {name} ({', '.join(parts)}), and for {show(rollout)} more while one of them is "
                f"rolled out; {there}: lower resources.requests.{name} or replicas, or {remedies[name]}."
            )


def growth_hints(components: Sequence[Mapping[str, Any]], node: Mapping[str, Fraction]) -> Iterator[str]:
    """Say of which scaled component not all pods find room on a node, a sentence each: the rest waits, and what runs goes on.

    Args:
        components: All that are deployed, which fit as far as ``room_problems`` sees.
        node: What the only node has.
    """
    for component in components:
        least, most = pods(component)
        fits = most
        for name, has in node.items():
            if one := asked(component, name):
                total = sum((asked(other, name) * pods(other).least for other in components), SYSTEM[name])
                fits = min(fits, least + max(0, math.floor((has - total) / one)))
        if fits < most:
            yield (
                f"Component {component['name']}: the node has room for {fits} of the {most} pods that autoscale.max allows, so that "
                "further ones wait: lower it, or give the node more (minikube_cpus, minikube_memory)."
            )


def _given(resources: Mapping[str, Any], kind: str) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (resources.get(kind) or {}).items() if value]


def asked(component: Mapping[str, Any], name: str) -> Fraction:
    """Return what each pod asks for: without a request Kubernetes takes the limit."""
    resources = component["resources"] or {}
    given = dict(_given(resources, "requests")).get(name) or dict(_given(resources, "limits")).get(name)
    return amount(given) if given else Fraction()


def _rolls_out(component: Mapping[str, Any]) -> bool:
    """Tell whether a pod of a component is there beside the running ones for a while: one with a volume ends before its successor."""
    lasting = pods(component).most and not component["schedule"]
    return bool(lasting and not component["persistence"]) or bool(component["migration"] or component["setup"])


def _cores(value: Fraction) -> str:
    return f"{float(value):g}"


def _bytes(value: Fraction) -> str:
    for unit in ("Gi", "Mi", "Ki"):
        if value >= UNITS[unit]:
            return f"{float(value / UNITS[unit]):.4g}{unit}"
    return f"{float(value):g} bytes"
