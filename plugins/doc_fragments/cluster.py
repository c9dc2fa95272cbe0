# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options with which modules reach a cluster."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of CLUSTER_SPEC in module_utils/_core/cluster.py."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description: Path of the kubeconfig.
    type: path
    required: true
  context:
    description: Context in it; the current one is never used.
    type: str
    required: true
  namespace:
    description: Namespace of the application.
    type: str
    required: true
  bin:
    description: Folder with the programs kubectl and helm; empty for those on E(PATH).
    type: path
    default: ""
"""
