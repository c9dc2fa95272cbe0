# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter with_services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils._services.catalogue import with_services

DOCUMENTATION = r"""
name: with_services
short_description: The components of an application and of the services that it uses
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Adds the services' components to those of the application.
  - A value of C(env) and C(secret_env) that has C(from), a service, and C(as), a form of it, becomes the text with which the client reaches
    the service.
  - C(connects_to) of a component may name a service. It then names the service's components, or, where a service of your own takes the
    place of the embedded one, the component may connect to the outside.
options:
  _input:
    description: Components, as in app_components.
    type: list
    elements: dict
    required: true
  used:
    description:
      - Service to its C(components), none where a service of your own takes its place, and its C(connection), of which its forms are made.
    type: dict
    required: true
  registry:
    description: Where what is built is pushed to, as in C(images_registry); empty where it is built in the node.
    type: str
    default: ''
  login:
    description: C(username) and C(password) for that registry; they become the C(pull_credentials) of what is built.
    type: dict
    default: {}
  cluster:
    description: C(node_selector), C(tolerations) and C(storage_class) of each component that does not say otherwise.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what is deployed
  ansible.builtin.debug:
    msg: "{{ app_components | plannoir.deploy.with_services(services_used) | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: The components.
  type: list
  elements: dict
"""


def resolved(*arguments: Any, **options: Any) -> Any:
    """Return all components; see DOCUMENTATION."""
    try:
        return with_services(*arguments, **options)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters about services."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"with_services": resolved}
