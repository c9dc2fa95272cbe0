# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a vault holds is data: a password with ``{{`` in it is no template, whichever way Ansible loads the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible._internal._datatag._tags import Origin, SourceWasEncrypted, TrustedAsTemplate
from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.utils.vars import load_extra_vars
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import vault_state
from ansible_collections.plannoir.deploy.plugins.plugin_utils.vault_variables import load_variables

MARKS = ("{{", "{%", "{#")
"""What a template begins with."""


def keep_vaults_data() -> None:
    """Have Ansible load every encrypted file of variables as data, from now on.

    All ways of loading one meet in ``DataLoader.load``: group_vars, ``-e @file``, vars_files, include_vars. An encrypted file of tasks
    stays what it is. What ``-e`` names was loaded already, for the inventory.
    """
    load = DataLoader.load
    if hasattr(load, "loads_any_file"):
        return

    def load_data(loader: DataLoader, data: str, *arguments: Any, **options: Any) -> Any:
        if SourceWasEncrypted.is_tagged_on(data):
            try:
                variables: Any = load_variables(TrustedAsTemplate.untag(data))
            except Failure as error:
                path = getattr(Origin.get_tag(data), "path", "")
                raise AnsibleParserError(f"The vault {path} opens, but {error}: correct it with 'ansible-vault edit {path}'.") from None
            if isinstance(variables, Mapping):
                return variables
        return load(loader, data, *arguments, **options)

    load_data.loads_any_file = load  # type: ignore[attr-defined]
    DataLoader.load = load_data
    given = getattr(load_extra_vars, "extra_vars", None) or {}
    given.update({name: as_data(given[name]) for name in templates_of_vaults(given)})


def templates_of_vaults(variables: Mapping[str, Any]) -> dict[str, str]:
    """Find what stands in a vault and is a template to Ansible all the same: nobody called ``keep_vaults_data`` before it was loaded.

    Returns:
        Name of each such variable -> where it was written, as ``file:line``.
    """
    states: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, value in variables.items():
        origin = Origin.get_tag(name)
        if not origin or not origin.path or not any(map(_is_template, _texts(value))):
            continue
        if states.setdefault(origin.path, vault_state(Path(origin.path))) == "encrypted":
            found[name] = f"{origin.path}:{origin.line_num}"
    return found


def template_problem(name: str, place: str) -> str:
    """Say what becomes of such a variable, and what to do."""
    return (
        f"{name} ({place}) has {', '.join(MARKS[:2])} or {MARKS[2]} in it, with which Ansible begins a template: write !unsafe and a blank "
        "before the value, or name plannoir.deploy.vault_check first in vars_plugins_enabled of your ansible.cfg."
    )


def as_data(value: Any) -> Any:
    """Return a value in which nothing is a template."""
    if isinstance(value, Mapping):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_data(item) for item in value]
    return TrustedAsTemplate.untag(value) if isinstance(value, str) else value


def _is_template(text: str) -> bool:
    return TrustedAsTemplate.is_tagged_on(text) and any(mark in text for mark in MARKS)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)
