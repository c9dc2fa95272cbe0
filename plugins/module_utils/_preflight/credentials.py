# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with secret values, seen before anything uses them: sentences that name the key and hold nothing of the value."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .._component.checks import JOBS
from .._services.catalogue import Credentials, Pooler, load_services
from .variables import suggestion

Values: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Component -> kind of Secret (``env``, ``files``, ``migration``, ``setup``) -> key -> value."""

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
OPTIONS = {"env": "secret_env", "files": "secret_files.files", **{job: f"{job}.secret_env" for job in JOBS}}
"""Kind of Secret -> option of the component."""

_PLACEHOLDER = re.compile(
    r"(change|replace|fill)[-_ ]?(me|it|this)|placeholder|example|todo|tbd|fixme|<[\w .:-]+>|x{3,}|\*{3,}|\.{3,}|…"
    r"|your[-_ ]?([a-z0-9]+[-_ ])*(api)?(key|password|secret|token|ur[il]|value|host)([-_ ]here)?"
    r"|sk-\S*(\.{3}|…)\S*|sk-[\w-]*x{4,}",
    re.IGNORECASE,
)
_EXAMPLE_USERS = frozenset({"user:password", "username:password"})
_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?", re.IGNORECASE)
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NEAR = (".svc", ".cluster.local", ".internal", ".local", ".localhost", ".test")
_AS_IN = "as in postgresql://user:password@host:5432/database"


class DatabaseUrl(NamedTuple):
    """What counts of a PostgreSQL URL; what the URL lacks is empty."""

    hosts: list[str]
    ports: list[str]
    database: str
    sslmode: str


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
        own = {component["name"]: secrets[component["name"]]}
        plain = {key: str(value) for key, value in component["env"].items() if value is not None}
        secret, migration = (own[component["name"]].get(kind, {}) for kind in ("env", "migration"))
        sslmode = secret.get("PGSSLMODE") or plain.get("PGSSLMODE", "")
        labels: dict[str, str] = {}
        for name, kind, key, value in [*named_values(own), *_key_targets(component["name"], plain, secret)]:
            if name in accepted:
                continue
            labels[name] = f"{name} ({vault[value]})" if value in vault else name
            if kind == "migration" and value in secret.values():
                continue
            yield from value_problems(labels[name], value, one_line=kind != "files")
            if kind != "files":
                yield from url_problems(labels[name], key, value.strip(), sslmode)
                # A component of its own may well read a URL of another database.
                is_database = any(vault.get(value) in known.postgresql_urls for known in _known())
                if is_database and not (is_placeholder(value.strip()) or _is_postgresql(value.strip())):
                    yield f"{labels[name]} is no PostgreSQL URL: write nothing but one, {_AS_IN}."
        yield from _key_problems(component["name"], plain, secret, labels)
        if component["migration"]:
            yield from _pooler_problems(component["name"], secret, migration, labels)


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
    url = _split(value)
    if not url or "@" not in url.netloc:
        return False
    user, _at, host = url.netloc.rpartition("@")
    return user in _EXAMPLE_USERS or bool(_PLACEHOLDER.fullmatch(unquote(user.partition(":")[2]))) or _is_example(host)


def _is_example(host: str) -> bool:
    examples = (example for known in _known() for example in known.example_hosts)
    return any(host.startswith((f"{example}.", f"{example}-")) for example in examples)


def url_problems(name: str, key: str, value: str, sslmode: str = "") -> Iterator[str]:
    """Check a PostgreSQL or HTTP URL; a URL of another scheme, and what is no URL, passes.

    Args:
        name: The value's name in the sentences.
        key: The environment variable; one that ends with _BASE_URL holds an HTTP URL.
        value: The value.
        sslmode: What holds where a PostgreSQL URL says nothing.
    """
    scheme = value.partition("://")[0].lower() if "://" in value else ""
    if not value or is_placeholder(value):
        return
    if _POSTGRESQL.fullmatch(scheme):
        yield from _database_problems(name, value, sslmode)
    elif scheme in ("http", "https") and key.endswith("URL"):
        yield from _http_problems(name, value)
    elif key.endswith("_BASE_URL"):
        yield f"{name} does not begin with https://: write the whole address of the service."
    elif near := suggestion(scheme.partition("+")[0], ["postgres", "postgresql"], similar=0.85):
        yield f"{name} has an unknown scheme: {near}"


def is_inside(host: str) -> bool:
    """Tell whether a host is in the cluster, on its machine or in a private network, as far as its name says."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_NEAR)


def _is_postgresql(value: str) -> bool:
    return bool(_POSTGRESQL.fullmatch(value.partition("://")[0]))


def database_url(value: str) -> DatabaseUrl | None:
    """Take a PostgreSQL URL apart; nothing where it is another URL, or cannot be read."""
    url = _split(value)
    if not url or not _POSTGRESQL.fullmatch(url.scheme):
        return None
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    places = re.findall(r"(\[[^]]*\]|[^:,]*)(?::([^,]*))?(?:,|$)", url.netloc.rpartition("@")[2])
    hosts = query["host"].split(",") if query.get("host") else [unquote(host).strip("[]") for host, _port in places]
    ports = query["port"].split(",") if query.get("port") else [port for _host, port in places]
    ssl = query.get("ssl", "").lower()
    return DatabaseUrl(
        hosts=[host.lower() for host in hosts if host],
        ports=[port for port in ports if port],
        database=query.get("dbname") or url.path.strip("/"),
        sslmode=query.get("sslmode") or (ssl if ssl in SSL_MODES else {"true": "require", "1": "require"}.get(ssl, "")),
    )


def _database_problems(name: str, value: str, default_sslmode: str) -> Iterator[str]:
    url = database_url(value)
    if not url or _is_badly_encoded(value):
        yield (
            f"{name} has a character in its user name or password that breaks the URL: percent-encode it "
            "(@ is %40, / is %2F, # is %23, ? is %3F, % is %25, a blank is %20)."
        )
        return
    if not url.hosts:
        yield f"{name} names no host: put it behind the password, {_AS_IN}."
    if not url.database:
        yield f"{name} names no database: put its name behind the host, {_AS_IN}."
    if any(not port.isdecimal() or not 0 < int(port) < 65536 for port in url.ports):
        yield f"{name} has a port that is no number from 1 to 65535: correct it, {_AS_IN}."
    mode = url.sslmode or default_sslmode or "prefer"
    if mode not in SSL_MODES:
        yield f"{name} has an unknown sslmode: it must be one of {', '.join(SSL_MODES)}."
    elif SSL_MODES.index(mode) < SSL_MODES.index("require") and not all(host.startswith("/") or is_inside(host) for host in url.hosts):
        yield f"{name} reaches a host outside the cluster without enforced TLS: add sslmode=require, or better sslmode=verify-full, to it."


def _is_badly_encoded(value: str) -> bool:
    """Tell whether a user name or password ended the host's part of a URL too early, or late."""
    url = urlsplit(value)
    user, _at, address = url.netloc.rpartition("@")
    cut = "@" in url.path or ("@" in f"{url.query}{url.fragment}" and not re.fullmatch(r"[^:]*(:\d+)?", url.netloc))
    return "@" in user or (not user and cut) or bool(_HALF_ENCODED.search(user) or re.search(r"\s", user + address))


def _http_problems(name: str, value: str) -> Iterator[str]:
    url = _split(value)
    if not url or not url.hostname:
        yield f"{name} names no host: write it as https://host/path."
    elif url.scheme == "http" and not is_inside(url.hostname):
        yield f"{name} reaches a host outside the cluster without TLS: write https:// instead of http://."


def _key_targets(component: str, plain: Mapping[str, str], secret: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield, like ``named_values``, the URLs in the plain environment that a secret of the same prefix goes with (X_URL, X_API_KEY)."""
    for key, value in plain.items():
        if value and key.endswith("_URL") and any(other.startswith(f"{_prefix(key)}_") for other in secret):
            yield f"{component}.env.{key}", "env", key, value


def _key_problems(component: str, plain: Mapping[str, str], secret: Mapping[str, str], labels: Mapping[str, str]) -> Iterator[str]:
    beginnings = {domain: beginning for known in _known() for domain, beginning in known.keys.items()}
    for key, value in {**plain, **secret}.items():
        url = _split(value.strip())
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
    own = [key for key, value in migration.items() if database_url(value.strip())]
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
    url = database_url(value.strip())
    return next((pooler for known in _known() for pooler in known.poolers for host in (url.hosts if url else []) if pooler.has(host)), None)


def _prefix(key: str) -> str:
    return key.removesuffix("_URL").removesuffix("_BASE")


def _split(value: str) -> SplitResult | None:
    try:
        return urlsplit(value)
    except ValueError:
        return None


def _empty(name: str) -> str:
    return f"{name} is empty: set it in the vault (ansible-vault edit)."
