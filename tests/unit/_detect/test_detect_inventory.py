# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written for an application, and that a person's own lines stay."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.application import detect_application
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.inventory import Written, app_file, state_of

from scripts.detect import APPS, names

ROOT = Path(__file__).parents[3]
SERVICES = ("gateway", "mail", "mariadb", "openrouter", "postgresql", "redis")


def written(name: str) -> Written:
    return app_file(detect_application(APPS / name), SERVICES, 31080)


def variables(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(written(name).text))


def component(name: str, part: str = "web") -> dict[str, Any]:
    return next(dict(found) for found in variables(name)["app_components"] if found["name"] == part)


@pytest.mark.parametrize("name", names())
def test_at_most_forty_lines_are_written(name: str) -> None:
    assert len(written(name).text.splitlines()) <= 40


def test_services_are_taken_by_name_and_form() -> None:
    assert component("fastapi-uv")["secret_env"]["DATABASE_URL"] == {"from": "postgresql", "as": "sqlalchemy+asyncpg"}
    assert variables("fastapi-uv")["app_services"] == ["postgresql", "redis"]


def test_mysqls_clients_get_mariadb_in_their_form() -> None:
    assert component("fastapi-mysql")["secret_env"]["MYSQL_URL"] == {"from": "mariadb", "as": "sqlalchemy+pymysql"}
    assert variables("fastapi-mysql")["app_services"][:1] == ["mariadb"]
    assert "services_mariadb_tls_required" not in variables("fastapi-mysql")


def test_who_reads_where_mail_goes_gets_the_catcher() -> None:
    web = component("fastapi-mysql")
    assert {name: value["as"] for name, value in web["env"].items()} == {
        "SMTP_HOST": "host",
        "SMTP_PORT": "port",
        "SMTP_STARTTLS": "starttls",
        "SMTP_USER": "user",
    }
    assert web["secret_env"]["SMTP_PASSWORD"] == {"from": "mail", "as": "password"}
    assert "MAIL_FROM" not in web["env"]  # it has a default
    assert component("node-mysql")["env"]["SMTP_FROM"] == {"from": "mail", "as": "from"}
    assert "SMTP_SECURE" not in component("node-mysql")["env"]  # it is off by itself
    assert variables("node-mysql")["app_services"] == ["mariadb", "mail"]
    note = detect_application(APPS / "node-mysql").services["mail"].note
    assert "delivers nothing" in note
    assert "vault_mail_url" in note


def test_a_client_that_reads_the_parts_of_an_address_is_not_told_of_tls() -> None:
    web = component("node-mysql")
    assert {name: value["as"] for name, value in {**web["env"], **web["secret_env"]}.items() if name.startswith("DB_")} == {
        "DB_HOST": "host",
        "DB_NAME": "database",
        "DB_PASSWORD": "password",
        "DB_PORT": "port",
        "DB_USER": "user",
    }
    assert variables("node-mysql")["services_mariadb_tls_required"] is False


def test_tables_that_are_made_at_the_start_need_the_owner() -> None:
    assert component("fastapi-openai")["secret_env"]["DATABASE_URL"] == {"from": "postgresql", "as": "psycopg2", "owner": True}


def test_what_can_be_made_is_made_and_what_only_the_person_has_is_asked_for() -> None:
    assert variables("fastapi-uv")["app_secrets"] == ["shop_session_secret"]
    found = written("bad-variables")
    assert {(ask.name, ask.source, ask.is_secret) for ask in found.asks} == {
        ("bad_variables_tenant_id", "main.py:5", False),
        ("vault_twilio_auth_token", "main.py:6", True),
    }
    assert '# bad_variables_tenant_id: "..."  # web wants it (main.py:5)' in found.text


def test_a_default_that_is_a_credential_is_in_no_file() -> None:
    assert "change-me" not in written("fastapi-openai").text


def test_cors_origins_are_spelt_as_the_code_reads_them() -> None:
    assert component("fastapi-uv")["env"]["SHOP_CORS_ORIGINS"] == '["http://127.0.0.1:31080", "http://localhost:31080"]'
    assert component("fastapi-requirements")["env"]["ALLOWED_ORIGINS"] == "http://127.0.0.1:31080,http://localhost:31080"


def test_a_browsers_calls_go_through_the_gateway() -> None:
    found = variables("next-fastapi")
    assert found["services_gateway_routes"] == {"/": "frontend", "/backend": {"to": "backend", "strip": True}}
    assert component("next-fastapi", "frontend")["build"]["args"] == {"NEXT_PUBLIC_API_URL": "/backend/api/v1"}


def test_a_worker_takes_what_its_image_mate_takes_and_a_scheduler_is_never_two() -> None:
    worker, scheduler = component("django-celery", "worker"), component("django-celery", "scheduler")
    assert worker["secret_env"] == component("django-celery")["secret_env"]
    assert "port" not in worker
    assert ("strategy" in worker, scheduler["strategy"]) == (False, "Recreate")


def test_redis_is_taken_in_the_form_that_its_client_reads() -> None:
    assert component("django-celery")["secret_env"]["REDIS_URL"] == {"from": "redis", "as": "redis"}
    assert "services_redis_tls" not in variables("django-celery")
    # arq reads nothing of TLS from a URL but that there is some.
    assert component("arq-worker", "worker")["secret_env"]["REDIS_URL"] == {"from": "redis", "as": "url"}
    assert variables("arq-worker")["services_redis_tls"] is False
    assert "services_redis_password" not in variables("arq-worker")
    assert variables("rq-worker")["services_redis_password"] is False


@pytest.mark.parametrize(
    ("code", "is_open"),
    [
        ("Redis(host='redis', port=6379)", True),
        ("Redis.from_url('redis://redis:6379/0')", True),
        ("Redis(host=os.environ['REDIS_QUEUE_HOST'])", True),
        ("Redis(host=os.environ['REDIS_HOST'], password=os.environ['REDIS_PASSWORD'])", False),
        ("Redis.from_url(os.getenv('REDIS_URL') or os.environ['REDIS_HOST'])", False),
        ("Redis.from_url(os.environ['REDIS_RATE_LIMIT_URL'])", False),
    ],
)
def test_a_client_that_can_be_told_no_password_gets_a_server_without_one(tmp_path: Path, code: str, is_open: bool) -> None:
    source = f"import os\nfrom flask import Flask\nfrom redis import Redis\napp = Flask(__name__)\nstore = {code}\n"
    found, left_out = adopted(tmp_path, {"requirements.txt": "flask\nredis\n", "app.py": source})
    assert found["app_services"] == ["redis"]
    assert ("services_redis_password" in found) == is_open
    assert [said for said in left_out if "redis" in said] == []


LAYERED = {
    "pyproject.toml": """[project]
name = "shop"
version = "1"
dependencies = ["fastapi", "uvicorn", "sqlalchemy", "asyncpg", "psycopg2-binary", "redis", "arq", "pydantic-settings"]
""",
    "setup.cfg": "[flake8]\nmax-line-length = 100\n",
    "Dockerfile": 'FROM python:3.12\nCMD ["uvicorn", "app.main:app"]\n',
    "src/__init__.py": "",
    "src/app/__init__.py": "",
    "src/app/main.py": "from .core.setup import create\nfrom .core.config import settings\n\napp = create()\n",
    "src/app/core/__init__.py": "",
    # Called as a manifest of Python, which it is not.
    "src/app/core/setup.py": """from fastapi import FastAPI
from sqlalchemy.ext.asyncio import create_async_engine
from .config import settings
def create():
    engine = create_async_engine(settings.POSTGRES_PREFIX + settings.POSTGRES_URI)
    return FastAPI()
""",
    "src/app/core/config.py": """from pydantic_settings import BaseSettings
from starlette.config import Config
config = Config(".env")
class Settings(BaseSettings):
    POSTGRES_USER: str = config("POSTGRES_USER", default="postgres")
    POSTGRES_SERVER: str = config("POSTGRES_SERVER", default="localhost")
    POSTGRES_PREFIX: str = config("POSTGRES_PREFIX", default="postgresql+asyncpg://")
    POSTGRES_URI: str = f"{POSTGRES_USER}@{POSTGRES_SERVER}/app"
    MYSQL_USER: str = config("MYSQL_USER", default="root")
    MYSQL_URL: str | None = config("MYSQL_URL", default=None)
    REDIS_CACHE_HOST: str = config("REDIS_CACHE_HOST", default="localhost")
    REDIS_CACHE_URL: str = f"redis://{REDIS_CACHE_HOST}:6379"
    REDIS_QUEUE_HOST: str = config("REDIS_QUEUE_HOST", default="localhost")
settings = Settings()
""",
    "src/app/core/worker.py": """from .config import settings
class WorkerSettings:
    functions = []
    host = settings.REDIS_QUEUE_HOST
""",
}


def test_settings_in_layers_below_a_folder_of_sources(tmp_path: Path) -> None:
    found, _left_out = adopted(tmp_path, LAYERED)
    web, worker = found["app_components"]
    host = {"from": "redis", "as": "host"}
    assert web["env"] == {
        "POSTGRES_SERVER": {"from": "postgresql", "as": "host"},
        "POSTGRES_USER": {"from": "postgresql", "as": "user"},
        "REDIS_CACHE_HOST": host,
        "REDIS_QUEUE_HOST": host,
    }
    assert web["secret_env"] == {"REDIS_CACHE_URL": {"from": "redis", "as": "url"}}
    assert worker["command"] == ["arq", "app.core.worker.WorkerSettings"]  # from where the part starts whose image it runs in
    assert worker["env"] == web["env"]
    assert found["services_redis_password"] is False


def test_a_folder_that_is_two_parts_says_which_one_is_built() -> None:
    languages = {name: component("next-fastapi-one-folder", name)["build"]["language"] for name in ("api", "web")}
    assert languages == {"api": "python", "web": "node"}


def test_without_a_gateway_what_it_would_do_is_said() -> None:
    found = app_file(detect_application(APPS / "next-fastapi"), ["postgresql"], 31080)
    assert "/backend to backend" in found.left_out[0]
    assert "gateway" not in found.text


COMPOSED = {
    "app/requirements.txt": "django\npsycopg2-binary\ngunicorn\n",
    "app/manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n",
    "app/shop/__init__.py": "",
    "app/shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    "app/shop/settings.py": """import os
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS").split(" ")
DATABASES = {"default": {
    "ENGINE": os.environ.get("SQL_ENGINE", "django.db.backends.sqlite3"), "HOST": os.environ.get("SQL_HOST", "localhost")}}
""",
    "nginx/Dockerfile": "FROM nginx:1.25\nCOPY nginx.conf /etc/nginx/conf.d\n",
}


def adopted(folder: Path, files: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    found = app_file(detect_application(folder), SERVICES, 31080)
    return dict(yaml.safe_load(found.text)), found.left_out


def test_a_list_stands_with_what_the_code_splits_it_at_and_an_engine_is_the_services(tmp_path: Path) -> None:
    found, left_out = adopted(tmp_path, COMPOSED)
    (app,) = found["app_components"]
    assert app["env"]["DJANGO_ALLOWED_HOSTS"] == "127.0.0.1 localhost app"
    assert app["env"]["SQL_ENGINE"] == "django.db.backends.postgresql"
    assert left_out[:-1] == ["nginx: it is a proxy in front of the others, whose place app_services: [gateway] takes"]


def test_of_two_urls_of_one_database_the_asynchronous_one_gets_its_driver(tmp_path: Path) -> None:
    settings = "import os\nfrom fastapi import FastAPI\n"
    settings += (
        "A = os.environ['DATABASE_URL']\nB = os.environ['DATABASE_ASYNC_URL']\nC = os.getenv('CORS_ORIGINS_REGEX')\napp = FastAPI()\n"
    )
    found, _left_out = adopted(tmp_path, {"requirements.txt": "fastapi\nsqlalchemy\nasyncpg\npsycopg2-binary\n", "main.py": settings})
    (web,) = found["app_components"]
    assert {name: value["as"] for name, value in web["secret_env"].items()} == {
        "DATABASE_URL": "psycopg2",
        "DATABASE_ASYNC_URL": "sqlalchemy+asyncpg",
    }
    assert "env" not in web


def reading(folder: Path, requirements: str, *names: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the environment of an application that reads some variables, and needs each of them."""
    text = "import os\nfrom fastapi import FastAPI\napp = FastAPI()\n" + "".join(f"os.environ['{name}']\n" for name in names)
    found, _left_out = adopted(folder, {"requirements.txt": f"fastapi\n{requirements}", "main.py": text})
    (web,) = found["app_components"]
    return web.get("env", {}), web.get("secret_env", {})


def test_a_urls_name_says_whose_driver_it_is_for(tmp_path: Path) -> None:
    drivers = "sqlalchemy\nasyncpg\npsycopg\n"
    names = ("DATABASE_URL", "DATABASE_URL_ASYNC", "DATABASE_URL_SYNC", "DB_URL_ASYNCPG_DRIVER", "DB_URL_PSYCOPG_DRIVER")
    _env, secret = reading(tmp_path, drivers, *names)
    assert {name: value["as"].removeprefix("sqlalchemy+") for name, value in secret.items()} == {
        "DATABASE_URL": "psycopg",
        "DATABASE_URL_ASYNC": "asyncpg",
        "DATABASE_URL_SYNC": "psycopg",
        "DB_URL_ASYNCPG_DRIVER": "asyncpg",
        "DB_URL_PSYCOPG_DRIVER": "psycopg",
    }


def test_what_is_the_same_nearly_everywhere_is_not_asked_for(tmp_path: Path) -> None:
    names = ("JWT_ALGORITHM", "ENVIRONMENT", "ACCESS_TOKEN_EXPIRE_MINUTES", "REFRESH_TOKEN_EXPIRE_DAYS", "API_URL", "REGION")
    env, _secret = reading(tmp_path, "", *names)
    assert env == {
        "JWT_ALGORITHM": "HS256",
        "ENVIRONMENT": "production",
        "ACCESS_TOKEN_EXPIRE_MINUTES": "30",
        "REFRESH_TOKEN_EXPIRE_DAYS": "7",
        "API_URL": "http://127.0.0.1:31080",
        "REGION": env["REGION"],
    }
    assert env["REGION"].startswith("{{ ")


def test_a_server_that_makes_pages_is_what_a_browser_opens(tmp_path: Path) -> None:
    files = {
        "api/requirements.txt": "fastapi\n",
        "api/main.py": "from fastapi import FastAPI\napp = FastAPI()\n\n@app.get('/api/items')\ndef items(): return []\n",
        "front/package.json": '{"dependencies": {"@react-router/serve": "7"}, "scripts": {"start": "react-router-serve x.js"}}',
    }
    found, _left_out = adopted(tmp_path, files)
    assert found["services_gateway_routes"] == {"/": "front", "/api": "api"}


def test_a_sqlite_file_outlives_the_pod(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("fastapi\nsqlalchemy\naiosqlite\n", encoding="utf-8")
    text = 'import os\nfrom fastapi import FastAPI\nURL = os.getenv("DATABASE_URL", "sqlite+aiosqlite:///./app.db")\napp = FastAPI()\n'
    (tmp_path / "main.py").write_text(text, encoding="utf-8")
    (web,) = yaml.safe_load(app_file(detect_application(tmp_path), SERVICES, 31080).text)["app_components"]
    assert (web["persistence"], web["env"]) == ({"path": "/data"}, {"DATABASE_URL": "sqlite+aiosqlite:////data/app.db"})


def test_a_line_of_the_persons_own_is_seen(tmp_path: Path) -> None:
    text, path = written("static-site").text, tmp_path / "app.yml"
    assert state_of(path, text) == "missing"
    path.write_text(text, encoding="utf-8")
    assert state_of(path, text) == "same"
    assert state_of(path, written("next-npm").text) == "untouched"
    path.write_text(f"{text}app_replicas: 2\n", encoding="utf-8")
    assert state_of(path, written("next-npm").text) == "edited"


def adopt(folder: Path, source: str, *more: str) -> tuple[int, str]:
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PLANNOIR_VAULT_PASSWORD": "x", "ANSIBLE_FORCE_COLOR": "0"}
    given = {"adopt_source": source, "adopt_inventory": folder / "shop", "ansible_python_interpreter": sys.executable}
    words = [word for name, value in given.items() for word in ("-e", f"{name}={value}")]
    command = ["ansible-playbook", "--inventory=localhost,", str(ROOT / "playbooks/adopt.yml"), *words, *more]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_playbook_writes_once_and_keeps_what_a_person_changed(tmp_path: Path) -> None:
    source = str(APPS / "fastapi-requirements")
    code, shown = adopt(tmp_path, source, "--check", "--diff")
    assert code == 0, shown
    assert "+app_name: fastapi-requirements" in shown
    assert not (tmp_path / "shop").exists()
    code, shown = adopt(tmp_path, source)
    assert "changed=5" in shown
    assert "playbooks/secret.yml -e secret_name=vault_stripe_api_key" in shown
    assert (tmp_path / "shop/group_vars/cluster/vault.yml").read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;")
    assert "changed=0" in adopt(tmp_path, source)[1]
    file = tmp_path / "shop/group_vars/cluster/app.yml"
    file.write_text(changed := file.read_text(encoding="utf-8") + "app_replicas: 2\n", encoding="utf-8")
    code, shown = adopt(tmp_path, source, "-e", "adopt_node_port=31081")
    assert "was changed by hand and stays as it is" in shown
    assert file.read_text(encoding="utf-8") == changed


def test_what_would_stop_a_build_is_said_before_anything_is_written(tmp_path: Path) -> None:
    code, shown = adopt(tmp_path, str(APPS / "bad-stale-lock"))
    assert code != 0
    assert "web: lock file (uv.lock): it lacks httpx, which pyproject.toml names: run uv lock beside it, or go without it:" in shown
    assert not (tmp_path / "shop").exists()


def test_a_lock_that_does_not_fit_is_gone_without_where_that_is_said() -> None:
    stopped = detect_application(APPS / "bad-stale-lock")
    assert [problem.stops for problem in stopped.problems] == [True]
    found = detect_application(APPS / "bad-stale-lock", locked=False)
    assert [problem.stops for problem in found.problems] == [False]
    (web,) = yaml.safe_load(app_file(found, SERVICES, 31080).text)["app_components"]
    assert web["build"] == {"context": ".", "locked": False}
    # One that fits is used all the same.
    (web,) = yaml.safe_load(app_file(detect_application(APPS / "fastapi-uv", locked=False), SERVICES, 31080).text)["app_components"]
    assert "locked" not in web["build"]


def test_what_another_host_calls_at_certain_times_is_called_with_its_secret_alone() -> None:
    own, found = (component("next-vercel-cron", name) for name in ("web", "web-clean"))
    assert "args" in own["build"]
    assert found["build"] == own["build"]
    assert "SITE_URL" in own["env"]
    assert found["schedule"] == {"cron": "0 4 * * *"}
    assert found["command"][0] == "node"
    assert found["command"][-1] == "http://web:3000/api/cron/clean"
    assert found["secret_env"] == {"CRON_SECRET": "{{ vault_cron_secret }}"}
    assert "env" not in found
    assert "port" not in found


def test_what_another_host_runs_at_certain_times_has_the_image_and_environment_of_its_part() -> None:
    own, found = (component("flask-render-cron", name) for name in ("web", "web-nightly-report"))
    assert found["command"] == ["python", "report.py", "--all"]
    assert (found["build"], found["secret_env"]) == (own["build"], own["secret_env"])


def test_components_with_a_schedule_are_right_as_they_are_written() -> None:
    for name in ("next-vercel-cron", "flask-render-cron"):
        components = [{**each, "service": {}} for each in variables(name)["app_components"]]
        assert load_components(components)[1] == []


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("vercel.json", '{"crons": [{"path": "/api/x", "schedule": "0 0 7"}]}', "it is not a cron expression of five fields"),
        ("vercel.json", '{"crons": [{"path": "/api/x", "schedule": "0 0 * * 7"}]}', "Sunday is 0"),
        ("railway.json", '{"deploy": {"cronSchedule": "@daily"}}', "it names no command"),
        ("railway.toml", '[deploy]\ncronSchedule = "0 3 * * *"\nstartCommand = "npx prisma db seed"', "a package manager"),
        ("railway.toml", '[deploy]\ncronSchedule = "0 3 * * *"\nstartCommand = "curl https://shop.example/tick"', "curl"),
    ],
)
def test_what_cannot_be_taken_over_is_said_and_stops_nothing(tmp_path: Path, file: str, text: str, why: str) -> None:
    shutil.copytree(APPS / "flask-render-cron", tmp_path / "shop", ignore=shutil.ignore_patterns("render.yaml"))
    (tmp_path / "shop" / file).write_text(text, encoding="utf-8")
    found = detect_application(tmp_path / "shop")
    (problem,) = found.problems
    assert [part.name for part in found.parts] == ["web"]
    assert not problem.stops
    assert problem.source.startswith(file)
    assert why in problem.text


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("vercel.json", "{}"),
        ("vercel.json", '{"crons": []}'),
        ("vercel.json", '{"crons": "none", "headers": [{"source": "/", "headers": []}]}'),
        ("railway.json", '{"deploy": {"startCommand": "gunicorn wsgi:app"}}'),
        ("render.yaml", "services: [{type: web, name: a, schedule: null}]"),
        ("render.yaml", "- services"),
    ],
)
def test_what_names_no_time_makes_no_component_and_no_note(tmp_path: Path, file: str, text: str) -> None:
    shutil.copytree(APPS / "flask-render-cron", tmp_path / "shop", ignore=shutil.ignore_patterns("render.yaml"))
    (tmp_path / "shop" / file).write_text(text, encoding="utf-8")
    found = detect_application(tmp_path / "shop")
    assert ([part.name for part in found.parts], found.problems) == (["web"], ())


def test_runners_and_scripts_are_taken_off_a_command(tmp_path: Path) -> None:
    shutil.copytree(APPS / "flask-render-cron", tmp_path / "shop")
    for command, wanted in {"uv run python -m shop.report": "python -m shop.report", "poetry run flask tidy": "flask tidy"}.items():
        text = f'[deploy]\ncronSchedule = "@daily"\nstartCommand = "{command}"\n'
        (tmp_path / "shop/railway.toml").write_text(text, encoding="utf-8")
        part = next(part for part in detect_application(tmp_path / "shop").parts if part.name == "web-cron")
        assert " ".join(part.command.value) == wanted


FASTAPI = {"requirements.txt": "fastapi\nuvicorn\n"}
STARLETTE = {"requirements.txt": "starlette\nuvicorn\n"}
FLASK = {"requirements.txt": "flask\n"}
NEST = {
    "package.json": '{"scripts": {"build": "nest build", "start": "node dist/main"}, "dependencies": {"@nestjs/core": "11"}}',
    "package-lock.json": '{"lockfileVersion": 3, "packages": {}}',
    "src/main.ts": "import './a'\nconst app = await NestFactory.create(M)\napp.setGlobalPrefix('api')\nawait app.listen(3000)\n",
}


@pytest.mark.parametrize(
    ("files", "check"),
    [
        (FASTAPI | {"main.py": "app = FastAPI()\n@app.get('/sum')\ndef total(a: int): ...\n"}, ("/openapi.json", {"status": 200})),
        (FASTAPI | {"main.py": "app = FastAPI(openapi_url=None)\n@app.get('/sum')\ndef total(a: int): ...\n"}, ("/sum", {"below": 500})),
        (FASTAPI | {"main.py": "app = FastAPI(openapi_url=None)\n@app.post('/sum')\ndef total(a: int): ...\n"}, None),
        (FASTAPI | {"main.py": "app = FastAPI(openapi_url=None)\n@app.get('/items/{id}')\ndef one(id: int): ...\n"}, None),
        (FASTAPI | {"main.py": "app = FastAPI()\n@app.get('/')\ndef index(): ...\n"}, ("/", {})),
        (FASTAPI | {"main.py": "app = FastAPI()\n@app.get('/health')\ndef health(): ...\n"}, ("/health", {"status": 200})),
        (FLASK | {"main.py": "app = Flask(__name__)\n@app.route('/jobs', methods=['POST'])\ndef make(): ...\n"}, None),
        (FLASK | {"main.py": "app = Flask(__name__)\n@app.route('/j', methods=['GET', 'POST'])\ndef j(): ...\n"}, ("/j", {"below": 500})),
        (FLASK | {"main.py": "app = Flask(__name__)\napp.add_url_rule('/jobs', view_func=jobs)\n"}, ("/jobs", {"below": 500})),
        (STARLETTE | {"main.py": "app = Starlette(routes=[Route('/feed', feed)])\n"}, ("/feed", {"below": 500})),
        (STARLETTE | {"main.py": "app = Starlette(routes=[Route('/feed', feed, methods=['POST'])])\n"}, None),
        (STARLETTE | {"main.py": "app = Starlette(routes=[Mount('/v1', routes=[Route('/feed', feed)])])\n"}, None),
        (NEST | {"src/a.ts": "@Controller('a')\nclass A {\n  @Get(':id') one() {}\n  @Get() all() {}\n}\n"}, ("/api/a", {"below": 500})),
        (NEST | {"src/a.ts": "@Controller(NAME)\nexport class A {\n  @Get() all() {}\n}\n"}, None),
        (NEST, None),
    ],
)  # fmt: skip
def test_an_interface_is_asked_what_it_answers_or_nothing_and_that_is_said(
    tmp_path: Path, files: dict[str, str], check: tuple[str, dict[str, int]] | None
) -> None:
    imports = "from fastapi import FastAPI\nfrom flask import Flask\nfrom starlette.applications import Starlette\n"
    imports += "from starlette.routing import Mount, Route\n"
    found, left_out = adopted(tmp_path, {name: f"{imports}{text}" if name == "main.py" else text for name, text in files.items()})
    assert [(step["request"]["url"], step.get("expect", {})) for step in found["app_checks"]] == ([check] if check else [])
    assert len([said for said in left_out if "takes connections (TCP): give it a step in app_checks" in said]) == (not check)


@pytest.mark.parametrize(("fixture", "url"), [("vite-fastapi", "/backend/openapi.json"), ("npm-workspaces", "/api/items"), ("board", None)])
def test_a_part_behind_a_prefix_is_asked_there(fixture: str, url: str | None) -> None:
    found = yaml.safe_load(app_file(detect_application(APPS / fixture), SERVICES, 31000).text)
    assert [step["request"]["url"] for step in found["app_checks"][1:]] == [url or "/api/word"]


ADDRESS = "f'{self.KIND}+{self.CONNECTOR}://{self.USERNAME}:{quote(self.PASSWORD)}@{self.HOST}:{self.PORT}/{self.DATABASE}?charset=utf8mb4'"


@pytest.mark.parametrize(
    ("address", "env"),
    [
        (ADDRESS, {"KIND": "mysql", "CONNECTOR": "aiomysql"}),
        (ADDRESS.replace("{self.KIND}+{self.CONNECTOR}", "{self.KIND}"), {"KIND": "mysql+aiomysql"}),
        (ADDRESS.replace("{self.KIND}+{self.CONNECTOR}", "mysql+aiomysql"), {}),
    ],
)
def test_what_a_name_does_not_say_its_place_in_an_address_does(tmp_path: Path, address: str, env: dict[str, str]) -> None:
    fields = [name for name in ("KIND", "CONNECTOR", "USERNAME", "PASSWORD", "HOST", "PORT", "DATABASE") if f"self.{name}" in address]
    source = "from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings\napp = FastAPI()\n"
    source += "class Settings(BaseSettings):\n" + "".join(f"    {name}: str\n" for name in fields)
    source += f"    @property\n    def url(self):\n        return {address}\n"
    requirements = "fastapi\npydantic-settings\nsqlalchemy\naiomysql\n"
    found, _left_out = adopted(tmp_path, {"requirements.txt": requirements, "main.py": source})
    (web,) = found["app_components"]
    places = {"USERNAME": "user", "HOST": "host", "PORT": "port", "DATABASE": "database"}
    assert web["env"] == {**env, **{name: {"from": "mariadb", "as": form} for name, form in places.items()}}
    assert web["secret_env"] == {"PASSWORD": {"from": "mariadb", "as": "password"}}


@pytest.mark.parametrize(
    "address", ["f'redis://{self.USERNAME}:{self.PASSWORD}@{self.HOST}/{self.DATABASE}'", "f'{self.HOST}/{self.DATABASE}'"]
)
def test_an_address_of_something_else_says_nothing_of_a_database(tmp_path: Path, address: str) -> None:
    source = "from fastapi import FastAPI\nfrom pydantic_settings import BaseSettings\napp = FastAPI()\n"
    source += "class Settings(BaseSettings):\n    HOST: str\n    DATABASE: str = 'a'\n    USERNAME: str = 'b'\n    PASSWORD: str = 'c'\n"
    source += f"    @property\n    def url(self):\n        return {address}\n"
    found, _left_out = adopted(tmp_path, {"requirements.txt": "fastapi\npydantic-settings\nsqlalchemy\naiomysql\n", "main.py": source})
    assert "env" not in found["app_components"][0]


ENV_SCHEMA = """\
import { Type } from '@sinclair/typebox'
import { envSchema } from 'env-schema'
const Flag = Type.Integer({ minimum: 0 })
export const env = envSchema({ schema: Type.Object({
  DATABASE_URL: Type.String(), ENABLE_LOG: Flag, HTTP_PORT: Type.Integer(), IP: Type.String(), LOG_LEVEL: Type.String(),
  ENV_NAME: Type.String(),
  JWT_ACCESS_TOKEN_EXPIRATION_TIME: Type.String(), VERSION: Type.Optional(Type.String()), LIMIT: Type.Integer({ default: 5 }),
}) })
"""
JSON_SCHEMA = """\
import fastifyEnv from '@fastify/env'
const schema = { type: 'object',
  required: ['DATABASE_URL', 'ENABLE_LOG', 'HTTP_PORT', 'IP', 'LOG_LEVEL', 'ENV_NAME', 'JWT_ACCESS_TOKEN_EXPIRATION_TIME'],
  properties: { DATABASE_URL: { type: 'string' }, ENABLE_LOG: { type: 'integer' }, HTTP_PORT: { type: 'string' }, IP: { type: 'string' },
    LOG_LEVEL: { type: 'string' }, ENV_NAME: { type: 'string' }, JWT_ACCESS_TOKEN_EXPIRATION_TIME: { type: 'string' },
    VERSION: { type: 'string' }, LIMIT: { type: 'integer', default: 5 } } }
"""


@pytest.mark.parametrize("schema", [ENV_SCHEMA, JSON_SCHEMA])
def test_a_schema_of_fastify_s_says_what_it_reads_and_what_is_required(tmp_path: Path, schema: str) -> None:
    package = {
        "type": "module",
        "imports": {"#*": "./src/*"},
        "scripts": {"start": "node src/index.ts", "generate": "drizzle-kit generate --config=infra/drizzle.config.js"},
        "dependencies": {"fastify": "5", "postgres": "3", "drizzle-orm": "0.45"},
    }
    config = "export default { out: 'infra/sql', schema: 'src/**/*.model.ts' }\n"
    files = {"package.json": json.dumps(package), "infra/drizzle.config.js": config, "infra/sql/0000_a.sql": "select 1;\n"}
    files |= {
        "src/index.ts": "import { env } from '#configs/env.config.ts'\n",
        "src/configs/env.config.ts": schema,
        "src/a.model.ts": "export {}\n",
    }
    written = app_file(detect_application(_written(tmp_path, files)), SERVICES, 31000)
    (web,) = yaml.safe_load(written.text)["app_components"]
    assert {name: web["env"][name] for name in ("HTTP_PORT", "IP", "LOG_LEVEL", "ENV_NAME")} == {
        "HTTP_PORT": "3000",
        "IP": "0.0.0.0",
        "LOG_LEVEL": "info",
        "ENV_NAME": "production",
    }
    assert web["secret_env"] == {"DATABASE_URL": {"from": "postgresql", "as": "postgres.js"}}
    assert [ask.name.partition("_")[2] for ask in written.asks] == ["enable_log", "jwt_access_token_expiration_time"]
    assert web["migration"]["command"] == ["node", "migrate.mjs"]


def _written(folder: Path, files: Mapping[str, str]) -> Path:
    place = folder / "shop"
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, encoding="utf-8")
    return place


NODE = {
    "express": """\
import express from 'express'
import { users } from './routes/users.js'
const health = require('./routes/health')
const app = express()
app.use('/api', health, users)
app.listen(3000)
""",
    "fastify": """\
import Fastify from 'fastify'
import health from '#routes/health'
import * as users from './routes/users.js'
const app = Fastify()
app.register(health, { prefix: '/api' })
app.listen({ port: 3000 })
""",
    "hono": """\
import { Hono } from 'hono'
import health from './routes/health'
const app = new Hono()
app.route('/api', health)
app.listen(3000)
""",
}
ROUTERS = {
    "express": "const router = express.Router()\nrouter.get('/health', (a, b) => {})\nmodule.exports = router\n",
    "fastify": "export default async (fastify) => { fastify.get('/health', { handler: () => 1 }, () => 1) }\n",
    "hono": "const router = new Hono()\nrouter.get('/health', (c) => c.text('ok'))\nexport default router\n",
}


@pytest.mark.parametrize("framework", ["express", "fastify", "hono"])
def test_a_route_of_a_node_router_is_asked_behind_the_prefix_that_the_router_has(tmp_path: Path, framework: str) -> None:
    package = {"imports": {"#*": "./src/*"}, "scripts": {"start": "node src/index.js"}, "dependencies": {framework: "5"}}
    files = {"package.json": json.dumps(package), "src/index.js": NODE[framework], "src/routes/health.js": ROUTERS[framework]}
    files["src/routes/users.js"] = "export const users = Router()\n"
    written = app_file(detect_application(_written(tmp_path, files)), SERVICES, 31000)
    found = yaml.safe_load(written.text)
    assert found["app_components"][0]["probes"] == {"readiness": {"path": "/api/health"}}
    assert found["app_checks"][0]["request"] == {"url": "/api/health"}
