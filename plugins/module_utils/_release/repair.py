# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Helm's three-way merge cannot undo, done before it deploys."""

from __future__ import annotations

import json
from collections.abc import Sequence

from .._core.cluster import Cluster, reference
from .._core.errors import Failure
from .drift import AUTOSCALERS, compared, manifest_objects
from .records import Record, read_records

ATTEMPTS = 3
"""Controllers write objects all the time, and a write is refused when the object is no longer the one that was compared."""


def put_back(cluster: Cluster, names: Sequence[str]) -> list[str]:
    """Put back what was edited by hand in objects of releases, and return a sentence for each; raises Failure.

    A release that is not deployed has to be recovered first.
    """
    return restore(cluster, [found[0] for found in read_records(cluster, names).values() if found and found[0].status == "deployed"])


def restore(cluster: Cluster, records: Sequence[Record]) -> list[str]:
    """Write what revisions set into the live objects that have it otherwise, and return a sentence for each; raises Failure.

    What is not there is left to Helm, which makes it when it deploys the release.
    """
    wanted = [reference(item) for record in records for item in manifest_objects(record.manifest)]
    done: dict[str, str] = {}
    for attempt in range(1, ATTEMPTS + 1):
        objects = cluster.named(*wanted)
        entries = [entry for record in records for entry in compared(record, objects, lambda: cluster.objects(AUTOSCALERS))]
        edited = [entry for entry in entries if entry.restored is not None]
        if not edited:
            break
        done.update({entry.name: str(entry) for entry in edited})
        content = {"apiVersion": "v1", "kind": "List", "items": [entry.restored for entry in edited]}
        try:
            cluster.kubectl("replace", "--filename=-", given=json.dumps(content))
        except Failure as error:
            if "object has been modified" not in str(error) or attempt == ATTEMPTS:
                raise
        else:
            break
    return list(done.values())
