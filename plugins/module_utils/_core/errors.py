# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error of the collection."""

from __future__ import annotations


class Failure(Exception):
    """What is wrong, where, and what to do next: one sentence for a person, or a line for each of several problems."""
