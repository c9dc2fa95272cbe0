# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Lease of an application in its namespace: one run at a time deploys it, from whichever machine.

As in client-go's leader election, a holder renews the Lease, and one that was not renewed for its duration is free. The duration counts
from when the last renewal was first seen, because the clocks of two machines differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .._core.labels import MANAGED_BY, MANAGER, own_labels

DURATION = 30
"""Seconds without a renewal after which a Lease is free."""

PERIOD = 8.0
"""Seconds between two renewals."""

DEAD = 600.0
"""Seconds: no two clocks differ by so much, so that a renewal this old needs no watching."""


BY = "plannoir.deploy/by"
"""On the Lease: who ran the last run that took it."""

INVENTORY = "plannoir.deploy/inventory"
"""On the Lease: the inventories of that run, with commas between them."""


def lease_name(application: str) -> str:
    """Return the name of an application's Lease."""
    return f"{application}-deploy"


@dataclass
class Lease:
    """An application's Lease for the run ``name``."""

    application: str
    namespace: str
    name: str
    monotonic: Callable[[], float]
    inventory: str = ""
    """The run's inventories, with commas between them."""
    _seen: dict[str, float] = field(default_factory=dict)

    def is_foreign(self, found: Mapping[str, Any]) -> bool:
        """Tell whether somebody else made the object of this name."""
        return (found["metadata"].get("labels") or {}).get(MANAGED_BY) != MANAGER

    def is_own(self, found: Mapping[str, Any] | None) -> bool:
        """Tell whether this run holds it."""
        return found is not None and found["spec"].get("holderIdentity") == self.name

    def is_free(self, found: Mapping[str, Any] | None) -> bool:
        """Tell whether it may be taken, as far as can be seen now."""
        spec = (found or {}).get("spec", {})
        if not spec.get("holderIdentity"):
            return True
        renewed = str(spec.get("renewTime") or "")
        first = self._seen.setdefault(f"{spec['holderIdentity']} {renewed}", self.monotonic())
        return self.monotonic() - first > spec.get("leaseDurationSeconds", DURATION) or _age(renewed) > DEAD

    def taken(self, found: Mapping[str, Any] | None, time: str) -> dict[str, Any]:
        """Return the object that takes it; the API server refuses it when ``found`` has changed meanwhile."""
        version = {"resourceVersion": found["metadata"]["resourceVersion"]} if found else {}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": lease_name(self.application),
                "namespace": self.namespace,
                "labels": own_labels(self.application),
                "annotations": {BY: self.name.partition(",")[0], INVENTORY: self.inventory},
                **version,
            },
            "spec": {"holderIdentity": self.name, "leaseDurationSeconds": DURATION, "acquireTime": time, "renewTime": time},
        }


def _age(time: str) -> float:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(time.replace("Z", "+00:00"))).total_seconds()
    except (ValueError, TypeError):
        return 0.0
