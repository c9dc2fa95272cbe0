# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each driver spells the address of a database: one table, to judge what a person wrote and to write what a driver reads.

TLS spellings and parameter lists were tried with asyncpg 0.32, psycopg 3.3 (libpq 18), SQLAlchemy 2, pg 8.22, PyMySQL 2.2, mysqlclient
and asyncmy. The rows of JDBC (pgjdbc, Connector/J) were tried with no driver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

ANY = "*"
"""Stands for every value of a parameter."""


class Dialect(NamedTuple):
    """What one driver reads.

    Attributes:
        name: What its users call it.
        schemes: What may stand before ``://``, in lower case; several drivers may read one.
        port: The one that is taken where none is written.
        tls: Parameter -> value -> whether the driver then refuses a connection without TLS.
        require: Parameters that enforce TLS.
        verify: Parameters that also verify the server's name.
        parameters: All that the driver takes; with any other it fails at its start. None: it takes, or passes over, what it does not know.
        has_login: Whether ``user:password@`` may stand before the host.
    """

    name: str
    schemes: tuple[str, ...]
    port: int
    tls: Mapping[str, Mapping[str, bool]]
    require: str
    verify: str
    parameters: frozenset[str] | None = None
    has_login: bool = True


class Connection(NamedTuple):
    """A database's address, taken apart; what it lacks is empty.

    Attributes:
        scheme: What stands before ``://``, in lower case; empty for libpq's keywords.
        dialects: Those that read it; none for a driver that the table does not know.
        login: User and password as they are written.
        hosts: In lower case, without a final dot; a path for a socket.
        ports: As they are written.
        parameters: Those of the query, decoded.
    """

    scheme: str
    dialects: tuple[Dialect, ...]
    login: str
    hosts: list[str]
    ports: list[str]
    parameters: dict[str, str]

    @property
    def port(self) -> int:
        """The port that is written first, else the dialect's; 0 where neither is known."""
        written = self.ports[0] if self.ports else ""
        return int(written) if written.isdecimal() else next((dialect.port for dialect in self.dialects), 0)


_SSLMODE = {"disable": False, "allow": False, "prefer": False, "require": True, "verify-ca": True, "verify-full": True}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Those of PQconndefaults(), and earlier ones that are still read.
LIBPQ_PARAMETERS = _words(
    """
    application_name channel_binding client_encoding connect_timeout dbname fallback_application_name gssdelegation gssencmode gsslib host
    hostaddr keepalives keepalives_count keepalives_idle keepalives_interval krbsrvname load_balance_hosts max_protocol_version
    min_protocol_version oauth_client_id oauth_client_secret oauth_issuer oauth_scope options passfile password port replication
    require_auth requirepeer requiressl scram_client_key scram_server_key service servicefile ssl_max_protocol_version
    ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl sslcrldir sslkey sslkeylogfile sslmode sslnegotiation sslpassword
    sslrootcert sslsni target_session_attrs tcp_user_timeout tty user
    """
)

LIBPQ = Dialect(
    "libpq",
    ("postgresql", "postgres"),
    5432,
    # Its URLs take exactly ssl=true, for the sake of JDBC's.
    {"sslmode": _SSLMODE, "ssl": {"true": True}},
    "sslmode=require",
    "sslmode=verify-full",
)
NODE_POSTGRES = Dialect(
    "node-postgres",
    ("postgresql", "postgres"),
    5432,
    {
        "sslmode": {**_SSLMODE, "no-verify": True},
        # A text other than these is taken for true.
        "ssl": {
            **dict.fromkeys(("true", "1", "no-verify", "require", "verify-full"), True),
            **dict.fromkeys(("false", "0", "disable"), False),
        },
    },
    "sslmode=require",
    "sslmode=verify-full",
)
PSYCOPG = Dialect(
    "psycopg",
    ("postgresql+psycopg", "postgresql+psycopg_async", "postgresql+psycopg2", "postgresql+psycopg2cffi"),
    5432,
    {"sslmode": _SSLMODE},
    "sslmode=require",
    "sslmode=verify-full",
    LIBPQ_PARAMETERS,
)
ASYNCPG = Dialect(
    "asyncpg",
    ("postgresql+asyncpg",),
    5432,
    {"ssl": _SSLMODE},
    "ssl=require",
    "ssl=verify-full",
    # SQLAlchemy hands each on as an argument of asyncpg.connect(), but for those of its own.
    _words(
        """
        host port user password passfile service servicefile database timeout statement_cache_size max_cached_statement_lifetime
        max_cacheable_statement_size command_timeout ssl direct_tls server_settings target_session_attrs krbsrvname gsslib
        prepared_statement_cache_size prepared_statement_name_func async_fallback
        """
    ),
)
JDBC_POSTGRESQL = Dialect(
    "JDBC",
    ("jdbc:postgresql",),
    5432,
    {"sslmode": _SSLMODE, "ssl": {"true": True, "": True, "false": False}},
    "sslmode=require",
    "sslmode=verify-full",
    has_login=False,
)
JDBC_MYSQL = Dialect(
    "JDBC",
    ("jdbc:mysql",),
    3306,
    {
        "sslMode": {"DISABLED": False, "PREFERRED": False, "REQUIRED": True, "VERIFY_CA": True, "VERIFY_IDENTITY": True},
        "requireSSL": {"true": True, "false": False},
    },
    "sslMode=REQUIRED",
    "sslMode=VERIFY_IDENTITY",
)
PYMYSQL = Dialect(
    "PyMySQL",
    ("mysql+pymysql", "mariadb+pymysql"),
    3306,
    {"ssl_ca": {ANY: True}, "ssl_verify_cert": {ANY: True}, "ssl_verify_identity": {ANY: True}, "ssl_disabled": {ANY: False}},
    "ssl_verify_cert=true",
    "ssl_verify_cert=true&ssl_verify_identity=true",
    # Arguments of pymysql.connect(), and what SQLAlchemy makes of its own.
    _words(
        """
        user password host database unix_socket port charset collation sql_mode read_default_file use_unicode client_flag init_command
        connect_timeout read_default_group autocommit local_infile max_allowed_packet auth_plugin_map read_timeout write_timeout
        bind_address binary_prefix program_name server_public_key ssl_ca ssl_cert ssl_disabled ssl_key ssl_key_password ssl_verify_cert
        ssl_verify_identity compress named_pipe passwd db ssl_capath ssl_cipher ssl_check_hostname
        """
    ),
)

MYSQLDB = Dialect(
    "mysqlclient",
    ("mysql+mysqldb", "mariadb+mysqldb"),
    3306,
    {
        "ssl_mode": {"DISABLED": False, "PREFERRED": False, "REQUIRED": True, "VERIFY_CA": True, "VERIFY_IDENTITY": True},
        "ssl_ca": {ANY: True},
        "ssl": {ANY: True},
    },
    "ssl_mode=REQUIRED",
    "ssl_mode=VERIFY_IDENTITY",
)
ASYNCMY = Dialect(
    "asyncmy",
    ("mysql+asyncmy", "mariadb+asyncmy"),
    3306,
    {"ssl_ca": {ANY: True}},
    "ssl_ca=/etc/ssl/certs/ca-certificates.crt",
    "ssl_ca=/etc/ssl/certs/ca-certificates.crt&ssl_check_hostname=true",
)

DIALECTS = (LIBPQ, NODE_POSTGRES, PSYCOPG, ASYNCPG, JDBC_POSTGRESQL, JDBC_MYSQL, PYMYSQL, MYSQLDB, ASYNCMY)

_SCHEME = re.compile(r"((?:jdbc:)?[a-z][a-z0-9+._-]*)://(.*)", re.IGNORECASE | re.DOTALL)
_POSTGRESQL = re.compile(r"(jdbc:)?postgres(ql)?(\+\w+)?")
_KEYWORDS = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s']*)")


def scheme(value: str) -> str:
    """Return what stands before ``://`` in lower case, with ``jdbc:`` in front of it; empty for what is no URL."""
    found = _SCHEME.fullmatch(value)
    return found[1].lower() if found else ""


def is_postgresql(value: str) -> bool:
    """Tell whether a value is the URL of a PostgreSQL database, whichever driver reads it."""
    return bool(_POSTGRESQL.fullmatch(scheme(value)))


def connection(value: str) -> Connection | None:
    """Take a database's URL, or libpq's keywords, apart; nothing where it is neither, or cannot be read."""
    found = _SCHEME.fullmatch(value)
    if not found:
        return _keywords(value)
    name = found[1].lower()
    dialects = tuple(dialect for dialect in DIALECTS if name in dialect.schemes)
    if not dialects and not is_postgresql(value):
        return None
    try:
        # It takes no underscore in a scheme.
        url = urlsplit(f"any://{found[2]}")
    except ValueError:
        return None
    parameters = dict(parse_qsl(url.query, keep_blank_values=True))
    login, _at, address = url.netloc.rpartition("@")
    places = re.findall(r"(\[[^]]*\]|[^:,]*)(?::([^,]*))?(?:,|$)", address)
    return _connection(name, dialects, login, [host for host, _port in places], [port for _host, port in places], parameters)


def _keywords(value: str) -> Connection | None:
    parameters = {key.lower(): text.strip("'") for key, text in _KEYWORDS.findall(value)}
    known = parameters.keys() <= LIBPQ_PARAMETERS and parameters.keys() & {"host", "hostaddr", "dbname"}
    if _KEYWORDS.sub("", value).strip() or not known:
        return None
    return _connection("", (LIBPQ,), parameters.get("user", ""), [], [], parameters)


def _connection(
    name: str, dialects: tuple[Dialect, ...], login: str, hosts: list[str], ports: list[str], parameters: dict[str, str]
) -> Connection:
    # The address to which libpq connects is hostaddr's; host is then the name in the certificate.
    where = parameters.get("hostaddr") or parameters.get("host") or parameters.get("unix_socket")
    hosts = where.split(",") if where else [unquote(host).strip("[]") for host in hosts]
    ports = parameters["port"].split(",") if parameters.get("port") else ports
    return Connection(
        name, dialects, login, [host.lower().removesuffix(".") for host in hosts if host], [port for port in ports if port], parameters
    )


def enforces_tls(parameters: Mapping[str, str], dialects: tuple[Dialect, ...]) -> bool:
    """Tell whether one of the dialects refuses a connection without TLS; see ``Connection``."""
    return any(tls_value(dialect, key, value) for dialect in dialects for key, value in parameters.items())


def tls_value(dialect: Dialect, parameter: str, value: str) -> bool | None:
    """Return whether a parameter enforces TLS; None where the dialect has no such parameter, or no such value of it."""
    values = dialect.tls.get(parameter, {})
    return values.get(value, values.get(ANY))
