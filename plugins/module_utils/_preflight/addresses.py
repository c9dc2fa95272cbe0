# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the addresses in a component's variables lead to from inside a pod: the pod itself, another component, or nowhere."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._core.dialects import DIALECTS, connection
from .._core.hosts import is_loopback
from .._services.catalogue import Service
from .credentials import Values, is_placeholder, labelled, named_values, plain_values
from .variables import suggestion

PORTS = {
    **{scheme: dialect.port for dialect in DIALECTS for scheme in dialect.schemes},
    **dict.fromkeys(("http", "ws"), 80),
    **dict.fromkeys(("https", "wss"), 443),
    **dict.fromkeys(("redis", "rediss", "valkey", "valkeys"), 6379),
    **dict.fromkeys(("mysql", "mariadb", "mysql2", "jdbc:mariadb", "mysql+aiomysql", "mysql+mysqlconnector"), 3306),
    **{"amqp": 5672, "amqps": 5671, "mongodb": 27017, "nats": 4222, "memcached": 11211, "kafka": 9092, "smtp": 25, "smtps": 465},
    **{"neo4j": 7687, "bolt": 7687, "clickhouse": 9000, "mqtt": 1883, "mqtts": 8883, "ldap": 389, "ldaps": 636, "sftp": 22, "ftp": 21},
    **dict.fromkeys(("grpc", "grpcs", "tcp", "tls", "elasticsearch", "postgis", "jdbc:sqlserver", "mssql", "sqlserver"), 0),
}
"""Schemes whose URLs name a host of the network -> the port that they mean; 0: none. A bucket (s3://) or a file is no host."""

HOSTS_MACHINE = ("host.docker.internal", "gateway.docker.internal", "host.containers.internal", "docker.for.mac.localhost")
"""Names that Docker Desktop and Podman give to the machine that runs them; a cluster's name server does not know them."""

_URL = re.compile(r"((?:jdbc:)?[a-z][a-z0-9+._-]*)://(?:[^\s/?#]*@)?(\[[^]\s]*\]|[^\s:/?#,;]*)(?::(\d+))?", re.IGNORECASE)
_URLS = re.compile(r"(?:jdbc:)?[a-z][a-z0-9+._-]*://\S+", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")
_BARE = re.compile(r"([A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?")
_ADO = re.compile(r"(?:^|;)\s*(?:host|server|data source|addr|address)\s*=\s*(?:tcp:)?([^;,:\s]+)(?:[,:](\d+))?", re.IGNORECASE)
"""The host in a connection string as .NET's drivers read it."""

_HOST_KEY = re.compile(
    r"(^|.*_)(DB|DATABASE|PG|PGSQL|POSTGRES|POSTGRESQL|MYSQL|MARIADB|MSSQL|SQL|REDIS|VALKEY|MONGO|MONGODB|RABBITMQ|AMQP|KAFKA|NATS|SMTP|MAIL"
    r"|EMAIL|ELASTIC|ELASTICSEARCH|OPENSEARCH|MEMCACHED|CACHE|MINIO|S3|QUEUE|BROKER|CLICKHOUSE|QDRANT|WEAVIATE|MEILI|UPSTREAM|TEMPORAL"
    r"|ZOOKEEPER)_?(HOST|HOSTNAME|SERVER|ADDR|ADDRESS|ENDPOINT|HOSTS|SERVERS|BROKERS|NODES)"
    r"|PGHOST|PGHOSTADDR|(.*_)?(BROKERS|BOOTSTRAP_SERVERS)"
)
"""Variables that hold the host of another program, with or without a port."""

_OWN_KEY = re.compile(
    r"(^|_)(PUBLIC|ORIGINS?|CORS|ALLOWED|TRUSTED|CSRF|SITE|APP|WEB|WEBSITE|SELF|OWN|EXTERNAL|ROOT|CANONICAL|DOMAINS?|REDIRECT|CALLBACK"
    r"|RETURN|SUCCESS|CANCEL|LOGIN|LOGOUT|FRONTEND|CLIENT|HOMEPAGE|NEXTAUTH|BROWSER|LISTEN|BIND|HEALTH\w*|HOST|WEBHOOK|VITE|ISSUER"
    r"|ASPNETCORE|AUDIENCE|NOPROXY|DEBUGGER)(_|$)|^(BASE_URL|AUTH_URL|BETTER_AUTH_URL|SERVER_URL|URL|NO_PROXY|no_proxy)$"
)
"""Variables whose HTTP address is meant for a browser, or for the program that reads it: its own."""


_NO_SERVICES = ("kubernetes", "metadata", "none", "null", "disabled", "off", "false", "memory", "unset")
"""Names that mean no Service of this namespace: the API server's, a provider's, and words for nothing."""


class Address(NamedTuple):
    """A host that a variable names, in lower case; port 0 where none is known, scheme empty for a lone host."""

    host: str
    port: int
    scheme: str


def address_problems(
    components: Sequence[Mapping[str, Any]],
    secrets: Values,
    vault: Mapping[str, str],
    services: Mapping[str, Service],
    namespace: str,
    *,
    ports: Iterable[int] = (),
    shared: bool = False,
    accepted: Collection[str] = (),
) -> Iterator[str]:
    """Name the addresses in the components' variables that lead nowhere in a cluster.

    Args:
        components: All that are deployed, as ``load_components`` returns them.
        secrets: As ``component_secrets`` returns them.
        vault: Value -> the vault's variable that holds it.
        services: Those that ``app_services`` could name.
        namespace: Where they are deployed.
        ports: Node ports that are published; a browser reaches them on this machine.
        shared: Whether others have Services in the namespace.
        accepted: Names (``component.option.KEY``) of values of which nothing is said.
    """
    published = {*ports, *(component["service"]["node_port"] for component in components if component["service"]["node_port"])}
    for component in components:
        aliases = {name.lower() for alias in component["host_aliases"] for name in alias["hostnames"]}
        values = [(name, key, value) for _owner, name, key, value in plain_values(component)]
        values += [
            (name, key, v) for name, kind, key, v in named_values({component["name"]: secrets[component["name"]]}) if kind != "files"
        ]
        for name, key, value in values:
            if name in accepted or is_placeholder(value):
                continue
            for address in addresses(key, value.strip()):
                if address.host in aliases or (_is_web(address) and (_OWN_KEY.search(key) or address.port in published)):
                    continue
                if wrong := _wrong(address, component["name"], components, services, namespace, shared=shared):
                    yield f"{labelled(name, value, vault)} {wrong} Where it is right, list {name} in preflight_accepted_values."
                    break


def addresses(key: str, value: str) -> Iterator[Address]:
    """Yield the hosts that a variable names: those of URLs, where it holds nothing else, or of a key that holds a host."""
    if "\n" in value:
        return
    if found := connection(value):
        for host in found.hosts:
            if not host.startswith("/"):
                yield Address(host, found.port, found.scheme or "postgresql")
        return
    parts = [part for part in re.split(r"[\s,;|]+", value) if part]
    if parts and _URLS.fullmatch(parts[0]) and (value.count("://") == 1 or all(map(_URLS.fullmatch, parts))):
        for part in parts:
            if (url := _URL.match(part)) and (scheme := url[1].lower()) in PORTS and not part.lower().startswith("http://unix:"):
                yield Address(_host(url[2]), int(url[3] or PORTS[scheme]), scheme)
            elif part is not parts[0] and (bare := _BARE.fullmatch(part.partition("/")[0])):
                yield Address(_host(bare[1]), int(bare[2] or 0), "tcp")  # further hosts of one URL
    elif ado := _ADO.search(value):
        if "=" in value.replace(ado[0], "", 1):
            yield Address(_host(ado[1]), int(ado[2] or 0), "")
    elif _HOST_KEY.fullmatch(key):
        for part in parts:
            if bare := _BARE.fullmatch(part):
                yield Address(_host(bare[1]), int(bare[2] or 0), "")


def _wrong(
    address: Address,
    component: str,
    components: Sequence[Mapping[str, Any]],
    services: Mapping[str, Service],
    namespace: str,
    *,
    shared: bool,
) -> str:
    """Return what is wrong with an address, as the rest of a sentence; empty where it leads somewhere."""
    host = address.host
    others = [other for other in components if other["name"] != component]
    if is_loopback(host):
        return f"leads to {host}, which in a cluster is the pod itself: {_remedy(address, others, services)}"
    if host in HOSTS_MACHINE:
        return (
            f"leads to {host}, a name that a cluster does not know: {_remedy(address, others, services)} On Minikube, "
            "host.minikube.internal is this machine."
        )
    name = _in_namespace(host, namespace)
    target = next((other for other in components if other["name"] == name), None)
    if target:
        port = target["service"]["port"]
        if not port:
            return f"leads to {name}, a component without a port: give it one, or write another address."
        if address.port and address.port != port:
            return f"leads to port {address.port} of the component {name}, whose Service has the port {port}: write {name}:{port}."
        return ""
    if not name or shared or name in _NO_SERVICES:
        return ""
    return f"leads to {name}, which is no component: {_remedy(address._replace(host=name), others, services)}"


def _remedy(address: Address, others: Sequence[Mapping[str, Any]], services: Mapping[str, Service]) -> str:
    names = [other["name"] for other in others]
    near = suggestion(address.host, names, similar=0.75)
    used = {other["name"] for other in others}
    of_service = next(
        (service.component_names[-1] for service in services.values() if {service.name, *service.component_names} & _words(address)), ""
    )
    port = address.port or next((PORTS[word] for word in sorted(_words(address)) if PORTS.get(word)), 0)
    by_port = next((other["name"] for other in others if port and other["service"]["port"] == port), "")
    if near:
        return near
    if guess := by_port or (of_service if of_service in used else ""):
        return f"did you mean {guess}?"
    if service := next((name for name in services if name in _words(address) or suggestion(address.host, [name])), ""):
        return f"name the service {service} in app_services, or the host of a server of your own."
    there = f"write the name of the component that is meant ({', '.join(names)}), or deploy" if names else "deploy"
    return f"{there} it as a component, or write the host of a server outside."


def _words(address: Address) -> set[str]:
    """Return what a host and its scheme say of the service that is meant."""
    scheme = address.scheme.removeprefix("jdbc:").partition("+")[0].removesuffix("s")
    alike = {"postgres": "postgresql", "pg": "postgresql", "db": "database", "valkey": "redis"}
    return {alike.get(word, word) for word in (address.host, scheme) if word}


def _in_namespace(host: str, namespace: str) -> str:
    """Return the Service of this namespace that a host names; empty for a name of elsewhere, and for what is no name."""
    for end in (f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.cluster.local"):
        host = host.removesuffix(end)
    return host if _LABEL.fullmatch(host) and not host.isdecimal() else ""


def _is_web(address: Address) -> bool:
    return address.scheme in ("http", "https", "ws", "wss")


def _host(written: str) -> str:
    return written.strip("[]").lower().removesuffix(".")
