# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Documentation of KUBECTL_SPEC in module_utils/_core/kubectl.py."""

    DOCUMENTATION = r"""
options:
  kubectl:
    description: Path of kubectl.
    type: path
    default: kubectl
  kubeconfig:
    description: Path of the kubeconfig.
    type: path
    required: true
  context:
    description: Context of the kubeconfig.
    type: str
    required: true
"""
