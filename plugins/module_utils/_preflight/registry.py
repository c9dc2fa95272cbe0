# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the registry that images are pushed to can be used, before there is a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._core.errors import Failure
from .._core.registry import Registry, name_problem


def registry_problems(name: str, login: Mapping[str, Any], ca: str) -> Iterator[str]:
    """Name what is wrong with ``images_registry``, ``images_registry_credentials`` and ``images_registry_ca``; nothing without a name."""
    if not name:
        return
    if problem := name_problem(name):
        yield problem
        return
    lacking = [part for part in ("username", "password") if login and not login.get(part)]
    if lacking:
        yield f"images_registry_credentials has no {' and no '.join(lacking)}: give both, or neither where nobody has to log in."
        return
    try:
        Registry(name, str(login.get("username", "")), str(login.get("password", "")), ca).check()
    except Failure as failure:
        yield str(failure)
