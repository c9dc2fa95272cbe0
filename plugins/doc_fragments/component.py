# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of ``COMPONENT_SPEC``; a unit test keeps the two alike."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  name:
    description: DNS label; names the Deployment, the Service and, with suffixes, the Secrets of the component.
    type: str
    required: true
  extra:
    description: An embedded helper, such as a database, which is deployed before the application in a Helm release of its own.
    type: bool
    default: false
  build:
    description: Source folder to build the image from; exactly one of O(build) and O(image) is given.
    type: dict
    suboptions:
      context:
        description: Build context, absolute or relative to the application's folder.
        type: str
        required: true
      dockerfile:
        description: Dockerfile, absolute or relative to the context.
        type: str
        default: Dockerfile
      args:
        description: Build arguments; nothing secret, because an image's history shows them.
        type: dict
        default: {}
      target:
        description: Stage to build; empty for the last.
        type: str
        default: ''
  image:
    description: Ready image reference.
    type: str
  replicas:
    description: Number of pods.
    type: int
    default: 1
  command:
    description: Instead of the image's entry point.
    type: list
    elements: str
    default: []
  args:
    description: Instead of the image's arguments.
    type: list
    elements: str
    default: []
  port:
    description: Port that the container listens on.
    type: int
    required: true
  service:
    description: How the component is reached.
    type: dict
    suboptions:
      type:
        description: Type of the Service.
        type: str
        choices: [ClusterIP, NodePort, LoadBalancer]
        default: ClusterIP
      port:
        description: Port of the Service; the container's by default.
        type: int
      node_port:
        description: Port on the nodes, between 30000 and 32767; chosen by the cluster by default.
        type: int
  connects_to:
    description:
      - Components that this one's pods connect to; a NetworkPolicy allows these connections and no others.
      - When it is left out, they may connect to every component.
    type: list
    elements: str
  outside:
    description: Whether its pods may connect to addresses outside of the application; only matters with O(connects_to).
    type: bool
    default: true
  env:
    description: Environment variables; nothing secret.
    type: dict
    default: {}
  secret_env:
    description: Environment variables that stand in the Secret C(<name>-env) only.
    type: dict
    default: {}
  secret_files:
    description: Files that stand in the Secret C(<name>-files) only, mounted read-only for the component's user.
    type: dict
    suboptions:
      path:
        description: Folder in the container.
        type: str
        required: true
      files:
        description: Content by file name.
        type: dict
        required: true
  config_files:
    description: Content by absolute path; nothing secret.
    type: dict
    default: {}
  probes:
    description: How the cluster finds out about the component's health.
    type: dict
    default: {}
    suboptions:
      startup: &probe
        description: One of C(path), C(command) and C(tcp), and when to try it.
        type: dict
        suboptions:
          path:
            description: Path that answers an HTTP request with a status below 400.
            type: str
          command:
            description: Command in the container that ends with status 0.
            type: list
            elements: str
          tcp:
            description: Whether it is enough that the port takes connections.
            type: bool
          initial_delay:
            description: Seconds before the first try.
            type: int
          period:
            description: Seconds between tries.
            type: int
          timeout:
            description: Seconds for a try.
            type: int
          failure_threshold:
            description: Failed tries in a row until the probe counts as failed.
            type: int
      liveness: *probe
      readiness: *probe
  resources:
    description: What the cluster sets aside for a pod, and what a pod may use.
    type: dict
    default: {}
    suboptions:
      requests: &quantities
        description: Kubernetes quantities.
        type: dict
        suboptions:
          cpu:
            description: Cores, such as V(50m) or V(1).
            type: str
          memory:
            description: Memory, such as V(256Mi).
            type: str
      limits: *quantities
  run_as_user:
    description: Numeric user and group of the process, never 0.
    type: int
    default: 10001
  writable_paths:
    description: Folders that the process may write to on the read-only root; gone with the pod.
    type: list
    elements: str
    default: [/tmp]
  persistence:
    description: A volume that outlives pods and releases.
    type: dict
    suboptions:
      path:
        description: Folder in the container.
        type: str
        required: true
      size:
        description: Kubernetes quantity.
        type: str
        default: 1Gi
      storage_class:
        description: Storage class; empty for the cluster's default.
        type: str
        default: ''
  migration:
    description: A Job with the component's image, environment and secrets that must succeed before its pods are replaced.
    type: dict
    suboptions:
      command:
        description: Command of the Job.
        type: list
        elements: str
        required: true
      args:
        description: Arguments of the command.
        type: list
        elements: str
        default: []
      env:
        description: Further environment variables.
        type: dict
        default: {}
      secret_env:
        description: Further environment variables that stand in the Secret C(<name>-migration) only.
        type: dict
        default: {}
      timeout:
        description: Seconds.
        type: int
        default: 300
  setup:
    description: >-
      A Job with the component's image and plain environment that runs after the release's pods are ready, at each install and upgrade,
      thus whenever something of it changes. It has no Secret but its own, and may run again: make it idempotent.
    type: dict
    suboptions:
      command:
        description: Command of the Job.
        type: list
        elements: str
        required: true
      args:
        description: Arguments of the command.
        type: list
        elements: str
        default: []
      env:
        description: Further environment variables.
        type: dict
        default: {}
      secret_env:
        description: Environment variables that stand in the Secret C(<name>-setup) only; a change replaces no pod.
        type: dict
        default: {}
      timeout:
        description: Seconds.
        type: int
        default: 300
  post_release:
    description: >-
      Command that runs in one of the component's pods once every release of a deployment is good, such as one that ends what only the
      earlier pods needed. It may run again: make it idempotent.
    type: list
    elements: str
    default: []
  stop_grace_seconds:
    description: Seconds between the request to stop and the end by force.
    type: int
    default: 30
  host_aliases:
    description: Further lines of the pod's C(/etc/hosts).
    type: list
    elements: dict
    default: []
    suboptions:
      ip:
        description: Address.
        type: str
        required: true
      hostnames:
        description: Names of the address.
        type: list
        elements: str
        required: true
"""
