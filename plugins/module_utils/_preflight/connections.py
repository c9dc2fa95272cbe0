# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a URL by itself: what was pasted around it, what its driver does not read, a way out of the cluster without TLS."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .._core.dialects import Connection, Dialect, connection, enforces_tls, is_postgresql, scheme, tls_value
from .._core.hosts import split_url
from .variables import suggestion

AS_IN = "as in postgresql://user:password@host:5432/database"

_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_NEAR = (".svc", ".cluster.local", ".internal", ".local", ".localhost", ".localdomain", ".test", ".lan", ".home.arpa", ".ts.net")
"""Ends of names that no public name server answers; .ts.net is a WireGuard network."""

_URL = r"(?:jdbc:)?[A-Za-z][A-Za-z0-9+.-]*://"
# Also those of a text processor.
_OPEN, _CLOSE = "'\"`<\u201c\u2018", "'\"`>\u201d\u2019"
_CLIENTS = "psql|pgcli|pg_dump|pg_restore|usql|mysql|mysqlsh|mongo|mongosh|redis-cli"
_PASTED = (
    (re.compile(r"(export\s+|set\s+|ENV\s+|\$env:)[A-Za-z_]\w*\s*=\s*\S.*"), "a shell's command"),
    (re.compile(rf"({_CLIENTS})\s+(-\S+\s+)*[{_OPEN}]?{_URL}.*"), "a command"),
    (re.compile(rf"[A-Z_][A-Z0-9_]*\s*=\s*[{_OPEN}]?{_URL}[^;]*"), "a name and ="),
    (re.compile(rf"[\"']?[A-Za-z_]\w*[\"']?\s*:\s+[{_OPEN}]?{_URL}.*"), "a name and a colon"),
    (re.compile(rf"[{_OPEN}]{_URL}[^\s{_CLOSE}]*[{_CLOSE}][,;]?"), "quotes"),
    (re.compile(rf"{_URL}[^\s{_OPEN}]*[{_CLOSE}][,;]?"), "a quote behind it"),
)
_A_COMMANDS = re.compile(r"(^|_)(CMD|COMMAND|SCRIPT|ARGS|OPTS|OPTIONS|HEALTHCHECK)(_|$)")
"""Keys of variables that may well hold a command."""


def pasted_problem(name: str, key: str, value: str) -> str:
    """Say what was copied along with a URL, or with a variable's value; empty when nothing was.

    Args:
        name: The value's name in the sentence.
        key: The environment variable.
        value: The value, of one line.
    """
    if _A_COMMANDS.search(key):
        return ""
    around = next((what for pattern, what in _PASTED if pattern.fullmatch(value)), "")
    if not around and re.match(rf"{re.escape(key)}\s*=\s*\S", value):
        around = "its own name and ="
    if not around:
        return ""
    what = "the URL" if "://" in value else "the value"
    return f"{name} has {around} around {what}: write nothing but {what}."


def url_problems(name: str, key: str, value: str, sslmode: str = "") -> Iterator[str]:
    """Check a database's or an HTTP URL; one of another scheme, and what is no URL, passes.

    Args:
        name: The value's name in the sentences.
        key: The environment variable; one that ends with _BASE_URL holds an HTTP URL.
        value: The value.
        sslmode: What libpq takes from its environment (PGSSLMODE) where a URL says nothing.
    """
    kind = scheme(value)
    if not value:
        return
    if kind.startswith("postgres+"):
        yield f"{name} has the scheme {kind}, which no driver reads: write {kind.replace('postgres+', 'postgresql+')}://."
    elif found := connection(value):
        yield from _database_problems(name, value, found, sslmode)
    elif is_postgresql(value):
        yield _badly_encoded(name)
    elif kind in ("http", "https") and key.endswith("URL"):
        yield from _http_problems(name, value)
    elif key.endswith("_BASE_URL"):
        yield f"{name} does not begin with https://: write the whole address of the service."
    elif near := suggestion(kind.partition("+")[0], ["postgres", "postgresql"], similar=0.85):
        yield f"{name} has an unknown scheme: {near}"


def is_inside(host: str) -> bool:
    """Tell whether a host is in the cluster, on its machine or in a private network, as far as its name says."""
    host = host.removesuffix(".")
    try:
        # Neither 10/8 nor 100.64/10, which providers and VPNs use, is global.
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_NEAR)


def _database_problems(name: str, value: str, url: Connection, default_sslmode: str) -> Iterator[str]:
    if url.scheme and _is_badly_encoded(value, url):
        yield _badly_encoded(name)
        return
    if url.login and any(not dialect.has_login for dialect in url.dialects):
        yield (
            f"{name} is a URL for {url.dialects[0].name}, which reads no user and password in front of the host: for Java write "
            f"{url.scheme}://host/database?user=...&password=..., for any other program nothing but the URL, {AS_IN}."
        )
        return
    if not url.hosts:
        yield f"{name} names no host: put it behind the password, {AS_IN}."
    if any(not port.isdecimal() or not 0 < int(port) < 65536 for port in url.ports):
        yield f"{name} has a port that is no number from 1 to 65535: correct it, {AS_IN}."
    yield from _parameter_problems(name, url, default_sslmode)


def _parameter_problems(name: str, url: Connection, default_sslmode: str) -> Iterator[str]:
    """Hold a URL's parameters against those that its drivers read, and its way against TLS."""
    readers = url.dialects
    if not readers:
        return
    one = readers[0]
    unread = [key for key in url.parameters if all(d.parameters is not None and key not in d.parameters for d in readers)]
    if unread:
        of_tls = any(map(_is_tls, unread))
        instead = f"write {one.require}, or better {one.verify}, instead" if of_tls else f"take {'them' if unread[1:] else 'it'} out"
        yield f"{name} has {' and '.join(unread)}, which {one.name} does not read: {instead}."
        if of_tls:
            return
    for key, value in url.parameters.items():
        known = [dialect for dialect in readers if key in dialect.tls]
        if known and all(tls_value(dialect, key, value) is None for dialect in known):
            yield f"{name} has an unknown {key}: {_readers(readers)} {'read' if readers[1:] else 'reads'} {', '.join(_values(key, known))}."
            return
    given = {"sslmode": default_sslmode} if default_sslmode and not any(key in d.tls for key in url.parameters for d in readers) else {}
    outside = not all(host.startswith("/") or is_inside(host) for host in url.hosts)
    if outside and not enforces_tls({**url.parameters, **given}, readers):
        yield f"{name} reaches a host outside the cluster without enforced TLS: add {one.require}, or better {one.verify}, to it."


def _is_tls(parameter: str) -> bool:
    return parameter.lower().startswith("ssl") or parameter in ("channel_binding", "requireSSL", "useSSL")


def _readers(dialects: tuple[Dialect, ...]) -> str:
    return " and ".join(dialect.name for dialect in dialects)


def _values(parameter: str, dialects: list[Dialect]) -> Mapping[str, Any]:
    return dict.fromkeys(value for dialect in dialects for value in dialect.tls[parameter] if value)


def _is_badly_encoded(value: str, connected: Connection) -> bool:
    """Tell whether a user name or password ended the host's part of a URL too early, or late."""
    url = urlsplit(f"any://{value.partition('://')[2]}")
    login, _at, address = url.netloc.rpartition("@")
    is_address = re.fullmatch(r"(\[[^]]*\]|[^:,]*)(:\d+)?(,(\[[^]]*\]|[^:,]*)(:\d+)?)*", url.netloc)
    cut = "@" in url.path or ("@" in f"{url.query}{url.fragment}" and not is_address)
    return "@" in login or (not login and cut) or bool(_HALF_ENCODED.search(connected.login) or re.search(r"\s", login + address))


def _badly_encoded(name: str) -> str:
    return (
        f"{name} has a character in its user name or password that breaks the URL: percent-encode it "
        "(@ is %40, / is %2F, # is %23, ? is %3F, % is %25, a blank is %20)."
    )


def _http_problems(name: str, value: str) -> Iterator[str]:
    url = split_url(value)
    if not url or not url.hostname:
        yield f"{name} names no host: write it as https://host/path."
    elif url.scheme == "http" and not is_inside(url.hostname):
        yield f"{name} reaches a host outside the cluster without TLS: write https:// instead of http://."
