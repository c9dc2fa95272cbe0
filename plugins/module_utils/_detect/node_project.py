# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a package.json declares, which manager, lock and workspace it has, and which Node.js it wants."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import Failure
from .._images.dockerfile import parse_dockerfile
from .evidence import dockerfiles, filled
from .folder import Folder, join, parents, relative
from .model import WITHOUT_LOCK, Fact, Problem
from .tables import NODE_DEFAULT, NODE_LOCKS

_LOCAL = ("workspace:", "file:", "link:", "portal:", "patch:", "catalog:", "git", "http", "npm:", "github:")
"""Specifiers that a lock may write otherwise than the manifest does."""
_FREEZE = {
    "npm": "npm install --package-lock-only",
    "pnpm": "pnpm install --lockfile-only",
    "yarn": "yarn install",
    "yarn-berry": "yarn install --mode=update-lockfile",
    "bun": "bun install --lockfile-only",
}


@dataclass
class Package:
    """A folder with a package.json; ``workspace`` is the folder of the workspace that it is a member of, or its own."""

    folder: str
    manifest: str
    data: Mapping[str, Any]
    workspace: str
    manager: Fact[str]
    manager_version: Fact[str]
    lock: Fact[str]
    problems: list[Problem] = field(default_factory=list)

    @property
    def dependencies(self) -> dict[str, str]:
        """Those of run time, and those of development, which builds need: name -> specifier."""
        return {**_names(self.data, "devDependencies"), **_names(self.data, "optionalDependencies"), **_names(self.data, "dependencies")}

    @property
    def scripts(self) -> dict[str, str]:
        """Name -> command."""
        return _names(self.data, "scripts")


def _names(data: Mapping[str, Any], key: str) -> dict[str, str]:
    value = data.get(key)
    return {str(name): str(text) for name, text in value.items()} if isinstance(value, dict) else {}


def workspace_members(folder: Folder, where: str) -> list[str]:
    """Return the patterns of a workspace's members: pnpm-workspace.yaml's, or package.json's; none where it is no workspace."""
    patterns: Any = None
    if path := folder.first(where, "pnpm-workspace.yaml"):
        patterns = folder.table(path).get("packages")
    if not patterns and (path := folder.first(where, "package.json")):
        patterns = folder.table(path).get("workspaces")
        patterns = patterns.get("packages") if isinstance(patterns, dict) else patterns
    return [str(pattern).removeprefix("./").rstrip("/") for pattern in patterns] if isinstance(patterns, list) else []


def is_member(inner: str, patterns: list[str]) -> bool:
    """Tell whether a folder, relative to its workspace, is a member; a pattern with ``!`` takes it out."""
    member = False
    for pattern in patterns:
        words = pattern.lstrip("!").split("/")
        names = inner.split("/")
        fits = (
            fnmatch.fnmatch(inner, pattern.lstrip("!"))
            if "**" in pattern
            else len(words) == len(names) and all(map(fnmatch.fnmatch, names, words))
        )
        if fits:
            member = not pattern.startswith("!")
    return member


def read_package(folder: Folder, where: str) -> Package:
    """Read a package; ``Failure`` where its manifest or lock cannot be parsed."""
    manifest = join(where, "package.json")
    data = folder.table(manifest)
    part = folder.part_name(where)
    workspace = next((place for place in parents(where)[1:] if is_member(relative(where, place), workspace_members(folder, place))), where)
    found = []
    for place in dict.fromkeys((where, workspace)):
        found += [(path, _berry(folder, path, manager)) for name, manager in NODE_LOCKS if (path := folder.first(place, name))]
    places = dict.fromkeys((manifest, join(workspace, "package.json")))
    said = [
        (match[1], match[2] or "", path)
        for path in places
        if (match := re.match(r"(npm|pnpm|yarn|bun)@\^?(\d[^+]*)?", str(folder.table(path).get("packageManager", ""))))
    ]
    problems: list[Problem] = []
    choices = tuple(f"{manager} ({path})" for path, manager in found) if len(found) > 1 else ()
    stale = {path: missing for path, manager in found if (missing := _differences(folder, path, manager, data, where, workspace))}
    if said:
        name, version, path = said[0]
        source = folder.at(path, r'"packageManager"')
        name = "yarn-berry" if name == "yarn" and version and not version.startswith("1.") else name
        version_fact = Fact(version, source)
        lock = next((path for path, manager in found if manager == name), "")
        manager_fact = Fact(name, source, choices)
        if found and not lock:
            text = (
                f"packageManager says {name}, but the lock is {found[0][0]}: make its own with {_FREEZE[name]}, or correct packageManager."
            )
            problems.append(Problem(part, "lock file", source, text))
    elif found:
        # Of two locks the one that fits its manifest is alive.
        lock, name = next(((path, manager) for path, manager in found if path not in stale), found[0])
        manager_fact, version_fact = Fact(name, lock, choices), Fact("")
        if len({manager for _path, manager in found}) > 1:
            others = [path for path, manager in found if manager != name]
            why = "it fits package.json" if set(others) & set(stale) else "it is the first of the usual order"
            text = f"there are {len(found)} of several managers; {lock} is taken, as {why}: remove {', '.join(others)}."
            problems.append(Problem(part, "lock file", lock, text, stops=False))
    else:
        lock, manager_fact, version_fact = "", Fact("npm", note="No lock file names a manager."), Fact("")
        text = "there is none, so each build may install other versions: make one with npm install --package-lock-only."
        problems.append(Problem(part, "lock file", manifest, text, stops=False))
    if lock in stale:
        text = f"it does not fit {manifest} ({', '.join(stale[lock][:5])}): run {_FREEZE[manager_fact.value]} beside it{WITHOUT_LOCK}."
        problems.append(Problem(part, "lock file", lock, text))
    return Package(where, manifest, data, workspace, manager_fact, version_fact, Fact(lock, lock), problems)


def _berry(folder: Folder, path: str, manager: str) -> str:
    return "yarn-berry" if manager == "yarn" and "__metadata:" in folder.text(path)[:2000] else manager


def _differences(folder: Folder, lock: str, manager: str, data: Mapping[str, Any], where: str, workspace: str) -> list[str]:
    """Return what a manifest names and its lock does not, as ``name@specifier``."""
    inner = relative(where, lock.rpartition("/")[0] or ".")
    wanted = {**_names(data, "devDependencies"), **_names(data, "dependencies"), **_names(data, "optionalDependencies")}
    if lock.endswith(("package-lock.json", "npm-shrinkwrap.json")):
        packages = folder.table(lock, "packages")
        if not packages:
            known = folder.table(lock, "dependencies")
            return [f"{name}@{text}" for name, text in wanted.items() if name not in known]
        entry = packages.get("" if inner == "." else inner)
        held = _all(entry) if isinstance(entry, dict) else {}
    elif lock.endswith("pnpm-lock.yaml"):
        return _pnpm_differences(folder, lock, inner, wanted)
    elif lock.endswith("bun.lock"):
        entry = folder.table(lock, "workspaces").get("" if inner == "." else inner)
        held = _all(entry) if isinstance(entry, dict) else {}
    elif manager in ("yarn", "yarn-berry"):
        text = folder.text(lock)
        return [
            f"{name}@{specifier}"
            for name, specifier in wanted.items()
            if not specifier.startswith(_LOCAL)
            and not re.search(rf"(?m)^(?:.*[\s,\"])?{re.escape(name)}@(?:npm:)?{re.escape(specifier)}[\",:]", text)
        ]
    else:  # bun.lockb is binary
        return []
    return [f"{name}@{specifier}" for name, specifier in wanted.items() if name not in held or not _same(held[name], specifier)]


def _same(one: str, other: str) -> bool:
    return one == other or one.startswith(_LOCAL) or other.startswith(_LOCAL)


def _all(entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: text
        for key in ("devDependencies", "optionalDependencies", "dependencies", "peerDependencies")
        for name, text in _names(entry, key).items()
    }


def _pnpm_differences(folder: Folder, lock: str, inner: str, wanted: Mapping[str, str]) -> list[str]:
    """Compare with the importers alone, which stand first: a lock has tens of thousands of lines behind them."""
    text = folder.text(lock)
    head = re.split(r"(?m)^(?:packages|snapshots):", text, maxsplit=1)[0]
    try:
        import yaml

        data = yaml.load(head, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}
    except yaml.YAMLError as error:
        raise Failure(f"{lock} cannot be read: {' '.join(str(error).split())}. Make it anew with pnpm install.") from None
    entry = (data.get("importers") or {}).get(inner) or (data if inner == "." and "importers" not in data else {})
    held: dict[str, str] = {str(name): str(text) for name, text in (entry.get("specifiers") or {}).items()}
    for key in ("dependencies", "devDependencies", "optionalDependencies"):
        for name, value in (entry.get(key) or {}).items():
            if isinstance(value, dict):
                held[name] = str(value.get("specifier", ""))
    overridden = data.get("overrides") or {}
    return [
        f"{name}@{specifier}"
        for name, specifier in wanted.items()
        if name not in held or (not _same(held[name], specifier) and name not in overridden)
    ]


def node_version(folder: Folder, package: Package) -> Fact[str]:
    """Return the version or the range to take: what a file pins, else the long-term support release where engines allows it."""
    said = list(_versions(folder, package))
    pins = [(text, source) for text, source in said if re.fullmatch(r"v?\d+(\.\d+){0,2}", text)]
    ranges = [(text, source) for text, source in said if (text, source) not in pins]
    choices = tuple(f"{text} ({source})" for text, source in said) if len(said) > 1 else ()
    limit = next(iter(ranges), ("", ""))
    for text, source in pins:
        version = text.lstrip("v")
        if not limit[0] or _allows(limit[0], version):
            return Fact(version, source, choices)
    if not limit[0] or _allows(limit[0], NODE_DEFAULT):
        return Fact(NODE_DEFAULT, limit[1], (*choices, f"{NODE_DEFAULT} (the long-term support release)") if said else ())
    return Fact(limit[0], limit[1], choices)


def _allows(text: str, version: str) -> bool:
    """Tell whether a range allows some release of a version that may be given in part."""
    import nodesemver

    numbers = [*version.split("."), "0", "0"][:3]
    highest = [*version.split("."), "999", "999"][:3]
    return any(nodesemver.satisfies(".".join(parts), text, loose=True) for parts in (numbers, highest))


def _versions(folder: Folder, package: Package) -> Iterator[tuple[str, str]]:
    for place in parents(package.folder):
        for name in (".nvmrc", ".node-version"):
            if path := folder.first(place, name):
                text = folder.text(path).strip()
                if re.fullmatch(r"v?\d+(\.\d+){0,2}", text):
                    yield text, f"{path}:1"
        path = folder.first(place, ".tool-versions")
        if path and (match := re.search(r"^node(?:js)?\s+(\d\S*)", folder.text(path), re.MULTILINE)):
            yield match[1], folder.at(path, r"^node(js)?\s")
        if path := folder.first(place, "mise.toml", ".mise.toml"):
            text = str(folder.table(path, "tools").get("node", ""))
            if re.fullmatch(r"\d+(\.\d+){0,2}", text):
                yield text, folder.at(path, r"node")
    for path in dict.fromkeys((package.manifest, join(package.workspace, "package.json"))):
        volta = folder.table(path, "volta").get("node")
        if volta:
            yield str(volta), folder.at(path, r'"node"', after=r'"volta"')
    for path in dockerfiles(folder, package.folder):
        parsed = parse_dockerfile(folder.text(path).encode())
        for stage in reversed(parsed.stages):
            if match := re.search(r"(?:^|/)node:v?(\d+)", filled(stage.base, parsed)):
                yield match[1], folder.at(path, rf"^\s*FROM\s.*{re.escape(stage.base)}")
                break
    for path in dict.fromkeys((package.manifest, join(package.workspace, "package.json"))):
        engine = folder.table(path, "engines").get("node")
        if engine:
            yield str(engine), folder.at(path, r'"node"', after=r'"engines"')
