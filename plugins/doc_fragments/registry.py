# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options with which plugins reach a registry of images."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of REGISTRY_SPEC in module_utils/_core/registry.py."""

    DOCUMENTATION = r"""
options:
  name:
    description: Host of the registry and first part of its repositories' names, such as V(registry.example.org/team).
    type: str
    required: true
  username:
    description: Account that logs in; empty for none.
    type: str
    default: ''
  password:
    description: Its password or token.
    type: str
    default: ''
  ca:
    description: File with the authorities of the registry's certificate, or these as text (PEM); they are trusted beside the machine's.
    type: str
    default: ''
"""
