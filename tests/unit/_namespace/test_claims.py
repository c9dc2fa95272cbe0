# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A volume claim that cannot become what is wanted stops a run before anything is built, and costs no call where nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.claims import claim_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import Record

HOSTPATH = {
    "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
    "provisioner": "k8s.io/minikube-hostpath",
}
GROWING = {"metadata": {"name": "fast"}, "provisioner": "csi.example", "allowVolumeExpansion": True}


def said(
    size: str = "1Gi",
    wanted_class: str = "",
    claim: tuple[str, str] | None = ("1Gi", "standard"),
    released_class: str | None = None,
    classes: tuple[dict[str, Any], ...] | None = (HOSTPATH, GROWING),
) -> tuple[list[str], int]:
    """The sentences, and how often the cluster was asked for its classes."""
    asked = []

    def read_classes() -> list[dict[str, Any]]:
        asked.append(1)
        if classes is None:
            raise Failure("forbidden")
        return list(classes)

    persistence = {"path": "/data", "size": size, "storage_class": wanted_class}
    components, wrong = load_components(
        [{"name": "db", "image": "a", "port": 5432, "persistence": persistence}, {"name": "api", "image": "a", "port": 80}]
    )
    assert wrong == []
    spec = {"storageClassName": claim[1], "resources": {"requests": {"storage": claim[0]}}} if claim else {}
    objects = [{"kind": "PersistentVolumeClaim", "metadata": {"name": "db-data"}, "spec": spec}] if claim else []
    values = {"components": {"db": {"persistence": {"size": "1Gi", **({"storageClass": released_class} if released_class else {})}}}}
    records = {"shop": [Record("shop", 3, "deployed", values)], "shop-extras": []}
    return list(claim_problems(components, objects, records, read_classes)), len(asked)


@pytest.mark.parametrize("size", ["1Gi", "1024Mi", "1073741824"])
def test_a_claim_that_stays_as_it_is_costs_no_call(size: str) -> None:
    assert said(size) == ([], 0)
    assert said(size, "standard") == ([], 0)
    assert said(size, claim=("1Gi", "gone"), released_class=None) == ([], 0)


def test_a_claim_grows_only_where_its_class_allows_it() -> None:
    assert said("2Gi", claim=("1Gi", "fast")) == ([], 1)
    (sentence,), _ = said("2Gi")
    assert sentence == (
        "The volume claim db-data has 1Gi and cannot grow to 2Gi, because its storage class standard does not allow it: "
        "write persistence.size: 1Gi. Its volumes are folders of the node, which no size limits."
    )
    assert len(said("2Gi", claim=("1Gi", "gone"))[0]) == 1


def test_a_claim_never_shrinks() -> None:
    (sentence,), asked = said("512Mi", claim=("1Gi", "fast"))
    assert sentence.startswith("The volume claim db-data has 1Gi and cannot shrink to 512Mi: write persistence.size: 1Gi. To begin anew,")
    assert asked == 0


@pytest.mark.parametrize(
    ("wanted", "released", "given"), [("fast", None, "fast"), ("fast", "standard", "fast"), ("", "standard", "left out")]
)
def test_a_claim_keeps_its_class(wanted: str, released: str | None, given: str) -> None:
    (sentence,), _ = said(wanted_class=wanted, released_class=released)
    assert sentence.startswith(
        f"The volume claim db-data has the storage class standard, which cannot change, and persistence.storage_class is {given}: "
    )


def test_a_new_claim_wants_a_class_that_there_is() -> None:
    assert said(claim=None) == ([], 1)
    assert said(wanted_class="fast", claim=None) == ([], 1)
    (sentence,), _ = said(wanted_class="fsat", claim=None)
    assert sentence == "Component db: persistence.storage_class fsat is no storage class; the cluster has fast, standard: correct it."
    (sentence,), _ = said(claim=None, classes=(GROWING,))
    assert sentence.startswith("Component db: no storage class is the cluster's default, and the cluster has fast: name one")


def test_who_may_not_read_the_classes_deploys_all_the_same() -> None:
    assert said(claim=None, classes=None) == ([], 1)
    assert said("2Gi", classes=None) == ([], 1)
