# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths a part answers, and which of them tells of its health."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from .folder import Folder
from .javascript import Script
from .model import Fact
from .python_source import Sources
from .tables import HEALTH_WORDS

_METHODS = frozenset(("get", "route", "api_route", "post", "put", "delete", "patch", "websocket"))

READS = frozenset(("get", "route", "api_route", "all"))
"""How routes are made that answer a GET."""

DESCRIPTION = "/openapi.json"
"""What FastAPI answers with, unless it is told not to; https://fastapi.tiangolo.com/tutorial/metadata/."""


def best(paths: Iterable[tuple[str, str]]) -> Fact[str]:
    """Return the path of health among paths with their places; an empty one for none.

    One without placeholders counts whose last word is known; the nearer to the root the better.
    """
    known = []
    for path, source in paths:
        word = path.rstrip("/").rpartition("/")[2].lower()
        if word in HEALTH_WORDS and not re.search(r"[{<:*\[]", path):
            known.append((HEALTH_WORDS.index(word), path.count("/"), path, source))
    known.sort()
    choices = tuple(f"{path} ({source})" for _rank, _depth, path, source in known)
    return Fact(known[0][2], known[0][3], choices if len(choices) > 1 else ()) if known else Fact("")


def asked_plainly(paths: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Return the paths that answer a GET and have no placeholder."""
    return tuple(dict.fromkeys(path for path, method, _source in paths if method in READS and not re.search(r"[{<:*\[(^$\\]", path)))


def to_ask(gets: Iterable[str], health: str = "") -> tuple[str, dict[str, int]] | None:
    """Return the path that shows best that an interface answers, with what a step of ``app_checks`` expects; nothing where none is known.

    Its route of health, its page, its description, else any path of a GET: who must sign in, or lacks a parameter, is answered, too.
    """
    found = sorted(gets, key=lambda path: (bool(re.search(r"event|stream|sse|ws", path)), path.count("/"), len(path), path))
    if health:
        return health, {"status": 200}
    if "/" in found:
        return "/", {}
    if described := [path for path in found if path.endswith(DESCRIPTION)]:
        return described[0], {"status": 200}
    return (found[0], {"below": 500}) if found else None


def python_paths(sources: Sources, loaded: list[str], root: str) -> list[tuple[str, str, str]]:
    """Return the paths of FastAPI's, Starlette's, Flask's routes: path, method, place. Prefixes of routers are put in front."""
    prefixes = _prefixes(sources, loaded, root)
    found: list[tuple[str, str, str]] = []
    for path in loaded:
        own = _own_prefixes(sources, path)
        for node in sources.nodes(path):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for mark in node.decorator_list:
                if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in _METHODS):
                    continue
                if not (isinstance(mark.func.value, ast.Name) and mark.args and isinstance(mark.args[0], ast.Constant)):
                    continue
                router = mark.func.value.id
                for prefix in prefixes.get((path, router), [""]):
                    full = f"{prefix}{own.get(router, '')}{mark.args[0].value!s}"
                    found.append((full or "/", _method(mark), f"{path}:{mark.lineno}"))
        found += _called(sources, path)
    return found


def _called(sources: Sources, path: str) -> Iterator[tuple[str, str, str]]:
    """Yield the paths of routes that a call makes: Starlette's ``Route(...)`` at the top, ``app.add_route``, ``app.add_url_rule``."""
    inside = {
        id(below)
        for node in sources.nodes(path)
        if isinstance(node, ast.Call) and sources.full_name(path, node.func).rpartition(".")[2] == "Mount"
        for below in ast.walk(node)
    }
    for node in sources.nodes(path):
        if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant) and id(node) not in inside):
            continue
        text, name = node.args[0].value, sources.full_name(path, node.func).rpartition(".")[2]
        made = isinstance(node.func, ast.Attribute) and node.func.attr in ("add_route", "add_api_route", "add_url_rule")
        if (made or name == "Route") and isinstance(text, str) and text.startswith("/") and len(node.args) + len(node.keywords) > 1:
            methods = _method(node)
            yield text, "route" if methods not in _METHODS - READS else methods, f"{path}:{node.lineno}"


def _method(mark: ast.Call) -> str:
    """Return how a call makes a route: its name, or the first of the methods where it names others than GET."""
    named = next((word.value for word in mark.keywords if word.arg == "methods"), None)
    methods = [str(one.value).lower() for one in getattr(named, "elts", []) if isinstance(one, ast.Constant)]
    own = mark.func.attr if isinstance(mark.func, ast.Attribute) else ""
    return methods[0] if methods and "get" not in methods else own


def _own_prefixes(sources: Sources, path: str) -> dict[str, str]:
    """Return the prefix that each router of a file is made with."""
    found: dict[str, str] = {}
    for node in sources.nodes(path):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
            for keyword in node.value.keywords:
                if keyword.arg in ("prefix", "url_prefix"):
                    found[node.targets[0].id] = text_of(sources, path, keyword.value)
    return found


def _prefixes(sources: Sources, loaded: list[str], root: str) -> dict[tuple[str, str], list[str]]:
    """Return under which prefixes each router is included, through routers that include routers."""
    edges: dict[tuple[str, str], list[tuple[tuple[str, str], str]]] = {}
    for path in loaded:
        own = _own_prefixes(sources, path)
        for node in sources.nodes(path):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            if node.func.attr not in ("include_router", "register_blueprint", "mount"):
                continue
            argument = node.args[-1] if node.func.attr == "mount" else node.args[0]
            target = _router(sources, path, argument, root)
            owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            if not target:
                continue
            prefix = next((text_of(sources, path, word.value) for word in node.keywords if word.arg in ("prefix", "url_prefix")), "")
            if node.func.attr == "mount" and isinstance(node.args[0], ast.Constant):
                prefix = str(node.args[0].value)
            edges.setdefault(target, []).append(((path, owner), f"{own.get(owner, '')}{prefix}"))
    found: dict[tuple[str, str], list[str]] = {}

    def above(router: tuple[str, str], seen: frozenset[tuple[str, str]]) -> list[str]:
        if router in seen or router not in edges:
            return [""]
        return [f"{before}{prefix}" for owner, prefix in edges[router] for before in above(owner, seen | {router})]

    for router in edges:
        found[router] = list(dict.fromkeys(above(router, frozenset())))
    return found


def _router(sources: Sources, path: str, node: ast.expr, root: str) -> tuple[str, str] | None:
    """Return the file and the name in it that an expression stands for."""
    full = sources.full_name(path, node)
    module, _dot, name = full.rpartition(".")
    if not module:
        return (path, full) if full else None
    files = sources.resolve(path, module, root)
    if not files:
        return None
    file = files[-1]
    # A package may hand on what another file makes.
    handed = sources.names(file).get(name) if file.endswith("__init__.py") else None
    if handed:
        inner, _dot, name = handed.rpartition(".")
        deeper = sources.resolve(file, inner or ".", root)
        file = deeper[-1] if deeper else file
    return file, name


def text_of(sources: Sources, path: str, node: ast.expr) -> str:
    """Return a literal, or the default of a setting that an attribute such as ``settings.API_V1_STR`` names; empty otherwise."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(sources, path, value.value if isinstance(value, ast.FormattedValue) else value) for value in node.values)
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if not name:
        return ""
    for file in [path, *sources.files]:
        if name not in sources.folder.text(file):
            continue
        for inner in sources.nodes(file):
            value = inner.value if isinstance(inner, ast.Assign | ast.AnnAssign) else None
            targets = inner.targets if isinstance(inner, ast.Assign) else [inner.target] if isinstance(inner, ast.AnnAssign) else []
            if (
                isinstance(value, ast.Constant)
                and isinstance(value.value, str)
                and any(isinstance(target, ast.Name) and target.id == name for target in targets)
            ):
                return value.value
    return ""


def django_paths(sources: Sources, loaded: list[str], root: str) -> list[tuple[str, str, str]]:
    """Return the paths of Django's ``urlpatterns``, those that ``include`` brings with their prefix."""
    del root
    raw: dict[str, list[tuple[str, str, str]]] = {}
    for path in sources.files:
        if not path.endswith("urls.py"):
            continue
        for node in sources.nodes(path):
            if (
                isinstance(node, ast.Call)
                and sources.full_name(path, node.func).rpartition(".")[2] in ("path", "re_path", "url")
                and len(node.args) > 1
            ):
                if not (isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)):
                    continue
                target = node.args[1]
                included = ""
                if isinstance(target, ast.Call) and sources.full_name(path, target.func).endswith("include") and target.args:
                    first = target.args[0]
                    first = first.elts[0] if isinstance(first, ast.Tuple) and first.elts else first
                    included = str(first.value) if isinstance(first, ast.Constant) else ""
                raw.setdefault(path, []).append((node.args[0].value, included, f"{path}:{node.lineno}"))
    found: list[tuple[str, str, str]] = []

    def walk(path: str, prefix: str, depth: int) -> None:
        for pattern, included, source in raw.get(path, []):
            if not included:
                found.append((f"/{prefix}{pattern}".replace("//", "/"), "get", source))
                continue
            tail = included.replace(".", "/") + ".py"
            other = next((file for file in raw if file == tail or file.endswith(f"/{tail}")), "")
            if other and depth < 6:
                walk(other, f"{prefix}{pattern}", depth + 1)
            elif not other:
                found.append((f"/{prefix}{pattern}".replace("//", "/"), "include", source))

    included_somewhere = {
        included.replace(".", "/") + ".py" for entries in raw.values() for _pattern, included, _source in entries if included
    }
    tops = [path for path in raw if not any(path == tail or path.endswith(f"/{tail}") for tail in included_somewhere)]
    for path in tops:
        if (
            not loaded
            or path in loaded
            or posixpath.basename(posixpath.dirname(path)) in {posixpath.basename(posixpath.dirname(file)) for file in loaded}
        ):
            walk(path, "", 0)
    return found


def next_paths(folder: Folder, where: str) -> list[tuple[str, str, str]]:
    """Return the paths that Next.js' route handlers and API pages answer."""
    found: list[tuple[str, str, str]] = []
    for base in ("app", "src/app"):
        start = base if where == "." else f"{where}/{base}"
        for path in folder.below(start, "/route.ts", "/route.js", "/route.tsx", "/route.mjs"):
            words = [word for word in posixpath.dirname(path).removeprefix(start).split("/") if word and not word.startswith("(")]
            found.append((f"/{'/'.join(words)}", "get", path))
    for base in ("pages/api", "src/pages/api"):
        start = base if where == "." else f"{where}/{base}"
        for path in folder.below(start, ".ts", ".js", ".tsx"):
            inner = re.sub(r"(/index)?\.\w+$", "", path.removeprefix(start))
            found.append((f"/api{inner}", "get", path))
    return found


Resolver: TypeAlias = Callable[[str, str], str]
"""From a file and what it imports, as it is written, to the file that is loaded; empty for a package's."""


def node_paths(loaded: Mapping[str, Script], resolver: Resolver = lambda _path, _target: "") -> list[tuple[str, str, str]]:
    """Return the literal paths of Express', Fastify's, Koa's and Hono's routes, with the prefixes of routers in front, and of Nest's."""
    found: list[tuple[str, str, str]] = list(_nest_paths(loaded))
    prefixes = _router_prefixes(loaded, resolver)
    for path, script in loaded.items():
        for method, owner, arguments, source in script.calls("get", "all", "use", "post"):
            if len(arguments) > 1 and re.search(r"app|router|server|fastify|route", owner, re.IGNORECASE):
                text = script.literal(arguments[0])
                if text and text.startswith("/") and method != "use":
                    own = prefixes.get((path, owner)) or prefixes.get((path, "")) or [""]
                    found += [(f"{prefix}{text}".rstrip("/") or "/", method, source) for prefix in own]
                elif text and text.startswith("/"):
                    found.append((text, method, source))
    return found


def _router_prefixes(loaded: Mapping[str, Script], resolver: Resolver) -> dict[tuple[str, str], list[str]]:
    """Return under which prefixes routers answer: those of a file, with an empty name, and those that have a name in their own file.

    A router is brought by Express' ``use("/api", router)``, Hono's ``route("/api", router)`` or Fastify's ``register(plugin, {prefix})``.
    """
    edges: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for path, script in loaded.items():
        names = script.imported()
        for method, _owner, arguments, _source in script.calls("use", "route", "register"):
            if len(arguments) < 2:
                continue
            if method == "register":
                routers, prefix = arguments[:1], Script.entry(arguments[1], "prefix")
            else:
                routers, prefix = arguments[1:], Script.literal(arguments[0]) or ""
            for router in routers if prefix.startswith("/") else []:
                # A router may be made at once, as in use("/api", makeRouter(settings)).
                name = router.text.decode("utf-8", "replace").partition("(")[0].partition(".")[0]
                file = resolver(path, names[name]) if name in names else ""
                target = (file, "") if file else (path, name)
                if re.fullmatch(r"\w+", name) and target[0] in loaded:
                    edges.setdefault(target, []).append((path, prefix.rstrip("/")))

    def above(router: tuple[str, str], seen: frozenset[tuple[str, str]]) -> list[str]:
        if router in seen or router not in edges:
            return [""]
        return [f"{before}{prefix}" for owner, prefix in edges[router] for before in above((owner, ""), seen | {router})]

    return {router: list(dict.fromkeys(above(router, frozenset()))) for router in edges}


def _nest_paths(loaded: Mapping[str, Script]) -> Iterator[tuple[str, str, str]]:
    """Yield the paths of Nest's controllers; https://docs.nestjs.com/controllers and https://docs.nestjs.com/faq/global-prefix."""
    calls = (call for script in loaded.values() for call in script.calls("setGlobalPrefix"))
    before = next((text.strip("/") for _method, _owner, words, _place in calls if words and (text := Script.literal(words[0]))), "")
    for script in loaded.values():
        own = ""
        for name, arguments, source in script.decorators("Controller", "Get", "Post", "Put", "Patch", "Delete"):
            text = Script.literal(arguments[0]) if arguments else ""
            if name == "Controller":
                own = ":" if text is None else text  # what no literal says is a placeholder
            elif text is not None:
                words = "/".join(word.strip("/") for word in (before, own, text) if word.strip("/"))
                yield f"/{words}", name.lower(), source
