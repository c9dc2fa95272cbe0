# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a part: what its code reads, what its libraries read by themselves, and what each is for."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from .folder import Folder, join, parents
from .model import Variable
from .roles import DATABASE_URL, OWN, is_browser, is_secret, role_of
from .services import ASYNCHRONOUS, CLIENTS, DATABASES, Client, sqlalchemy_form

SQLITE = "Its only driver is SQLite's: a file, which has to outlive the pod."


class _Read(Protocol):
    """What a language's reader returns."""

    @property
    def name(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def default(self) -> str | None: ...
    @property
    def required(self) -> bool: ...


class Implied(NamedTuple):
    """A variable that no source of the person's reads, because a library does.

    ``unless`` is a variable that makes it needless; ``required`` whether the library fails without it.
    """

    package: str
    language: str
    name: str
    required: bool = False
    unless: str = ""
    note: str = ""


IMPLIED = (
    Implied("openai", "python", "OPENAI_BASE_URL", note="openai reads it."),
    Implied("openai", "python", "OPENAI_API_KEY", True, note="openai reads it."),
    Implied("openai", "node", "OPENAI_BASE_URL", note="openai reads it."),
    Implied("openai", "node", "OPENAI_API_KEY", True, note="openai reads it."),
    Implied("@ai-sdk/openai", "node", "OPENAI_BASE_URL", note="@ai-sdk/openai reads it."),
    Implied("@ai-sdk/openai", "node", "OPENAI_API_KEY", True, note="@ai-sdk/openai reads it."),
    Implied("better-auth", "node", "BETTER_AUTH_SECRET", True, note="better-auth reads it."),
    Implied("better-auth", "node", "BETTER_AUTH_URL", True, note="better-auth reads it; with http its cookies are not Secure."),
    Implied("better-auth", "node", "BETTER_AUTH_TRUSTED_ORIGINS", note="better-auth reads it."),
    Implied("next-auth", "node", "NEXTAUTH_SECRET", True, "AUTH_SECRET", "next-auth reads it."),
    Implied("next-auth", "node", "NEXTAUTH_URL", True, "AUTH_URL", "next-auth reads it."),
    Implied("next-auth", "node", "AUTH_TRUST_HOST", note="next-auth asks for it behind a proxy."),
)
"""What libraries read by themselves: one more library is one more row."""


def variables(
    folder: Folder,
    where: str,
    language: str,
    reads: Iterable[_Read],
    dependencies: Mapping[str, str],
    clients: Mapping[str, Client],
    *,
    kind: str = "",
    build_files: Iterable[str] = (),
) -> tuple[Variable, ...]:
    """Return the variables of a part, sorted by name; what nobody has to give is left out.

    Args:
        folder: The repository.
        where: The part's folder.
        language: ``python`` or ``node``.
        reads: What its sources read.
        dependencies: What it installs.
        clients: The services that it has clients of.
        kind: The part's kind; a static site's variables are all read by its build.
        build_files: Files that only the build reads.
    """
    grouped: dict[str, list[_Read]] = {}
    for read in reads:
        # HOST is the process's own, but not where the code makes a database's address of it.
        if read.name not in OWN or bool(getattr(read, "role", "")):
            grouped.setdefault(read.name, []).append(read)
    examples = _examples(folder, where)
    found = [_variable(name, group, examples, dependencies, clients, kind, frozenset(build_files)) for name, group in grouped.items()]
    known = {variable.name for variable in found}
    for row in IMPLIED:
        if row.language == language and row.package in dependencies and row.name not in known and row.unless not in known:
            role = role_of(row.name)
            name = role.name if role else ""
            if name.startswith("model_") and any(variable.role == name for variable in found):
                continue
            found.append(
                Variable(
                    row.name,
                    row.package,
                    (),
                    name,
                    _form(row.name, name, "", clients, dependencies, None),
                    is_secret(row.name),
                    "process",
                    row.required,
                    note=row.note,
                )
            )
    return tuple(sorted(found, key=lambda variable: variable.name))


def _variable(
    name: str,
    group: list[_Read],
    examples: Mapping[str, str],
    dependencies: Mapping[str, str],
    clients: Mapping[str, Client],
    kind: str,
    build_files: frozenset[str],
) -> Variable:
    role = role_of(name)
    if role is None and re.search(r"UR[IL]$|DSN$", name.upper()) and any((read.default or "").startswith("sqlite") for read in group):
        role = DATABASE_URL
    type_ = next((text for read in group if (text := getattr(read, "type", ""))), "")
    form = next((text for read in group if (text := getattr(read, "form", ""))), "")
    default = next((read.default for read in group if read.default is not None), None)
    required = any(read.required for read in group)
    secret = is_secret(name, type_)
    files = {read.source.rpartition(":")[0] for read in group}
    phase = "build" if is_browser(name) or kind == "static" or files <= build_files else "both" if files & build_files else "process"
    role_name = role.name if role else next((text for read in group if (text := getattr(read, "role", ""))), "")
    if role_name == "public_url" and re.search(r"\b(?:int|bool)\b", type_):
        role_name = ""
    return Variable(
        name,
        group[0].source,
        tuple(read.source for read in group),
        role_name,
        _form(name, role_name, form, clients, dependencies, default),
        secret,
        phase,
        required,
        # A default that is a credential stays in the source where it stands.
        None if default is None else "…" if secret and default else default,
        examples.get(name, ""),
        _note(role_name, clients, dependencies, default, secret),
    )


def _is_sqlite(clients: Mapping[str, Client], dependencies: Mapping[str, str], default: str | None) -> bool:
    """Tell whether an address is SQLite's by default, something reads it, and no other driver is there."""
    readers = {"sqlalchemy", "sqlmodel", "flask-sqlalchemy", "aiosqlite", "tortoise-orm", "databases", "peewee", "django", "better-sqlite3"}
    return (default or "").startswith("sqlite") and bool(readers & dependencies.keys()) and not clients.keys() & set(DATABASES)


def _note(role: str, clients: Mapping[str, Client], dependencies: Mapping[str, str], default: str | None, secret: bool) -> str:
    if role == "database_url" and _is_sqlite(clients, dependencies, default):
        return SQLITE
    if secret and default and not default.endswith("…") and len(default) > 3:
        return "It is a literal in the source, which everybody who has the image can read."
    return ""


def _form(name: str, role: str, form: str, clients: Mapping[str, Client], dependencies: Mapping[str, str], default: str | None) -> str:
    """Return how the value of a role is spelt."""
    if role in ("cors_origins", "allowed_hosts"):
        return form or "commas"
    if role in ("database_scheme", "database_driver", "database_dialect"):
        client = clients.get("postgresql") or clients.get("mariadb")
        spelt = sqlalchemy_form(client, dependencies).removeprefix("sqlalchemy+") if client else ""
        scheme = {"postgresql": "postgresql", "mariadb": "mysql"}[client.service] if client else ""
        has_driver = bool(client) and spelt == (client.form if client else "")
        return {"scheme": scheme, "driver": spelt}.get(role[9:], f"{scheme}+{spelt}" if has_driver else scheme)
    if role == "database_url":
        match = re.match(r"(?:postgres(?:ql)?|mysql|mariadb)\+(\w+)://", default or "")
        if match and match[1] != "psycopg2":
            return f"sqlalchemy+{match[1]}"
        if _is_sqlite(clients, dependencies, default):
            return (default or "").partition(":")[0]
        client = clients.get("postgresql") or clients.get("mariadb")
        if client:
            # Of several drivers, and several URLs of one database, a URL's name says whose it is.
            rows = [row for row in CLIENTS if row.service == client.service and row.package in dependencies]
            words = name.upper().split("_")
            named = [row for row in rows if row.package.split("-")[0].upper() in words]
            if "ASYNC" in words:
                named += [row for row in rows if row.form in ASYNCHRONOUS]
            elif "SYNC" in words:
                named += [row for row in rows if row.form not in ASYNCHRONOUS]
            client = next(iter(named), client)
        return sqlalchemy_form(client, dependencies) if client else ""
    if role == "redis_url":
        return "redis"
    if role == "mail_url":
        return "django" if {"django-environ", "dj-email-url"} & dependencies.keys() else "url"
    if role.startswith(("database_", "redis_", "mail_")):
        return role.partition("_")[2].replace("name", "database")
    return {"model_url": "base_url", "model_key": "key", "model_name": "model"}.get(role, form)


def _examples(folder: Folder, where: str) -> dict[str, str]:
    """Return the names that example files give, each with its place; values are never read on."""
    from io import StringIO

    found: dict[str, str] = {}
    for place in parents(where):
        for name in (".env.example", ".env.sample", ".env.template", ".env.dist", "env.example", ".env.local.example", "example.env"):
            if path := folder.first(place, name):
                for key in _names(folder.text(path), StringIO):
                    found.setdefault(key, folder.at(path, rf"^\s*(?:export\s+)?{re.escape(key)}\s*="))
    return found


def _names(text: str, stream: type) -> Iterator[str]:
    from dotenv import dotenv_values

    yield from dotenv_values(stream=stream(text), interpolate=False)


def committed(folder: Folder, where: str) -> list[str]:
    """Return the .env files of a part that hold values: they are named, and never read."""
    return [path for name in (".env", ".env.local", ".env.production", ".env.production.local") if folder.holds(path := join(where, name))]


def unused_examples(folder: Folder, where: str, found: Iterable[Variable]) -> dict[str, str]:
    """Return the names of example files that nothing reads, with their places."""
    known = {variable.name for variable in found}
    return {
        name: place
        for name, place in _examples(folder, where).items()
        if name not in known and (posixpath.dirname(place.rpartition(":")[0]) or ".") == where
    }
