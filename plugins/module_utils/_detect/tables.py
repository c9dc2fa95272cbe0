# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of frameworks, managers and servers: a row here is all that one more of a kind needs."""

from __future__ import annotations

from typing import NamedTuple


class Framework(NamedTuple):
    """A Python web framework or worker library.

    Attributes:
        kind: The kind of the part.
        package: The distribution that a project depends on.
        classes: Full names of the classes whose instance is the application.
        interface: ``asgi``, ``wsgi`` or ``worker``.
        server: What runs it where the project's lock has no server.
    """

    kind: str
    package: str
    classes: tuple[str, ...]
    interface: str
    server: str


FRAMEWORKS = (
    Framework("fastapi", "fastapi", ("fastapi.FastAPI", "fastapi.applications.FastAPI"), "asgi", "uvicorn"),
    Framework("flask", "flask", ("flask.Flask",), "wsgi", "gunicorn"),
    Framework("litestar", "litestar", ("litestar.Litestar", "litestar.app.Litestar"), "asgi", "uvicorn"),
    Framework("quart", "quart", ("quart.Quart",), "asgi", "uvicorn"),
    Framework("sanic", "sanic", ("sanic.Sanic",), "asgi", "uvicorn"),
    Framework("starlette", "starlette", ("starlette.applications.Starlette",), "asgi", "uvicorn"),
    Framework("falcon", "falcon", ("falcon.App",), "wsgi", "gunicorn"),
    Framework("falcon", "falcon", ("falcon.asgi.App",), "asgi", "uvicorn"),
    Framework("celery", "celery", ("celery.Celery", "celery.app.Celery"), "worker", "celery"),
)
"""In the order in which they win: what a web framework is built on comes behind it."""

ASGI_WRAPPERS = ("socketio.ASGIApp", "engineio.ASGIApp", "asgi_correlation_id.CorrelationIdMiddleware")
"""What an ASGI application may be wrapped in at module level, besides Starlette's ``*Middleware`` classes."""

SERVERS = {
    "asgi": ("uvicorn", "hypercorn", "granian", "daphne"),
    "wsgi": ("gunicorn", "waitress", "uwsgi", "granian"),
}
"""Servers of an interface, in the order in which they are taken."""

SERVER_COMMANDS = {
    "uvicorn": ("uvicorn", "{entry}", "--host", "0.0.0.0", "--port", "{port}"),
    "hypercorn": ("hypercorn", "{entry}", "--bind", "0.0.0.0:{port}"),
    "granian": ("granian", "--interface", "{interface}", "--host", "0.0.0.0", "--port", "{port}", "{entry}"),
    "daphne": ("daphne", "-b", "0.0.0.0", "-p", "{port}", "{entry}"),
    "gunicorn": ("gunicorn", "--bind", "0.0.0.0:{port}", "{entry}"),
    "waitress": ("waitress-serve", "--host=0.0.0.0", "--port={port}", "{entry}"),
    "uwsgi": ("uwsgi", "--http", "0.0.0.0:{port}", "--master", "--module", "{entry}"),
}
"""How a server is started; ``{entry}`` is ``module:attribute``."""

FACTORY_COMMANDS = {
    "uvicorn": ("--factory",),
    "granian": ("--factory",),
    "waitress": ("--call",),
}
"""What a server wants besides for a factory; gunicorn, hypercorn and uwsgi read ``module:create()``."""

CONVENTIONAL_FILES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
"""Where an application is looked for first: the order of fastapi-cli's discover.py."""

CONVENTIONAL_NAMES = ("app", "api", "application", "asgi", "wsgi", "server")

PYTHON_DEFAULT = "3.13"
"""Debian trixie's Python, which costs no download."""
PYTHONS = tuple(f"3.{minor}" for minor in range(14, 7, -1))
"""Those that may be asked for, the newest first."""

NODE_DEFAULT = "24"
"""The long-term support release of today (nodejs.org/en/about/previous-releases)."""

PYTHON_LOCKS = (("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pdm.lock", "pdm"), ("pylock.toml", "pip"), ("Pipfile.lock", "pipenv"))
"""Lock files and their managers, the first wins."""
REQUIREMENTS = (
    "requirements.txt",
    "requirements.lock",
    "requirements-prod.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "requirements/main.txt",
)
"""Where pip's requirements stand, the first wins."""

EXTRAS = {
    ("fastapi", "standard"): "uvicorn",
    ("fastapi", "all"): "uvicorn",
    ("celery", "redis"): "redis",
    ("kombu", "redis"): "redis",
    ("databases", "postgresql"): "asyncpg",
    ("databases", "asyncpg"): "asyncpg",
    ("tortoise-orm", "asyncpg"): "asyncpg",
    ("tortoise-orm", "psycopg"): "psycopg",
    ("piccolo", "postgres"): "asyncpg",
    ("django-redis", ""): "redis",
}
"""Distributions that an extra of another one brings, and that matter."""

NODE_LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
    ("yarn.lock", "yarn"),
)
"""Lock files and their managers, the first wins."""

LOCKS = frozenset(name for name, _manager in (*PYTHON_LOCKS, *NODE_LOCKS))
"""Names of lock files."""


class Bundle(NamedTuple):
    """A JavaScript framework: its package, the kind of part, where its build writes a static site, and its usual port."""

    package: str
    kind: str
    output: str = ""
    port: int = 3000


BUNDLES = (
    Bundle("next", "next"),
    Bundle("nuxt", "node"),
    Bundle("@nestjs/core", "node"),
    Bundle("@adonisjs/core", "node", port=3333),
    Bundle("@remix-run/serve", "node"),
    Bundle("@react-router/serve", "node"),
    Bundle("@sveltejs/adapter-node", "node"),
    Bundle("@astrojs/node", "node", port=4321),
    Bundle("express", "node"),
    Bundle("fastify", "node"),
    Bundle("koa", "node"),
    Bundle("hono", "node"),
    Bundle("@hapi/hapi", "node"),
    Bundle("@trpc/server", "node"),
    Bundle("apollo-server", "node", port=4000),
    Bundle("@apollo/server", "node", port=4000),
    Bundle("socket.io", "node"),
    Bundle("ws", "node"),
    Bundle("astro", "static", "dist"),
    Bundle("@sveltejs/adapter-static", "static", "build"),
    Bundle("react-scripts", "static", "build"),
    Bundle("@angular/core", "static", "dist"),
    Bundle("@vue/cli-service", "static", "dist"),
    Bundle("gatsby", "static", "public"),
    Bundle("@docusaurus/core", "static", "build"),
    Bundle("@11ty/eleventy", "static", "_site"),
    Bundle("vitepress", "static", ".vitepress/dist"),
    Bundle("vite", "static", "dist"),
    Bundle("parcel", "static", "dist"),
)
"""In the order in which they win: a server before the bundler of its pages."""

STATIC_PORT = 8080
"""Where a generated image of a static site listens."""
PYTHON_PORT = 8000

DEVELOPMENT_COMMANDS = (
    r"\bnext dev\b",
    r"--reload\b",
    r"\brunserver\b",
    r"\b(npm|pnpm|yarn|bun)( run)? (dev|start:dev|develop)\b",
    r"\bnodemon\b",
    r"\bflask\b.*\brun\b",
    r"\bfastapi dev\b",
    r"\bvite( dev)?( --host\S*)*$",
    r"\btsx watch\b",
    r"\bsleep infinity\b",
)
"""Patterns of a command that is a development server."""

HEALTH_WORDS = (
    "ready",
    "readyz",
    "readiness",
    "healthz",
    "health",
    "healthcheck",
    "health-check",
    "health_check",
    "live",
    "livez",
    "ping",
    "up",
)
"""Last parts of a path that tells of health, the best first: who is ready has asked what it needs."""

NO_PARTS = frozenset(
    (
        *("test", "tests", "__tests__", "e2e", "spec", "specs", "example", "examples", "sample", "samples", "demo", "demos"),
        *("doc", "docs", "documentation", "fixtures", "mock", "mocks", "storybook", "bench", "benchmarks", "notebooks"),
        *("scripts", "tools", "hack", "template", "templates", "boilerplate"),
    )
)
"""Folders in which there may be programs, and none that is deployed."""
