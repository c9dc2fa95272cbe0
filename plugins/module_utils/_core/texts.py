# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a value of YAML is as a text."""

from __future__ import annotations


def text(value: object) -> str:
    """Return a value as text: ``true`` and ``false`` as YAML writes them, nothing as an empty one."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
