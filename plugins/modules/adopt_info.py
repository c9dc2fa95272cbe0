#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module entry point; the logic is in module_utils/_detect."""

from __future__ import annotations

DOCUMENTATION = r"""
module: adopt_info
short_description: Find out what a source folder holds, and how it would be deployed
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Parses the files of a repository, or of one folder, and runs nothing of them; it uses no network.
  - Finds the parts (Next.js, FastAPI, Starlette, Flask, Django, workers, Node servers, static sites, a Dockerfile), their package managers
    and locks, versions, entry points, servers, ports, health routes, migrations, environment variables, and the services that they need.
  - Each fact has the file and line it came from, and what it was chosen among. Values of C(.env) files are never read.
  - Fails with all problems at once where one of them would keep an image from being built.
options:
  path:
    description: The folder.
    type: path
    required: true
  name:
    description: Name of the application; by default the folder's.
    type: str
    default: ""
  inventory:
    description: Folder of the inventory that the application gets; by default the one called like the application in O(inventories).
    type: path
  inventories:
    description: Folder in which inventories stand.
    type: path
    required: true
  node_port:
    description: Port on this machine at which the page is published.
    type: int
    default: 31080
  locked:
    description:
      - Whether a lock file that does not fit what its manifest asks for is a problem. With V(false) its component gets C(locked=false) in
        C(build), and each build installs what the manifest asks for.
    type: bool
    default: true
  eject:
    description: >-
      Whether generated Dockerfiles become the person's own, in the inventory's folder C(images). Those that are there already are so
      anyway.
    type: bool
    default: false
requirements:
  - tree-sitter and tree-sitter-typescript, node-semver, packaging, python-dotenv and json5, which the checkout's bootstrap installs
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Look at a repository
  plannoir.deploy.adopt_info:
    path: ~/src/shop
    inventories: inventories
  register: found

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ found.table }}"
"""

RETURN = r"""
name:
  description: Name of the application.
  type: str
  returned: success
table:
  description: The facts as lines for a person, each with its value, its place, and what it was chosen among.
  type: list
  elements: str
  returned: success
facts:
  description: The facts; C(part) is empty for those of the application as a whole.
  type: list
  elements: dict
  returned: success
  sample: [{part: backend, fact: entry, value: "app.main:app", source: "app/main.py:7", choices: [], note: ""}]
problems:
  description: What a person should know, a sentence each.
  type: list
  elements: str
  returned: success
asks:
  description: What only the person has; C(line) is what to fill in, and where it belongs C(secret) says (the vault) or not.
  type: list
  elements: dict
  returned: success
  sample: [{part: backend, name: vault_stripe_api_key, line: 'vault_stripe_api_key: "..."', source: "main.py:7", secret: true}]
left_out:
  description: What was found and cannot be described yet, a sentence each.
  type: list
  elements: str
  returned: success
services:
  description: Services of app_services that the application uses, and that there are.
  type: list
  elements: str
  returned: success
secrets:
  description: Names for app_secrets.
  type: list
  elements: str
  returned: success
inventory:
  description: Folder of the inventory.
  type: str
  returned: success
app_file:
  description: Path of the file with the application's variables in the inventory.
  type: str
  returned: success
content:
  description: What belongs into RV(app_file).
  type: str
  returned: success
state:
  description: >-
    What RV(app_file) is now: V(missing), V(same) as RV(content), V(untouched) since an earlier run wrote it, or V(edited) by a person.
  type: str
  returned: success
dockerfiles:
  description: >-
    Files of the images whose generated Dockerfile belongs to the person, in the inventory's folder C(images): C(part), C(path), C(content),
    and C(state) as RV(state).
  type: list
  elements: dict
  returned: success
builds:
  description: What C(build) of each such component is; RV(content) has it already.
  type: dict
  returned: success
  sample: {web: {context: ., dockerfile: "{{ inventory_dir }}/images/web/Dockerfile"}}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.inventory import app_file, state_of
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.report import rows, table
from ansible_collections.plannoir.deploy.plugins.module_utils._images.eject import ejected
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import load_services


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "name": {"type": "str", "default": ""},
            "inventory": {"type": "path"},
            "inventories": {"type": "path", "required": True},
            "node_port": {"type": "int", "default": 31080},
            "locked": {"type": "bool", "default": True},
            "eject": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        application = detect_application(Path(module.params["path"]), module.params["name"], locked=module.params["locked"])
    except Failure as error:
        module.fail_json(msg=str(error))
    stopping = [str(problem) for problem in application.problems if problem.stops]
    if stopping:
        count = f"{len(stopping)} problems were found" if len(stopping) > 1 else "A problem was found"
        module.fail_json(msg="\n".join([f"{count}; nothing was changed.", *(f"- {problem}" for problem in stopping)]))
    inventory = Path(module.params["inventory"] or Path(module.params["inventories"]) / application.name).absolute()
    path = inventory / "group_vars/cluster/app.yml"
    written = app_file(application, load_services(), module.params["node_port"])
    try:
        own = list(ejected(written.builds, Path(application.root), inventory, wanted=module.params["eject"]))
    except Failure as error:
        module.fail_json(msg=str(error))
    if own:
        written = app_file(application, load_services(), module.params["node_port"], {image.part: image.build for image in own})
    result: dict[str, Any] = {
        "name": application.name,
        "table": table(application),
        "facts": [row._asdict() for row in rows(application)],
        "problems": [str(problem) for problem in application.problems],
        "asks": [{**ask._asdict(), "secret": ask.is_secret} for ask in written.asks],
        "left_out": written.left_out,
        "services": written.services,
        "secrets": written.secrets,
        "inventory": str(inventory),
        "app_file": str(path),
        "content": written.text,
        "state": state_of(path, written.text),
        "dockerfiles": [file for image in own for file in image.files()],
        "builds": {image.part: image.build for image in own},
    }
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
