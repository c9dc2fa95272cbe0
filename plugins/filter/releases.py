# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import chart_digest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import releases as releases_of
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import migration_sources

DOCUMENTATION = r"""
name: releases
short_description: The Helm releases of a list of components
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - Maps components to the Helm releases that deploy them, extras first, with values that hold names of Secrets and no secret.
  - Every component goes to the chart's map of components; the subcharts, which serve C(helm install) by hand, are off.
options:
  _input:
    description: Components, as in app_components.
    type: list
    elements: dict
    required: true
  name:
    description: Name of the application's release; the extras' release is called the same with -extras.
    type: str
    required: true
  chart:
    description: Folder of the chart.
    type: path
    required: true
  images:
    description: Image reference by component.
    type: dict
    required: true
  secrets:
    description: Component to kind of Secret to its name, as M(plannoir.deploy.kubernetes_secrets) returns it.
    type: dict
    required: true
  timeout:
    description: Seconds for each of Helm's operations; raised by a migration or setup that may take longer.
    type: int
    required: true
  root:
    description: Folder that relative contexts of builds are relative to.
    type: path
    default: .
"""

EXAMPLES = r"""
- name: Show the values of both releases
  ansible.builtin.debug:
    msg: "{{ app_components | plannoir.deploy.releases('shop', 'charts/plannoir', images_result.refs, secrets_result.names, 180) }}"
"""

RETURN = r"""
_value:
  description: The releases in the order of deployment.
  type: list
  elements: dict
  contains:
    name:
      description: Name of the release.
      type: str
    state:
      description: present, or absent when the release has no components.
      type: str
    values:
      description: Helm values.
      type: dict
    timeout:
      description: Seconds for each of Helm's operations.
      type: int
"""


def releases(
    components: object,
    name: str,
    chart: str,
    images: Mapping[str, str],
    secrets: Mapping[str, Mapping[str, str]],
    timeout: int,
    root: str = ".",
) -> list[dict[str, Any]]:
    """Return the releases of the components; see DOCUMENTATION."""
    folder = Path(chart).expanduser()
    loaded, problems = load_components(components)
    if not (folder / "Chart.yaml").is_file():
        problems.append(f"{folder} is not a chart's folder, it holds no Chart.yaml: correct release_chart.")
    if problems:
        raise AnsibleFilterError("\n".join(problems))
    try:
        sources, problems = migration_sources(loaded, Path(root))
        if problems:
            raise AnsibleFilterError("\n".join(problems))
        return releases_of(loaded, name, images, secrets, chart_digest(folder), int(timeout), sources)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters about Helm releases."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"releases": releases}
