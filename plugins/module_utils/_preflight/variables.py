# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and types of the collection's variables, held against the roles' argument specs: the one place that documents them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from ansible.module_utils.common.yaml import yaml_load

Spec: TypeAlias = Mapping[str, Any]
Place: TypeAlias = Callable[[object], str]
"""Where a key or a value was written, as ``file:line``; empty when that is not known."""

UNKNOWN = object()
"""Stands for a value that could not be resolved: nothing is said of its type."""

SIMILAR = 0.8
"""Ratio of difflib from which on two names are taken for one name and its misspelling."""

_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "0", "1"})
_TYPES = {
    "str": "text",
    "path": "a path",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a dictionary",
}


@dataclass
class Documentation:
    """What the roles say of variables.

    Attributes:
        options: Documented variable -> its argument spec (type, elements, options, choices, required).
        facts: Names of what the roles leave to those that follow: <role>_result.
        prefixes: Beginnings of names that belong to the collection.
    """

    options: dict[str, Spec] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    prefixes: tuple[str, ...] = ("app_", "cluster_")

    @property
    def names(self) -> set[str]:
        return self.facts | set(self.options)


def load_documentation(roles: Path) -> Documentation:
    """Read meta/argument_specs.yml of every role in the folder ``roles``."""
    documentation = Documentation()
    for role in sorted(path for path in roles.iterdir() if path.is_dir()):
        documentation.prefixes += (f"{role.name}_",)
        documentation.facts.add(f"{role.name}_result")
        specs = role / "meta/argument_specs.yml"
        entry_points = _yaml(specs)["argument_specs"] if specs.is_file() else {}
        for entry_point in entry_points.values():
            for name, spec in (entry_point.get("options") or {}).items():
                documentation.options.setdefault(name, spec)
    return documentation


def name_problems(
    names: Mapping[str, str], documentation: Documentation, *, own: Collection[str] = (), defined: Collection[str] = ()
) -> Iterator[str]:
    """Name the variables that nobody reads.

    Args:
        names: Every variable that a person set -> where it stands.
        documentation: What the roles say.
        own: Names with one of the collection's prefixes that are the person's own all the same.
        defined: Further names to measure misspellings against. Names with vault_ are measured against each other only: what a vault
            holds is often called like the variable that it goes into.
    """
    known = documentation.names | set(defined)
    for name, place in names.items():
        if name in known or name in own or name.startswith("_"):
            continue
        similar = suggestion(name, {other for other in known if other.startswith("vault_") == name.startswith("vault_")})
        if similar or name.startswith(documentation.prefixes):
            remedy = similar or "give it a name without the collection's prefix, or list it in preflight_own_variables."
            yield f"{_at(name, place)} is no variable of this collection: {remedy}"


def suggestion(name: str, known: Collection[str], similar: float = SIMILAR) -> str:
    """Return a remedy that names the nearest of ``known``, or nothing when none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=similar)
    return f"did you mean {near[0]}?" if near else ""


def type_problems(value: object, spec: Spec, path: str, place: Place, written: str = "") -> Iterator[str]:
    """Hold a value against its argument spec, down to every nested option.

    Args:
        value: What the variable holds, templates resolved.
        spec: Argument spec of this value.
        path: The value's name in messages, such as ``app_components[1].build``.
        place: Says where a key or value was written.
        written: Where the option itself was written.

    Yields:
        A sentence for each problem. It quotes no value of an option that may hold a secret.
    """
    if value is UNKNOWN:
        return
    if value is None:
        if spec.get("required"):
            yield f"{_at(path, written)} is empty and must be {_TYPES.get(spec.get('type', 'str'), 'set')}."
        return
    kind = spec.get("type", "str")
    if not _is(value, kind):
        remedy = ": quote it" if kind in ("str", "path") else ""
        yield f"{_at(path, place(value) or written)} must be {_TYPES.get(kind, kind)}, not {_describe(value, spec, path)}{remedy}."
    elif spec.get("choices") and value not in spec["choices"]:
        choices = ", ".join(str(choice) for choice in spec["choices"])
        yield f"{_at(path, place(value) or written)} must be one of {choices}, not {_describe(value, spec, path)}."
    elif isinstance(value, Mapping) and spec.get("options"):
        yield from option_problems(value, spec["options"], path, place, written)
    elif isinstance(value, Mapping) and spec.keys() & {"keys", "empty"}:
        yield from _texts_problems(value, spec, path, place, written)
    elif isinstance(value, Sequence) and not isinstance(value, str) and (spec.get("elements") or spec.get("options")):
        element = {**spec, "type": spec.get("elements", "dict"), "required": True, "choices": None}
        for index, item in enumerate(value):
            yield from type_problems(item, element, f"{path}[{index}]", place, place(item) or written)


def option_problems(value: Mapping[Any, Any], options: Mapping[str, Spec], path: str, place: Place, written: str = "") -> Iterator[str]:
    """Check the keys of a dictionary and what they hold."""
    name = value.get("name")
    label = f"{path} ({name})" if path.endswith("]") and isinstance(name, str) else path
    for key, item in value.items():
        here = place(key) or written
        if key in options:
            yield from type_problems(item, options[key], f"{label}.{key}", place, here)
        else:
            remedy = suggestion(str(key), list(options), similar=0.6) or f"the options are {', '.join(sorted(options))}."
            yield f"{_at(f'{label}.{key}', here)} is no option: {remedy}"
    for key, spec in options.items():
        if spec.get("required") and key not in value:
            yield f"{_at(label, written)} lacks {key}, which must be {_TYPES.get(spec.get('type', 'str'), 'set')}."


def _texts_problems(value: Mapping[Any, Any], spec: Spec, path: str, place: Place, written: str) -> Iterator[str]:
    """Check a dictionary of texts. Who left a secret one empty hears of it where credentials are judged."""
    for key, item in value.items():
        here = place(key) or written
        if isinstance(item, Mapping) and item.keys() & spec.get("reference", {}).keys():
            yield from option_problems(item, spec["reference"], f"{path}.{key}", place, here)
        elif item is not None:
            yield from type_problems(item, {"type": "str", "no_log": spec.get("no_log", False)}, f"{path}.{key}", place, here)
        elif not spec.get("empty") and not spec.get("no_log"):
            yield f'{_at(f"{path}.{key}", here)} is empty: write "" for an empty text.'


def _is(value: object, kind: str) -> bool:
    if kind == "bool":
        return isinstance(value, bool) or str(value).lower() in _BOOLEANS
    if kind == "int":
        return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value.lstrip("-").isdigit())
    if kind == "float":
        return not isinstance(value, bool) and _is_number(value)
    if kind in ("str", "path"):
        return not isinstance(value, Mapping | Sequence) or isinstance(value, str)  # what YAML made of a text is judged by its words
    if kind == "list":
        return isinstance(value, Sequence) and not isinstance(value, str | bytes)
    if kind == "dict":
        return isinstance(value, Mapping)
    return True


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _describe(value: object, spec: Spec, path: str) -> str:
    kinds: list[tuple[type[Any], str]] = [(bool, "true or false"), (str, "text"), (Mapping, "a dictionary"), (Sequence, "a list")]
    kind = next((name for type_, name in kinds if isinstance(value, type_)), "a number")
    if spec.get("no_log") or "secret" in path or not isinstance(value, str | int | float) or len(str(value)) > 40:
        return kind
    return f"{str(value).lower()}" if isinstance(value, bool) else f"{kind} ({str(value)!r})"


def _at(name: str, place: str) -> str:
    return f"{name} ({place})" if place else name


def _yaml(path: Path) -> Any:
    return yaml_load(path.read_text(encoding="utf-8"))
