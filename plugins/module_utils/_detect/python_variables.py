# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environment variables Python's sources read: os.environ, decouple, environs, Starlette's Config, pydantic-settings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from .python_source import Sources, assignments

_CALLS = {
    "os.getenv": "get",
    "os.environ.get": "get",
    "os.environ.pop": "get",
    "environ.get": "get",
    "decouple.config": "must",
    "dj_database_url.config": "django",
    "flask.Config.from_prefixed_env": "",
}
"""Functions that read a variable: ``get`` gives None without a default, ``must`` is an error then."""
_READERS = (
    "environ.Env",
    "environ.FileAwareEnv",
    "environs.Env",
    "environs.env",
    "starlette.config.Config",
    "decouple.Config",
    "decouple.AutoConfig",
)
"""Classes whose instances read a variable when they, or their methods, are called."""
_READER_METHODS = frozenset(
    (
        "str",
        "bool",
        "int",
        "float",
        "list",
        "tuple",
        "dict",
        "json",
        "url",
        "db",
        "db_url",
        "cache",
        "cache_url",
        "email",
        "email_url",
        "dj_db_url",
        "dj_email_url",
        "path",
        "get_value",
        "log_level",
        "secret",
    )
)
_SETTINGS = ("pydantic_settings.BaseSettings", "pydantic_settings.main.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings")


@dataclass(frozen=True)
class PythonRead:
    """A place that reads a variable; ``type`` is the annotation or the method that reads it, ``form`` how a list is spelt."""

    name: str
    source: str
    default: str | None = None
    required: bool = False
    type: str = ""
    form: str = ""
    role: str = ""
    """What it is for, where its place in an address says so and its name does not."""


def reads(sources: Sources, paths: Iterable[str]) -> list[PythonRead]:
    """Return what some files read, in their order."""
    chosen = list(paths)
    wrappers = _wrappers(sources, chosen)
    found: list[PythonRead] = []
    for path in chosen:
        text = sources.folder.text(path)
        if not ("env" in text or "Settings" in text or "onfig" in text or any(name in text for name in wrappers)):
            continue
        found += _plain(sources, path, wrappers)
        found += _settings(sources, path, chosen)
    places = _addressed(sources, chosen)
    return [replace(read, role=role) if (role := _place_of(read.name.upper(), places)) else read for read in found]


_PART = r"\0[^\0]*\0"
_ADDRESS = re.compile(
    rf"(?:(?:postgres|mysql|mariadb)[a-z0-9+]*|(?P<scheme>{_PART})\+(?P<driver>{_PART})|(?P<dialect>{_PART}))"
    rf"://(?P<user>{_PART})(?::(?P<password>{_PART}))?@(?P<host>{_PART})(?::(?P<port>{_PART}))?/(?P<name>{_PART}).*",
    re.DOTALL,
)
"""The address of a database, as an f-string puts it together; each name stands between two NUL characters."""


def _addressed(sources: Sources, paths: Iterable[str]) -> dict[str, str]:
    """Return what names are for that f-strings put together to a database's address, in upper case, by their places in it."""
    found: dict[str, str] = {}
    for path in paths:
        for node in sources.nodes(path) if "://" in sources.folder.text(path) else ():
            if not isinstance(node, ast.JoinedStr):
                continue
            words = (part.value if isinstance(part, ast.Constant) else f"\0{_named_in(part)}\0" for part in node.values)
            if match := _ADDRESS.fullmatch("".join(map(str, words))):
                found |= {said.strip("\0").upper(): f"database_{place}" for place, said in match.groupdict().items() if said}
    return {name: role for name, role in found.items() if name}


def _named_in(node: ast.expr) -> str:
    """Return the last name in what stands in an f-string, such as ``PASSWORD`` of ``quote(settings.PASSWORD)``."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Attribute)]
    if texts := [inner.value for inner in ast.walk(node) if isinstance(inner, ast.Constant) and isinstance(inner.value, str)]:
        return texts[0]  # os.environ["PASSWORD"]
    fields = [inner for inner in names if isinstance(inner, ast.Attribute)]
    return fields[-1].attr if fields else names[-1].id if names and isinstance(names[-1], ast.Name) else ""


def _place_of(name: str, places: Mapping[str, str]) -> str:
    """Return the role of a variable by the name that stands in an address, which a prefix of the settings may lack."""
    return places.get(name) or next((role for said, role in places.items() if name.endswith(f"_{said}")), "")


def _plain(sources: Sources, path: str, wrappers: dict[str, str]) -> Iterator[PythonRead]:
    tree = sources.tree(path)
    constants = {
        name: value.value
        for name, _line, value in assignments(tree.body)
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    readers = {
        name
        for name, _line, value in assignments(tree.body)
        if isinstance(value, ast.Call) and sources.full_name(path, value.func) in _READERS
    }
    for local, full in sources.names(path).items():
        if full in _READERS or (full.endswith((".env", ".config")) and _is_reader(sources, path, full)):
            readers.add(local)
    raised = _raised(tree)
    fallbacks, targets = _around(tree)
    split = _split(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript | ast.Call):
            continue
        key: ast.expr | None = None
        default: ast.expr | None = None
        kind, type_ = "", ""
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and sources.full_name(path, node.value) in ("os.environ", "environ")
        ):
            key, kind = node.slice, "must"
        elif isinstance(node, ast.Call):
            full = sources.full_name(path, node.func)
            function = full.rpartition(".")[2]
            if full in _CALLS or (function in wrappers and full.rpartition(".")[0] != "self"):
                kind = _CALLS.get(full) or wrappers.get(function, "")
            elif isinstance(node.func, ast.Name) and node.func.id in readers:
                kind = "must"
            elif (
                isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in readers
                and node.func.attr in _READER_METHODS
            ):
                kind, type_ = "must", node.func.attr
            if not kind:
                continue
            key = node.args[0] if node.args else _keyword(node, "env") or _keyword(node, "name")
            default = _keyword(node, "default") or (node.args[1] if len(node.args) > 1 and kind != "django" else None)
            type_ = type_ or _name_of(_keyword(node, "cast"))
            if kind == "django":
                key = key if isinstance(key, ast.Constant) else ast.Constant("DATABASE_URL")
        if key is None:
            continue
        said: object = key.value if isinstance(key, ast.Constant) else constants.get(key.id) if isinstance(key, ast.Name) else None
        if not isinstance(said, str) or not said.isidentifier():
            continue
        fallback = fallbacks.get(id(node))
        value = _literal(default) if default is not None else _literal(fallback) if fallback is not None else None
        has_default = default is not None or fallback is not None
        is_none = isinstance(default, ast.Constant) and default.value is None
        required = (kind == "must" and not has_default) or bool(targets.get(id(node), "") in raised and not has_default)
        yield PythonRead(
            said,
            f"{path}:{node.lineno}",
            None if is_none else value,
            required,
            type_,
            split.get(id(node), "commas" if type_ in ("list", "Csv") else ""),
        )


def _is_reader(sources: Sources, path: str, full: str) -> bool:
    """Tell whether an imported name is an instance of a reader that another file of the project makes."""
    module, _dot, name = full.rpartition(".")
    for other in sources.resolve(path, module, sources.root_of(path)) if module else []:
        for made, _line, value in assignments(sources.tree(other).body):
            if made == name and isinstance(value, ast.Call) and sources.full_name(other, value.func) in _READERS:
                return True
    return False


def _split(tree: ast.Module) -> dict[int, str]:
    """Return the calls whose result is split at once, ``os.getenv("X", "").split(",")``, and what stands between the items."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split":
            separator = _literal(node.args[0]) if node.args else " "
            found |= {id(inner): "blanks" if separator == " " else "commas" for inner in ast.walk(node.func.value)}
    return found


def _around(tree: ast.Module) -> tuple[dict[int, ast.expr], dict[int, str]]:
    """Return what stands behind ``or`` for each expression, and the name that it is given to."""
    fallbacks: dict[int, ast.expr] = {}
    targets: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            fallbacks.update({id(value): node.values[-1] for value in node.values[:-1]})
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            targets[id(node.value)] = ast.unparse(target) if isinstance(target, ast.Name | ast.Attribute) else ""
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name | ast.Attribute):
            targets[id(node.value)] = ast.unparse(node.target)
        elif isinstance(node, ast.NamedExpr):
            targets[id(node.value)] = node.target.id
    return fallbacks, targets


def _raised(tree: ast.Module) -> set[str]:
    """Return the names whose lack is an error: ``if not X: raise``, ``if X is None: sys.exit()``, ``assert X``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            found.add(ast.unparse(node.test))
        if not isinstance(node, ast.If):
            continue
        ends = any(
            isinstance(inner, ast.Raise) or (isinstance(inner, ast.Call) and ast.unparse(inner.func) in ("sys.exit", "exit", "os._exit"))
            for statement in node.body
            for inner in ast.walk(statement)
        )
        if not ends:
            continue
        tests = node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or) else [node.test]
        for test in tests:
            if isinstance(test, ast.NamedExpr):
                test = test.target
            if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
                found.add(ast.unparse(test.operand))
            elif isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq):
                found.add(ast.unparse(test.left))
    return found


def _wrappers(sources: Sources, paths: Iterable[str]) -> dict[str, str]:
    """Return the project's own functions that hand their first argument to os.getenv or os.environ, and how they read."""
    found: dict[str, str] = {}
    for path in paths:
        if "environ" not in sources.folder.text(path) and "getenv" not in sources.folder.text(path):
            continue
        for function in sources.nodes(path):
            if not isinstance(function, ast.FunctionDef) or not function.args.args:
                continue
            first = function.args.args[0].arg
            if first == "self" and len(function.args.args) > 1:
                continue
            for node in ast.walk(function):
                key: ast.expr | None = None
                if isinstance(node, ast.Subscript) and sources.full_name(path, node.value) == "os.environ":
                    key = node.slice
                elif isinstance(node, ast.Call) and _CALLS.get(sources.full_name(path, node.func)) == "get" and node.args:
                    key = node.args[0]
                if isinstance(key, ast.Name) and key.id == first:
                    fails = any(isinstance(inner, ast.Raise) for inner in ast.walk(function)) or isinstance(node, ast.Subscript)
                    found[function.name] = "must" if fails else "get"
    return found


def _keyword(node: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)


def _name_of(node: ast.expr | None) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _literal(node: ast.expr | None) -> str | None:
    """Return a literal as a person would write it; an ellipsis for what is computed."""
    if isinstance(node, ast.Constant):
        return None if node.value is None else str(node.value)
    if isinstance(node, ast.List | ast.Tuple):
        words = [_literal(element) for element in node.elts]
        return ",".join(word for word in words if word is not None)
    if isinstance(node, ast.JoinedStr) and (scheme := _scheme(node)):
        return f"{scheme}…"
    return "…" if node is not None else None


def _scheme(node: ast.JoinedStr) -> str:
    """Return the scheme with which an f-string begins, as in ``postgresql+asyncpg://``; empty where it begins with anything else."""
    first = node.values[0] if node.values else None
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
    found = re.match(r"[a-z][a-z0-9+]*://", text)
    return found[0] if found else ""


# ---- pydantic-settings


def _settings(sources: Sources, path: str, paths: list[str]) -> Iterator[PythonRead]:
    for node in sources.nodes(path):
        if isinstance(node, ast.ClassDef) and _is_settings(sources, path, node, paths):
            prefix, nested = _prefix(node)
            for statement in node.body:
                if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                    yield from _field(sources, path, node, statement, prefix, nested)
                elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    name = statement.targets[0].id
                    if name != "model_config" and not name.startswith("_") and name.isupper():
                        yield PythonRead(f"{prefix}{name}".upper(), f"{path}:{statement.lineno}", _literal(statement.value))


def _is_settings(sources: Sources, path: str, node: ast.ClassDef, paths: list[str], depth: int = 0) -> bool:
    for base in node.bases:
        full = sources.full_name(path, base)
        if full in _SETTINGS or full.endswith((".BaseSettings",)):
            return True
        short = full.rpartition(".")[2]
        for other in (path, *paths) if depth < 3 else ():
            if "Settings" not in sources.folder.text(other):
                continue
            for inner in sources.tree(other).body:
                if (
                    isinstance(inner, ast.ClassDef)
                    and inner.name == short
                    and inner is not node
                    and _is_settings(sources, other, inner, paths, depth + 1)
                ):
                    return True
    return False


def _prefix(node: ast.ClassDef) -> tuple[str, str]:
    """Return env_prefix and env_nested_delimiter of a settings class."""
    found = {"env_prefix": "", "env_nested_delimiter": ""}
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name, value = statement.targets[0].id, statement.value
            if name in found and isinstance(value, ast.Constant):
                found[name] = str(value.value)
            if name == "model_config" and isinstance(value, ast.Call):
                found.update(
                    {
                        word.arg: str(word.value.value)
                        for word in value.keywords
                        if word.arg in found and isinstance(word.value, ast.Constant)
                    }
                )
            if name == "model_config" and isinstance(value, ast.Dict):
                for key, inner in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in found and isinstance(inner, ast.Constant):
                        found[str(key.value)] = str(inner.value)
    return found["env_prefix"], found["env_nested_delimiter"]


def _field(sources: Sources, path: str, owner: ast.ClassDef, statement: ast.AnnAssign, prefix: str, nested: str) -> Iterator[PythonRead]:
    field = ast.unparse(statement.target)
    type_ = ast.unparse(statement.annotation)
    if field == "model_config" or field.startswith("_") or "ClassVar" in type_:
        return
    value = statement.value
    if isinstance(value, ast.JoinedStr) and any(isinstance(part, ast.FormattedValue) for part in value.values) and not _scheme(value):
        return  # it is put together from other fields, and is no address by itself
    names = [f"{prefix}{field}".upper()]
    default: str | None = None
    required = value is None
    if isinstance(value, ast.Call) and sources.full_name(path, value.func).rpartition(".")[2] in ("Field", "SettingsField"):
        first = value.args[0] if value.args else _keyword(value, "default")
        factory = _keyword(value, "default_factory")
        required = (first is None and factory is None) or (isinstance(first, ast.Constant) and first.value is Ellipsis)
        default = None if required else "…" if factory is not None else _literal(first)
        alias = _keyword(value, "validation_alias") or _keyword(value, "alias") or _keyword(value, "env")
        if isinstance(alias, ast.Constant):
            names = [str(alias.value)]
        elif isinstance(alias, ast.Call):
            names = [str(argument.value) for argument in alias.args if isinstance(argument, ast.Constant)] or names
        elif isinstance(alias, ast.List):
            names = [str(element.value) for element in alias.elts if isinstance(element, ast.Constant)] or names
    elif value is not None:
        default = _literal(value)
    if isinstance(value, ast.Constant) and value.value is None:
        required = False
    if required and ("None" in type_ or "Optional" in type_) and value is not None:
        required = False
    if required and _is_computed(owner, field):
        required = False
    form = ""
    if any(word in type_ for word in ("list", "List", "set[", "Set[", "tuple", "Tuple", "Sequence", "dict", "Dict")):
        form = "json"
        if not _is_decoded(owner, type_) and (_splits(sources, path, owner, field) or ("NoDecode" in type_ and "," in (default or ""))):
            form = "commas"
    elif ("Any" in type_ and _splits(sources, path, owner, field)) or (
        type_ in ("str", "str | None", "Optional[str]") and _splits_later(owner, field)
    ):
        form = "commas"
    yield PythonRead(
        names[0].upper() if names[0].lower() == field.lower() else names[0], f"{path}:{statement.lineno}", default, required, type_, form
    )


def _is_decoded(owner: ast.ClassDef, type_: str) -> bool:
    """Tell whether pydantic reads a field's text as JSON, and refuses another, before any validator sees it."""
    is_union = "|" in type_ or "Union[" in type_ or "Optional[" in type_
    text = ast.unparse(owner)
    return not (is_union or "NoDecode" in type_ or "enable_decoding=False" in text or "parse_env_var" in text)


def _is_computed(owner: ast.ClassDef, field: str) -> bool:
    """Tell whether a validator that runs before fills a field in: its default does not matter then."""
    return any(
        isinstance(function, ast.FunctionDef)
        and function.name == field
        and any("computed_field" in ast.unparse(mark) for mark in function.decorator_list)
        for function in owner.body
    )


def _splits(sources: Sources, path: str, owner: ast.ClassDef, field: str) -> bool:
    """Tell whether a validator of a field takes a text apart at commas, in the class or in a function that the annotation names."""
    for function in ast.walk(owner):
        if isinstance(function, ast.FunctionDef):
            marks = [ast.unparse(mark) for mark in function.decorator_list]
            reads = function.name == "parse_env_var" or any(field in mark and "validator" in mark for mark in marks)
            if reads and ".split(" in ast.unparse(function):
                return True
    annotation = next(
        (
            statement.annotation
            for statement in owner.body
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.target.id == field
        ),
        None,
    )
    named = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} if annotation is not None else set()
    return any(
        isinstance(function, ast.FunctionDef) and function.name in named and ".split(" in ast.unparse(function)
        for function in sources.tree(path).body
    )


def _splits_later(owner: ast.ClassDef, field: str) -> bool:
    """Tell whether a property of the class splits a text field."""
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "split"
        and f"self.{field}" in ast.unparse(node.func.value)
        for node in ast.walk(owner)
    )
