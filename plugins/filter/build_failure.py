# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import last_lines

DOCUMENTATION = r"""
name: build_failure
short_description: What matters of a failed image build's log
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description: The end of the step that failed; without one, the end of the log.
options:
  _input:
    description: Log of C(docker buildx build --progress plain).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say why
  ansible.builtin.debug:
    msg: "{{ build.stderr | plannoir.deploy.build_failure }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: str
"""


class FilterModule:
    def filters(self) -> dict[str, Callable[..., object]]:
        return {"build_failure": last_lines}
