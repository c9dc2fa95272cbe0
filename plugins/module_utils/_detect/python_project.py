# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Python project depends on, which manager and lock it has, and which Python it wants."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import Failure
from .._images.dockerfile import parse_dockerfile
from .evidence import dockerfiles, filled
from .folder import Folder, join, parents
from .model import WITHOUT_LOCK, Fact, Problem
from .tables import EXTRAS, PYTHON_DEFAULT, PYTHON_LOCKS, PYTHONS, REQUIREMENTS

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^;#]*)")


@dataclass
class Project:
    """A folder with a Python manifest.

    Attributes:
        folder: Where it stands.
        manifest: What declares its dependencies; empty where nothing does.
        direct: Declared distribution -> (version specifier, place).
        manager, lock: See ``model.Python``.
        locked: Distribution of the lock, reachable from the declared ones -> version.
        workspace: The folder of the workspace that it is a member of, or its own.
    """

    folder: str
    manifest: Fact[str]
    manager: Fact[str]
    lock: Fact[str]
    direct: dict[str, tuple[str, str]] = field(default_factory=dict)
    locked: dict[str, str] = field(default_factory=dict)
    workspace: str = "."
    is_package: bool = False
    problems: list[Problem] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    """Folders of the workspace's packages that it depends on."""

    @property
    def dependencies(self) -> dict[str, str]:
        """What is installed: the lock's, else what is declared, by normal name."""
        return self.locked or {name: pinned(specifier) for name, (specifier, _source) in self.direct.items()}


def normal(name: str) -> str:
    """Return a distribution's normal name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(specifier: str) -> str:
    """Return the version of ``==1.2``; empty for a range."""
    found = re.fullmatch(r"\s*===?\s*([^*,\s]+)\s*", specifier)
    return found[1] if found else ""


_IS_MANIFEST = {
    "setup.cfg": re.compile(r"^\[(metadata|options)\]", re.MULTILINE),
    "setup.py": re.compile(r"\b(setuptools|distutils)\b"),
}
"""What stands in a file of such a name that declares a project."""


def is_project(folder: Folder, where: str) -> bool:
    """Tell whether a folder declares Python dependencies."""
    return bool(_manifest(folder, where))


def _manifest(folder: Folder, where: str) -> str:
    if (path := folder.first(where, "pyproject.toml")) and (folder.table(path, "project") or folder.table(path, "tool", "poetry")):
        return path
    for name in ("Pipfile", *REQUIREMENTS, "setup.cfg", "setup.py", "requirements.in"):
        # Others have files of these names, too: flake8's settings, a module that sets something up.
        if (path := folder.first(where, name)) and (name not in _IS_MANIFEST or _IS_MANIFEST[name].search(folder.text(path))):
            return path
    return ""


def read_project(folder: Folder, where: str) -> Project:
    """Read a project; ``Failure`` where its manifest or lock cannot be parsed."""
    part = folder.part_name(where)
    workspace = _workspace(folder, where)
    manifest = _manifest(folder, where)
    found = [
        (path, manager)
        for name, manager in PYTHON_LOCKS
        for place in dict.fromkeys((where, workspace))
        if (path := folder.first(place, name))
    ]
    requirements = folder.first(where, *REQUIREMENTS)
    problems: list[Problem] = []
    if not found and requirements and (not manifest.endswith(".toml") or not _declared(folder, manifest)):
        manifest = requirements
    if not found and requirements and manifest.endswith("pyproject.toml") and _is_complete(folder, requirements):
        found = [(requirements, "pip")]
    direct = dict(_declared(folder, manifest)) if manifest else {}
    members = _members(folder, workspace, direct) if workspace != where else []
    for member in members:
        direct.update({name: entry for name, entry in _declared(folder, join(member, "pyproject.toml")) if name not in direct})
    choices = tuple(f"{manager} ({path})" for path, manager in found)
    if found:
        path, manager = found[0]
        note = ""
        if len(found) > 1:
            note = f"{path} is taken; remove {', '.join(other for other, _manager in found[1:])} where it is stale."
        lock = Fact(path, path, choices if len(found) > 1 else (), note)
        if requirements and path != requirements:
            lock = Fact(path, path, (*choices, f"pip ({requirements})"), note or f"{requirements} beside it is not read.")
    elif manifest in (requirements, join(where, "requirements.in")) and requirements:
        manager = "pip"
        pinned_all = _is_complete(folder, requirements)
        lock = Fact(requirements if pinned_all else "", requirements if pinned_all else "")
    else:
        manager, lock = {"Pipfile": "pipenv"}.get(manifest.rpartition("/")[2], "pyproject"), Fact("")
        if folder.table(manifest, "tool", "poetry") if manifest.endswith(".toml") else {}:
            manager = "poetry"
    if not lock.value and manifest:
        problems.append(
            Problem(part, "lock file", manifest, "there is none, so each build may install other versions; make one with uv lock.", False)
        )
    locked: dict[str, str] = {}
    if lock.value and manager != "pip":
        packages = _locked(folder, lock.value)
        locked = _closure(packages, direct)
        missing = [name for name in direct if packages and name not in packages]
        if missing:
            fix = {"uv": "uv lock", "poetry": "poetry lock", "pdm": "pdm lock", "pipenv": "pipenv lock"}.get(manager, "its manager")
            text = f"it lacks {', '.join(sorted(missing))}, which {manifest} names: run {fix} beside it{WITHOUT_LOCK}."
            problems.append(Problem(part, "lock file", lock.value, text))
    elif lock.value.endswith("pylock.toml"):
        locked = _closure(_locked(folder, lock.value), direct)
    build_system = bool(manifest.endswith(".toml") and folder.table(manifest, "build-system"))
    is_package = folder.table(manifest, "tool", "uv").get("package", build_system) if manifest.endswith(".toml") else False
    if manager == "poetry":
        is_package = folder.table(manifest, "tool", "poetry").get("package-mode", True)
    return Project(
        where,
        Fact(manifest, manifest),
        Fact(manager, lock.value or manifest),
        lock,
        direct,
        locked,
        workspace,
        bool(is_package),
        problems,
        members,
    )


def _workspace(folder: Folder, where: str) -> str:
    """Return the folder of the uv workspace that a folder is a member of; its own where it is in none."""
    import fnmatch

    for place in parents(where)[1:]:
        path = folder.first(place, "pyproject.toml")
        members = folder.table(path, "tool", "uv", "workspace").get("members") if path else None
        if members:
            inner = where if place == "." else where.removeprefix(f"{place}/")
            if any(fnmatch.fnmatch(inner, member.rstrip("/").removeprefix("./")) for member in members):
                return place
    return where


def _members(folder: Folder, workspace: str, direct: Iterable[str]) -> list[str]:
    """Return the folders of the workspace's packages that some dependencies name, theirs included."""
    named = {
        normal(str(name)): path.rpartition("/")[0]
        for path in folder.below(workspace, "/pyproject.toml")
        if (name := folder.table(path, "project").get("name"))
    }
    found: list[str] = []
    waiting = list(direct)
    while waiting:
        member = named.get(waiting.pop())
        if member and member not in found:
            found.append(member)
            waiting += [name for name, _entry in _declared(folder, join(member, "pyproject.toml"))]
    return sorted(found)


def _is_complete(folder: Folder, path: str) -> bool:
    """Tell whether each line of a requirements file pins a version, as a compiled one does."""
    lines = [line for line, _number in _requirement_lines(folder, path)]
    return bool(lines) and all("==" in line or " @ " in line for line in lines)


def _requirement_lines(folder: Folder, path: str, seen: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    """Yield the requirements of a file and of those that it includes, each with its place."""
    text = folder.text(path).replace("\\\n", "  ")
    for number, raw in enumerate(text.split("\n"), 1):
        line = re.sub(r"(^|\s)#.*", "", raw).strip()
        if match := re.match(r"(?:-r|--requirement)[\s=]*(\S+)", line):
            other = join(path.rpartition("/")[0] or ".", match[1])
            if other not in seen:
                yield from _requirement_lines(folder, other, seen | {path})
        elif line and not line.startswith("-"):
            yield line, f"{path}:{number}"


def _declared(folder: Folder, manifest: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield what a manifest needs at run time: name, specifier and place."""
    for text, source in _declarations(folder, manifest):
        match = _REQUIREMENT.match(text)
        if match:
            yield normal(match[1]), (match[3].strip(), source or folder.at(manifest, rf"(?i)[\"']?{re.escape(match[1])}\b"))
            for extra in (match[2] or "").strip("[]").split(","):
                brought = EXTRAS.get((normal(match[1]), extra.strip()))
                if brought:
                    yield brought, ("", source or folder.at(manifest, rf"(?i){re.escape(match[1])}"))


def _declarations(folder: Folder, manifest: str) -> Iterator[tuple[str, str]]:
    name = manifest.rpartition("/")[2]
    if name == "pyproject.toml":
        listed = folder.table(manifest, "project").get("dependencies") or []
        for entry in listed:
            yield str(entry), ""
        for key, value in folder.table(manifest, "tool", "poetry", "dependencies").items():
            if key.lower() != "python":
                version = value if isinstance(value, str) else str(value.get("version", "")) if isinstance(value, dict) else ""
                extras = f"[{','.join(value['extras'])}]" if isinstance(value, dict) and value.get("extras") else ""
                yield f"{key}{extras} {version}", ""
    elif name == "Pipfile":
        import tomllib

        try:
            packages = tomllib.loads(folder.text(manifest)).get("packages", {})
        except ValueError as error:
            raise Failure(f"{manifest} cannot be read: {error}. Mend it.") from None
        for key, value in packages.items():
            yield f"{key} {value if isinstance(value, str) else value.get('version', '')}", ""
    elif name == "setup.cfg":
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(folder.text(manifest))
        except configparser.Error as error:
            raise Failure(f"{manifest} cannot be read: {' '.join(str(error).split())}. Mend it.") from None
        for line in parser.get("options", "install_requires", fallback="").splitlines():
            yield line, ""
    elif name == "setup.py":
        try:
            tree = ast.parse(folder.text(manifest))
        except SyntaxError:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "install_requires" and isinstance(node.value, ast.List):
                for element in node.value.elts:
                    if isinstance(element, ast.Constant):
                        yield str(element.value), f"{manifest}:{element.lineno}"
    else:
        yield from _requirement_lines(folder, manifest)


def _locked(folder: Folder, lock: str) -> dict[str, tuple[str, list[str]]]:
    """Return what a lock holds: name -> version and the names it needs."""
    if lock.endswith("Pipfile.lock"):
        return {normal(name): (str(entry.get("version", "")).lstrip("="), []) for name, entry in folder.table(lock, "default").items()}
    found: dict[str, tuple[str, list[str]]] = {}
    data = folder.data(lock)
    for package in data.get("package") or data.get("packages") or []:
        needs = package.get("dependencies") or []
        names = [need if isinstance(need, str) else need.get("name", "") for need in needs]
        names += [
            extra["name"] for group in (package.get("optional-dependencies") or {}).values() for extra in group if isinstance(extra, dict)
        ]
        words = [match[1] for name in names if (match := _REQUIREMENT.match(name))]
        found[normal(package["name"])] = (str(package.get("version", "")), [normal(word) for word in words])
    return found


def _closure(packages: dict[str, tuple[str, list[str]]], direct: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    waiting = list(direct)
    while waiting:
        name = waiting.pop()
        if name in packages and name not in found:
            version, needs = packages[name]
            found[name] = version
            waiting += needs
    # A lock whose entries do not say what they need holds nothing but what is needed.
    return found if any(needs for _version, needs in packages.values()) else {name: version for name, (version, _needs) in packages.items()}


def python_version(folder: Folder, project: Project) -> tuple[Fact[str], Fact[str]]:
    """Return the minor version to take, such as 3.13, and the range that is allowed."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    requires = _requires(folder, project)
    try:
        allowed = SpecifierSet(as_specifier(requires.value))
    except InvalidSpecifier:
        allowed = SpecifierSet()
    said = [(minor, source) for minor, source in _versions(folder, project) if minor]
    choices = [f"{minor} ({source})" for minor, source in said]
    if requires.value:
        choices.append(f"{requires.value} ({requires.source})")
    for minor, source in said:
        if allowed.contains(f"{minor}.99") or allowed.contains(f"{minor}.0"):
            return Fact(minor, source, tuple(choices) if len(choices) > 1 else ()), requires
    possible = [minor for minor in PYTHONS if allowed.contains(f"{minor}.99") or allowed.contains(f"{minor}.0")]
    chosen = PYTHON_DEFAULT if PYTHON_DEFAULT in possible or not possible else possible[0]
    note = "" if possible else f"No Python that is known is in {requires.value}."
    if said and not note:
        note = f"{said[0][1]} says {said[0][0]}, which {requires.value} of {requires.source} excludes."
    return Fact(chosen, requires.source if requires.value else "", tuple(choices) if said else (), note), requires


def as_specifier(text: str) -> str:
    """Return poetry's carets and tildes as PEP 440 has it."""
    parts = []
    for part in text.replace("||", ",").split(","):
        part = part.strip()
        if match := re.fullmatch(r"\^\s*(\d+)((?:\.\d+)*)", part):
            # The first number that is not 0 stays; https://python-poetry.org/docs/dependency-specification/.
            numbers = [int(number) for number in f"{match[1]}{match[2]}".split(".")]
            at = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
            parts += [f">={match[1]}{match[2]}", f"<{'.'.join(map(str, [*numbers[:at], numbers[at] + 1]))}"]
        elif match := re.fullmatch(r"~\s*(\d+)\.(\d+)(?:\.\d+)*", part):
            parts += [f"=={match[1]}.{match[2]}.*"]
        elif re.fullmatch(r"\d+(\.\d+)?", part):
            parts.append(f"=={part}.*")
        elif re.fullmatch(r"\d+\.\d+\.(\d+|\*)", part):
            parts.append(f"=={part}")
        elif part and part != "*":
            parts.append(part)
    return ",".join(parts)


def _requires(folder: Folder, project: Project) -> Fact[str]:
    path = folder.first(project.folder, "pyproject.toml")
    if path:
        if value := folder.table(path, "project").get("requires-python"):
            return Fact(str(value), folder.at(path, r"requires-python"))
        if value := folder.table(path, "tool", "poetry", "dependencies").get("python"):
            return Fact(str(value), folder.at(path, r"^python\s*="))
    if project.lock.value.endswith("uv.lock") and (value := folder.data(project.lock.value).get("requires-python")):
        return Fact(str(value), folder.at(project.lock.value, r"requires-python"))
    return Fact("")


def _versions(folder: Folder, project: Project) -> Iterator[tuple[str, str]]:
    """Yield the minor versions that files ask for, with their places, the most telling first."""
    for path in dockerfiles(folder, project.folder):
        parsed = parse_dockerfile(folder.text(path).encode())
        for stage in reversed(parsed.stages):
            base = filled(stage.base, parsed)
            if match := re.search(r"(?:^|/)(?:python|uv-python|uv):.*?(3\.\d+)", base):
                yield match[1], folder.at(path, rf"^\s*FROM\s.*{re.escape(stage.base)}")
                break
    for place in parents(project.folder):
        if path := folder.first(place, ".python-version"):
            yield _minor(folder.text(path)), f"{path}:1"
        if path := folder.first(place, ".tool-versions"):
            match = re.search(r"^python\s+(\S+)", folder.text(path), re.MULTILINE)
            yield _minor(match[1] if match else ""), folder.at(path, r"^python\s")
        if path := folder.first(place, "mise.toml", ".mise.toml"):
            yield _minor(str(folder.table(path, "tools").get("python", ""))), folder.at(path, r"python")
        if path := folder.first(place, "runtime.txt"):
            yield _minor(folder.text(path)), f"{path}:1"
    if path := folder.first(project.folder, "Pipfile"):
        match = re.search(r"python_(?:full_)?version\s*=\s*[\"']([^\"']+)", folder.text(path))
        yield _minor(match[1] if match else ""), folder.at(path, r"python_(full_)?version")


def _minor(text: Any) -> str:
    match = re.search(r"(?<![\d.])3\.\d+", str(text))
    return match[0] if match else ""
