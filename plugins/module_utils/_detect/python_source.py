# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Python's sources say, read with ``ast``: which application they make, what imports what, from which folder."""

from __future__ import annotations

import ast
import posixpath
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .folder import Folder, join, parents
from .tables import ASGI_WRAPPERS, FRAMEWORKS, NO_PARTS, Framework


@dataclass(frozen=True)
class Candidate:
    """An application in the source: where it stands, under which name, whether the name is a function that makes it."""

    path: str
    name: str
    line: int
    framework: Framework
    is_factory: bool = False
    is_wrapper: bool = False

    @property
    def source(self) -> str:
        """``file:line``."""
        return f"{self.path}:{self.line}"


class Sources:
    """The Python files below a folder, each parsed once and only when it is asked for."""

    def __init__(self, folder: Folder, where: str, without: Iterable[str] = ()) -> None:
        """Take the folder, and folders below it that are projects of their own."""
        others = tuple(f"{other}/" for other in without)
        self.folder = folder
        self.where = where
        self.files = [path for path in folder.below(where, ".py") if not path.startswith(others)]
        self._known = frozenset(self.files)
        self._folders = {parent for path in self.files for parent in parents(posixpath.dirname(path) or ".")}
        self._trees: dict[str, ast.Module] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._nodes: dict[str, list[ast.AST]] = {}
        self.broken: dict[str, str] = {}
        self.root = ""
        """Where the process that answers requests starts, once that is known: the others of its image start there, too."""

    def tree(self, path: str) -> ast.Module:
        """Return a file's syntax tree; an empty one where it is not this Python's syntax, which ``broken`` then has."""
        if path not in self._trees:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    self._trees[path] = ast.parse(self.folder.text(path))
            except (SyntaxError, ValueError, RecursionError) as error:
                self.broken[path] = f"{path}:{getattr(error, 'lineno', None) or 1}"
                self._trees[path] = ast.Module([], [])
        return self._trees[path]

    def nodes(self, path: str) -> list[ast.AST]:
        """Return all nodes of a file's tree."""
        if path not in self._nodes:
            self._nodes[path] = list(ast.walk(self.tree(path)))
        return self._nodes[path]

    def names(self, path: str) -> dict[str, str]:
        """Return what each imported name of a file stands for: ``FastAPI`` -> ``fastapi.FastAPI``; relative imports begin with dots."""
        if path not in self._names:
            found: dict[str, str] = {}
            for node in self.nodes(path):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        found[alias.asname or alias.name.partition(".")[0]] = alias.name if alias.asname else alias.name.partition(".")[0]
                elif isinstance(node, ast.ImportFrom):
                    module = "." * node.level + (node.module or "")
                    for alias in node.names:
                        found[alias.asname or alias.name] = f"{module}{'' if module.endswith('.') else '.'}{alias.name}"
            self._names[path] = found
        return self._names[path]

    def full_name(self, path: str, node: ast.AST) -> str:
        """Return what a name or attribute stands for, as ``fastapi.FastAPI``; empty for anything else."""
        words: list[str] = []
        while isinstance(node, ast.Attribute):
            words.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.names(path).get(node.id, node.id), *words])

    # ---- imports

    def resolve(self, path: str, name: str, root: str) -> list[str]:
        """Return the files that an import of a full name (dots in front for a relative one) loads from ``root``, packages included."""
        level = len(name) - len(name.lstrip("."))
        words = [word for word in name.strip(".").split(".") if word]
        base = root
        if level:
            base = posixpath.dirname(path) or "."
            for _up in range(level - 1):
                base = posixpath.dirname(base) or "."
        loaded: list[str] = []
        for word in words:
            base = join(base, word)
            if base in self._folders:
                if (package := join(base, "__init__.py")) in self._known:
                    loaded.append(package)
                continue
            if (module := f"{base}.py") in self._known:
                loaded.append(module)
            break
        return loaded

    def imports(self, path: str, root: str) -> set[str]:
        """Return the files that a file imports, where the process is started in ``root``."""
        found: set[str] = set()
        for node in self.nodes(path):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    found.update(self.resolve(path, alias.name, root))
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                for alias in node.names:
                    joined = f"{module}{'' if module.endswith('.') else '.'}{alias.name}"
                    found.update(self.resolve(path, joined, root))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+(\.\w+)+", node.value):
                # A module that is loaded by its name: include=["shop.tasks"], import_module("shop.plugin").
                loaded = self.resolve(path, node.value, root)
                if loaded and is_module(loaded[-1], node.value):
                    found.update(loaded)
        found.discard(path)
        return found

    def reachable(self, starts: Iterable[str], root: str) -> list[str]:
        """Return the files that are loaded when some are, in the order in which they are met; the packages around them are too."""
        order: list[str] = []
        waiting = list(starts)
        seen: set[str] = set()
        while waiting:
            path = waiting.pop(0)
            if path in seen or path not in self._known:
                continue
            seen.add(path)
            order.append(path)
            around = [join(parent, "__init__.py") for parent in parents(posixpath.dirname(path) or ".")[:-1]]
            waiting.extend(sorted(self.imports(path, root)))
            waiting.extend(package for package in around if package in self._known)
        return order

    def root_of(self, path: str, hinted: Iterable[str] = ()) -> str:
        """Return the folder to start from, so that the imports of a file and its neighbours resolve.

        Args:
            path: The file.
            hinted: Modules as commands name them, such as ``app.main``; they decide between folders from which as many imports resolve.
        """
        candidates = parents(posixpath.dirname(path) or ".")
        candidates = candidates[: candidates.index(self.where) + 1] if self.where in candidates else candidates
        folder = posixpath.dirname(path) or "."
        near = [other for other in self.files if (posixpath.dirname(other) or ".") == folder or other == path]
        wanted = {name for other in near for name in self._absolute(other)}
        # A file does not import itself: config/celery.py means the package when it imports celery.
        score = {root: sum(1 for name in wanted if {*self.resolve(path, name, root)} - {path}) for root in candidates}
        best = [root for root in candidates if score[root] == max(score.values())]
        modules = {name for name in hinted if name}
        for root in best:
            if module_name(path, root) in modules:
                return root
        if self.root in best:
            return self.root
        # As fastapi-cli: the first folder that is no package.
        return next((root for root in best if join(root, "__init__.py") not in self._known), best[-1])

    def _absolute(self, path: str) -> Iterator[str]:
        for node in self.nodes(path):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    # ---- applications

    def applications(self) -> list[Candidate]:
        """Return the applications that the sources make at module level, or by a function without required arguments."""
        words = sorted({name.rpartition(".")[2] for framework in FRAMEWORKS for name in framework.classes})
        pattern = re.compile(rf"\b({'|'.join(words)})\b")
        files = [path for path in self.files if is_program(path, self.where) and pattern.search(self.folder.text(path))]
        made: dict[tuple[str, str], Candidate] = {}
        for path in files:
            for function, framework in self._factories(path):
                made[path, function.name] = Candidate(path, function.name, function.lineno, framework, is_factory=True)
        found: list[Candidate] = []
        for path in files:
            found.extend(self._instances(path))
        factories = {name for _path, name in made}
        called: set[tuple[str, str]] = set()
        for path in self.files:
            if factories and is_program(path, self.where) and any(name in self.folder.text(path) for name in factories):
                for name, line, key in self._calls(path, made):
                    called.add(key)
                    found.append(Candidate(path, name, line, made[key].framework))
        found.extend(candidate for key, candidate in made.items() if key not in called)
        return [*found, *self._wrappers(found)]

    def _framework(self, path: str, node: ast.AST) -> Framework | None:
        if not isinstance(node, ast.Call):
            return None
        name = self.full_name(path, node.func)
        for framework in FRAMEWORKS:
            if name in framework.classes:
                return framework
        return self._subclass(path, name)

    def _subclass(self, path: str, name: str) -> Framework | None:
        """Return the framework of a class of the file itself that has one of the framework's as its base."""
        for node in self.tree(path).body:
            if isinstance(node, ast.ClassDef) and node.name == name:
                bases = {self.full_name(path, base) for base in node.bases}
                return next((framework for framework in FRAMEWORKS if bases & set(framework.classes)), None)
        return None

    def _instances(self, path: str) -> Iterator[Candidate]:
        for name, line, value in assignments(self.tree(path).body):
            if framework := self._framework(path, value):
                yield Candidate(path, name, line, framework)

    def _factories(self, path: str) -> Iterator[tuple[ast.FunctionDef, Framework]]:
        for function in self.tree(path).body:
            if not isinstance(function, ast.FunctionDef):
                continue
            arguments = function.args
            required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
            required += sum(1 for default in arguments.kw_defaults if default is None)
            made: dict[str, Framework] = {}
            for node in ast.walk(function):
                targets: list[ast.expr] = []
                value: ast.expr | None = None
                if isinstance(node, ast.Assign):
                    targets, value = node.targets, node.value
                elif isinstance(node, ast.AnnAssign):
                    targets, value = [node.target], node.value
                if value is not None and (framework := self._framework(path, value)):
                    made.update({target.id: framework for target in targets if isinstance(target, ast.Name)})
                if not isinstance(node, ast.Return) or node.value is None:
                    continue
                result = made.get(node.value.id) if isinstance(node.value, ast.Name) else self._framework(path, node.value)
                if result and not required:
                    yield function, result
                    break

    def _calls(self, path: str, made: dict[tuple[str, str], Candidate]) -> Iterator[tuple[str, int, tuple[str, str]]]:
        """Yield the module-level names that a factory's result is given to, and the factory."""
        for name, line, value in assignments(self.tree(path).body):
            if not isinstance(value, ast.Call):
                continue
            full = self.full_name(path, value.func)
            function = full.rpartition(".")[2]
            if (path, full) in made:
                yield name, line, (path, full)
                continue
            module = full[: -len(function) - 1] if "." in full else ""
            key = next((key for key in made if key[1] == function and module and is_module(key[0], module)), None)
            if key:
                yield name, line, key

    def _wrappers(self, found: list[Candidate]) -> Iterator[Candidate]:
        for candidate in found:
            if candidate.is_factory:
                continue
            for name, line, value in assignments(self.tree(candidate.path).body):
                if not isinstance(value, ast.Call) or line < candidate.line or name == candidate.name:
                    continue
                full = self.full_name(candidate.path, value.func)
                given = [*value.args, *(keyword.value for keyword in value.keywords)]
                takes = any(isinstance(argument, ast.Name) and argument.id == candidate.name for argument in given)
                if takes and (full in ASGI_WRAPPERS or full.endswith("Middleware")):
                    yield Candidate(candidate.path, name, line, candidate.framework, is_wrapper=True)


def assignments(body: list[ast.stmt]) -> Iterator[tuple[str, int, ast.expr]]:
    """Yield the names that statements at module level give values to; those below ``if`` and ``try`` count."""
    for node in body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.lineno, node.value
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno, node.value
        elif isinstance(node, ast.If):
            yield from assignments([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from assignments([*node.body, *node.orelse, *node.finalbody])
        elif isinstance(node, ast.With):
            yield from assignments(node.body)


def is_program(path: str, where: str) -> bool:
    """Tell whether a file is part of the program: no test, example or script of the developers'."""
    inner = path if where == "." else path.removeprefix(f"{where}/")
    words = inner.split("/")
    name = words[-1]
    return not (NO_PARTS & set(words[:-1])) and not name.startswith(("test_", "conftest")) and not name.endswith("_test.py")


def is_module(path: str, module: str) -> bool:
    """Tell whether a file may be what an import calls by a module's name, wherever it starts."""
    tail = module.strip(".").replace(".", "/")
    stem = path.removesuffix("/__init__.py").removesuffix(".py")
    return not tail or stem == tail or stem.endswith(f"/{tail}")


def module_name(path: str, root: str) -> str:
    """Return what a file is imported as by a process that starts in ``root``."""
    inner = path if root == "." else path.removeprefix(f"{root}/")
    return inner.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
