# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raise the version of a program that the toolchain pins: ``./bootstrap nox -s raise -- crictl v1.34.0``.

Changes the program's line in pins.py and the go.mod and go.sum of every recipe that is built from its module, or nothing, and prints what
changed. What a repository's go.mod says only to builds inside of it, the recipes say as that version's does: its replacements and its
godebug lines. Where the module's path changed, as helm.sh/helm/v3 became v4, catalogue.py changes, too. Building it, and the tests, come
after.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import catalogue, pins

ROOT = Path(__file__).parents[1]
TOOLCHAIN = ROOT / "plugins/module_utils/_toolchain"
PINS, CATALOGUE = TOOLCHAIN / "pins.py", TOOLCHAIN / "catalogue.py"
RECIPES = ROOT / "roles/toolchain/files/go"
# What a repository requires of its own parts that it replaces by folders: a version that nobody publishes.
_PLACEHOLDER = "v0.0.0"


@dataclass(frozen=True)
class Module:
    """A go.mod: its module's path, module -> version of its requirements, and what counts in a build of that module itself only."""

    path: str
    requires: dict[str, str]
    replaces: dict[str, str]
    """Module -> what it is replaced by: module@version, or a folder."""
    godebug: dict[str, str]
    tools: list[str]

    @classmethod
    def read(cls, mod: Path) -> Module:
        found = json.loads(go(mod.parent, "mod", "edit", "-json", str(mod)))
        return cls(
            found["Module"]["Path"],
            {one["Path"]: one["Version"] for one in found["Require"] or []},
            {_named(one["Old"]): _named(one["New"]) for one in found["Replace"] or []},
            {one["Key"]: one["Value"] for one in found.get("GoDebug") or []},
            [one["Path"] for one in found.get("Tool") or []],
        )

    def published_replaces(self, version: str) -> dict[str, str]:
        """Return the replacements that a build from outside of the repository needs, which is of this version.

        Kubernetes' own parts, folders of its repository, are published as v0.N.P of its v1.N.P.
        """
        part = version.replace("v1.", "v0.", 1)
        found = {old: f"{old}@{part}" for old in self.replaces if self.requires.get(old) == _PLACEHOLDER}
        return found | {old: new for old, new in self.replaces.items() if "@" in new}


def _named(module: dict[str, str]) -> str:
    return f"{module['Path']}@{module['Version']}" if "Version" in module else module["Path"]


def programs() -> dict[str, str]:
    """Return program -> version, as pins.py has them."""
    return {name.lower().replace("_", "-"): version for name, version in vars(pins).items() if re.fullmatch(r"v[0-9.]+", str(version))}


def built_from(recipe: str) -> list[catalogue.GoProgram]:
    """Return what is built from a recipe."""
    found = [program.recipe for program in catalogue.programs().values() if isinstance(program.recipe, catalogue.GoProgram)]
    return [program for program in found if program.module == recipe]


def providing(recipe: str) -> str:
    """Return the module that a recipe's first package comes from."""
    package = built_from(recipe)[0].packages[0]
    return max((name for name in Module.read(RECIPES / recipe / "go.mod").requires if f"{package}/".startswith(f"{name}/")), key=len)


def path_of(module: str, version: str) -> str:
    """Return a module's path in a version: Go has a path for each major version from v2 on."""
    major = version.split(".")[0]
    return re.sub(r"/v\d+$", "", module) + ("" if major in ("v0", "v1") else f"/{major}")


def go(folder: Path, *arguments: str) -> str:
    """Run Go in a folder with the machine's own module proxy.

    Raises SystemExit with Go's last words.
    """
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = subprocess.run(["go", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`go {' '.join(arguments[:2])}` failed, and nothing was changed: {' '.join(done.stderr.split()[-60:])}")
    return done.stdout


def published(module: str, version: str) -> Module:
    """Return the go.mod of a version of a module, whose path is another one where the module was renamed.

    Raises SystemExit where the proxy has none.
    """
    asked = subprocess.run(["go", "list", "-m", "-json", f"{module}@{version}"], cwd="/", capture_output=True, text=True, check=False)
    if asked.returncode:
        sys.exit(f"The Go module proxy has no {module} {version}; nothing was changed.")
    return Module.read(Path(json.loads(asked.stdout)["GoMod"]))


def resolve(recipe: str, before: Module, after: Module, version: str, into: Path) -> None:
    """Write go.mod and go.sum of a recipe into the folder `into`, with a version of its module and what that version's go.mod says."""
    mod = shutil.copyfile(RECIPES / recipe / "go.mod", into / "go.mod")
    have = Module.read(mod)
    wanted = after.published_replaces(version)
    edits = [f"-dropreplace={name}" for name in have.replaces if name in before.replaces and name not in wanted]
    edits += [f"-replace={name}={value}" for name, value in wanted.items()]
    edits += [f"-dropgodebug={key}" for key in have.godebug if key not in after.godebug]
    edits += [f"-godebug={key}={value}" for key, value in after.godebug.items()]
    if before.path != after.path:
        edits += [f"-droprequire={before.path}"]
        for tool in have.tools:
            edits += [f"-droptool={tool}", f"-tool={_moved(tool, before.path, after.path)}"]
    if edits:
        go(into, "mod", "edit", *edits)
    made = built_from(recipe)
    go(into, "get", *(f"{_moved(package, before.path, after.path)}@{version}" for program in made for package in program.packages))
    # A linker forgets a value for a package that is not there without a word.
    told = {_moved(key.rpartition(".")[0], before.path, after.path) for program in made for key in program.defines}
    if told:
        go(into, "list", *sorted(told))


def _moved(package: str, old: str, new: str) -> str:
    return f"{new}{package.removeprefix(old)}" if f"{package}/".startswith(f"{old}/") else package


def raise_version(program: str, version: str) -> list[str]:
    """Raise a program and return what changed.

    Raises SystemExit with one sentence where it cannot be, and has changed nothing then.
    """
    known = programs()
    recipes = sorted(path.name for path in RECIPES.iterdir() if program in known and module_of(path.name) == module_of(program))
    if not recipes:
        sys.exit(
            f"{program!r} is no program of pins.py: name one of {', '.join(sorted(set(known) & {p.name for p in RECIPES.iterdir()}))}."
        )
    if not re.fullmatch(r"v\d+\.\d+\.\d+", version):
        sys.exit(f"{version!r} is no version: write it like {known[program]}.")
    if known[program] == version:
        sys.exit(f"{program} is {version} already.")
    module = providing(program)
    old, new = published(module, known[program]), published(path_of(module, version), version)
    changes = [f"{PINS.relative_to(ROOT)}: {program} {known[program]} -> {version}"]
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in recipes:
            into = Path(scratch) / recipe
            into.mkdir()
            resolve(recipe, old, new, version, into)
            before, after = Module.read(RECIPES / recipe / "go.mod"), Module.read(into / "go.mod")
            changes.append(f"{(RECIPES / recipe).relative_to(ROOT)}/go.mod and go.sum:")
            for kind in ("requires", "replaces", "godebug"):
                changes += [f"  {line}" for line in differences(getattr(before, kind), getattr(after, kind))]
        for recipe in recipes:
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(Path(scratch) / recipe / name, RECIPES / recipe / name)
    constant = program.upper().replace("-", "_")
    _replace(PINS, re.escape(f'{constant} = "{known[program]}"'), f'{constant} = "{version}"')
    if old.path != new.path:
        _replace(CATALOGUE, rf"\b{re.escape(old.path)}(?=[/\"])", new.path)
        changes.append(f"{CATALOGUE.relative_to(ROOT)}: {old.path} -> {new.path}")
    return changes


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a line for each name whose value changed, came or went."""
    moved = [f"{name} {before.get(name, 'new')} -> {value}" for name, value in after.items() if before.get(name) != value]
    return moved + [f"{name} {value} -> gone" for name, value in before.items() if name not in after]


def module_of(recipe: str) -> str:
    """Return the module of a recipe, or nothing where there is no such recipe."""
    return providing(recipe) if (RECIPES / recipe).is_dir() else ""


def _replace(path: Path, pattern: str, text: str) -> None:
    path.write_text(re.sub(pattern, lambda _: text, path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Name a program and its new version: ./bootstrap nox -s raise -- crictl v1.34.0")
    print("\n".join(raise_version(*sys.argv[1:])))
