# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a part's tables are made: Alembic, Django, Flask-Migrate, Drizzle, Prisma, or by the application as it starts."""

from __future__ import annotations

import ast
import configparser
import fnmatch
import posixpath
import re
from collections.abc import Iterable

from .folder import Folder, join, relative
from .javascript import ENDINGS, Script
from .model import Fact, Migration, Python
from .python_source import Sources

BUNDLE = "migrate.mjs"
"""What a generated image of a Node part makes its tables with."""

DRIZZLE_DRIVERS = {"pg": "node-postgres", "postgres": "postgres-js", "mysql2": "mysql2"}
"""Packages and the names of their drivers in drizzle-orm."""

TABLES_AT_START = "The application makes its tables as it starts, so its login needs the right to."


def python_migration(folder: Folder, where: str, python: Python, sources: Sources, loaded: Iterable[str], kind: str) -> Migration | None:
    """Return how a Python part's tables are made; nothing where it makes none."""
    if kind == "django":
        root = python.source_root.value
        made = sorted({posixpath.dirname(path) for path in sources.files if "/migrations/" in f"/{path}"})
        manage = join(root, "manage.py")
        command: tuple[str, ...] = ("python", relative(manage, where), "migrate", "--noinput")
        return Migration(Fact("django", f"{manage}:1"), command, tuple(relative(path, where) for path in made))
    if "flask-migrate" in python.dependencies and (env := next((path for path in folder.below(where, "migrations/env.py")), "")):
        app = python.entry.value.replace("()", "")
        command = ("flask", "--app", app, "db", "upgrade")
        return Migration(Fact("flask-migrate", env), command, (relative(posixpath.dirname(env), where),))
    for ini in [path for path in folder.below(where, "alembic.ini") if path.count("/") - where.count("/") <= 2]:
        return _alembic(folder, where, ini, python, loaded, sources)
    if place := tables_at_start(folder, sources, loaded):
        return Migration(Fact("none", place), (), note=TABLES_AT_START)
    return None


def _alembic(folder: Folder, where: str, ini: str, python: Python, loaded: Iterable[str], sources: Sources) -> Migration:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(folder.text(ini))
        location = parser.get("alembic", "script_location", fallback="alembic")
    except configparser.Error:
        location = "alembic"
    base = posixpath.dirname(ini) or "."
    location = location.replace("%(here)s/", "").replace("%(here)s", ".")
    scripts = join(base, location.replace(":", "/") if ":" in location else location)
    installed = "alembic" in python.dependencies
    note = "" if installed else "alembic is not among the dependencies of the running application: it has to be added."
    if place := tables_at_start(folder, sources, loaded):
        note = f"{note} {TABLES_AT_START} ({place})".strip()
    config = () if join(base) == join(where) else ("-c", relative(ini, where))
    if not any(path.startswith(f"{scripts}/versions/") for path in folder.below(scripts, ".py")):
        note = f"{note} {scripts}/versions holds no revision.".strip()
    return Migration(
        Fact("alembic", folder.at(ini, r"^script_location")),
        ("alembic", *config, "upgrade", "head"),
        (relative(ini, where), relative(scripts, where)),
        installed,
        note,
    )


def is_asynchronous(folder: Folder, migration: Migration, where: str) -> bool:
    """Tell whether Alembic's env.py uses an asynchronous engine."""
    return any(
        "async_engine_from_config" in folder.text(path) or "create_async_engine" in folder.text(path)
        for source in migration.sources
        for path in folder.below(join(where, source), "env.py")
    )


def tables_at_start(folder: Folder, sources: Sources, loaded: Iterable[str]) -> str:
    """Return the place that calls ``metadata.create_all``; empty for none."""
    for path in loaded:
        if "create_all" not in folder.text(path):
            continue
        for node in sources.nodes(path):
            if isinstance(node, ast.Attribute) and node.attr == "create_all":
                return f"{path}:{node.lineno}"
    return ""


def node_migration(folder: Folder, where: str, dependencies: dict[str, str], scripts: dict[str, str]) -> Migration | None:
    """Return how a Node part's tables are made; nothing where it makes none."""
    schema = prisma_schema(folder, where)
    if schema and {"prisma", "@prisma/client"} & set(dependencies):
        sources = [relative(schema, where)]
        migrations = join(posixpath.dirname(schema), "migrations")
        has_revisions = bool(folder.below(migrations, ".sql"))
        command: tuple[str, ...] = ("prisma", "migrate", "deploy") if has_revisions else ("prisma", "db", "push")
        note = (
            "Prisma fetches its engines from its own host as it is installed: it works only where that one answers, and a generated image "
            "has not its program. Write migration.command beside a Dockerfile that brings it; -e adopt_eject=true writes one to begin with."
        )
        if not has_revisions:
            note += f" {migrations} holds no revision, so the schema itself is pushed."
        return Migration(Fact("prisma", folder.at(schema, r"^datasource\b")), command, (*sources, relative(migrations, where)), False, note)
    if found := _drizzle(folder, where, dependencies, scripts):
        return found
    for name in ("db:migrate", "migrate:deploy", "migration:run", "migrate", "migrate:up", "typeorm:migrate"):
        if name in scripts and not re.search(r"\bprisma\b|\bdev\b", scripts[name]):
            tool = Fact(f"the script {name}", folder.at(join(where, "package.json"), rf'"{re.escape(name)}"\s*:'))
            return _script(folder, where, dependencies, tool, scripts[name])
    return None


def _drizzle(folder: Folder, where: str, dependencies: dict[str, str], scripts: dict[str, str]) -> Migration | None:
    calls = (re.search(r"--config[= ](\S+)", text) for text in scripts.values() if "drizzle-kit" in text)
    named = next((call[1] for call in calls if call), "")
    config = folder.first(where, "drizzle.config.ts", "drizzle.config.js", "drizzle.config.mjs", *([named] if named else []))
    if not config or "drizzle-orm" not in dependencies:
        return None
    out, source = Script(folder, config).pair("out")
    out = relative(join(where, out or "drizzle"), where)
    tool, sources = Fact("drizzle", source or config), (relative(config, where), out)
    if not folder.below(join(where, out), ".sql"):
        note = f"{out} holds no revision: make one with drizzle-kit generate, for drizzle-kit push itself is not in the image."
        return Migration(tool, ("drizzle-kit", "push"), sources, False, note)
    driver = next((driver for package, driver in DRIZZLE_DRIVERS.items() if package in dependencies), "")
    if not driver:
        return Migration(tool, ("drizzle-kit", "migrate"), sources, False, "drizzle-kit is not in the image, and no driver that is known.")
    variable = re.search(r"\burl\s*:[^,}\n]*\benv(?:\.(\w+)|\[['\"](\w+))", folder.text(config))
    bundle: tuple[str, ...] = ("drizzle", out, driver, next(filter(None, variable.groups())) if variable else "DATABASE_URL")
    if schema := _drizzle_schema(folder, where, config):
        bundle = (*bundle, Script(folder, config).pair("casing")[0] or "as-written", *schema)
    note = "A generated image has Drizzle's own migrator as that file; drizzle-kit is not in it."
    return Migration(tool, ("node", BUNDLE), sources, True, note, bundle)


def _drizzle_schema(folder: Folder, where: str, config: str) -> tuple[str, ...]:
    """Return the files that drizzle.config names as the schema, by their names, folders or patterns."""
    text = next((value for key, value, _place in Script(folder, config).pairs() if key == "schema" and value[:1] in "\"'`["), "")
    found: dict[str, None] = {}
    for named in re.findall(r"""["'`]([^"'`]+)["'`]""", text):
        pattern = join(where, named)
        patterns = (pattern, pattern.replace("**/", ""), f"{pattern}/*")
        for path in folder.below(where, *ENDINGS):
            if not path.endswith(".d.ts") and any(fnmatch.fnmatchcase(path, one) for one in patterns):
                found[relative(path, where)] = None
    return tuple(found)


def _script(folder: Folder, where: str, dependencies: dict[str, str], tool: Fact[str], text: str) -> Migration:
    """Return a migration by a script of package.json: a file that is bundled, what the build makes, or a package's own program."""
    words = tuple(re.sub(r"^(?:npx|bunx|pnpm exec|yarn)\s+(?:--\S+\s+)*", "", text.strip()).split())
    program = words[0] if words else ""
    file = next((word for word in words[1:] if re.search(r"\.[cm]?[jt]s$", word)), "")
    plain = not re.search(r"&&|\|\||[;|<>$`]|^\w+=", text)
    if plain and program in ("tsx", "ts-node", "bun", "node", "esno", "jiti") and file and folder.holds(join(where, file)):
        file = relative(join(where, file), where)
        note = f"A generated image has {file} and what it imports as that file."
        return Migration(tool, ("node", BUNDLE), (), True, note, ("script", file))
    if plain and program == "node" and file:
        return Migration(tool, words, (), True, "The build makes that file.")
    if plain and program in dependencies and "next" not in dependencies:
        return Migration(tool, ("node", f"node_modules/{program}-program", *words[1:]), (), True, "", ("program", program))
    return Migration(
        tool, words, (), False, f"{text!r} is nothing that a generated image can run: write migration.command, or make a Dockerfile."
    )


def prisma_schema(folder: Folder, where: str) -> str:
    """Return the path of Prisma's schema; empty for none."""
    named = folder.table(join(where, "package.json"), "prisma").get("schema")
    return folder.first(
        where, *([str(named)] if named else []), "prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma", "db/schema.prisma"
    )
