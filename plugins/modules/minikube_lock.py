#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin minikube_lock."""

from __future__ import annotations

DOCUMENTATION = r"""
module: minikube_lock
short_description: Hold a Minikube profile for the rest of the play
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Locks the file C(plannoir-<profile>.lock) in minikube's folder, so that two runs on one machine never start, make or delete the same
    cluster at once. A process that goes with the play holds it, so that the lock of a killed run ends by itself; what such a run left
    running is ended first (on Linux).
  - Another run waits, says for whom and since when, and leaves after O(timeout). A play that holds it already goes on at once.
options:
  profile:
    description: Name of the profile.
    type: str
    required: true
  home:
    description: Where minikube keeps its files, as in E(MINIKUBE_HOME); by default E(MINIKUBE_HOME), or else C(~/.minikube).
    type: path
  timeout:
    description: Seconds to wait for another run.
    type: float
    default: 600
attributes:
  check_mode:
    description: Locks nothing, as nothing is changed.
    support: full
  diff_mode:
    description: It changes nothing that could be compared.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Wait for another run on the same cluster
  plannoir.deploy.minikube_lock:
    profile: plannoir
"""

RETURN = r"""
waited:
  description: Whether another run held it.
  returned: success
  type: bool
"""
