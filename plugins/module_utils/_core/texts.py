# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a value of YAML is as a text, and texts with facts in them."""

from __future__ import annotations

import re


def text(value: object) -> str:
    """Return a value as text: ``true`` and ``false`` as YAML writes them, nothing as an empty one."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(text: str, **facts: str) -> str:
    """Return a text with its facts, such as ``{component}``, put in; what else stands in braces, as YAML does, stays."""
    return re.sub(r"\{(\w+)\}", lambda fact: facts.get(fact[1], fact[0]), text)
