# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which forms a client can be told of a service: a URL in its driver's spelling, one part of it, or a text of the service's own.

They follow the clients' documentation (libpq's "Connection Strings", node-postgres' "SSL", pgjdbc's "Connection Parameters", Prisma's
"PostgreSQL database connector"); the reference application runs with libpq's and psycopg's, the others were tried with no driver. Those of
MySQL were tried with each driver, against the service mariadb, but for Prisma's and Java's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode

from .._core.dialects import ASYNCPG, LIBPQ_PARAMETERS

CA_FILE = "/etc/service-ca/ca.crt"
"""Where a component finds the certificates of the authorities of all services that it names."""

_URL = re.compile(r"[a-z][a-z0-9+._-]*://([^\s/?#@'\"]*@)?[^\s/?#@'\"]*(/[^\s?#@'\"]*)?(\?[^\s#@'\"]*)?", re.IGNORECASE)


class Address(NamedTuple):
    """A service's URL, taken apart; what it lacks is empty.

    Attributes:
        text: All of it.
        login: User and password as they are written.
        hosts: With their ports, as they are written.
        path: Behind them, without the first slash, as it is written.
        parameters: Decoded.
    """

    text: str
    login: str
    hosts: str
    path: str
    parameters: dict[str, str]

    @property
    def scheme(self) -> str:
        return self.text.partition("://")[0].lower()

    @property
    def user(self) -> str:
        return unquote(self.login.partition(":")[0])

    @property
    def password(self) -> str:
        return unquote(self.login.partition(":")[2])

    @property
    def host(self) -> str:
        return ",".join(_host_and_port(place)[0] for place in self.hosts.split(","))

    def port(self, default: int) -> str:
        return next((port for _host, port in map(_host_and_port, self.hosts.split(",")) if port), str(default))


Writer: TypeAlias = Callable[[Address, str], str]


@dataclass(frozen=True)
class Form:
    """How a client is told of a service.

    Attributes:
        says: Who reads it.
        write: From the service's address, the path of its authority's certificate (empty where it has a public one), to the text.
        secret: Whether a password is in it.
        variables: From the same two to the variables that the client reads beside it.
    """

    says: str
    write: Writer
    secret: bool = True
    variables: Callable[[Address, str], dict[str, str]] = lambda _address, _ca: {}


def address(url: str) -> Address | None:
    """Take a service's URL apart; nothing where it is none that is certain to be read rightly, such as one with quotes around it."""
    if not _URL.fullmatch(url):
        return None
    before, _mark, query = url.partition("://")[2].partition("?")
    authority, _slash, path = before.partition("/")
    login, _at, hosts = authority.rpartition("@")
    return Address(url, login, hosts, path, dict(parse_qsl(query, keep_blank_values=True)))


def same_server(one: str, other: str) -> bool:
    """Tell whether two URLs lead the same login to the same place, in whichever spelling."""
    first, second = address(one), address(other)
    return bool(first and second and first.hosts and first[1:4] == second[1:4])


def _host_and_port(place: str) -> tuple[str, str]:
    host, colon, port = place.rpartition(":")
    return (host, port) if colon and port.isdecimal() else (place, "")


def _url(scheme: str, address: Address, parameters: Mapping[str, str], *, login: bool = True) -> str:
    before = f"{address.login}@" if login and address.login else ""
    query = urlencode(parameters, quote_via=quote, safe="/")
    return f"{scheme}://{before}{address.hosts}/{address.path}{'?' if query else ''}{query}"


def _kept(address: Address, names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in address.parameters.items() if name in names}


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------------------------

_SSL_AS_SSLMODE = {"": "require", "true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
_OF_TLS = ("sslmode", "ssl", "sslrootcert")


def sslmode(address: Address) -> str:
    """Return how a URL wants TLS, in libpq's words, whichever driver it was written for; empty where it does not say."""
    given = address.parameters.get("sslmode", address.parameters.get("ssl"))
    return "" if given is None else _SSL_AS_SSLMODE.get(given, given)


def _tls(address: Address, name: str = "sslmode") -> dict[str, str]:
    return {name: mode} if (mode := sslmode(address)) else {}


def _libpq(scheme: str, kept: Collection[str] = LIBPQ_PARAMETERS) -> Writer:
    def write(address: Address, ca: str) -> str:
        others = {name: value for name, value in _kept(address, kept).items() if name not in ("sslmode", "ssl")}
        return _url(scheme, address, {**_tls(address), **others, **({"sslrootcert": ca} if ca else {})})

    return write


def _asyncpg_by_sqlalchemy(address: Address, _ca: str) -> str:
    others = {name: value for name, value in _kept(address, ASYNCPG.parameters or ()).items() if name not in _OF_TLS}
    return _url("postgresql+asyncpg", address, {**_tls(address, "ssl"), **others})


def _node_postgres(address: Address, _ca: str) -> str:
    return _url("postgresql", address, {**_tls(address), **_kept(address, ("application_name", "options"))})


def _jdbc(address: Address, ca: str) -> str:
    login = {"user": address.user, "password": address.password} if address.login else {}
    return _url("jdbc:postgresql", address, {**login, **_tls(address), **({"sslrootcert": ca} if ca else {})}, login=False)


def _prisma(address: Address, ca: str) -> str:
    # It knows these three, and verifies the name by a parameter of its own.
    mode = sslmode(address)
    known = {"disable": "disable", "allow": "prefer", "prefer": "prefer"}.get(mode, "require") if mode else ""
    tls = {"sslmode": known, **({"sslaccept": "strict"} if mode.startswith("verify-") else {})} if known else {}
    others = _kept(address, ("schema", "connection_limit", "pool_timeout", "connect_timeout", "pgbouncer", "options"))
    return _url("postgresql", address, {**tls, **({"sslcert": ca} if ca else {}), **others})


def _as_it_is(address: Address, ca: str) -> str:
    return _libpq("postgresql")(address, ca) if ca else address.text


def _libpq_variables(address: Address, ca: str) -> dict[str, str]:
    mode = sslmode(address)
    return {**({"PGSSLMODE": mode} if mode else {}), **({"PGSSLROOTCERT": ca} if ca else {}), **_node_variables(address, ca)}


def _node_variables(_address: Address, ca: str) -> dict[str, str]:
    return {"NODE_EXTRA_CA_CERTS": ca} if ca else {}


def _asyncpg_variables(_address: Address, ca: str) -> dict[str, str]:
    return {"PGSSLROOTCERT": ca} if ca else {}


POSTGRESQL: Mapping[str, Form] = {
    "libpq": Form("libpq and all that stand on it or read its URLs (psql, Go, Rust, PHP, Ruby)", _libpq("postgresql")),
    "psycopg": Form("psycopg 3", _libpq("postgresql")),
    "psycopg2": Form("psycopg2, also through SQLAlchemy, Django's dj-database-url and django-environ", _libpq("postgresql")),
    "asyncpg": Form("asyncpg by itself", _libpq("postgresql", ("sslrootcert",))),
    "sqlalchemy+asyncpg": Form("SQLAlchemy with asyncpg", _asyncpg_by_sqlalchemy, variables=_asyncpg_variables),
    "sqlalchemy+psycopg": Form("SQLAlchemy with psycopg 3", _libpq("postgresql+psycopg")),
    "sqlalchemy+psycopg2": Form("SQLAlchemy with psycopg2", _libpq("postgresql+psycopg2")),
    "node-postgres": Form("pg of Node.js, and what stands on it (Drizzle, Kysely, Knex)", _node_postgres, variables=_node_variables),
    "postgres.js": Form("postgres.js", _node_postgres, variables=_node_variables),
    "prisma": Form("Prisma", _prisma, variables=_node_variables),
    "jdbc": Form("Java, with user and password in the URL", _jdbc),
    "url": Form("a program that reads every spelling; with a server of yours, the vault's own text", _as_it_is),
    "host": Form("the host, beside `PGSSLMODE`", lambda address, _ca: address.host, secret=False, variables=_libpq_variables),
    "port": Form("the port", lambda address, _ca: address.port(5432), secret=False),
    "user": Form("the name of the login", lambda address, _ca: address.user, secret=False),
    "password": Form("its password", lambda address, _ca: address.password),
    "database": Form("the name of the database", lambda address, _ca: unquote(address.path), secret=False),
    "sslmode": Form("how TLS is asked for, in libpq's words", lambda address, _ca: sslmode(address), secret=False),
    "ca_file": Form("path of the authority's certificate, empty with a public one", lambda _address, ca: ca, secret=False),
}

# ---- Redis ----------------------------------------------------------------------------------------------------------------------------

_OF_REDIS_TLS = ("ssl_cert_reqs", "ssl_ca_certs")


def _encrypted(address: Address) -> bool:
    return address.scheme in ("rediss", "valkeys")


def _redis_py(address: Address, ca: str) -> str:
    others = {name: value for name, value in address.parameters.items() if name not in _OF_REDIS_TLS}
    # Celery wants the first one said.
    tls = {"ssl_cert_reqs": "required", **({"ssl_ca_certs": ca} if ca else {})} if _encrypted(address) else {}
    return _url(address.scheme, address, {**tls, **others})


def _plain_redis(address: Address, _ca: str) -> str:
    return _url(address.scheme, address, {name: value for name, value in address.parameters.items() if name not in _OF_REDIS_TLS})


REDIS: Mapping[str, Form] = {
    "redis": Form("redis-py and what stands on it (RQ, Django, channels-redis, Flask's extensions)", _redis_py),
    "celery": Form("Celery and kombu", _redis_py),
    "node-redis": Form("node-redis", _plain_redis, variables=_node_variables),
    "ioredis": Form("ioredis and what stands on it (BullMQ)", _plain_redis, variables=_node_variables),
    "url": Form("a program that is told of the authority otherwise, by `ca_file`", _plain_redis),
    "host": Form("the host", lambda address, _ca: address.host, secret=False, variables=_node_variables),
    "port": Form("the port", lambda address, _ca: address.port(6379), secret=False),
    "user": Form("the name of the login", lambda address, _ca: address.user or "default", secret=False),
    "password": Form("its password", lambda address, _ca: address.password),
    "database": Form("the number of the database", lambda address, _ca: unquote(address.path) or "0", secret=False),
    "tls": Form("`true` or `false`", lambda address, _ca: str(_encrypted(address)).lower(), secret=False),
    "ca_file": Form("path of the authority's certificate, empty with a public one", lambda _address, ca: ca, secret=False),
}

# ---- MySQL ----------------------------------------------------------------------------------------------------------------------------

PUBLIC_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian's images have the public authorities; Python's clients of MySQL verify with those of a file alone."""

_MYSQL_SSL = {
    "": "REQUIRED",
    "true": "VERIFY_IDENTITY",
    "1": "VERIFY_IDENTITY",
    "false": "DISABLED",
    "0": "DISABLED",
    "{}": "VERIFY_IDENTITY",
}


def mysql_ssl_mode(address: Address) -> str:
    """Return how a URL wants TLS, in words of MySQL's ``--ssl-mode``, whichever client it was written for; empty where it does not say."""
    given = {name.lower().replace("_", "-").replace("sslmode", "ssl-mode"): value for name, value in address.parameters.items()}
    if mode := given.get("ssl-mode"):
        return mode.upper().replace("-", "_").replace("VERIFY_FULL", "VERIFY_IDENTITY")
    if "sslaccept" in given:
        return "VERIFY_IDENTITY" if given["sslaccept"] == "strict" else "REQUIRED"
    if "ssl-ca" in given:
        return "VERIFY_IDENTITY"
    if (ssl := given.get("ssl", given.get("tls"))) is not None:
        return _MYSQL_SSL.get(ssl.lower(), "REQUIRED" if re.search(r"false|skip-verify", ssl) else "VERIFY_IDENTITY")
    return ""


def _verifies(address: Address) -> bool:
    return mysql_ssl_mode(address).startswith("VERIFY_")


def _encrypts(address: Address) -> bool:
    return _verifies(address) or mysql_ssl_mode(address) == "REQUIRED"


def _plain_mysql(scheme: str, *kept: str) -> Writer:
    return lambda address, _ca: _url(scheme, address, _kept(address, kept))


def _mysql_by_python(scheme: str, verify: Mapping[str, str], encrypt: Mapping[str, str], ca_name: str = "ssl_ca") -> Writer:
    def write(address: Address, ca: str) -> str:
        verified = {ca_name: ca or PUBLIC_CA_FILE, **verify}
        tls = verified if _verifies(address) else encrypt if _encrypts(address) else {}
        return _url(scheme, address, {**tls, **_kept(address, ("charset",))})

    return write


def _mysql_by_node(address: Address, _ca: str) -> str:
    # These clients parse each parameter as JSON.
    tls = '{"rejectUnauthorized":true,"verifyIdentity":true}' if _verifies(address) else '{"rejectUnauthorized":false}'
    return _url("mysql", address, {**({"ssl": tls} if _encrypts(address) else {}), **_kept(address, ("charset", "connectionLimit"))})


def _mariadb_by_node(address: Address, _ca: str) -> str:
    tls = "true" if _verifies(address) else '{"rejectUnauthorized":false}'
    return _url("mariadb", address, {**({"ssl": tls} if _encrypts(address) else {}), **_kept(address, ("charset", "connectionLimit"))})


def _mysql_by_prisma(address: Address, ca: str) -> str:
    tls = {"sslaccept": "strict" if _verifies(address) else "accept_invalid_certs"} if _encrypts(address) else {}
    others = _kept(address, ("connection_limit", "pool_timeout", "connect_timeout", "socket_timeout"))
    return _url("mysql", address, {**tls, **({"sslcert": ca} if ca and tls else {}), **others})


def _mysql_by_java(address: Address, ca: str) -> str:
    login = {"user": address.user, "password": address.password} if address.login else {}
    mode = mysql_ssl_mode(address)
    trusted = {"trustCertificateKeyStoreUrl": f"file:{ca}", "trustCertificateKeyStoreType": "PEM"} if ca and _verifies(address) else {}
    return _url("jdbc:mysql", address, {**login, **({"sslMode": mode} if mode else {}), **trusted}, login=False)


MYSQL: Mapping[str, Form] = {
    "sqlalchemy+pymysql": Form("SQLAlchemy with PyMySQL", _mysql_by_python("mysql+pymysql", {}, {"ssl_verify_cert": "false"})),
    "sqlalchemy+mysqldb": Form(
        "SQLAlchemy with mysqlclient",
        _mysql_by_python("mysql+mysqldb", {"ssl_mode": "VERIFY_IDENTITY"}, {"ssl_mode": "REQUIRED"}),
    ),
    "sqlalchemy+asyncmy": Form("SQLAlchemy with asyncmy", _mysql_by_python("mysql+asyncmy", {}, {"ssl_ca": PUBLIC_CA_FILE})),
    "sqlalchemy+aiomysql": Form("SQLAlchemy with aiomysql, which no URL tells of TLS", _plain_mysql("mysql+aiomysql", "charset")),
    "sqlalchemy+mysqlconnector": Form(
        "SQLAlchemy with MySQL's own Connector/Python",
        # Its faster half takes no text for ssl_verify_identity, and a URL holds nothing else.
        _mysql_by_python("mysql+mysqlconnector", {"use_pure": "true", "ssl_verify_cert": "true", "ssl_verify_identity": "true"}, {}),
    ),
    "django": Form(
        "dj-database-url, with mysqlclient or PyMySQL",
        _mysql_by_python("mysql", {}, {"ssl-ca": PUBLIC_CA_FILE}, ca_name="ssl-ca"),
    ),
    "mysql2": Form(
        "mysql2 and mysql of Node.js, and what hands the URL on to them (Drizzle, Kysely, Knex)", _mysql_by_node, variables=_node_variables
    ),
    "mariadb": Form("mariadb of Node.js, and Prisma's adapter for it", _mariadb_by_node, variables=_node_variables),
    "prisma": Form("Prisma", _mysql_by_prisma, variables=_node_variables),
    "jdbc": Form("Java, with user and password in the URL", _mysql_by_java),
    "url": Form("a program that is told of TLS otherwise, by `ca_file`", _plain_mysql("mysql", "charset"), variables=_node_variables),
    "host": Form("the host", lambda address, _ca: address.host, secret=False, variables=_node_variables),
    "port": Form("the port", lambda address, _ca: address.port(3306), secret=False),
    "user": Form("the name of the login", lambda address, _ca: address.user, secret=False),
    "password": Form("its password", lambda address, _ca: address.password),
    "database": Form("the name of the database", lambda address, _ca: unquote(address.path), secret=False),
    "ssl_mode": Form(
        "how TLS is asked for, in the words of MySQL's `--ssl-mode`", lambda address, _ca: mysql_ssl_mode(address), secret=False
    ),
    "ca_file": Form("path of the authority's certificate, empty with a public one", lambda _address, ca: ca, secret=False),
}

# ---- SMTP -----------------------------------------------------------------------------------------------------------------------------


def _speaks_tls_at_once(address: Address) -> bool:
    return address.scheme in ("smtps", "smtp+ssl")


def _begins_tls(address: Address) -> bool:
    """Tell whether a client asks for STARTTLS, as each does with a server that delivers."""
    return not _speaks_tls_at_once(address) and address.parameters.get("starttls", "true") != "false"


def _nodemailer(address: Address, _ca: str) -> str:
    return _url("smtps" if _speaks_tls_at_once(address) else "smtp", address, {}).removesuffix("/")


def _django_email_url(address: Address, _ca: str) -> str:
    scheme = "smtp+ssl" if _speaks_tls_at_once(address) else "smtp+tls" if _begins_tls(address) else "smtp"
    return _url(scheme, address, {}).removesuffix("/")


def _smtp_port(address: Address, _ca: str) -> str:
    return address.port(465 if _speaks_tls_at_once(address) else 587)


SMTP: Mapping[str, Form] = {
    "url": Form(
        "nodemailer and what stands on it (Auth.js), which takes STARTTLS where it is offered", _nodemailer, variables=_node_variables
    ),
    "django": Form("django-environ's `email_url`", _django_email_url),
    "host": Form("the host", lambda address, _ca: address.host, secret=False, variables=_node_variables),
    "port": Form("the port", _smtp_port, secret=False),
    "user": Form("the name of the login", lambda address, _ca: address.user, secret=False),
    "password": Form("its password", lambda address, _ca: address.password),
    "starttls": Form("`true` where the client has to ask for STARTTLS", lambda a, _ca: str(_begins_tls(a)).lower(), secret=False),
    "ssl": Form("`true` where it speaks TLS from the first byte on", lambda a, _ca: str(_speaks_tls_at_once(a)).lower(), secret=False),
    "ca_file": Form("path of the authority's certificate, empty with a public one", lambda _address, ca: ca, secret=False),
}

PROTOCOLS: Mapping[str, Mapping[str, Form]] = {"postgresql": POSTGRESQL, "redis": REDIS, "mysql": MYSQL, "smtp": SMTP}
"""What a service speaks -> its forms."""


def written(form: Form, connection: Mapping[str, Any], which: str) -> tuple[str, dict[str, str]]:
    """Return the text of a form, and the variables that belong to it.

    What is no URL is handed on as it is, for preflight says what is wrong with it.

    Args:
        form: One of the protocol that the service speaks.
        connection: URLs of the service by name, and ``ca``, its authority's certificate, empty where that is public.
        which: The URL that is meant; where the service has no such one, its ``url``.
    """
    text, ca = str(connection.get(which) or connection["url"]), CA_FILE if connection.get("ca") else ""
    where = address(text)
    return (form.write(where, ca), form.variables(where, ca)) if where else (text, {})
