# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels by which the collection knows again what it made."""

from __future__ import annotations

MANAGER = "plannoir.deploy"
MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"

APPLICATION = "plannoir.deploy/app"
"""On every object of the chart, and on every image: the application that it belongs to."""

LIVE = "plannoir.deploy/live"
"""On what playbooks/live.yml runs in place of a released pod, and in the selector of the Service that it has taken over."""


REFRESH = "plannoir.deploy/refresh"
"""On an image that was built from the newest images and packages: the text of ``images_refresh`` that wanted it."""


def application_label(application: str) -> str:
    """Return the label of an application's objects and images as ``key=value``."""
    return f"{APPLICATION}={application}"


def own_labels(application: str) -> dict[str, str]:
    """Return the labels of every object that the collection itself makes for an application."""
    return {PART_OF: application, MANAGED_BY: MANAGER}


def own_selector(application: str) -> str:
    """Return kubectl's option that selects these objects."""
    return f"--selector={','.join(f'{key}={value}' for key, value in own_labels(application).items())}"
