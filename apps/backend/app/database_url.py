"""Any spelling of a PostgreSQL URL -> the parameters of libpq, which does the parsing itself."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote, unquote, urlencode

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

SYSTEM_CA_FILE = "/etc/ssl/certs/ca-certificates.crt"
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# asyncpg and node-postgres say `ssl` where libpq says `sslmode`.
SSL_AS_SSLMODE = {"true": "require", "1": "require", "no-verify": "require", "false": "disable", "0": "disable"}
# Parameters that other drivers and ORMs understand and that mean nothing to this one.
FOREIGN_PARAMETERS = {
    "connection_limit",
    "pgbouncer",
    "pool_timeout",
    "prepared_statement_cache_size",
    "prepared_statement_name_func",
    "statement_cache_size",
    "uselibpqcompat",
}
DEFAULTS = {
    "application_name": "plannoir-backend",
    # Seconds. A suspended Neon compute answers within a few.
    "connect_timeout": "5",
    # Milliseconds until a peer that vanished is noticed; the kernel alone takes a quarter of an hour.
    "tcp_user_timeout": "10000",
}


def connection_parameters(url: str, ca_file: Path | None = None) -> dict[str, str]:
    """libpq parameters for ``url``.

    Accepts postgres:// and postgresql:// with any driver suffix (``+asyncpg``), parameters of asyncpg and Prisma, and
    everything that libpq itself accepts. With a CA file and no sslmode the server's certificate is verified in full.
    Raises ValueError with words that follow the name of a variable and repeat no value of the URL.
    """
    scheme, separator, rest = url.strip().strip("'\"").partition("://")
    if not separator or scheme.lower().partition("+")[0] not in ("postgres", "postgresql"):
        raise ValueError("must be a PostgreSQL URL such as postgresql://user:password@host:5432/name")
    address, _, query = rest.partition("?")
    try:
        parsed = conninfo_to_dict(f"postgresql://{address}?{urlencode(_libpq_query(query), quote_via=quote)}")
    except ProgrammingError as error:
        raise ValueError(_explanation(str(error))) from None
    parameters = DEFAULTS | {key: str(value) for key, value in parsed.items()}
    host = parameters.get("host") or parameters.get("hostaddr")
    if not host:
        raise ValueError("names no host")
    if "@" in host:
        raise ValueError(_explanation("@"))
    if ca_file:
        parameters.setdefault("sslmode", "verify-full")
        parameters["sslrootcert"] = str(ca_file)
    mode = parameters.get("sslmode", "prefer")
    if mode not in SSL_MODES:
        raise ValueError(f"has an unknown sslmode; it is one of {', '.join(SSL_MODES)}")
    if mode.startswith("verify-"):
        parameters.setdefault("sslrootcert", os.environ.get("SSL_CERT_FILE", SYSTEM_CA_FILE))
    return parameters


def prepares_statements(url: str) -> bool:
    """Whether the driver may prepare statements: not with Prisma's ``pgbouncer=true``, nor with a cache size of 0."""
    query = {
        unquote(key): value for key, _, value in (pair.partition("=") for pair in url.partition("?")[2].split("&"))
    }
    sizes = {query.get("statement_cache_size"), query.get("prepared_statement_cache_size")}
    return query.get("pgbouncer") != "true" and "0" not in sizes


def _libpq_query(query: str) -> list[tuple[str, str]]:
    kept = []
    for pair in filter(None, query.split("&")):
        key, _, value = (unquote(part) for part in pair.partition("="))
        if key == "ssl":
            kept.append(("sslmode", SSL_AS_SSLMODE.get(value.lower(), value)))
        elif key not in FOREIGN_PARAMETERS and (key, value) != ("schema", "public"):
            kept.append((key, value))
    return kept


def _explanation(error: str) -> str:
    if "invalid URI query parameter" in error:
        return f"has a parameter that PostgreSQL does not know: {error.split(chr(34))[1]}"
    return "cannot be parsed; percent-encode the special characters in its user name and password"
