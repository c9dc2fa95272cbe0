#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin images_build."""

from __future__ import annotations

DOCUMENTATION = r"""
module: images_build
short_description: Build images side by side
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Runs C(docker buildx build) for each image at the same time, in the engine that the environment names (E(DOCKER_HOST),
    E(DOCKER_TLS_VERIFY), E(DOCKER_CERT_PATH)). Shows a line for each that is done, and the step of its Dockerfile that a long one is at.
  - A line for each image that is the first of its name, or has grown by 5 %, tells its size, and what it has of at least 10 MB, by the
    metadata of packages in it.
  - An image that fails ends no other. The message has the end of the step that failed.
options:
  images:
    description: What to build, as M(plannoir.deploy.images_plan) returns them.
    type: list
    elements: dict
    required: true
  args:
    description: Build arguments of all images; an image's own win.
    type: dict
    default: {}
  labels:
    description: Labels of all images.
    type: dict
    default: {}
  secrets:
    description: Build secrets of all images.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Name by which a Dockerfile mounts it.
        type: str
        required: true
      type:
        description: Where it is.
        type: str
        choices: [file, env, value]
        required: true
      src:
        description: File, with O(secrets[].type=file).
        type: path
      env:
        description: Variable of the environment, with O(secrets[].type=env).
        type: str
      value:
        description: The secret itself, with O(secrets[].type=value); no command line shows it.
        type: str
attributes:
  check_mode:
    description: Builds nothing and reports a change when an image is given.
    support: full
  diff_mode:
    description: M(plannoir.deploy.images_plan) shows the images that are missing.
    support: none
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Build what is missing
  plannoir.deploy.images_build:
    images: "{{ plan.images | rejectattr('exists') }}"
    labels: "{{ plan.labels }}"
    secrets: "{{ plan.secrets }}"
  environment:
    DOCKER_HOST: tcp://127.0.0.1:32771
    DOCKER_TLS_VERIFY: "1"
    DOCKER_CERT_PATH: /home/me/.minikube/certs
"""

RETURN = r"""
built:
  description: The images that were built.
  returned: always
  type: list
  elements: dict
  contains:
    ref: {description: Reference., type: str, returned: always}
    seconds: {description: Seconds from the first build's begin to this one's end., type: float, returned: always}
    size: {description: Bytes of the image., type: int, returned: for the first image of its name and one that has grown}
    large:
      description: What the image has of at least 10 MB, the largest first, C(name) (a dependency with its version, or a file) and C(size).
      type: list
      elements: dict
      returned: for the first image of its name and one that has grown
      sample: [{name: next 16.0.7, size: 45100000}]
"""
