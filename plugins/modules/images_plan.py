#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: images_plan
short_description: Which images of source folders an engine lacks
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Computes the tag of each component's image from what goes into it, which is its build context after .dockerignore, its Dockerfile,
    its build arguments and its base image, and asks the engine which of them exist.
  - With O(registry) the engine is not asked which exist; O(present) tells it. Without O(present) only the references are told.
  - Changes nothing. The engine is the one that the environment names (E(DOCKER_HOST), E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)).
options:
  app_name:
    description: First part of the references, C(<app_name>/<component>:<digest>).
    type: str
    required: true
  builds:
    description:
      - What to build, by component name.
      - Each has the keys of a component's C(build), which are C(context), C(dockerfile), C(generate), C(python), C(args) and C(target).
    type: dict
    required: true
  root:
    description: Folder that relative contexts are relative to.
    type: path
    required: true
  base_image:
    description: Image for Dockerfiles that declare C(ARG BASE_IMAGE); empty leaves them their own default.
    type: str
    default: ''
  base_engine:
    description: Address of the engine that holds O(base_image).
    type: str
    default: ''
  ca_bundle:
    description:
      - Certificates that builds trust, as build secret C(ca). A file, V(auto), or empty for none.
      - V(auto) takes the file of E(SSL_CERT_FILE), E(REQUESTS_CA_BUNDLE) or E(CURL_CA_BUNDLE), else the distribution's bundle
        when authorities of the machine's own were added to it.
    type: str
    default: auto
  refresh:
    description:
      - Any text, such as a date, that is part of every tag. After each change of it every image is built once without the layers of former
        builds and from images that are pulled again; O(base_image) is not pulled.
    type: str
    default: ''
  context_limit:
    description: Size in MiB beyond which a build context is an error.
    type: int
    default: 256
  registry:
    description:
      - Where the images are pushed to, as a host and the first part of repositories' names.
      - The references are C(<registry>/<app_name>-<component>:<digest>) then.
    type: str
    default: ''
  present:
    description: Those of the references that O(registry) has.
    type: list
    elements: str
attributes:
  check_mode:
    description: Changes nothing. In check mode it reports a change where an image would be built, and the engines may not be there yet.
    support: full
  diff_mode:
    description: Shows the images that are missing.
    support: full
"""

EXAMPLES = r"""
- name: See which images are missing
  plannoir.deploy.images_plan:
    app_name: plannoir
    builds:
      backend:
        context: apps/backend
    root: /srv/checkout
  environment:
    DOCKER_HOST: tcp://127.0.0.1:32771
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /home/me/.minikube/certs
"""

RETURN = r"""
images:
  description: The images, with RV(images[].exists) telling whether the engine has them.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Component., type: str, returned: success}
    ref: {description: Reference with the digest as its tag., type: str, returned: success}
    context: {description: Build context., type: str, returned: success}
    dockerfile: {description: Dockerfile., type: str, returned: success}
    args: {description: Build arguments., type: dict, returned: success}
    target: {description: Stage to build; empty for the last., type: str, returned: success}
    files: {description: Files in the context., type: int, returned: success}
    size: {description: Size of the context in bytes., type: int, returned: success}
    left_out: {description: Patterns of an ignore file for what no image gets., type: list, elements: str, returned: success}
    ignore_file: {description: The ignore file that counts; empty where there is none., type: str, returned: success}
    bases: {description: Images that it is made from., type: list, elements: str, returned: success}
    generated: {description: Whether its Dockerfile is generated from what the folder says., type: bool, returned: success}
    notes: {description: What a person should know of the generated one., type: list, elements: str, returned: success}
    offer: {description: What a person can write where an image that it is made from cannot be had., type: str, returned: success}
    exists: {description: Whether the engine has it., type: bool, returned: success}
    fresh: {description: Whether it is built without the layers of former builds., type: bool, returned: success}
    pull: {description: Whether the images that it is made from are pulled again., type: bool, returned: success}
    windows_scripts: {description: Entry points with Windows line ends., type: list, elements: str, returned: success}
refs:
  description: Reference by component.
  returned: success
  type: dict
  sample: {backend: "plannoir/backend:3f1c0a9b27de"}
labels:
  description: Labels that an image of the application gets, by which it is known again.
  returned: success
  type: dict
  sample: {"plannoir.deploy/app": plannoir}
copies:
  description:
    - What O(base_engine) has for the engine that builds. These are images that an earlier cluster ran, which need not be built again, and
      O(base_image) where anything is left to build.
  returned: success
  type: list
  elements: str
secrets:
  description: The machine's certificates and package indexes, as C(secrets) of M(plannoir.deploy.images_build).
  returned: success
  type: list
  elements: dict
proxy_args:
  description:
    - The proxies of the environment, as build arguments. One with a user or a password, which a command line would show, and one on
      127.0.0.1, which builds do not reach, is left out and named in a warning when something has to be built.
  returned: success
  type: dict
"""

import os
from dataclasses import replace
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.plannoir.deploy.plugins.module_utils._core.docker import Docker
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION, REFRESH
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import (
    Base,
    base_problems,
    build_secrets,
    plan_images,
    proxy_args,
    refreshed,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "builds": {"type": "dict", "required": True},
            "root": {"type": "path", "required": True},
            "base_image": {"type": "str", "default": ""},
            "base_engine": {"type": "str", "default": ""},
            "ca_bundle": {"type": "str", "default": "auto"},
            "refresh": {"type": "str", "default": ""},
            "context_limit": {"type": "int", "default": 256},
            "registry": {"type": "str", "default": ""},
            "present": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    given = module.params
    check = module.check_mode
    engine, refresh = Docker(os.environ), given["refresh"]
    registry, present = given["registry"], given["present"]
    only_named = bool(registry) and present is None
    base_ref, problems = given["base_image"], []
    if given["ca_bundle"] not in ("", "auto") and not Path(given["ca_bundle"]).is_file():
        problems.append(f"The certificate bundle {given['ca_bundle']} does not exist: correct images_ca_bundle.")
    try:
        host = Docker({"DOCKER_HOST": given["base_engine"]})
        # In check mode the engines, and what is made in them, may not be there yet.
        has_host = not check or host.answers()
        has_engine = not only_named and (not check or engine.answers())
        base = Base(base_ref, (has_host and host.image_id(base_ref)) or "") if base_ref else Base()
        if base_ref and not base.id and not check:
            problems.append(f"The engine at {host.host} has no base image {base_ref}: run the toolchain role again.")
        limit = given["context_limit"] * 2**20
        images, found = plan_images(given["builds"], given["app_name"], Path(given["root"]), base, limit, refresh, registry)
        if problems + found:
            module.fail_json(msg="\n".join(problems + found))
        if registry:
            images = [replace(image, exists=image.ref in (present or ())) for image in images]
        else:
            images = [replace(image, exists=has_engine and engine.image_id(image.ref) is not None) for image in images]
        if refresh and has_engine:
            images = refreshed(images, refresh, engine, base)
        lacking = [image for image in images if not image.exists and not only_named]
        has_kept = bool(lacking) and not registry and host.answers()
        copies = [image.ref for image in lacking if has_kept and host.image_id(image.ref) is not None]
        missing = [image for image in lacking if image.ref not in copies]
        if missing and base_ref and has_engine and engine.image_id(base_ref) != base.id:
            copies.append(base_ref)
        if has_engine and (problems := base_problems(missing, engine, base)):
            module.fail_json(msg="\n".join(problems))
        for image in images if present is None else ():
            for script in image.windows_scripts:
                module.warn(
                    f"Component {image.name}: {image.context}/{script} has Windows line ends; Linux will say that its interpreter does "
                    "not exist. Save it with Unix line ends (git: a line '*.sh text eol=lf' in .gitattributes)."
                )
        proxies, said = proxy_args(os.environ)
        for sentence in said if missing else ():
            module.warn(sentence)
        for image in missing:
            for note in image.notes:
                module.warn(f"Component {image.name}: {note}")
            if files := image.environment_files():
                module.warn(
                    f"Component {image.name}: {', '.join(files)} of {image.context} never enters an image: give what the build "
                    "needs of it in build.args, and what the process needs in env or secret_env."
                )
        module.exit_json(
            changed=check and bool(lacking),
            images=[image.result() for image in images],
            labels={APPLICATION: given["app_name"], **({REFRESH: refresh} if refresh else {})},
            refs={image.name: image.ref for image in images},
            copies=copies,
            secrets=build_secrets(given["ca_bundle"], os.environ, Path.home()),
            proxy_args=proxies,
            diff={"before": "", "after": "".join(f"{image.ref}\n" for image in lacking)},
        )
    except Failure as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
