# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a cluster measures what its autoscalers go by."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from .._core.errors import Failure

API = "/apis/metrics.k8s.io/v1beta1"
"""Everybody who may ask a cluster at all may ask for it (the ClusterRole system:discovery)."""

PATIENCE = 60.0
"""Seconds for a metrics server that was just installed: it answers after its second measurement."""


def metrics_problem(
    ask: Callable[[str], object],
    components: Sequence[str],
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Say that nothing measures the pods of components; empty where something does, or nobody may know.

    Args:
        ask: Gets a path of the API server; raises Failure with its words.
        components: The names of those with ``autoscale``; nothing is asked without any.
        patience: Seconds for what is registered and does not answer yet.
        sleep: Waits so many seconds.
        clock: Seconds.
    """
    deadline = clock() + patience
    while components:
        try:
            ask(API)
            return ""
        except Failure as error:
            said = str(error)
        if re.search(r"forbidden|unauthorized", said, re.IGNORECASE):
            return ""
        is_there = not re.search(r"not ?found|could not find", said, re.IGNORECASE)
        if not is_there or clock() >= deadline:
            why = f"does not answer at metrics.k8s.io ({said.rstrip('.')})" if is_there else "has no metrics.k8s.io"
            return (
                f"autoscale of {', '.join(components)}: the cluster {why}, so that the number of pods stays: install a metrics server "
                "there; on Minikube the role minikube does, with minikube_metrics_server."
            )
        sleep(2)
    return ""
