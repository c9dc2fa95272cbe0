#!/usr/bin/python
# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name: the values never leave the controller but for the cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kubernetes_secrets
short_description: Bring the Secrets of an application's components into a namespace
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Makes one Secret for each component and kind, named C(<component>-<kind>-<digest>) by its content and immutable.
  - >-
    Secrets of earlier values stay for the revisions of a release that name them; M(plannoir.deploy.release_settle) removes those
    that none names. A Secret that lacks this application's labels is never touched.
  - Values reach kubectl on its standard input only. One call of kubectl when nothing changes.
extends_documentation_fragment: [plannoir.deploy.cluster]
options:
  application:
    description: Name of the application; labels what belongs to it.
    type: str
    required: true
  key:
    description: Random text of the vault; the digest in a name is the beginning of HMAC-SHA-256 with it.
    type: str
    default: ""
  secrets:
    description: >-
      Component to kind of Secret (V(env), V(files), V(migration), V(setup)) to key to value, as the filter
      P(plannoir.deploy.component_secrets#filter) returns it.
    type: dict
    required: true
attributes:
  check_mode:
    description: Reads the cluster and changes nothing. A cluster that does not answer then counts as an empty one.
    support: full
  diff_mode:
    description: Shows 8 hexadecimal digits of HMAC-SHA-256 of each value, never the value.
    support: full
  action:
    description: Runs as an action plugin.
    support: full
"""

EXAMPLES = r"""
- name: Bring the Secrets
  plannoir.deploy.kubernetes_secrets:
    kubeconfig: "{{ cluster_kubeconfig }}"
    context: "{{ cluster_context }}"
    namespace: plannoir
    application: plannoir
    key: "{{ vault_checksum_key }}"
    secrets:
      backend:
        env:
          SESSION_SECRET: "{{ vault_session_secret }}"
"""

RETURN = r"""
names:
  description: Component to kind of Secret to its name; whole, as an action plugin returns it and no module's no_log cuts values out of it.
  returned: success
  type: dict
  sample: {backend: {env: backend-env-0433059784}}
"""
