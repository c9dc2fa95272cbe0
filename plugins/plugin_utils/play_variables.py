# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a play as a person wrote them: what they are called, where they stand, what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.template import Templar
from ansible_collections.plannoir.deploy.plugins.module_utils._core.texts import text
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.variables import (
    UNKNOWN,
    Documentation,
    name_problems,
    suggestion,
    type_problems,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.redaction import Redactor
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault import vault_state
from ansible_collections.plannoir.deploy.plugins.plugin_utils.written import Held, Written, shown_path

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:  # an ansible-core that keeps it elsewhere: messages then name no file
    Origin = None

_COLLECTION = Path(__file__).resolve().parents[2]
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_MAGIC = frozenset(
    {
        "environment",
        "group_names",
        "groups",
        "hostvars",
        "inventory_dir",
        "inventory_file",
        "inventory_hostname",
        "inventory_hostname_short",
    }
    | {"omit", "play_hosts", "playbook_dir", "role_name", "role_names", "role_path", "vars"}
)


class PlayVariables:
    """The variables that a person set, not those of Ansible or of the roles' own files.

    Attributes:
        values: Documented variable -> what it holds, templates resolved as far as possible; filled by ``problems``.
        places: Variable that a person set -> where it was written.
    """

    def __init__(
        self,
        templar: Templar,
        variables: Mapping[str, Any],
        documentation: Documentation,
        vault_names: Collection[str],
        made: Collection[str],
    ) -> None:
        """Take the variables of a task.

        Args:
            templar: The task's own.
            variables: The task's variables.
            documentation: What the roles say.
            vault_names: The variables that a vault may hold.
            made: Those that will be made where there are none; they count as defined.
        """
        # The names that are there keep the place where they were written.
        self._all = {**variables, **{name: f"made-on-the-first-run ({name})" for name in made if name not in variables}}
        self._templar = templar.copy_with_new_env(available_variables=self._all)
        self._documentation = documentation
        self._vault_names = set(vault_names)
        self._set = {name: value for name, value in variables.items() if self._by_person(name, value)}
        self.places = {name: _written(name, value) for name, value in self._set.items()}
        self.values: dict[str, Any] = {}

    def _anothers(self) -> set[str]:
        """Name what another application's vault holds, such as the vault that all inventories of a checkout share."""
        own = str(self.resolve("secrets_vault_file")[0] or "")
        if not own:
            return set()
        files = {name: _file(value) or _file(name) for name, value in self._set.items() if name.startswith("vault_")}
        vaults = {file for file in set(files.values()) if file and file != _resolved(own) and vault_state(file) == "encrypted"}
        return {name for name, file in files.items() if file in vaults}

    def problems(self, own: Collection[str] = ()) -> Iterator[str]:
        """Name every misspelt variable, every undefined one that is used, and every wrong type."""
        places = self.places
        files = {name for name, written in places.items() if written.startswith("/") or ":" in written}
        anothers = self._anothers()
        judged = {name: written for name, written in places.items() if name not in anothers}
        yield from name_problems(judged, self._documentation, own=own, defined=self._vault_names)
        for name, written in judged.items():
            if name in files or name in self._vault_names or name in own:
                continue
            if remedy := suggestion(name, files - self._documentation.names):
                yield f"{name} ({written or 'extra variables'}) is used nowhere: {remedy}"
        for name in sorted(self._set.keys() & self._documentation.options.keys()):
            undefined: list[str] = []
            self.values[name] = self._resolve(self._set[name], name, places[name], undefined)
            yield from undefined
            yield from type_problems(self.values[name], self._documentation.options[name], name, place, places[name])
        for name, spec in self._documentation.options.items():
            if spec.get("required") and name.startswith("app_") and name not in self._all:
                yield f"{name} is not set: set it in group_vars/all/app.yml."

    def spelling_problems(self, read: Callable[[str], str], vault: Path | None, content: str) -> Iterator[str]:
        """Name every value that YAML took for something else than the text that it is; to be called after ``problems``.

        Args:
            read: Returns the text of a file by its path.
            vault: The vault's file.
            content: Its text; empty where there is none.
        """
        written = Written(self._all, read, vault)
        found: list[str] = []
        for name in (name for name in self._set if name in self.values):
            arrives = text if name == "app_components" else str
            held = Held(self.values[name], self._set, name)
            found += written.problems(held, self._documentation.options[name], str(name), arrives)
        yield from found
        for problem in written.vault_problems(vault, content) if vault and content else ():
            if not any(problem[problem.index("(") : problem.index(")") + 1] in other for other in found):
                yield problem

    def vault_variables(self) -> dict[str, str]:
        """Return value -> name of the one vault variable (vault_*) that holds it."""
        names: dict[str, list[str]] = {}
        for name in sorted(name for name in self._all if name.startswith("vault_")):
            value = self._resolve(self._all[name], name, "", [])
            if isinstance(value, str):
                names.setdefault(value, []).append(name)
        return {value: found[0] for value, found in names.items() if len(found) == 1}

    def vault_values(self, held: Collection[str]) -> dict[str, str]:
        """Return all values of variables called vault_* and of ``held``, by name; those in a dictionary as ``name.key``."""
        found: dict[str, str] = {}
        for name in sorted(name for name in self._all if name.startswith("vault_") or name in held):
            _flatten(name, self._resolve(self._all[name], name, "", []), found)
        return found

    def resolve(self, name: str) -> tuple[Any, list[str]]:
        """Return what any variable holds, templates resolved as far as possible, and what is wrong with them."""
        problems: list[str] = []
        return self._resolve(self._all.get(name), name, "", problems), problems

    def come_from(self, path: Path) -> bool:
        """Tell whether Ansible loaded a variable from the file ``path``."""
        return any(_file(name) == path.resolve() for name in self._all)

    def _by_person(self, name: str, value: object) -> bool:
        if name.startswith(("ansible_", "_")) or name in _MAGIC or name in self._documentation.facts:
            return False
        # The name keeps the place of a role's default that the value overrides.
        file = _file(value) or _file(name)
        return file is None or not file.is_relative_to(_COLLECTION / "roles")

    def _resolve(self, value: Any, path: str, written: str, problems: list[str]) -> Any:
        written = place(value) or written
        if isinstance(value, Mapping):
            return _placed(
                {key: self._resolve(item, f"{path}.{key}", place(key) or written, problems) for key, item in value.items()}, value
            )
        if isinstance(value, list):
            return _placed([self._resolve(item, f"{path}[{index}]", written, problems) for index, item in enumerate(value)], value)
        try:
            return self._templar.template(value)
        except AnsibleUndefinedVariable as error:
            written = place(getattr(error, "obj", None)) or written
            missing = _UNDEFINED.search(str(error))
            if not missing or missing[1] not in self._documentation.names:
                remedy = ""
                if missing and missing[1] in self._vault_names:
                    remedy = "the vault lacks it: put it in with 'ansible-vault edit'."
                elif missing:
                    remedy = suggestion(missing[1], {*self._all, *self._vault_names})
                problems.append(f"{path} ({written}): {self._said(error)}: {remedy or 'define it, or take it out.'}")
        except AnsibleError as error:
            problems.append(f"{path} ({written}) cannot be resolved: {self._said(error)}.")
        return UNKNOWN

    def _said(self, error: AnsibleError) -> str:
        """Return what Ansible says of a template, without the values of the vault that it quotes."""
        values = [value for name, value in self._all.items() if str(name).startswith("vault_") and isinstance(value, str)]
        return Redactor.of(values).redact(str(error)).rstrip(".")


def _placed(value: Any, like: object) -> Any:
    """Return a value with the place where another one was written."""
    origin = Origin.get_tag(like) if Origin else None
    return origin.tag(value) if origin else value


def _flatten(name: str, value: Any, found: dict[str, str]) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            _flatten(f"{name}.{key}", item, found)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _flatten(f"{name}[{index}]", item, found)
    elif isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        found[name] = str(value)


def given_beside(vault: Path, variables: Mapping[str, Any]) -> set[str]:
    """Name the variables that a vault need not hold: all that a person gives elsewhere, but for the values of another inventory's vault."""
    files = {name: _file(name) for name in variables}
    return {name for name, file in files.items() if not file or file.name != "vault.yml" or file == vault.resolve()}


def place(item: object) -> str:
    """Say where a key or a value was written, as ``file:line`` below the working folder; empty when Ansible does not know."""
    origin = Origin.get_tag(item) if Origin else None
    if origin is None:
        return ""
    if not origin.path:
        return str(origin.description)
    shown = shown_path(origin.path)
    return f"{shown}:{origin.line_num}" if origin.line_num else shown


def _written(name: str, value: object) -> str:
    """Say where a variable got its value: the name may keep the place of an earlier definition, which this one overrides."""
    return place(name) if _file(value) in (None, _file(name)) else place(value)


def _file(item: object) -> Path | None:
    origin = Origin.get_tag(item) if Origin else None
    return _resolved(origin.path) if origin and origin.path else None


@cache
def _resolved(path: str) -> Path:
    return Path(path).resolve()
