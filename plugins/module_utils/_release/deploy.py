# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring a release to the wanted values, with Helm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._component.values import as_yaml
from .._core.cluster import Cluster


def deploy(cluster: Cluster, name: str, chart: str, values: Mapping[str, Any], *, wait: bool, timeout: int, history: int) -> None:
    """Install a release, or upgrade it.

    Args:
        cluster: Where the release is.
        name: Name of the release.
        chart: Folder of the chart.
        values: As in what ``releases`` returns; none of an earlier revision counts.
        wait: Whether Helm waits until everything of it is ready.
        timeout: Seconds for each of Helm's operations.
        history: Number of revisions that Helm keeps.

    Raises:
        Failure: Helm failed; the message is Helm's own. What it did until then is still there.
    """
    options = [f"--timeout={timeout}s", f"--history-max={history}", *(["--wait"] if wait else [])]
    cluster.helm("upgrade", name, chart, "--install", "--reset-values", "--values=-", *options, given=as_yaml(values))
