#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: images_prune
short_description: Remove superseded images and build layers from an engine
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Removes the older tags of each component's image, but never one that a container uses, then the application's images without
    a tag and the oldest build layers beyond a size.
  - The engine is the one that the environment names (E(DOCKER_HOST), E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)).
options:
  refs:
    description: The wanted references; each stays, and older tags of the same repository are looked at.
    type: list
    elements: str
    required: true
  unwanted:
    description: References to remove as well, whatever their age.
    type: list
    elements: str
    default: []
  app_name:
    description: Name of the application; its images without a tag, known by their label, are removed.
    type: str
    required: true
  keep:
    description: How many tags of each repository stay, the wanted one included.
    type: int
    default: 5
  build_cache:
    description:
      - Size in GB that the build layers of all applications on the engine may take; without it they are left alone.
      - V(auto) is 4 for each application that has a container there, this one included, and at least 20.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and tell which tags would be removed.
    support: full
  diff_mode:
    description: Shows which tags are removed.
    support: full
"""

EXAMPLES = r"""
- name: Keep the wanted and the previous image
  plannoir.deploy.images_prune:
    refs:
      - plannoir/backend:3f1c0a9b27de
    app_name: plannoir
"""

RETURN = r"""
removed:
  description: References that were removed.
  returned: success
  type: list
  elements: str
freed:
  description: Bytes of untagged images and build layers that became free.
  returned: success
  type: int
"""

import os
import textwrap

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import application_label
from ansible_collections.plannoir.deploy.plugins.module_utils._images.tags import layers_limit, running, superseded

LARGE = 10**8
"""Bytes of build layers whose removal is said: what they were made for takes noticeably longer."""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "refs": {"type": "list", "elements": "str", "required": True},
            "unwanted": {"type": "list", "elements": "str", "default": []},
            "app_name": {"type": "str", "required": True},
            "keep": {"type": "int", "default": 5},
            "build_cache": {"type": "str"},
        },
        supports_check_mode=True,
    )
    engine, freed, given = Docker(os.environ, timeout=600), 0, module.params["build_cache"]
    if given not in (None, "auto") and not given.isdecimal():
        module.fail_json(msg=f"images_build_cache is {given!r}: give a number of GB, or auto.")
    try:
        applications = running(engine) | {module.params["app_name"]} if given == "auto" else set()
        limit = layers_limit(len(applications)) if given == "auto" else int(given or 0)
        unwanted = [ref for ref in module.params["unwanted"] if engine.image_id(ref) is not None]
        old = [*unwanted, *superseded(module.params["refs"], engine, module.params["keep"])]
        if not module.check_mode:
            for ref in old:
                engine.remove_image(ref)
            dropped, layers = (0, []) if given is None else engine.prune_build_cache(limit * 10**9)
            freed = engine.prune_dangling(application_label(module.params["app_name"])) + dropped
            if dropped >= LARGE:
                count = f"{len(applications)} application{'' if len(applications) == 1 else 's'}"
                made = [textwrap.shorten(layer.removeprefix("mount / from exec /bin/sh -c "), 70) for layer in layers[:3]]
                module.warn(
                    f"{dropped / 10**9:.1f} GB of the oldest build layers were removed, because all applications' layers took more than "
                    f"images_build_cache ({limit} GB{f', auto for {count}' if applications else ''}): what they were "
                    "made for takes longer to build the next time. "
                    f"Raise it where the disk has room. The largest were made by: {'; '.join(made)}."
                )
    except Failure as error:
        module.fail_json(msg=str(error))
    diff = {"before": "".join(f"{ref}\n" for ref in old), "after": ""}
    module.exit_json(changed=bool(old or freed), removed=old, freed=freed, diff=diff)


if __name__ == "__main__":
    main()
