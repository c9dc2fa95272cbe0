# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of images, such as ``ghcr.io/owner/name:1.2``."""

from __future__ import annotations

DOCKER_HUB = "docker.io"
"""The registry of a reference that names none."""


def registry(reference: str) -> str:
    """Return the registry's host that an image is pulled from, with its port where it has one."""
    host, slash, _rest = reference.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return DOCKER_HUB if host == "index.docker.io" else host
    return DOCKER_HUB
