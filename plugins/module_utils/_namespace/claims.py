# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the volume claims of an application can become what is wanted: what a cluster would refuse in the middle of a release."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._component.quantities import amount
from .._component.spec import Component
from .._core.errors import Failure
from .._release.attempt import Object
from .._release.records import Record

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
MINIKUBE = "k8s.io/minikube-hostpath"
"""Provisioner of Minikube's own class: a volume of it is a folder of the node, whose size nothing limits."""


def claim_problems(
    components: Iterable[Component],
    objects: Sequence[Object],
    records: Mapping[str, Sequence[Record]],
    read_classes: Callable[[], list[dict[str, Any]]],
) -> Iterator[str]:
    """Name the claims that cannot grow, shrink or change their storage class, and the classes that there are not.

    Args:
        components: As ``load_components`` returns them.
        objects: What is in the namespace of the names that the chart needs.
        records: Release -> its records, newest first.
        read_classes: Reads the cluster's storage classes; it is called where a claim is new or grows. A Failure, as of a person who may
            not read them, says nothing about the claims.
    """
    claims = {item["metadata"]["name"]: item["spec"] for item in objects if item["kind"] == "PersistentVolumeClaim"}
    classes: dict[str, dict[str, Any]] | None = None
    for component in components:
        if not (wanted := component["persistence"]):
            continue
        name, claim = f"{component['name']}-data", claims.get(f"{component['name']}-data")
        if claim:
            yield from _change_problems(name, wanted, claim, _named_class(component["name"], records))
        if claim and not _grows(wanted, claim):
            continue
        if classes is None:
            classes = _by_name(read_classes)
        if classes is None:
            return
        yield from _growth_problems(name, wanted, claim, classes) if claim else _class_problems(component["name"], wanted, classes)


def _change_problems(name: str, wanted: Mapping[str, Any], claim: Mapping[str, Any], named: str) -> Iterator[str]:
    have = claim.get("storageClassName", "")
    remedy = "To begin anew, save what is in it, remove it with kubectl delete pvc, and run this again."
    if (wanted["storage_class"] or named) and wanted["storage_class"] != have:
        given = wanted["storage_class"] or "left out"
        yield (
            f"The volume claim {name} has the storage class {have}, which cannot change, and persistence.storage_class is {given}: "
            f"write {have}. {remedy}"
        )
    size = claim["resources"]["requests"]["storage"]
    if amount(wanted["size"]) < amount(size):
        yield f"The volume claim {name} has {size} and cannot shrink to {wanted['size']}: write persistence.size: {size}. {remedy}"


def _growth_problems(
    name: str, wanted: Mapping[str, Any], claim: Mapping[str, Any], classes: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    have, size = claim.get("storageClassName", ""), claim["resources"]["requests"]["storage"]
    known = classes.get(have, {})
    if known.get("allowVolumeExpansion"):
        return
    why = " Its volumes are folders of the node, which no size limits." if known.get("provisioner") == MINIKUBE else ""
    yield (
        f"The volume claim {name} has {size} and cannot grow to {wanted['size']}, because its storage class {have} does not allow it: "
        f"write persistence.size: {size}.{why}"
    )


def _class_problems(component: str, wanted: Mapping[str, Any], classes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    names = f"the cluster has {', '.join(sorted(classes))}" if classes else "the cluster has none"
    if wanted["storage_class"] and wanted["storage_class"] not in classes:
        yield f"Component {component}: persistence.storage_class {wanted['storage_class']} is no storage class; {names}: correct it."
    elif not wanted["storage_class"] and not any(_is_default(known) for known in classes.values()):
        yield f"Component {component}: no storage class is the cluster's default, and {names}: name one in persistence.storage_class."


def _is_default(storage_class: Mapping[str, Any]) -> bool:
    return str((storage_class["metadata"].get("annotations") or {}).get(DEFAULT_CLASS)) == "true"


def _named_class(component: str, records: Mapping[str, Sequence[Record]]) -> str:
    """Return the storage class that the newest revision names; without one, the cluster chose it and nothing changes it."""
    for found in records.values():
        values = (found[0].values.get("components") or {}).get(component) if found else None
        if values:
            return str((values.get("persistence") or {}).get("storageClass") or "")
    return ""


def _grows(wanted: Mapping[str, Any], claim: Mapping[str, Any]) -> bool:
    return amount(wanted["size"]) > amount(claim["resources"]["requests"]["storage"])


def _by_name(read_classes: Callable[[], list[dict[str, Any]]]) -> dict[str, dict[str, Any]] | None:
    try:
        return {item["metadata"]["name"]: item for item in read_classes()}
    except Failure:
        return None
