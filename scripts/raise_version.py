# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Raise the version of a program that the toolchain pins: ``./bootstrap nox -s raise -- crictl v1.30.1``.

Changes the program's line in pins.py and the go.mod and go.sum of every recipe that is built from its module, or nothing, and prints what
changed. Building it, and the tests, come after.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import catalogue, pins

ROOT = Path(__file__).parents[1]
PINS = ROOT / "plugins/module_utils/_toolchain/pins.py"
RECIPES = ROOT / "roles/toolchain/files/go"


def programs() -> dict[str, str]:
    """Return program -> version, as pins.py has them."""
    return {name.lower().replace("_", "-"): version for name, version in vars(pins).items() if re.fullmatch(r"v[0-9.]+", str(version))}


def modules(recipe: Path) -> dict[str, str]:
    """Return module -> version of a recipe's requirements, without its replacements."""
    text = re.split(r"^replace ", (recipe / "go.mod").read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^(?:require )?\s*(\S+\.\S+) (v\S+)", text, re.MULTILINE))


def packages(recipe: str) -> list[str]:
    """Return the packages that the programs of a recipe are built from."""
    found = [program.recipe for program in catalogue.programs().values() if isinstance(program.recipe, catalogue.GoProgram)]
    return [package for program in found if program.module == recipe for package in program.packages]


def providing(recipe: str) -> str:
    """Return the module that a recipe's first package comes from."""
    return max((name for name in modules(RECIPES / recipe) if f"{packages(recipe)[0]}/".startswith(f"{name}/")), key=len)


def published_as(recipe: str, module: str) -> str:
    """Return the name under which the proxy has a recipe's module, which a replacement may change."""
    replaced = re.search(
        rf"^replace {re.escape(module)} => (\S+) v", (RECIPES / recipe / "go.mod").read_text(encoding="utf-8"), re.MULTILINE
    )
    return replaced[1] if replaced else module


def go(folder: Path, *arguments: str) -> str:
    """Run Go in a folder with the machine's own module proxy.

    Raises SystemExit with Go's last words.
    """
    env = {**os.environ, "GOFLAGS": "-mod=mod", "GOWORK": "off", "GOTOOLCHAIN": "local"}
    done = subprocess.run(["go", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"`go {' '.join(arguments[:2])}` failed, and nothing was changed: {' '.join(done.stderr.split()[-60:])}")
    return done.stdout


def resolve(recipe: str, module: str, old: str, new: str, into: Path) -> None:
    """Write go.mod and go.sum of a recipe with another version of its module into the folder `into`."""
    text = (RECIPES / recipe / "go.mod").read_text(encoding="utf-8")
    # Kubernetes' own parts are v0.N.P of its v1.N.P, and are replaced by the published ones.
    parts = (old.replace("v1.", "v0.", 1), new.replace("v1.", "v0.", 1))
    pattern = rf"^(replace \S+ => \S+ ){re.escape(parts[0])}$|^(\s*(?:require )?{re.escape(module)} ){re.escape(old)}\b"
    text = re.sub(pattern, lambda match: f"{match[1]}{parts[1]}" if match[1] else f"{match[2]}{new}", text, flags=re.MULTILINE)
    text = re.sub(rf"^(\s*(?:replace )?{re.escape(module)} => \S+ ){re.escape(old)}$", rf"\g<1>{new}", text, flags=re.MULTILINE)
    (into / "go.mod").write_text(text, encoding="utf-8")
    go(into, "get", *(f"{package}@{new}" for package in packages(recipe)))


def raise_version(program: str, new: str) -> list[str]:
    """Raise a program and return what changed.

    Raises SystemExit with one sentence where it cannot be, and has changed nothing then.
    """
    known = programs()
    recipes = sorted(path.name for path in RECIPES.iterdir() if program in known and modules_of(path.name) == modules_of(program))
    if not recipes:
        sys.exit(
            f"{program!r} is no program of pins.py: name one of {', '.join(sorted(set(known) & {p.name for p in RECIPES.iterdir()}))}."
        )
    if not re.fullmatch(r"v\d+\.\d+\.\d+", new):
        sys.exit(f"{new!r} is no version: write it like {known[program]}.")
    old, module = known[program], providing(program)
    if old == new:
        sys.exit(f"{program} is {old} already.")
    published = published_as(program, module)
    asked = subprocess.run(["go", "list", "-m", f"{published}@{new}"], cwd="/", capture_output=True, text=True, check=False)
    if asked.returncode:
        sys.exit(f"The Go module proxy has no {published} {new}; nothing was changed.")
    changes = [f"{PINS.relative_to(ROOT)}: {program} {old} -> {new}"]
    with tempfile.TemporaryDirectory() as scratch:
        for recipe in recipes:
            into = Path(scratch) / recipe
            into.mkdir()
            resolve(recipe, module, old, new, into)
            before, after = modules(RECIPES / recipe), modules(into)
            moved = [f"  {name} {before.get(name, 'new')} -> {version}" for name, version in after.items() if before.get(name) != version]
            moved += [f"  {name} {version} -> gone" for name, version in before.items() if name not in after]
            changes += [f"{(RECIPES / recipe).relative_to(ROOT)}/go.mod and go.sum: {len(moved)} modules", *moved]
        for recipe in recipes:
            for name in ("go.mod", "go.sum"):
                shutil.copyfile(Path(scratch) / recipe / name, RECIPES / recipe / name)
    constant = program.upper().replace("-", "_")
    PINS.write_text(PINS.read_text(encoding="utf-8").replace(f'{constant} = "{old}"', f'{constant} = "{new}"'), encoding="utf-8")
    return changes


def modules_of(recipe: str) -> str:
    """Return the module of a recipe, or nothing where there is no such recipe."""
    return providing(recipe) if (RECIPES / recipe).is_dir() else ""


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("Name a program and its new version: ./bootstrap nox -s raise -- crictl v1.30.1")
    print("\n".join(raise_version(*sys.argv[1:])))
