# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with secret values, seen before anything uses them: sentences that name the key and hold nothing of the value."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, TypeAlias
from urllib.parse import unquote

from .._component.checks import JOBS
from .._core.dialects import connection, is_postgresql
from .._core.hosts import split_url
from .._core.texts import text as as_text
from .._services.catalogue import Credentials, Pooler, load_services
from .connections import AS_IN, pasted_problem, url_problems

Values: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Component -> kind of Secret (``env``, ``files``, ``pull``, ``migration``, ``setup``) -> key -> value."""

OPTIONS = {"env": "secret_env", "files": "secret_files.files", "pull": "pull_credentials", **{job: f"{job}.secret_env" for job in JOBS}}
"""Kind of Secret -> option of the component."""

_PLACEHOLDER = re.compile(
    r"(change|replace|fill)[-_ ]?(me|it|this)|placeholder|example|todo|tbd|fixme|<[\w .:-]+>|x{3,}|\*{3,}|\.{3,}|…"
    r"|your[-_ ]?([a-z0-9]+[-_ ])*(api)?(key|password|secret|token|ur[il]|value|host)([-_ ]here)?"
    r"|sk-\S*(\.{3}|…)\S*|sk-[\w-]*x{4,}",
    re.IGNORECASE,
)
_EXAMPLE_USERS = frozenset({"user:password", "username:password"})


@cache
def _known() -> tuple[Credentials, ...]:
    """Return what the services' folders say of credentials; it holds of any application's, whatever services it names."""
    return tuple(service.credentials for service in load_services().values())


def named_values(secrets: Values) -> Iterator[tuple[str, str, str, str]]:
    """Yield each value's name (``component.option.KEY``), its kind, its key and the value."""
    for component, kinds in secrets.items():
        for kind, values in kinds.items():
            for key, value in values.items():
                yield f"{component}.{OPTIONS[kind]}.{key}", kind, key, value


def empty_problems(secrets: Values) -> Iterator[str]:
    """Name every value that is empty or nothing but blanks."""
    for name, _kind, _key, value in named_values(secrets):
        if not value.strip():
            yield _empty(name)


def credential_problems(
    components: Iterable[Mapping[str, Any]], secrets: Values, vault: Mapping[str, str], accepted: Collection[str] = ()
) -> Iterator[str]:
    """Name everything that is wrong with the components' secret values, and with the URLs that a key is sent to.

    Args:
        components: As ``load_components`` returns them.
        secrets: Their secret values, as ``component_secrets`` returns them.
        vault: Value -> the vault's variable that holds it, which is named, too.
        accepted: Names (``component.option.KEY``) of values of which nothing is said.
    """
    for component in components:
        name = component["name"]
        own = {name: secrets[name]}
        plain = {key: value for owner, _name, key, value in plain_values(component) if owner == "env"}
        secret, migration = (own[name].get(kind, {}) for kind in ("env", "migration"))
        sslmode = secret.get("PGSSLMODE") or plain.get("PGSSLMODE", "")
        labels: dict[str, str] = {}
        for label, kind, key, value in named_values(own):
            if label in accepted:
                continue
            if kind == "pull":
                password = as_text(component["pull_credentials"]["password"])
                yield from value_problems(labelled(f"{name}.pull_credentials.password", password, vault), password)
                continue
            labels[label] = labelled(label, value, vault)
            if kind == "files":
                yield from value_problems(labels[label], value, one_line=False)
            elif kind != "migration" or value not in secret.values():
                is_database = any(vault.get(value) in known.postgresql_urls for known in _known())
                yield from _text_problems(labels[label], key, value, sslmode, is_database=is_database)
        for owner, label, key, value in plain_values(component):
            if label in accepted:
                continue
            bare, text = value.strip(), labelled(label, value, vault)
            if owner == "env" and _is_key_target(key, value, secret):
                yield from _text_problems(text, key, value, sslmode)
            elif pasted := pasted_problem(text, key, bare):
                yield pasted
            elif connection(bare) and not is_placeholder(bare):
                yield from url_problems(text, key, bare, sslmode)
        yield from _key_problems(name, plain, secret, labels)
        if component["migration"]:
            yield from _pooler_problems(name, secret, migration, labels)


def plain_values(component: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield, of each plain variable, the option that holds it, its name (``component.option.KEY``), its key and its value."""
    for option in ("env", *(f"{job}.env" for job in JOBS if component.get(job))):
        owner = component[option.partition(".")[0]] if "." in option else component
        for key, value in (owner.get("env") or {}).items():
            if value is not None:
                yield option, f"{component['name']}.{option}.{key}", key, as_text(value)


def labelled(name: str, value: str, vault: Mapping[str, str]) -> str:
    """Return a value's name, with the vault's variable that holds it."""
    return f"{name} ({vault[value]})" if value in vault else name


def _text_problems(name: str, key: str, value: str, sslmode: str, *, is_database: bool = False) -> Iterator[str]:
    bare = value.strip()
    if pasted := pasted_problem(name, key, bare):
        yield pasted
        return
    yield from value_problems(name, value)
    if is_placeholder(bare):
        return
    yield from url_problems(name, key, bare, sslmode)
    # A component of its own may well read a URL of another database.
    if is_database and not is_postgresql(bare):
        yield f"{name} is no PostgreSQL URL: write nothing but one, {AS_IN}."


def value_problems(name: str, value: str, *, one_line: bool = True) -> Iterator[str]:
    """Say whether a value is a placeholder, or was copied with something around or in it.

    Args:
        name: The value's name in the sentences.
        value: The value.
        one_line: False for a file, whose blanks, quotes and line breaks are its own; a text of several lines counts as one, too.
    """
    bare = value.strip()
    if not bare:
        yield _empty(name)
    elif is_placeholder(bare):
        yield f"{name} is still a placeholder: put your own value there."
    elif one_line and "\n" not in bare:
        if len(bare) > 1 and bare[0] == bare[-1] and bare[0] in "'\"" and bare[0] not in bare[1:-1]:
            yield f"{name} has quotes around it that are part of the value: take them away."
        if bare != value:
            yield f"{name} begins or ends with a blank or a line break: take it away."
        if not bare.isprintable():
            yield f"{name} has an invisible character in it, such as a tab or what a web page hides in copied text: type that part by hand."


def is_placeholder(value: str) -> bool:
    """Tell whether a value, or the password or host of a URL, is what a guide writes in place of a real one."""
    if _PLACEHOLDER.fullmatch(value):
        return True
    url = split_url(value)
    if not url or "@" not in url.netloc:
        return False
    user, _at, host = url.netloc.rpartition("@")
    return user in _EXAMPLE_USERS or bool(_PLACEHOLDER.fullmatch(unquote(user.partition(":")[2]))) or _is_example(host)


def _is_example(host: str) -> bool:
    examples = (example for known in _known() for example in known.example_hosts)
    return any(host.startswith((f"{example}.", f"{example}-")) for example in examples)


def _is_key_target(key: str, value: str, secret: Mapping[str, str]) -> bool:
    """Tell whether a secret of the same prefix goes with a URL in the plain environment (X_URL, X_API_KEY)."""
    return bool(value) and key.endswith("_URL") and any(other.startswith(f"{_prefix(key)}_") for other in secret)


def _key_problems(component: str, plain: Mapping[str, str], secret: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[str]:
    beginnings = {domain: beginning for known in _known() for domain, beginning in known.keys.items()}
    for key, value in {**plain, **secret}.items():
        url = split_url(value)
        domain = next((domain for domain in beginnings if url and f".{url.hostname or ''}".endswith(f".{domain}")), "")
        if not key.endswith("_URL") or not domain:
            continue
        for other in (f"{_prefix(key)}_API_KEY", f"{_prefix(key)}_KEY"):
            given = secret.get(other, "").strip("'\" \n")
            label = labels.get(f"{component}.secret_env.{other}")
            if label and given and not is_placeholder(given) and not given.startswith(beginnings[domain]):
                yield f"{label} does not begin with {beginnings[domain]}, as every key of {domain} does: put yours there, or correct {key}."


def _pooler_problems(component: str, app: Mapping[str, str], migration: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[str]:
    pooled = [key for key, value in app.items() if _pooler(value)]
    own = [key for key, value in migration.items() if is_postgresql(value.strip())]
    for key in own:
        if (label := labels.get(f"{component}.migration.secret_env.{key}")) and (pooler := _pooler(migration[key])):
            mixed = "" if pooled else ", while the application takes the direct one: the two were mixed up"
            remedy = f"take the host without {pooler.suffix} for the migrations ({pooler.direct})"
            yield f"{label} names a pooled host of {pooler.domain}{mixed}: {remedy}."
    if pooled and not own and (label := labels.get(f"{component}.secret_env.{pooled[0]}")) and (pooler := _pooler(app[pooled[0]])):
        yield (
            f"{label} names a pooled host of {pooler.domain}, and the migrations have no URL of their own: give them one with the host "
            f"without {pooler.suffix} ({pooler.direct}, or migration.secret_env)."
        )


def _pooler(value: str) -> Pooler | None:
    """Return which provider's pooler a PostgreSQL URL leads to, if any."""
    url = connection(value.strip())
    return next((pooler for known in _known() for pooler in known.poolers for host in (url.hosts if url else []) if pooler.has(host)), None)


def _prefix(key: str) -> str:
    return key.removesuffix("_URL").removesuffix("_BASE")


def _empty(name: str) -> str:
    return f"{name} is empty: set it in the vault (ansible-vault edit)."
