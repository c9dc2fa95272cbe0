# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""References of images, such as ``ghcr.io/owner/name:1.2``."""

from __future__ import annotations

DOCKER_HUB = "docker.io"
"""The registry of a reference that names none."""

API_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}
"""Where a registry's API is, if not at its own name."""


def registry(reference: str) -> str:
    """Return the registry's host that an image is pulled from, with its port where it has one."""
    host, slash, _rest = reference.partition("/")
    if slash and names_host(host):
        return DOCKER_HUB if host == "index.docker.io" else host
    return DOCKER_HUB


def names_host(first: str) -> bool:
    """Tell whether the first part of a reference names a registry's host, and not a repository of Docker Hub."""
    return "." in first or ":" in first or first == "localhost"
