# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one folder becomes, and what is said where that cannot be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.folder import Folder
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.model import Part
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.part import detect_part


def tree(root: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def python(root: Path, **files: str) -> Part:
    return detect_part(tree(root, {name.replace("__", "/") + ".py": text for name, text in files.items()}))


def entry(part: Part) -> str:
    assert part.python
    return part.python.entry.value


PAGE = {"app/page.tsx": "export default () => null\n"}
APP = "from fastapi import FastAPI\napp = FastAPI()\n"


def test_a_file_at_the_top_is_the_application(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi==0.115.0\nuvicorn==0.34.0\n"})
    part = python(tmp_path, main=APP)
    assert (part.kind.value, entry(part), part.kind.source) == ("fastapi", "main:app", "main.py:2")
    assert part.command.value[:2] == ("uvicorn", "main:app")


@pytest.mark.parametrize(
    ("type_", "more", "form"),
    [
        # pydantic reads JSON before a validator sees anything, and ends the process where that fails.
        ("list[str]", "", "json"),
        ("list[str]", "    model_config = SettingsConfigDict(enable_decoding=False)", "commas"),
        ("Annotated[list[str], NoDecode]", "", "commas"),
        ("list[str] | str", "", "commas"),
        ("Optional[List[str]]", "", "commas"),
        ("list[str]", "    class Config:\n        def parse_env_var(cls, name, raw):\n            return raw.split(',')", "commas"),
    ],
)
def test_a_list_of_a_settings_class_is_spelt_as_pydantic_reads_it(tmp_path: Path, type_: str, more: str, form: str) -> None:
    settings = f"""from typing import Annotated, List, Optional
from pydantic import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
class Settings(BaseSettings):
    ALLOWED_ORIGINS: {type_} = ["http://localhost:3000"]
{more}
    @field_validator("ALLOWED_ORIGINS", mode="before")
    @classmethod
    def parse(cls, value):
        return value.split(",") if isinstance(value, str) else value
"""
    tree(tmp_path, {"requirements.txt": "fastapi\nuvicorn\npydantic-settings\n"})
    part = python(tmp_path, main=settings + APP)
    assert [variable.form for variable in part.variables] == [form]


@pytest.mark.parametrize(
    ("statement", "root", "wanted"),
    [
        ("from app.db import engine", ".", "app.main:app"),
        ("from db import engine", "app", "main:app"),
        ("from .db import engine", ".", "app.main:app"),
    ],
)
def test_imports_decide_from_which_folder_it_is_run(tmp_path: Path, statement: str, root: str, wanted: str) -> None:
    package = {"app/__init__.py": ""} if statement.startswith("from .") else {}
    tree(tmp_path, {"requirements.txt": "fastapi\n", "app/db.py": "engine = 1\n", **package})
    part = python(tmp_path, app__main=f"{statement}\n{APP}")
    assert part.python
    assert (part.python.source_root.value, entry(part)) == (root, wanted)


def test_a_factory_is_called_by_the_server(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\nuvicorn\n"})
    part = python(tmp_path, main="from fastapi import FastAPI\ndef create_app() -> FastAPI:\n    app = FastAPI()\n    return app\n")
    assert "--factory" in part.command.value
    assert entry(part) == "main:create_app"


def test_a_factory_of_another_module_that_is_called_is_no_factory(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\nuvicorn\n", "shop/__init__.py": ""})
    factory = "from fastapi import FastAPI\ndef build():\n    return FastAPI()\n"
    part = python(tmp_path, shop__factory=factory, shop__main="from shop.factory import build\napp = build()\n")
    assert (entry(part), "--factory" in part.command.value) == ("shop.main:app", False)


def test_two_applications_that_could_be_it_are_both_named(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\n"})
    part = python(tmp_path, one__service=APP, two__service=APP)
    assert [problem.fact for problem in part.problems if problem.stops] == ["entry point"]
    assert "one/service.py:2" in str(part.problems[-1])
    assert "two/service.py:2" in str(part.problems[-1])


def test_an_application_that_another_mounts_is_not_it(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\n", "Procfile": ""})
    outer = "from fastapi import FastAPI\nfrom inner import app as inner\napplication = FastAPI()\napplication.mount('/v1', inner)\n"
    part = python(tmp_path, inner=APP, outer=outer)
    assert entry(part) == "outer:application"
    assert not [problem for problem in part.problems if problem.stops]


def test_a_command_breaks_the_tie(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\n", "Procfile": "web: uvicorn two.service:app --port $PORT\n"})
    part = python(tmp_path, one__service=APP, two__service=APP)
    assert entry(part) == "two.service:app"
    assert not [problem for problem in part.problems if problem.stops]


def test_a_command_that_names_what_is_not_there_is_said(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\n", "Procfile": "web: uvicorn shop.main:app\n", "readme.py": ""})
    part = detect_part(tmp_path)
    assert str(part.problems[-1]).endswith("shop.main:app does not exist: correct it there.")
    assert "Procfile:1" in str(part.problems[-1])


@pytest.mark.parametrize(
    ("files", "version", "source"),
    [
        ({".python-version": "3.12.4\n"}, "3.12", ".python-version:1"),
        ({"Dockerfile": 'FROM python:3.11-slim\nCMD ["python"]\n', ".python-version": "3.12\n"}, "3.11", "Dockerfile:1"),
        ({"Dockerfile": "ARG V=3.12\nFROM docker.io/library/python:${V}-slim\nCMD x\n"}, "3.12", "Dockerfile:2"),
        ({".tool-versions": "nodejs 22\npython 3.12.1\n"}, "3.12", ".tool-versions:2"),
        ({"mise.toml": "[tools]\npython = '3.14'\n"}, "3.14", "mise.toml:2"),
        ({}, "3.13", ""),
    ],
)
def test_the_python_that_is_asked_for(tmp_path: Path, files: Mapping[str, str], version: str, source: str) -> None:
    tree(tmp_path, {"requirements.txt": "fastapi\n", **files})
    part = python(tmp_path, main=APP)
    assert part.python
    assert (part.python.version.value, part.python.version.source) == (version, source)


def test_a_python_that_the_project_excludes_is_not_taken(tmp_path: Path) -> None:
    project = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.14"\ndependencies = ["fastapi"]\n'
    tree(tmp_path, {"pyproject.toml": project, ".python-version": "3.11\n"})
    part = python(tmp_path, main=APP)
    assert part.python
    assert part.python.version.value == "3.14"
    assert "excludes" in part.python.version.note


def package(**more: object) -> str:
    return json.dumps(
        {"name": "web", "scripts": {"build": "next build", "start": "next start"}, "dependencies": {"next": "15.1.0"}, **more}
    )


def npm_lock(**dependencies: str) -> str:
    return json.dumps({"lockfileVersion": 3, "packages": {"": {"dependencies": dependencies}}})


def test_of_two_locks_the_one_that_fits_is_taken(tmp_path: Path) -> None:
    stale = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      next: {specifier: 14.0.0, version: 14.0.0}\n"
    tree(tmp_path, {**PAGE, "package.json": package(), "package-lock.json": npm_lock(next="15.1.0"), "pnpm-lock.yaml": stale})
    part = detect_part(tmp_path)
    assert part.node
    assert (part.node.manager.value, part.node.lock.value) == ("npm", "package-lock.json")
    assert [problem.stops for problem in part.problems] == [False]


def test_a_lock_that_does_not_fit_stops(tmp_path: Path) -> None:
    tree(tmp_path, {**PAGE, "package.json": package(), "package-lock.json": npm_lock(react="19.0.0")})
    (problem,) = detect_part(tmp_path).problems
    assert problem.stops
    assert "next@15.1.0" in problem.text


@pytest.mark.parametrize("lock", ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "berry", "bun.lock"])
def test_a_lock_that_fits_is_no_problem(tmp_path: Path, lock: str) -> None:
    texts = {
        "package-lock.json": npm_lock(next="15.1.0"),
        "pnpm-lock.yaml": "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      next: {specifier: 15.1.0, version: 15.1.0}\n",
        "yarn.lock": '# yarn lockfile v1\n\nnext@15.1.0, next@^15:\n  version "15.1.0"\n',
        "berry": '__metadata:\n  version: 8\n\n"next@npm:15.1.0":\n  version: 15.1.0\n',
        "bun.lock": '{"lockfileVersion": 1, "workspaces": {"": {"name": "web", "dependencies": {"next": "15.1.0",},},},}',
    }
    tree(tmp_path, {**PAGE, "package.json": package(), "yarn.lock" if lock == "berry" else lock: texts[lock]})
    part = detect_part(tmp_path)
    assert part.node
    assert not part.problems
    assert part.node.manager.value == {
        "package-lock.json": "npm",
        "pnpm-lock.yaml": "pnpm",
        "yarn.lock": "yarn",
        "berry": "yarn-berry",
    }.get(lock, "bun")


def test_a_member_of_a_workspace_is_built_from_above(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "pnpm-workspace.yaml": "packages: [apps/*, packages/*]\n",
            "package.json": json.dumps({"name": "root", "packageManager": "pnpm@10.4.1"}),
            "apps/web/package.json": package(),
            "apps/web/app/page.tsx": PAGE["app/page.tsx"],
            "pnpm-lock.yaml": "importers:\n  apps/web:\n    dependencies:\n      next: {specifier: 15.1.0, version: 15.1.0}\n",
        },
    )
    part = detect_part(tmp_path / "apps/web", tmp_path)
    assert part.node
    assert (part.context.value, part.node.lock.value, part.node.workspace) == (".", "pnpm-lock.yaml", "web")
    assert (part.node.manager_version.value, part.node.manager_version.source) == ("10.4.1", "package.json:1")


@pytest.mark.parametrize(
    ("files", "version"),
    [
        ({".nvmrc": "v20.11.0\n"}, "20.11.0"),
        ({".nvmrc": "lts/*\n"}, "24"),
        ({"package.json": package(engines={"node": ">=20 <23"})}, ">=20 <23"),
        ({"package.json": package(engines={"node": ">=20"})}, "24"),
        ({}, "24"),
    ],
)
def test_the_node_that_is_asked_for(tmp_path: Path, files: Mapping[str, str], version: str) -> None:
    part = detect_part(tree(tmp_path, {**PAGE, "package.json": package(), **files}))
    assert part.node
    assert part.node.version.value == version


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="holds no application that is known"):
        detect_part(tmp_path)


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {"pyproject.toml": "[project\n", "main.py": APP})
    with pytest.raises(Failure, match=r"pyproject\.toml cannot be read"):
        detect_part(tmp_path)


def test_a_worker_of_rq_serves_the_queues_that_the_code_names(tmp_path: Path) -> None:
    tree(tmp_path, {"requirements.txt": "flask\nrq\nredis\n"})
    text = "import rq\nfrom flask import Flask\napp = Flask(__name__)\nqueue = rq.Queue('mails', connection=None)\n"
    tree(tmp_path, {"app.py": text})
    application = detect_application(tmp_path)
    worker = next(part for part in application.parts if part.kind.value == "rq")
    assert worker.command.value == ("rq", "worker", "mails")


NEXT = {
    "package.json": json.dumps({"dependencies": {"next": "15.0.0", "react": "19.0.0"}, "scripts": {"build": "next build"}}),
    "app/page.tsx": "export default function Page() { return null }\n",
    "requirements.txt": "fastapi\nuvicorn\n",
}
REWRITE = """module.exports = { rewrites: async () => [
  { source: "/api/py/:path*", destination: process.env.NODE_ENV === "development" ? "http://127.0.0.1:8000%s/:path*" : "/api/" },
  { source: "/docs", destination: process.env.NODE_ENV === "development" ? "http://127.0.0.1:8000/api/py/docs" : "/api/py/docs" },
] }
"""


@pytest.mark.parametrize(
    ("leads_to", "answers", "strip"), [("/api/py", "/api/py/hello", False), ("", "/hello", True), ("", "/api/py/hello", False)]
)
def test_where_a_rewrite_leads_and_what_answers_tell_whether_the_prefix_is_taken_off(
    tmp_path: Path, leads_to: str, answers: str, strip: bool
) -> None:
    server = f"{APP}@app.get('{answers}')\ndef hello(): return 1\n"
    found = detect_application(tree(tmp_path, {**NEXT, "next.config.js": REWRITE % leads_to, "api/index.py": server}))
    assert [(route.prefix, route.part, route.strip) for route in found.routes] == [("/", "web", False), ("/api/py", "api", strip)]


def test_of_two_applications_in_one_folder_the_one_that_is_meant_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {**NEXT, "api/index.py": APP})
    assert detect_part(tmp_path, language="python").kind.value == "fastapi"
    assert detect_part(tmp_path, language="node").kind.value == "next"
    with pytest.raises(Failure, match=r"an application in each of Python and Node\.js: say which one by build.language"):
        detect_part(tmp_path)
    (tmp_path / "package.json").unlink()
    with pytest.raises(Failure, match="no application in node:"):
        detect_part(tmp_path, language="node")


def page(folder: str) -> dict[str, str]:
    return {f"{folder}/package.json": '{"dependencies": {"next": "16.0.0"}}', f"{folder}/app/page.tsx": "export default () => null\n"}


SHIM = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent.parent / 'backend'))\n"


def api(folder: str) -> dict[str, str]:
    return {f"{folder}/requirements.txt": "fastapi\n", f"{folder}/main.py": APP}


@pytest.mark.parametrize(
    ("more", "parts", "out"),
    [
        (page("phase2/frontend") | api("phase2/backend"), ["backend", "frontend"], ["phase2"]),
        (page("frontend/chatbot-app"), ["backend", "frontend"], ["frontend/chatbot-app"]),
        (page("admin"), ["admin", "backend", "frontend"], []),
        (api("phase2/backend"), ["backend", "frontend", "phase2-backend"], []),
        # What Vercel starts, and a manifest that somebody wrote in the wrong folder.
        ({"requirements.txt": "fastapi\n", "api/index.py": SHIM + APP}, ["backend", "frontend"], ["api/index.py"]),
        ({"requirements.txt": "fastapi\n", "main.py": APP}, ["backend", "frontend", "web"], []),
        ({"package.json": '{"dependencies": {"next": "13.5.8"}, "scripts": {"start": "next start"}}'}, ["backend", "frontend"], []),
        (page("{{cookiecutter.slug}}/frontend"), ["backend", "frontend"], ["{{cookiecutter.slug}}/frontend"]),
    ],
)
def test_what_is_no_part_of_the_application_is_left_out(tmp_path: Path, more: Mapping[str, str], parts: list[str], out: list[str]) -> None:
    found = detect_application(tree(tmp_path, {**page("frontend"), **api("backend"), **more}))
    assert sorted(part.name for part in found.parts) == parts
    assert [text.partition(" (")[0] for text in found.skipped if " library" not in text] == out


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"manage.py": "", "shop/wsgi.py": ""}, "python manage.py migrate --noinput"),
        ({"server/manage.py": "", "server/shop/wsgi.py": ""}, "python server/manage.py migrate --noinput"),
        ({"alembic.ini": "", "app/main.py": APP}, "alembic upgrade head"),
        # Modules are imported from src; the process begins in the folder of the part.
        ({"alembic.ini": "", "src/shop/__init__.py": "", "src/shop/main.py": "from shop import x\n" + APP}, "alembic upgrade head"),
        ({"db/alembic.ini": "", "main.py": APP}, "alembic -c db/alembic.ini upgrade head"),
    ],
)
def test_a_migration_is_called_from_the_folder_that_the_process_begins_in(tmp_path: Path, files: Mapping[str, str], command: str) -> None:
    contents = {
        "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
        "wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
        "alembic.ini": "[alembic]\nscript_location = migrations\n",
    }
    tree(tmp_path, {name: contents.get(name.rpartition("/")[2], text) for name, text in files.items()})
    tree(tmp_path, {"requirements.txt": "django\ngunicorn\n" if any("manage.py" in name for name in files) else "fastapi\nalembic\n"})
    part = detect_part(tmp_path)
    assert part.migration
    assert " ".join(part.migration.command) == command


def node_migration(
    folder: Path, files: Mapping[str, str], script: str = "", **dependencies: str
) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    manifest = {"scripts": {"start": "node server.js", "migrate": script}, "dependencies": {"express": "5", **dependencies}}
    part = detect_part(tree(folder, {"package.json": json.dumps(manifest), "server.js": "1\n", **files}))
    assert part.migration
    return part.migration.command, part.migration.can_run, part.migration.bundle


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("npx tsx lib/db/migrate.ts", (("node", "migrate.mjs"), True, ("script", "lib/db/migrate.ts"))),
        ("ts-node ./lib/db/migrate.ts", (("node", "migrate.mjs"), True, ("script", "lib/db/migrate.ts"))),
        ("node dist/migrate.js", (("node", "dist/migrate.js"), True, ())),
        ("knex migrate:latest", (("node", "node_modules/knex-program", "migrate:latest"), True, ("program", "knex"))),
        ("typeorm migration:run -d dist/data.js", (("typeorm", "migration:run", "-d", "dist/data.js"), False, ())),
        ("NODE_ENV=production tsx lib/db/migrate.ts", (("NODE_ENV=production", "tsx", "lib/db/migrate.ts"), False, ())),
    ],
)
def test_a_script_that_makes_tables_is_run_as_an_image_without_development_can(tmp_path: Path, script: str, found: object) -> None:
    assert node_migration(tmp_path, {"lib/db/migrate.ts": "1\n"}, script, knex="3") == found


def test_drizzles_revisions_are_applied_by_its_own_migrator(tmp_path: Path) -> None:
    config = "export default { out: './db/sql', dbCredentials: { url: process.env.POSTGRES_URL! } }\n"
    files = {"drizzle.config.ts": config, "db/sql/0000_first.sql": "select 1;\n"}
    found = node_migration(tmp_path, files, **{"drizzle-orm": "0.44.0", "postgres": "3"})
    assert found == (("node", "migrate.mjs"), True, ("drizzle", "db/sql", "postgres-js", "POSTGRES_URL"))
    (tmp_path / "db/sql/0000_first.sql").unlink()
    assert node_migration(tmp_path, {}, **{"drizzle-orm": "0.44.0", "postgres": "3"})[1] is False


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ("'./db/schema.ts'", ("db/schema.ts",)),
        ("['./db/schema.ts', 'db/more/*.ts']", ("db/schema.ts", "db/more/auth.ts")),
        ("'./db/more'", ("db/more/auth.ts",)),
        ("'./db/**/*.ts'", ("db/schema.ts", "db/more/auth.ts")),
        ("'./nothing.ts'", ()),
        ("schemas", ()),
    ],
)
def test_the_files_of_drizzles_schema_are_bundled_with_its_migrator(tmp_path: Path, schema: str, found: tuple[str, ...]) -> None:
    config = f"export default {{ schema: {schema}, out: './sql', casing: 'snake_case', migrations: {{ schema: 'drizzle' }} }}\n"
    sources = dict.fromkeys(("db/schema.ts", "db/more/auth.ts", "db/more/auth.d.ts"), "export {}\n")
    files = {"drizzle.config.ts": config, "sql/0000_first.sql": "select 1;\n", **sources}
    bundle = node_migration(tmp_path, files, **{"drizzle-orm": "0.44.0", "pg": "8"})[2]
    assert bundle[4:] == (("snake_case", *found) if found else ())


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "web", /* one */ "main": "a,}//b.js", // two\n "list": [1, 2, ], // three\n}',
        '{"name": "web", "main": "a,}//b.js", "list": [1, 2, /* , */ ]}',
        "{name: 'web', main: 'a,}//b.js', list: [1, 2]}",
    ],
)
def test_json_with_comments_and_commas_too_many_is_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    assert Folder(tmp_path).data("x.json") == {"name": "web", "main": "a,}//b.js", "list": [1, 2]}
