# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build images side by side; documented in plugins/modules/images_build.py."""

from __future__ import annotations

import os
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._images.build import Inputs, build_images
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import Image
from ansible_collections.plannoir.deploy.plugins.module_utils._images.sizes import grown, large, sentence

SECRET_SPEC = {
    "id": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["file", "env", "value"], "required": True},
    "src": {"type": "path"},
    "env": {"type": "str"},
    "value": {"type": "str", "no_log": True},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = self.validate_argument_spec(
            argument_spec={
                "images": {"type": "list", "elements": "dict", "required": True},
                "args": {"type": "dict", "default": {}},
                "labels": {"type": "dict", "default": {}},
                "secrets": {
                    "type": "list",
                    "elements": "dict",
                    "default": [],
                    "no_log": False,
                    "options": SECRET_SPEC,
                    "required_if": [["type", kind, [option]] for kind, option in (("file", "src"), ("env", "env"), ("value", "value"))],
                    "mutually_exclusive": [["src", "env", "value"]],
                },
            }
        )[1]
        images = [Image(**image) for image in given["images"]]
        if self._task.check_mode:
            return {"changed": bool(images), "built": []}
        for image in images:
            if image.generated:
                Display().v(f"{image.dockerfile} was generated from what {image.context} says.")
        environment: dict[str, str] = {}
        self._compute_environment_string(environment)
        inputs = Inputs(given["args"], given["labels"], given["secrets"], environment)
        built, problems = build_images(images, inputs, Display().display)
        engine = Docker({**os.environ, **environment}, timeout=600)
        names = {image.ref: image.name for image in images}
        try:
            sizes = grown(engine, [entry["ref"] for entry in built])
            for entry in built:
                if size := sizes.get(entry["ref"]):
                    held = large(engine, entry["ref"])
                    entry.update(size=size, large=[one._asdict() for one in held])
                    Display().display(sentence(names[entry["ref"]], size, held))
        except Failure as error:  # what is said of an image is no reason to do without it
            Display().v(f"The images' sizes were not looked at: {error}")
        failure = {"failed": True, "msg": "\n\n".join(problems)} if problems else {}
        return {"changed": bool(built), "built": built, **failure}
