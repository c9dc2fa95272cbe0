# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a package are loaded, and which environment variables they read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from .folder import Folder, join
from .javascript import Read, Script, resolve, scripts
from .node_project import Package, is_member, workspace_members

_ALL_OF_ENV = re.compile(
    r"(?:parse|safeParse|cleanEnv|createEnv|validate)\w*\(\s*(?:process\.env|\{)|runtimeEnv|experimental__runtimeEnv|cleanEnv\(|"
    r"envSchema\(|@fastify/env|fastify-env"
)
_TYPED = r"(?:z|v|Joi|joi|yup|t|type|Type|S|str|num|bool|url|port|host|json|email|envalid)\b[\s.(]"
"""How the value of a schema begins: of zod, valibot, joi, yup, envalid, TypeBox, fluent-json-schema."""
_NAME = re.compile(r"[A-Z][A-Z0-9_]*[A-Z0-9]")


def aliases(folder: Folder, package: Package) -> dict[str, str]:
    """Return what tsconfig's or jsconfig's ``paths``, and package.json's ``imports``, stand for: prefix -> folder."""
    found: dict[str, str] = {}
    for name in ("tsconfig.json", "tsconfig.app.json", "jsconfig.json"):
        path = folder.first(package.folder, name)
        options = folder.table(path, "compilerOptions") if path else {}
        base = join(package.folder, str(options.get("baseUrl", ".")))
        for alias, targets in (options.get("paths") or {}).items():
            if isinstance(targets, list) and targets:
                found[alias.rstrip("*")] = join(base, str(targets[0]).rstrip("*") or ".")
    for alias, target in (folder.table(package.manifest, "imports") or {}).items():
        if isinstance(target, str) and target.startswith("./"):
            found[alias.rstrip("*")] = join(package.folder, target.rstrip("*"))
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def siblings(folder: Folder, package: Package) -> dict[str, str]:
    """Return the packages of the workspace that a package may import: name -> folder."""
    if package.workspace == package.folder:
        return {}
    patterns = workspace_members(folder, package.workspace)
    found = {}
    for path in folder.below(package.workspace, "/package.json"):
        where = path.removesuffix("/package.json")
        inner = where if package.workspace == "." else where.removeprefix(f"{package.workspace}/")
        if is_member(inner, patterns) and (name := folder.table(path).get("name")):
            found[str(name)] = where
    return found


def reachable(folder: Folder, package: Package, starts: Iterable[str], without: list[str]) -> dict[str, Script]:
    """Return the files that are loaded when some are, each parsed once, in the order in which they are met."""
    known = aliases(folder, package)
    near = siblings(folder, package)
    waiting = list(starts)
    found: dict[str, Script] = {}
    taken: set[str] = set()
    while waiting:
        path = waiting.pop(0)
        if path in found:
            continue
        found[path] = script = Script(folder, path)
        for target in script.imports():
            other = resolve(folder, path, target, known)
            if other and other.endswith((".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")):
                waiting.append(other)
                continue
            name = next((name for name in near if target == name or target.startswith(f"{name}/")), "")
            if name and name not in taken:
                taken.add(name)
                waiting += scripts(folder, near[name], without=[])
    return found


def reads(loaded: Mapping[str, Script]) -> list[Read]:
    """Return what some files read."""
    found: list[Read] = []
    for script in loaded.values():
        own = list(script.reads())
        schema = _schema(script) if _ALL_OF_ENV.search(script.text) else {}
        found += [
            replace(read, required=schema[read.name].required, default=read.default or schema[read.name].default)
            if read.name in schema
            else read
            for read in own
        ]
        seen = {read.name for read in own}
        found += [read for name, read in schema.items() if name not in seen]
        for method, owner, arguments, source in script.calls("get", "getOrThrow"):
            if re.search(r"config|env", owner, re.IGNORECASE) and arguments and arguments[0].type == "string":
                name = arguments[0].text.decode().strip("\"'`")
                if _NAME.fullmatch(name):
                    default = script.literal(arguments[1]) if len(arguments) > 1 else None
                    found.append(Read(name, source, default, method == "getOrThrow"))
    return [read for read in found if re.fullmatch(r"\w+", read.name)]


def _schema(script: Script) -> dict[str, Read]:
    """Return the variables that a schema of zod, envalid, joi or TypeBox describes, or one of JSON as @fastify/env has it."""
    found: dict[str, Read] = {}
    wanted = {name for text in re.findall(r"\brequired\s*:\s*\[([^\]]*)\]", script.text) for name in re.findall(r"\w+", text)}
    for key, value, source in script.pairs():
        if not _NAME.fullmatch(key):
            continue
        if re.match(r"\{[^{}]*\btype['\"]?\s*:", value):
            given = re.search(r"""\bdefault['"]?\s*:\s*["'`]?([^"'`},\n]*)""", value)
            found[key] = Read(key, source, given[1].strip() if given else None, key in wanted and not given)
            continue
        # A name may stand for a type that several variables have.
        named = re.fullmatch(r"\w+", value) and re.search(rf"\b{value}\s*=\s*{_TYPED}", script.text)
        if not named and not re.match(_TYPED, value):
            continue
        default = re.search(r"""(?:\.default\(|default:\s*)["'`]?([^"'`)},]*)""", value)
        optional = re.search(r"\.(?:optional|nullish|nullable|catch)\(|^(?:v\.o|Type\.O)ptional\(", value)
        found[key] = Read(key, source, default[1] if default else None, not default and not optional)
    return found
