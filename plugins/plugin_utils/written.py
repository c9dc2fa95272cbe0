# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the files of a play, word by word, beside what YAML made of it: 24.10 is 24.1 to YAML, NO is false, 0123 is 83.

Ansible keeps the place of each text and number, and of each key. A value for which it keeps none (true, false) is found by its key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from ansible import context
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError
from ansible.module_utils.common.yaml import SafeLoader
from ansible_collections.plannoir.deploy.plugins.module_utils._core.texts import text
from jinja2 import Environment, TemplateSyntaxError, nodes

HANDED_ON = frozenset(
    {"b64encode", "d", "default", "lower", "mandatory", "quote", "replace", "string", "to_json", "trim", "upper", "urlencode"}
)
"""Filters whose result says what their input says."""

_OCTAL, _SIXTIES = re.compile(r"[-+]?0[0-7_]+"), re.compile(r"[-+]?[0-9_]+(:[0-5]?[0-9])+(\.[0-9_]*)?")
_JINJA = Environment(autoescape=False)  # it parses, and renders nothing
_KINDS = {bool: "true or false", int: "a number", float: "a number", date: "a date", type(None): "nothing"}


class Held(NamedTuple):
    """A value, and where it is held: in a dictionary or list, below a key or index."""

    value: Any
    parent: Any = None
    key: Any = None


class Word(NamedTuple):
    """What stands in a file in place of a value; without a node where that is not known."""

    node: yaml.ScalarNode | None = None
    place: str = ""
    hidden: bool = False
    """Whether the file is a vault, of which nothing is quoted."""


class Written:
    """The words of a play's files."""

    def __init__(self, variables: Mapping[str, Any], read: Callable[[str], str], vault: Path | None = None) -> None:
        """Take the variables of a play.

        Args:
            variables: All of them, templates and all.
            read: Returns the text of a file by its path; decrypted, where that is needed.
            vault: The file of which nothing is quoted.
        """
        self._variables = variables
        self._names = {str(name): name for name in variables if isinstance(name, str)}
        self._read = read
        self._vault = vault.resolve() if vault else None
        self._files: dict[str, _File] = {}

    def problems(self, held: Held, spec: Mapping[str, Any], path: str, arrives: Callable[[object], str]) -> Iterator[str]:
        """Hold every text and every whole number that a variable gives against the words of its file.

        Args:
            held: The value, templates resolved.
            spec: Its argument spec; a dictionary without options but with ``keys`` or ``empty`` holds text by name.
            path: The value's name in messages.
            arrives: How a value that is no text arrives.

        Yields:
            A sentence for each that would not arrive as it was written; nothing of a secret one is in it.
        """
        value, kind = held.value, spec.get("type", "str")
        if (value is None and not spec.get("empty")) or (kind in ("str", "path") and isinstance(value, Mapping | list)):
            return
        if isinstance(value, Mapping):
            label = f"{path} ({value['name']})" if path.endswith("]") and isinstance(value.get("name"), str) else path
            for key, item in value.items():
                yield from _sentence(label, self._key_problem(Held(None, value, key)))
                of_item = (
                    spec["options"].get(key) if "options" in spec else {**spec, "type": "str"} if spec.keys() & {"keys", "empty"} else None
                )
                if of_item:
                    yield from self.problems(Held(item, value, key), of_item, f"{label}.{text(key)}", arrives)
        elif isinstance(value, list):
            element = {**spec, "type": spec.get("elements", "str")}
            for index, item in enumerate(value):
                yield from self.problems(Held(item, value, index), element, f"{path}[{index}]", arrives)
        elif kind in ("str", "path"):
            yield from _sentence(path, self._text_problem(held, arrives, secret=bool(spec.get("no_log")) or "secret" in path))
        elif kind == "int" and isinstance(value, int):
            yield from _sentence(path, self._number_problem(held))

    def _text_problem(self, held: Held, arrives: Callable[[object], str], *, secret: bool) -> tuple[str, str]:
        if isinstance(held.value, str):
            return self._within(held.value, secret)
        word = self._word(held)
        if word.node and _is_template(word.node):
            word = next(
                (self._word(found) for found in self._references(word.node.value, whole=True) if _same(found.value, held.value)), Word()
            )
        return self._compared(held.value, word, arrives, secret)

    def _number_problem(self, held: Held) -> tuple[str, str]:
        word = self._word(held)
        if not word.node or not (_OCTAL.fullmatch(word.node.value) or _SIXTIES.fullmatch(word.node.value)):
            return "", ""
        return (
            f"is {word.node.value} there, which YAML reads as {held.value}: write it without zeros before it and without a colon",
            word.place,
        )

    def _key_problem(self, held: Held) -> tuple[str, str]:
        if isinstance(held.key, str):
            return "", ""
        word = self._key_word(held)
        if word.node and isinstance(held.key, bool | int) and word.node.value == text(held.key):
            return "", ""
        name = word.node.value if word.node else text(held.key)
        return f"has the key {name}, which YAML reads as {text(held.key)}: quote it", word.place

    def vault_problems(self, path: Path, content: str) -> Iterator[str]:
        """Name each value of a vault that YAML took for something else, and quote none."""
        for name, node in _scalars(_composed(content)):
            value = _constructed(node)
            word = Word(node, f"{shown_path(str(path))}:{node.start_mark.line + 1}", hidden=True)
            if value is not None and not isinstance(value, str):
                yield from _sentence(name, self._compared(value, word, text, secret=True))

    def _compared(self, value: Any, word: Word, arrives: Callable[[object], str], secret: bool) -> tuple[str, str]:
        kind = next((says for type_, says in _KINDS.items() if isinstance(value, type_)), "")
        if not kind:  # it could not be resolved, and is reported elsewhere
            return "", ""
        if word.node is None:
            return ("", "") if value is None or isinstance(value, int) else (f"is {kind}, where a text belongs: quote it", word.place)
        written = word.node.value
        if kind != "a date" and written == arrives(value):
            return "", ""
        if word.node.style in ("'", '"'):
            return "has !unsafe before it, which undoes the quotes: take !unsafe away", word.place
        if secret or word.hidden:
            return f"is no text there, because YAML reads it as {kind}: quote it", word.place
        becomes = "YAML reads as a date" if kind == "a date" else f"would arrive as {arrives(value) or 'nothing'}"
        return f"is {written} there, which {becomes}: quote it, as in '{written}'", word.place

    def _within(self, value: str, secret: bool) -> tuple[str, str]:
        """Look at what a template put into a text."""
        outer = self._word(Held(value))
        if not outer.node or not _is_template(outer.node):
            return "", ""
        for found in self._references(outer.node.value, whole=False):
            if isinstance(found.value, bool | int | float | date):
                word = self._word(found)
                problem, place = self._compared(found.value, word, str, secret) if word.node else ("", "")
                if problem:
                    return f"takes {found.key} ({place}), which {problem}", outer.place
        return "", ""

    def _references(self, template: str, *, whole: bool, depth: int = 0) -> Iterator[Held]:
        """Yield what a template hands on from variables without a change of its own."""
        try:
            outputs = [part for output in _JINJA.parse(template).find_all(nodes.Output) for part in output.nodes]
        except TemplateSyntaxError:
            return
        if whole and len(outputs) != 1:
            return
        for output in outputs:
            yield from self._followed(output, depth)

    def _followed(self, node: nodes.Node, depth: int) -> Iterator[Held]:
        if isinstance(node, nodes.Filter) and node.node and node.name in HANDED_ON:
            yield from self._followed(node.node, depth)
        elif isinstance(node, nodes.Concat):
            for part in node.nodes:
                yield from self._followed(part, depth)
        elif depth < 9:
            for found in self._found(node):
                yield found
                if isinstance(found.value, str) and "{{" in found.value:
                    yield from self._references(found.value, whole=False, depth=depth + 1)

    def _found(self, node: nodes.Node) -> Iterator[Held]:
        """Yield what a name, or a path such as ``a.b[0]``, stands for."""
        if isinstance(node, nodes.Name) and node.name in self._names:
            name = self._names[node.name]
            yield Held(self._variables[name], self._variables, name)
        elif isinstance(node, nodes.Getattr | nodes.Getitem):
            wanted = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
            for base in self._found(node.node):
                if isinstance(base.value, Mapping):
                    yield from (Held(item, base.value, key) for key, item in base.value.items() if key == wanted)
                elif isinstance(base.value, list) and isinstance(wanted, int) and -len(base.value) <= wanted < len(base.value):
                    yield Held(base.value[wanted], base.value, wanted)

    def _word(self, held: Held) -> Word:
        """Find the word of a value."""
        if origin := Origin.get_tag(held.value):
            return self._at(origin, lambda source, place: source.scalars.get(place), held.value)
        if isinstance(held.parent, list):
            origin = Origin.get_tag(held.parent)
            return self._at(origin, lambda source, place: source.item(place, held.key), held.value) if origin else Word()
        if origin := Origin.get_tag(held.key):
            return self._at(origin, lambda source, place: source.values.get(place), held.value)
        return Word()

    def _key_word(self, held: Held) -> Word:
        if origin := Origin.get_tag(held.key):
            return self._at(origin, lambda source, place: source.scalars.get(place), held.key)
        origin = Origin.get_tag(held.parent)
        return self._at(origin, lambda source, place: source.key(place, held.key), held.key) if origin else Word()

    def _at(self, origin: Origin, look: Callable[[_Source, tuple[int, int]], yaml.Node | None], value: Any) -> Word:
        file = self._file(str(origin.path or ""))
        for source in file.sources:
            node = look(source, (origin.line_num or 0, origin.col_num or 0))
            if isinstance(node, yaml.ScalarNode) and (_is_template(node) or _same(_constructed(node), value)):
                return Word(node, f"{file.name}:{node.start_mark.line + 1}" if origin.path else str(origin.description), file.hidden)
        place = (f"{file.name}:{origin.line_num}" if origin.line_num else file.name) if origin.path else str(origin.description or "")
        return Word(None, place, file.hidden)

    def _file(self, path: str) -> _File:
        """Return the parsed file, or, without one, what ``-e`` was given."""
        if path not in self._files:
            given = [option for option in context.CLIARGS.get("extra_vars") or () if not option.startswith("@")]
            roots = map(_composed, [self._text(path)] if path else given)
            hidden = bool(path) and Path(path).resolve() == self._vault
            self._files[path] = _File(shown_path(path), hidden, [_Source(root) for root in roots if root])
        return self._files[path]

    def _text(self, path: str) -> str:
        try:
            return self._read(path)
        except (OSError, AnsibleError):
            return ""


class _File(NamedTuple):
    name: str
    hidden: bool
    sources: list[_Source]


class _Source:
    """A parsed text: its scalars by place, the values of keys by the keys' places, lists and dictionaries by theirs."""

    def __init__(self, root: yaml.Node) -> None:
        self.scalars: dict[tuple[int, int], yaml.ScalarNode] = {}
        self.values: dict[tuple[int, int], yaml.Node] = {}
        self._containers: dict[tuple[int, int], yaml.Node] = {}
        waiting, seen = [root], set()
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.ScalarNode):
                self.scalars[_place(node)] = node
                continue
            self._containers.setdefault(_place(node), node)
            for child in node.value:
                if isinstance(child, tuple):
                    self.values[_place(child[0])] = child[1]
                waiting += child if isinstance(child, tuple) else [child]

    def item(self, place: tuple[int, int], index: int) -> yaml.Node | None:
        node = self._containers.get(place)
        return node.value[index] if isinstance(node, yaml.SequenceNode) and index < len(node.value) else None

    def key(self, place: tuple[int, int], key: object) -> yaml.Node | None:
        node = self._containers.get(place)
        keys = [child[0] for child in node.value] if isinstance(node, yaml.MappingNode) else []
        return next((child for child in keys if isinstance(child, yaml.ScalarNode) and _same(_constructed(child), key)), None)


def _sentence(name: str, problem: tuple[str, str]) -> Iterator[str]:
    says, place = problem
    if says:
        yield f"{name} ({place}) {says}." if place else f"{name} {says}."


def _composed(content: str) -> yaml.Node | None:
    try:
        return yaml.compose(content[:], Loader=SafeLoader)  # the copy has no tags of Ansible, which the parser does not take
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


_RESOLVER, _CONSTRUCTOR = yaml.resolver.Resolver(), yaml.constructor.SafeConstructor()


def _constructed(node: yaml.ScalarNode) -> Any:
    """Return what YAML makes of a word; quotes below !unsafe do not count, as with Ansible."""
    tag = node.tag
    if tag == "!unsafe":
        tag = _RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False))  # type: ignore[no-untyped-call]  # of PyYAML
    try:
        return _CONSTRUCTOR.construct_object(yaml.ScalarNode(tag, node.value))
    except (yaml.YAMLError, ValueError):
        return node.value


def _same(one: object, other: object) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _is_template(node: yaml.ScalarNode) -> bool:
    return node.tag.endswith(":str") and "{{" in node.value


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _scalars(root: yaml.Node | None) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield each scalar below a mapping, with the mapping's key that it is below."""
    for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
        waiting = [value]
        while waiting:
            node = waiting.pop()
            if isinstance(node, yaml.ScalarNode):
                yield key.value, node
            else:
                waiting += [child[1] if isinstance(child, tuple) else child for child in node.value]


@cache
def shown_path(path: str) -> str:
    """Return a path as a person reads it: relative where it is below the working folder."""
    file, here = Path(path).resolve() if path else None, Path.cwd().resolve()
    return "" if not file else str(file.relative_to(here) if file.is_relative_to(here) else file)
