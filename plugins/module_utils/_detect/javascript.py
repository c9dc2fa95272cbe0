# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What JavaScript's and TypeScript's sources say, read with tree-sitter: environment variables, ports, routes, imports."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .._core.errors import Failure
from .folder import Folder, join

ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")

_READS = """
(member_expression
  object: (member_expression object: (identifier) @p property: (property_identifier) @e) property: (property_identifier) @name) @read
(subscript_expression
  object: (member_expression object: (identifier) @p property: (property_identifier) @e) index: (string (string_fragment) @name)) @read
(variable_declarator
  name: (object_pattern) @pattern
  value: (member_expression object: (identifier) @p property: (property_identifier) @e)) @read
(member_expression
  object: (member_expression
    object: (member_expression (meta_property)) property: (property_identifier) @e) property: (property_identifier) @name) @read
(member_expression
  object: (member_expression object: (meta_property) @p property: (property_identifier) @e) property: (property_identifier) @name) @read
"""
_IMPORTS = """
(import_statement source: (string (string_fragment) @from))
(export_statement source: (string (string_fragment) @from))
(call_expression function: (import) arguments: (arguments . (string (string_fragment) @from)))
(call_expression function: (identifier) @require arguments: (arguments . (string (string_fragment) @from)))
"""
_NAMED = """
(import_statement (import_clause (identifier) @name) source: (string (string_fragment) @from))
(import_statement
  (import_clause (named_imports (import_specifier !alias name: (identifier) @name))) source: (string (string_fragment) @from))
(import_statement
  (import_clause (named_imports (import_specifier alias: (identifier) @name))) source: (string (string_fragment) @from))
(variable_declarator name: (identifier) @name
  value: (call_expression function: (identifier) @require arguments: (arguments . (string (string_fragment) @from))))
"""
_CALLS = """
(call_expression function: (member_expression property: (property_identifier) @method) arguments: (arguments) @arguments) @call
"""
_DECORATORS = "(decorator (call_expression function: (identifier) @name arguments: (arguments) @arguments)) @mark"
_PAIRS = "(pair key: [(property_identifier) (string)] @key value: (_) @value)"
_STRINGS = "[(string (string_fragment) @text) (template_string) @text]"
_QUERIES = {
    "reads": _READS,
    "imports": _IMPORTS,
    "calls": _CALLS,
    "named": _NAMED,
    "decorators": _DECORATORS,
    "pairs": _PAIRS,
    "strings": _STRINGS,
}


@dataclass(frozen=True)
class Read:
    """A place that reads an environment variable: the literal it falls back to, and whether its lack is an error there."""

    name: str
    source: str
    default: str | None = None
    required: bool = False


@functools.cache
def _language(name: str) -> Any:
    try:
        import tree_sitter
        import tree_sitter_typescript
    except ImportError as error:
        raise Failure(
            f"JavaScript cannot be read without the Python packages tree-sitter and tree-sitter-typescript ({error}): use ./bootstrap, or "
            "install them beside Ansible."
        ) from None
    return tree_sitter.Language(getattr(tree_sitter_typescript, f"language_{name}")())


@functools.cache
def _query(name: str, query: str) -> Any:
    import tree_sitter

    return tree_sitter.Query(_language(name), _QUERIES[query])


class Script:
    """A parsed file."""

    def __init__(self, folder: Folder, path: str) -> None:
        """Parse it; whatever is no JavaScript is passed over."""
        self._grammar = "typescript" if path.endswith((".ts", ".mts", ".cts")) else "tsx"
        language = _language(self._grammar)
        import tree_sitter

        self.path = path
        self.text = folder.text(path)
        self._tree = tree_sitter.Parser(language).parse(self.text.encode())

    def _matches(self, query: str) -> Iterator[dict[str, list[Any]]]:
        import tree_sitter

        for _number, captures in tree_sitter.QueryCursor(_query(self._grammar, query)).matches(self._tree.root_node):
            yield captures

    def _place(self, node: Any) -> str:
        return f"{self.path}:{node.start_point[0] + 1}"

    def reads(self) -> Iterator[Read]:
        """Yield what is read of process.env and import.meta.env."""
        if "env" not in self.text:
            return
        for captures in self._matches("reads"):
            where = captures["e"][0]
            owner = _text(captures["p"][0]) if "p" in captures else ""
            if _text(where) != "env" or owner not in ("process", "import.meta", "Bun"):
                continue
            node = captures["read"][0]
            if "pattern" in captures:
                for child in captures["pattern"][0].named_children:
                    key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
                    default = child.child_by_field_name("right")
                    value = child.child_by_field_name("value")
                    if value is not None and value.type == "assignment_pattern":
                        default = value.child_by_field_name("right")
                    if key.type in ("property_identifier", "shorthand_property_identifier_pattern"):
                        yield Read(_text(key), self._place(child), _literal(default))
                continue
            name = _text(captures["name"][0])
            default, required = _use(node)
            yield Read(name, self._place(node), default, required)

    def imports(self) -> Iterator[str]:
        """Yield what the file imports, as it is written."""
        for captures in self._matches("imports"):
            if "require" not in captures or _text(captures["require"][0]) == "require":
                yield from map(_text, captures["from"])

    def imported(self) -> dict[str, str]:
        """Return the names that an import, or ``require``, gives, and what each comes from, as it is written."""
        return {
            _text(captures["name"][0]): _text(captures["from"][0])
            for captures in self._matches("named")
            if "require" not in captures or _text(captures["require"][0]) == "require"
        }

    def calls(self, *methods: str) -> Iterator[tuple[str, str, list[Any], str]]:
        """Yield method, object, arguments and place of each call of ``object.method(...)``."""
        for captures in self._matches("calls"):
            method = _text(captures["method"][0])
            if method in methods:
                node = captures["call"][0]
                owner = _text(captures["method"][0].parent.child_by_field_name("object"))
                yield method, owner, captures["arguments"][0].named_children, self._place(node)

    def decorators(self, *names: str) -> Iterator[tuple[str, list[Any], str]]:
        """Yield name, arguments and place of each decorator of these names that is called, as they stand in the file."""
        if not any(f"@{name}" in self.text for name in names):
            return
        found = [captures for captures in self._matches("decorators") if _text(captures["name"][0]) in names]
        for captures in sorted(found, key=lambda captures: captures["mark"][0].start_byte):
            yield _text(captures["name"][0]), captures["arguments"][0].named_children, self._place(captures["mark"][0])

    def pair(self, key: str) -> tuple[str, str]:
        """Return the literal that an object gives to a key, and its place; empty texts where none does."""
        for captures in self._matches("pairs"):
            if _text(captures["key"][0]).strip("\"'") == key and (value := _literal(captures["value"][0])) is not None:
                return value, self._place(captures["key"][0])
        return "", ""

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield the keys of all objects, the sources of their values, and their places."""
        for captures in self._matches("pairs"):
            yield _text(captures["key"][0]).strip("\"'"), _text(captures["value"][0]), self._place(captures["key"][0])

    @staticmethod
    def literal(node: Any) -> str | None:
        """Return the value of a literal; None for anything else."""
        return _literal(node)

    @staticmethod
    def entry(node: Any, key: str) -> str:
        """Return the literal that an object has at a key; empty where it has none, or is no object."""
        for child in node.named_children if node.type == "object" else ():
            name = child.child_by_field_name("key") if child.type == "pair" else None
            if name is not None and _text(name).strip("\"'") == key:
                return _literal(child.child_by_field_name("value")) or ""
        return ""

    def strings(self) -> Iterator[tuple[str, str]]:
        """Yield each literal text and its place; a template's placeholders are ``${}``."""
        for captures in self._matches("strings"):
            for node in captures["text"]:
                yield re.sub(r"\$\{[^}]*\}", "${}", _text(node).strip("`")), self._place(node)


def _text(node: Any) -> str:
    return str(node.text.decode("utf-8", "replace"))


def _literal(node: Any) -> str | None:
    """Return the value of a literal; None for anything else."""
    if node is None:
        return None
    if node.type == "string":
        return "".join(_text(child) for child in node.named_children)
    if node.type in ("number", "true", "false"):
        return _text(node)
    if node.type == "template_string" and not any(child.type == "template_substitution" for child in node.named_children):
        return _text(node).strip("`")
    return None


def _use(node: Any) -> tuple[str | None, bool]:
    """Return what is taken where the variable is missing, and whether the place fails without it."""
    parent = node.parent
    while parent is not None and parent.type in ("parenthesized_expression", "as_expression", "satisfies_expression"):
        node, parent = parent, parent.parent
    if parent is None:
        return None, False
    if parent.type == "non_null_expression":
        return None, True
    if parent.type == "binary_expression":
        operator = _text(parent.child_by_field_name("operator"))
        left = parent.child_by_field_name("left")
        if operator in ("||", "??") and left is not None and left.id == node.id:
            right = parent.child_by_field_name("right")
            # The last of a chain is what is taken in the end.
            above = parent.parent
            while above is not None and above.type == "binary_expression" and _text(above.child_by_field_name("operator")) in ("||", "??"):
                right = above.child_by_field_name("right")
                above = above.parent
            return (_literal(right) if _literal(right) is not None else "…"), False
    if parent.type == "unary_expression" and _text(parent).startswith("!"):
        around = parent.parent
        while around is not None and around.type in ("parenthesized_expression", "binary_expression", "unary_expression"):
            around = around.parent
        if around is not None and around.type == "if_statement":
            body = around.child_by_field_name("consequence")
            return None, body is not None and bool(re.search(r"\bthrow\b|process\.exit", _text(body)))
    return None, False


def scripts(folder: Folder, where: str, without: list[str]) -> list[str]:
    """Return the paths of a package's own sources: no tests, no declarations, nothing of other packages below it."""
    others = tuple(f"{other}/" for other in without)
    tests = re.compile(
        r"(^|/)(__tests__|__mocks__|tests?|e2e|cypress|playwright|\.storybook|stories)/|\.(test|spec|stories)\.|\.d\.[cm]?ts$"
    )
    names = re.compile(r"(^|/)(jest|vitest|playwright|eslint|prettier|cypress|commitlint|stylelint)\.(config|setup)\.")
    start = "" if where == "." else f"{where}/"
    return [
        path
        for path in folder.below(where, *ENDINGS)
        if not path.startswith(others) and not tests.search(path.removeprefix(start)) and not names.search(path)
    ]


def resolve(folder: Folder, path: str, target: str, aliases: dict[str, str]) -> str:
    """Return the file that an import loads; empty for a package's."""
    base = ""
    if target.startswith("."):
        base = join(posixpath.dirname(path) or ".", target)
    else:
        for alias, place in aliases.items():
            if target.startswith(alias):
                base = join(place, target[len(alias) :])
                break
    if not base or base.startswith(".."):
        return ""
    stem = re.sub(r"\.[cm]?jsx?$", "", base)
    names = [
        base,
        *(f"{start}{ending}" for start in dict.fromkeys((base, stem)) for ending in ENDINGS),
        *(f"{base}/index{ending}" for ending in ENDINGS),
    ]
    return next((name for name in names if folder.holds(name)), "")
