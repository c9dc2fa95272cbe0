# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated Dockerfiles, one for each part of each application in tests/fixtures/apps that can be built."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.model import Fact, Part
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.part import detect_part
from ansible_collections.plannoir.deploy.plugins.module_utils._images.context import context_entries
from ansible_collections.plannoir.deploy.plugins.module_utils._images.dockerfile import Dockerfile, named_sources, parse_dockerfile
from ansible_collections.plannoir.deploy.plugins.module_utils._images.generate import generate
from ansible_collections.plannoir.deploy.plugins.module_utils._images.ignore import parse_ignore
from ansible_collections.plannoir.deploy.plugins.module_utils._images.python_image import SUITES
from ansible_collections.plannoir.deploy.plugins.module_utils._images.recipe import Choices, Generated

APPS = Path(__file__).parents[2] / "fixtures/apps"


def parts() -> dict[str, tuple[Path, Part]]:
    found = {}
    for app in sorted(path for path in APPS.iterdir() if path.is_dir() and not path.name.startswith("bad-")):
        for part in detect_application(app).parts:
            if part.kind.value != "dockerfile":
                found[f"{app.name}/{part.name}"] = (app, part)
    return found


PARTS = parts()


def made(name: str, **choices: object) -> Generated:
    app, part = PARTS[name]
    return generate(part, app, Choices(**choices))  # type: ignore[arg-type]


def steps(text: str, stage: str = "") -> str:
    """Return the text of a stage; of the last one for none."""
    found = dict(re.findall(r"^FROM \S+(?: AS (\S+))?$(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL))
    return str(found[stage])


@pytest.mark.parametrize("name", PARTS)
class TestEveryDockerfile:
    def test_it_starts_from_the_base_image_of_the_caller_and_from_nothing_that_was_not_named(self, name: str) -> None:
        parsed = parse_dockerfile(made(name).dockerfile.encode())
        known = {"${BASE_IMAGE}", "scratch"}
        for stage in parsed.stages:
            assert stage.base in known or re.fullmatch(r"python:3\.\d+-slim-trixie", stage.base)
            known.add(stage.name)
        assert parsed.arguments == {"BASE_IMAGE": "debian:trixie-slim"}

    def test_its_process_is_started_by_no_shell_and_is_not_root(self, name: str) -> None:
        last = parse_dockerfile(made(name).dockerfile.encode()).stages[-1]
        assert [instruction.text for instruction in last.instructions if instruction.name == "USER"] == ["10001:10001"]
        command = next(instruction for instruction in last.instructions if instruction.name == "CMD")
        assert command.text.startswith('["')
        assert command.words()[0] not in ("sh", "bash", "npm", "pnpm", "yarn", "uv")

    def test_what_it_copies_by_name_is_there_and_not_ignored(self, name: str) -> None:
        app, _part = PARTS[name]
        generated = made(name)
        patterns = parse_ignore(generated.ignore.encode(), "ignore")
        held = {path for path, _status in context_entries(app / generated.context, patterns)}
        parsed: Dockerfile = parse_dockerfile(generated.dockerfile.encode())
        named = {source for source in named_sources(parsed, "") if source and source != "."}
        assert {source for source in named if source not in held} == set()

    def test_the_libraries_of_what_runs_are_checked(self, name: str) -> None:
        assert "debian.sh check /rootfs" in steps(made(name).dockerfile, "checked")


def test_no_credentials_histories_or_installed_packages_enter_a_context() -> None:
    lines = made("fastapi-uv/web").ignore.splitlines()
    assert {"**/.env", "**/.env.*", "**/.git", "**/node_modules", "**/.venv", "**/__pycache__"} <= set(lines)


def test_what_the_folder_itself_ignores_stays_out_but_for_what_the_build_needs(tmp_path: Path) -> None:
    write(tmp_path, {".dockerignore": "*.json\nnotes\n", "package.json": '{"name": "a", "scripts": {"start": "node a.js"}}', "a.js": "1"})
    lines = generated(tmp_path).ignore.splitlines()
    assert lines[:3] == ["*.json", "notes", "!package.json"]


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("fastapi-uv/web", "uv export --quiet --frozen --offline --no-dev"),
        ("fastapi-poetry/web", "poetry export --quiet --only main"),
        ("fastapi-pdm/web", "&& PDM_PYTHON=/opt/tool/bin/python /opt/tool/bin/pdm export --quiet --prod --format requirements --output"),
    ],
)
def test_a_lock_is_taken_as_it_is_with_its_hashes_and_without_what_develops(name: str, command: str) -> None:
    text = steps(made(name).dockerfile, "dependencies")
    assert command in text
    assert "--require-hashes --requirement /requirements.txt" in text


def test_requirements_are_installed_as_they_stand_but_for_the_project_itself(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "-e .\nflask==3.1.0\n-r more.txt\n", "more.txt": "gunicorn==23.0.0\n", "app.py": FLASK})
    text = steps(generated(tmp_path).dockerfile, "dependencies")
    assert "COPY requirements.txt more.txt ./" in text
    assert "grep -v" in text
    assert "requirements.txt.remote" in text
    assert "--require-hashes" not in text


def test_a_server_that_the_lock_lacks_is_installed_beside_it(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask==3.1.0\n", "app.py": FLASK})
    assert "--no-deps gunicorn==" in steps(generated(tmp_path).dockerfile, "dependencies")


def test_what_is_compiled_brings_the_libraries_that_it_was_compiled_with(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\npsycopg2==2.9.10\n", "app.py": FLASK})
    text = generated(tmp_path).dockerfile
    assert "build-essential python3.13-dev libpq-dev" in steps(text, "dependencies")
    assert "debian.sh complete /rootfs" in steps(text, "checked")


@pytest.mark.parametrize("version", SUITES)
def test_a_python_of_debian_comes_from_its_suite(tmp_path: Path, version: str) -> None:
    write(tmp_path, {"requirements.txt": "flask==3.1.0\n", "app.py": FLASK, ".python-version": f"{version}\n"})
    text = generated(tmp_path).dockerfile
    suffix = f"/{SUITES[version]}" if SUITES[version] else ""
    assert f"python{version}-minimal{suffix} " in steps(text, "root")
    assert f"python3-pip-whl python{version}{suffix} " in steps(text, "dependencies")
    assert ("debian.sh suite" in text.replace(HELP, "")) == bool(suffix)
    newer = version == "3.14"  # its C library is newer than the builder's, which goes along with what is built of it
    assert ("libc6/forky libc-bin/forky" in steps(text, "dependencies")) == newer
    assert ("python3.14-dev/forky libc6-dev/forky libc-dev-bin/forky" in steps(text, "dependencies")) == newer


def test_a_python_that_only_an_image_has_is_taken_from_it_and_the_nearest_is_offered(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "flask==3.1.0\n", "app.py": FLASK, ".python-version": "3.12\n"})
    made_of_image = generated(tmp_path)
    assert "FROM python:3.12-slim-trixie AS interpreter" in made_of_image.dockerfile
    assert "Python 3.13 is the nearest that Debian has" in made_of_image.offer
    assert 'write python: "3.13" into build' in made_of_image.offer
    accepted = generated(tmp_path, python="3.13")
    assert "python:3.12" not in accepted.dockerfile
    assert not accepted.offer


def test_an_offer_names_the_pins_without_a_wheel(tmp_path: Path) -> None:
    wheel = '{{ url = "https://x/{}-1.0-{}.whl" }}'
    lock = 'version = 1\nrequires-python = "==3.12.*"\n'
    for name, tags in {
        "flask": "py3-none-any",
        "native": "cp312-cp312-manylinux_2_17_x86_64",
        "stable": "cp39-abi3-manylinux1_x86_64",
    }.items():
        lock += f'[[package]]\nname = "{name}"\nversion = "1.0"\nsource = {{ registry = "x" }}\nwheels = [{wheel.format(name, tags)}]\n'
    manifest = '[project]\nname = "a"\nversion = "1"\nrequires-python = "==3.12.*"\ndependencies = ["flask", "native", "stable"]\n'
    write(tmp_path, {"uv.lock": lock, "pyproject.toml": manifest, "app.py": FLASK})
    assert "(its lock has no wheel for it of native 1.0)" in generated(tmp_path).offer


def test_the_python_that_a_project_allows_is_taken_before_an_image_is_asked_for() -> None:
    found = made("fastapi-uv/web")
    assert "AS interpreter" not in found.dockerfile
    assert "asks for 3.12" in found.notes[0]
    assert "allows 3.13, which is taken" in found.notes[0]


def test_the_source_runs_from_its_folder_and_its_version_can_be_read(tmp_path: Path) -> None:
    manifest = '[project]\nname = "My.App"\nversion = "1.2"\ndependencies = ["flask"]\n[build-system]\nrequires = ["hatchling"]\n'
    package = tmp_path / "src/my_app"
    package.mkdir(parents=True)
    write(tmp_path, {"pyproject.toml": manifest})
    write(package, {"__init__.py": "", "web.py": FLASK})
    text = generated(tmp_path).dockerfile
    assert "/opt/venv/lib/python3.13/site-packages/my_app-1.2.dist-info/METADATA" in text
    assert "PYTHONPATH=/app/src:/app" in text


def test_the_members_of_a_workspace_are_imported_from_their_folders() -> None:
    text = made("uv-workspace/api").dockerfile
    assert " --package " in steps(text, "dependencies")
    assert re.search(r"PYTHONPATH=\S+:\S+", text)


def test_next_gets_its_build_arguments_as_variables_and_leaves_development_out() -> None:
    text = made("next-npm/web", arguments={"NEXT_PUBLIC_API_URL": "", "BASE_IMAGE": "x"}).dockerfile
    build = steps(text, "build")
    assert build.index("ARG NEXT_PUBLIC_API_URL") < build.index("node /docker/next.cjs . npm run build")
    assert "ARG BASE_IMAGE" not in build
    assert "COPY --from=checked /rootfs/app /app" in steps(text)


def test_the_server_of_a_monorepo_starts_in_its_folder() -> None:
    text = made("turborepo/web").dockerfile
    assert "next.cjs apps/web " in steps(text, "build")
    assert "WORKDIR /app/apps/web" in steps(text)


def test_scripts_of_the_installation_run_with_the_source(tmp_path: Path) -> None:
    package = '{"name": "a", "scripts": {"start": "node a.js"%s}}'
    write(tmp_path, {"package.json": package % "", "a.js": "1"})
    assert "COPY package.json ./" in steps(generated(tmp_path).dockerfile, "packages")
    write(tmp_path, {"package.json": package % ', "postinstall": "node a.js"'})
    assert "COPY . ./" in steps(generated(tmp_path).dockerfile, "packages")


def test_packages_of_development_stay_out_unless_they_are_the_process(tmp_path: Path) -> None:
    package = '{"name": "a", "scripts": {"start": "%s a.ts"}, "devDependencies": {"tsx": "4"}, "dependencies": {"express": "5"}}'
    write(tmp_path, {"package.json": package % "node", "a.ts": "1"})
    assert "npm prune --omit=dev" in steps(generated(tmp_path).dockerfile, "build")
    write(tmp_path, {"package.json": package % "tsx"})
    text = generated(tmp_path).dockerfile
    assert "npm prune" not in steps(text, "build")
    assert 'CMD ["node", "node_modules/tsx-program", "a.ts"]' in text


def test_a_migration_of_a_node_part_is_one_file_that_needs_no_development() -> None:
    text = made("next-bun-drizzle/web").dockerfile
    build = steps(text, "build")
    bundled = build.index("node /docker/migrate.cjs . drizzle db/migrations node-postgres DATABASE_URL as-written db/schema.ts ")
    assert build.index("--prefix /usr/local --no-audit --no-fund esbuild@") < bundled < build.index("node /docker/next.cjs")
    assert "COPY --from=build /migration /rootfs/app" in steps(text, "checked")
    assert "migrate.cjs" not in made("next-npm/web").dockerfile
    assert "/migration" not in made("next-npm/web").dockerfile


def test_a_migration_by_a_program_of_a_package_is_linked_before_it_is_copied(tmp_path: Path) -> None:
    package = '{"name": "a", "scripts": {"start": "node a.js", "migrate": "knex migrate:latest"}, "dependencies": {"knex": "3"}}'
    write(tmp_path, {"package.json": package, "a.js": "1"})
    build = steps(generated(tmp_path).dockerfile, "build")
    assert build.index("'node_modules/knex-program'") < build.index("cp -a . /out/")


def test_a_start_script_that_needs_a_shell_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": '{"name": "a", "scripts": {"start": "node a.js && node b.js"}}', "a.js": "1"})
    with pytest.raises(Failure, match="needs a shell, and the image has none"):
        generated(tmp_path)


@pytest.mark.parametrize(("engines", "line"), [("20.x", "20"), (">=18", "24"), ("^22.3", "22"), ("18", "20")])
def test_a_node_that_the_project_allows_is_taken(tmp_path: Path, engines: str, line: str) -> None:
    write(
        tmp_path, {"package.json": f'{{"name": "a", "engines": {{"node": "{engines}"}}, "scripts": {{"start": "node a.js"}}}}', "a.js": "1"}
    )
    assert f"on Node.js {line}." in generated(tmp_path).dockerfile


def test_a_node_that_cannot_be_had_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"package.json": '{"name": "a", "engines": {"node": ">=99"}, "scripts": {"start": "node a.js"}}', "a.js": "1"})
    with pytest.raises(Failure, match=r"Node.js \(package.json:1\): >=99 is asked for, and 24, 22, 20 can be had"):
        generated(tmp_path)


def test_addresses_of_a_single_page_lead_to_it_and_those_of_several_pages_do_not() -> None:
    assert "try_files $uri $uri.html $uri/ /index.html;" in made("vite-fastapi/frontend").dockerfile
    assert "try_files $uri $uri.html $uri/ =404;" in made("static-site/web").dockerfile


def test_what_keeps_a_part_from_being_built_is_said_as_it_was_found() -> None:
    app = APPS / "bad-stale-lock"
    with pytest.raises(Failure, match=r"lock file \(uv.lock\): it lacks httpx"):
        generate(detect_part(app, app), app, Choices())


def test_a_kind_without_a_recipe_is_named() -> None:
    app, part = PARTS["static-site/web"]
    other = Part("a", ".", Fact("dockerfile"), Fact("."), Fact(()), Fact(0), Fact(""))
    assert part.kind.value == "static"
    with pytest.raises(Failure, match="a dockerfile is nothing that a Dockerfile can be generated for"):
        generate(other, app, Choices())


FLASK = "from flask import Flask\napp = Flask(__name__)\n"
HELP = "#   debian.sh suite NAME"


def write(folder: Path, contents: dict[str, str]) -> None:
    for name, text in contents.items():
        (folder / name).write_text(text)


def generated(folder: Path, **choices: str) -> Generated:
    return generate(detect_part(folder, folder), folder, Choices(**choices))  # type: ignore[arg-type]


def test_what_poetry_declares_is_installed_where_there_is_no_lock(tmp_path: Path) -> None:
    manifest = """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.10"
fastapi = "^0.111.1"
alembic = "~1.13"
tiny = "^0.0.9"
pwdlib = {extras = ["argon2"], version = "^0.2.0"}
other = {git = "https://example.org/other.git", tag = "v1"}
later = {version = "2.1.0", python = ">=3.11", markers = "sys_platform == 'linux'"}
near = {path = "../near"}
perhaps = {version = "*", optional = true}
"""
    (tmp_path / "pyproject.toml").write_text(manifest, encoding="utf-8")
    (tmp_path / "main.py").write_text("from fastapi import FastAPI\napp = FastAPI()\n", encoding="utf-8")
    text = generate(detect_part(tmp_path), tmp_path, Choices()).dockerfile
    listed = text.partition("/requirements.txt\n")[2].partition("\nEND\n")[0].splitlines()
    assert listed == [
        "fastapi>=0.111.1,<0.112",
        "alembic==1.13.*",
        "tiny>=0.0.9,<0.0.10",
        "pwdlib[argon2]>=0.2.0,<0.3",
        "other @ git+https://example.org/other.git@v1",
        "later==2.1.0 ; (sys_platform == 'linux') and python_version >= \"3.11\"",
    ]


@pytest.mark.parametrize(
    ("wanted", "chosen", "line"),
    [("25", "24", "24"), (">=25.0.0", "22", "22"), (">=20 <23", "", "22"), ("18", "", "20"), ("22.3.1", "24", "24")],
)
def test_a_person_s_own_node_wins(tmp_path: Path, wanted: str, chosen: str, line: str) -> None:
    package = {"name": "a", "engines": {"node": wanted}, "scripts": {"start": "node a.js"}, "dependencies": {"express": "5"}}
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "a.js").write_text("require('express')().listen(3000)\n", encoding="utf-8")
    assert f"on Node.js {line}." in generate(detect_part(tmp_path), tmp_path, Choices(node=chosen)).dockerfile


@pytest.mark.parametrize(("wanted", "chosen"), [("25", ""), (">=25.0.0", ""), ("24", "99")])
def test_a_node_that_cannot_be_had_names_the_line_that_takes_the_nearest(tmp_path: Path, wanted: str, chosen: str) -> None:
    package = {"name": "a", "engines": {"node": wanted}, "scripts": {"start": "node a.js"}, "dependencies": {"express": "5"}}
    (tmp_path / "package.json").write_text(json.dumps(package), encoding="utf-8")
    (tmp_path / "a.js").write_text("require('express')().listen(3000)\n", encoding="utf-8")
    with pytest.raises(Failure) as failed:
        generate(detect_part(tmp_path), tmp_path, Choices(node=chosen))
    said = "write one of them" if chosen else 'write node: "24" into build to take the nearest, or change it there.'
    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("requirements", "limited"),
    [("passlib[bcrypt]\n", True), ("passlib\nbcrypt==5.0.0\n", False), ("fastapi\n", False), ("passlib==1.7.4 --hash=sha256:ab\n", False)],
)
def test_what_breaks_on_a_newer_other_is_limited_where_no_lock_says_which(tmp_path: Path, requirements: str, limited: bool) -> None:
    write(tmp_path, {"requirements.txt": f"fastapi\n{requirements}", "main.py": "from fastapi import FastAPI\napp = FastAPI()\n"})
    text = generate(detect_part(tmp_path), tmp_path, Choices()).dockerfile
    assert ("/limits.txt\nbcrypt<5\n" in text) is limited
    assert ("--constraint /limits.txt" in text) is limited


def test_pnpm_takes_development_s_packages_out_at_once(tmp_path: Path) -> None:
    package = {"name": "a", "scripts": {"start": "node a.js"}, "dependencies": {"express": "5"}, "devDependencies": {"typescript": "5"}}
    entries = {"dependencies": {"express": {"specifier": "5"}}, "devDependencies": {"typescript": {"specifier": "5"}}}
    lock = json.dumps({"lockfileVersion": "9.0", "importers": {".": entries}})
    write(tmp_path, {"package.json": json.dumps(package), "a.js": "1", "pnpm-lock.yaml": lock})
    assert re.search(r"pnpm install --prod .* --config\.modules-cache-max-age=0", generated(tmp_path).dockerfile)
