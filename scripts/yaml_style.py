# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How generated YAML is written."""

from __future__ import annotations

from typing import Any

import yaml


class Plain(yaml.SafeDumper):
    """Writes everything out: no anchors, which ansible-doc does not need, and lists below their key, as yamllint wants them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)
