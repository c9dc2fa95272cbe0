# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what a repository holds to the files of an inventory of its own, and what only the person knows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .health import to_ask
from .migrations import TABLES_AT_START
from .model import Application, Fact, Part, Variable
from .roles import OUTSIDE, is_browser
from .routes import is_page
from .services import DATABASES, IN_CODE
from .variables import SQLITE

_DIGEST = re.compile(r"\A(?:---\n)?# Written by playbooks/adopt\.yml; digest ([0-9a-f]{16})\.[^\n]*\n")
_WIDTH = 118
_NAMED = {"postgresql": r"POSTGRES|(?:^|_)PG", "mariadb": r"MYSQL|MARIADB"}
"""How the variables of one database only are called."""
PROXIES = frozenset(("nginx", "nginx-unprivileged", "caddy", "traefik", "haproxy", "envoy", "httpd"))
"""Images of servers that stand in front of others."""


_OFF = ("", "0", "false", "no", "none", "off")
_OF_LOGIN = ("database_url", "database_host", "database_port", "database_user", "database_password")
"""Roles whose value is another one for the owner's login."""


class Ask(NamedTuple):
    """What only the person knows: the variable that a line is missing for, the line, and the place that wants it."""

    part: str
    name: str
    line: str
    source: str

    @property
    def is_secret(self) -> bool:
        """Whether it belongs into the vault."""
        return self.name.startswith("vault_")


@dataclass
class Written:
    """The file with the application's variables, and what belongs to it."""

    text: str
    services: list[str]
    secrets: list[str]
    asks: list[Ask]
    left_out: list[str] = field(default_factory=list)
    builds: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the image of each part is built from, by its name; those that share another part's image apart."""


def app_file(
    application: Application, services: Collection[str], node_port: int, ejected: Mapping[str, Mapping[str, str]] | None = None
) -> Written:
    """Return ``group_vars/cluster/app.yml`` of an application.

    Args:
        application: What its repository holds.
        services: The backing services that there are.
        node_port: Where the page is published on this machine.
        ejected: Part -> ``context`` and ``dockerfile`` of its build, where the Dockerfile is the person's from now on.
    """
    origin = f"http://127.0.0.1:{node_port}"
    used = [name for name in application.services if name in services]
    writer = _Writer(application, used, services, origin, ejected or {})
    gateway = len(application.routes) > 1 and "gateway" in services
    front = next((route.part for route in application.routes if route.prefix == "/"), "")
    components = []
    for part in application.parts:
        if _is_proxy(part) and front:
            writer.left_out.append(f"{part.name}: it is a proxy in front of the others, whose place app_services: [gateway] takes")
            continue
        components.append(writer.component(part, node_port if part.name == front and not gateway else 0))
    lines = [
        f"app_name: {application.name}",
        f"app_namespace: {application.name}",
        f"app_root: {_flow(application.root)}",
        f"app_services: {_flow([*used, *(['gateway'] if gateway else [])])}",
        f"app_secrets: {_flow(sorted(writer.secrets))}",
        f"app_node_port: {node_port}",
        "app_trial: true  # asks the images before the first deployment, and prints what is missing here",
        f"minikube_profile: {application.name}",
        f"minikube_kubeconfig: {_flow(f'~/.kube/{application.name}')}",
        'secrets_vault_file: "{{ inventory_dir }}/group_vars/cluster/vault.yml"',
    ]
    if gateway:
        routes = {route.prefix: {"to": route.part, "strip": True} if route.strip else route.part for route in application.routes}
        lines.append(f"services_gateway_routes: {_flow(routes)}")
    elif len(application.routes) > 1:
        others = ", ".join(f"{route.prefix} to {route.part}" for route in application.routes if route.prefix != "/")
        writer.left_out.append(f"routes: the browser has to reach {others} at the page's own origin, and there is no service gateway yet")
    if "redis" in used and any(_speaks_plain_redis(part) for part in application.parts):
        lines.append("services_redis_tls: false  # a client cannot be told of a private authority")
    open_to = [part.name for part in application.parts if _gives_no_redis_password(part)] if "redis" in used else []
    if open_to:
        lines.append(
            f"services_redis_password: false  # {' and '.join(open_to)} can be told of none: whoever reaches the server may use it"
        )
    if writer.plain_mysql:
        lines.append("services_mariadb_tls_required: false  # a client is not told of TLS by what it reads")
    for ask in writer.asks:
        if not ask.is_secret:
            lines.append(f"# {ask.line}  # {ask.part} wants it ({ask.source})")
    lines.append("app_components:")
    lines += [line for component in components for line in component]
    steps = list(_checks(application, gateway))
    checks = [step for _part, step in steps if step]
    unknown = [part.name for part, step in steps if not step]
    lines.append(
        "app_checks:" if checks else f"app_checks: []{'  # of it only that its port takes connections is known' if unknown else ''}"
    )
    lines += [f"  - {_flow(check)}" for check in checks]
    writer.left_out += [
        f"checks: no path is known that {name} answers, so all that is looked at is that its port takes connections (TCP): give it a step "
        "in app_checks"
        for name in unknown
    ]
    text = sealed("\n".join(lines) + "\n", "---\n")
    return Written(text, used, sorted(writer.secrets), writer.asks, writer.left_out, writer.builds)


def sealed(body: str, head: str = "") -> str:
    """Put the line in front by which a later run knows whether a person changed the file."""
    digest = hashlib.sha256(body.encode()).hexdigest()[:16]
    return f"{head}# Written by playbooks/adopt.yml; digest {digest}. Change what you like: a changed file is never replaced.\n{body}"


def is_untouched(text: str) -> bool:
    """Tell whether a file is as an earlier run wrote it."""
    found = _DIGEST.match(text)
    return bool(found) and hashlib.sha256(text[found.end() :].encode()).hexdigest()[:16] == found[1] if found else False


def state_of(path: Path, text: str) -> str:
    """Tell what a file is now: ``missing``, the ``same``, ``untouched`` since an earlier run, or ``edited`` by a person."""
    try:
        there = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "missing"
    return "same" if there == text else "untouched" if is_untouched(there) else "edited"


def _checks(application: Application, gateway: bool) -> Iterator[tuple[Part, dict[str, Any]]]:
    """Yield the steps that show that the page, and the parts behind it, answer; an empty one for a part of which no path is known."""
    parts = {part.name: part for part in application.parts}
    for route in application.routes:
        part, own = parts[route.part], route.prefix == "/"
        if own and is_page(part):
            yield part, {"name": "The page is there", "request": {"url": "/"}, "expect": {"status": 200}}
            continue
        if not own and not gateway:
            continue
        inside = [
            path for path in (part.health.value, *part.gets) if path and (own or route.strip or f"{path}/".startswith(f"{route.prefix}/"))
        ]
        found = to_ask(inside, part.health.value if part.health.value in inside else "")
        if not found:
            yield part, {}
            continue
        name = f"{part.name} answers{'' if own else ' at the same origin'}"
        step: dict[str, Any] = {"name": name, "request": {"url": f"{route.prefix if route.strip else ''}{found[0]}"}}
        yield part, {**step, **({"expect": found[1]} if found[1] else {})}


def _is_proxy(part: Part) -> bool:
    """Tell whether a part is nothing but a ready server in front of other parts."""
    names = {base.rpartition("/")[2].partition(":")[0] for base in (part.dockerfile.bases if part.dockerfile else ())}
    return part.kind.value == "dockerfile" and bool(names) and names <= PROXIES


def _speaks_plain_redis(part: Part) -> bool:
    """Tell whether a part's client of Redis cannot be given the certificate of an authority: arq's, and one that is told a host alone."""
    roles = {variable.role for variable in part.variables}
    fact = part.services.get("redis")
    return fact is not None and (fact.value == "arq" or IN_CODE in fact.note or ("redis_host" in roles and "redis_url" not in roles))


def _gives_no_redis_password(part: Part) -> bool:
    """Tell whether a part's client of Redis is told a host, by a variable or in its code, and neither a password nor a URL that has one."""
    if "redis" not in part.services:
        return False
    stems: dict[str, set[str]] = {"redis_host": set(), "redis_password": set(), "redis_url": set()}
    for variable in part.variables:
        if variable.role in stems:
            stems[variable.role].add(re.sub(r"(HOST(NAME)?|SERVER|PASS(WORD)?|URL|URI|DSN)$", "", variable.name.upper()))
    return IN_CODE in part.services["redis"].note or not stems["redis_host"] <= stems["redis_password"] | stems["redis_url"]


class _Writer:
    """Writes components, and gathers what they need."""

    def __init__(
        self,
        application: Application,
        used: Sequence[str],
        services: Collection[str],
        origin: str,
        ejected: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._application = application
        self._used = used
        self._services = services
        self._origin = origin
        self._values = {(part, name): fact for part, name, fact in application.values}
        self.secrets: set[str] = set()
        self.asks: list[Ask] = []
        self.left_out: list[str] = []
        self.plain_mysql = False
        self._secret_env: dict[str, dict[str, Any]] = {}
        self._ejected = ejected
        self.builds: dict[str, dict[str, Any]] = {}

    def component(self, part: Part, node_port: int) -> list[str]:
        """Return the lines of a component; ``node_port`` is 0 for one that is not published itself."""
        build: dict[str, Any] = {"context": part.folder}
        if part.dockerfile and part.kind.value != "dockerfile":
            build["generate"] = True
        if not part.locked:
            build["locked"] = False
        if any(other.folder == part.folder and bool(other.python) != bool(part.python) for other in self._application.parts):
            build["language"] = "python" if part.python else "node"
        env: dict[str, Any] = {}
        secret: dict[str, Any] = {}
        arguments: dict[str, str] = {}
        for variable in self._variables(part):
            value, is_secret = self._value(part, variable)
            if value is None:
                continue
            if variable.phase in ("build", "both") and not isinstance(value, dict):
                arguments[variable.name] = value
            if variable.phase != "build":
                (secret if is_secret else env)[variable.name] = value
        if arguments:
            build["args"] = arguments
        image = part.same_image_as or part.name
        build = self.builds.setdefault(image, build)  # the same words are the same image
        if image in self._ejected:
            build = {**self._ejected[image], **({"args": build["args"]} if "args" in build else {})}
        command = list(part.command.value) if part.same_image_as else []
        if part.command.value[:2] == ("rq", "worker") and "redis" in self._used:
            secret["RQ_REDIS_URL"] = {"from": "redis", "as": "redis"}  # which the program reads, and not the code
        lines = [f"  - name: {part.name}"]
        lines += _entry("build", build)
        if command:
            lines += _entry("command", command)
        if part.schedule:
            lines += _entry("schedule", {"cron": part.schedule.value})
        if "beat" in command:  # two schedulers would begin each task twice
            lines.append("    strategy: Recreate")
        if part.port.value:
            lines.append(f"    port: {part.port.value}")
        if node_port:
            lines.append('    service: {type: NodePort, node_port: "{{ app_node_port }}"}')
        if part.port.value and part.health.value:
            probe: dict[str, Any] = {"path": part.health.value}
            if any(variable.role == "allowed_hosts" for variable in part.variables):
                probe["headers"] = {"Host": "localhost"}
            lines += _entry("probes", {"readiness": probe})
        sqlite = self._sqlite(part)
        if sqlite:
            env[sqlite.name] = f"{sqlite.form}:////data/app.db"
            secret.pop(sqlite.name, None)
            lines.append("    persistence: {path: /data}")
        self._secret_env[part.name] = secret
        lines += _entry("env", env)
        if len(secret) > 1 and self._secret_env.get(part.same_image_as) == secret:
            lines.append(f"    secret_env: *{part.same_image_as}")
        else:
            others = [other.name for other in self._application.parts if other.same_image_as == part.name]
            lines += _entry("secret_env", secret, anchor=f" &{part.name}" if others and len(secret) > 1 else "")
        migration = part.migration
        if migration and migration.command and migration.can_run and not part.same_image_as:
            job: dict[str, Any] = {"command": list(migration.command)}
            if migration.sources:
                job["sources"] = list(migration.sources)
            lines += _entry("migration", job)
        return lines

    def _variables(self, part: Part) -> list[Variable]:
        """Return a part's variables; those of a worker's image are the same as its own part's."""
        found = {variable.name: variable for variable in part.variables}
        return [variable for variable in found.values() if variable.role != "test"]

    def _sqlite(self, part: Part) -> Variable | None:
        """Return the variable of a part that has no driver but SQLite's, whose file must outlive the pod."""
        if part.services.keys() & set(DATABASES):
            return None
        return next((variable for variable in part.variables if variable.note == SQLITE), None)

    def _value(self, part: Part, variable: Variable) -> tuple[Any, bool]:
        """Return what a variable gets, None for what the code's default is for, and whether it is secret."""
        if fact := self._values.get((part.name, variable.name)):
            return self._absolute(fact), False
        role = variable.role
        if role.startswith(("database_", "redis_", "model_", "mail_")):
            return self._of_service(part, variable)
        if role == "session_secret" and (variable.required or variable.default is not None or not OUTSIDE.search(variable.name.upper())):
            if re.search(r"FERNET|ENCRYPTION", variable.name.upper()):
                return self._ask(part, variable), True
            name = re.sub(r"\W", "_", variable.name).lower()
            self.secrets.add(name)
            return f"{{{{ vault_{name} }}}}", True
        page = next((route.part for route in self._application.routes if route.prefix == "/"), "")
        if (
            role == "public_url"
            and page
            and (variable.required or _is_local(variable.default) or not variable.places or is_browser(variable.name))
        ):
            return self._origin, False
        if role == "cors_origins" and page:
            origins = [self._origin, self._origin.replace("127.0.0.1", "localhost")]
            return _listed(origins, variable.form), False
        if role == "allowed_hosts":
            hosts = ["127.0.0.1", "localhost", part.name]
            return _listed(hosts, variable.form), False
        if variable.name == "AUTH_TRUST_HOST":
            return "true", False
        if role == "api_url" and variable.required and not is_browser(variable.name):
            other = next(
                (other for other in self._application.parts if other is not part and other.port.value and not is_page(other)), None
            )
            if other:
                return f"http://{other.name}:{other.port.value}", False
            if page == part.name:
                return self._origin, False
        if variable.required and role == "own_port" and part.port.value:
            return str(part.port.value), False
        if variable.required and (usual := _usual(variable)):
            return usual, False
        if variable.required:
            return self._ask(part, variable), variable.secret
        return None, False

    def _absolute(self, fact: Fact[str]) -> str:
        return fact.value.replace("{ws_origin}", self._origin.replace("http", "ws", 1)).replace("{origin}", self._origin)

    def _of_service(self, part: Part, variable: Variable) -> tuple[Any, bool]:
        role, form = variable.role, variable.form
        kind = role.partition("_")[0]
        service = {"redis": "redis", "model": "openrouter", "mail": "mail"}.get(kind, "")
        service = service or next((name for name in DATABASES if name in part.services), "")
        secret = role.endswith(("_url", "_password", "_key")) and role != "model_url"
        # What is called after another server is that one's.
        named = next((name for name, words in _NAMED.items() if re.search(words, variable.name.upper())), service)
        if not service or service not in part.services or (kind == "database" and named != service):
            return (self._ask(part, variable), variable.secret) if variable.required else (None, False)
        if service not in self._used:
            return self._ask(part, variable), variable.secret
        if not variable.required and (role == "model_name" or (role == "mail_from" and variable.default)):
            return None, False
        if role in ("mail_starttls", "mail_ssl") and not variable.required and (variable.default or "").lower() in _OFF:
            return None, False  # some ask whether there is a value, and take "false" for one
        if role in ("database_scheme", "database_driver", "database_dialect"):
            return form, False
        if role == "database_engine":
            django = (variable.default or "").startswith("django.db.backends.") or part.kind.value == "django"
            return (f"django.db.backends.{'mysql' if service == 'mariadb' else service}" if django else None), False
        if role == "redis_url":
            form = {"arq": "url"}.get(client := part.services[service].value, client)
        value: dict[str, Any] = {"from": service, "as": form or "url"}
        if service == "mariadb":
            value["as"] = form = "ssl_mode" if form == "sslmode" else value["as"]
            self.plain_mysql = self.plain_mysql or form in ("url", "host", "sqlalchemy+aiomysql")
        if service == "postgresql" and role == "database_url" and re.search(r"DIRECT|MIGRAT|UNPOOLED|NON_POOLING", variable.name.upper()):
            value["direct"] = True
        if role in _OF_LOGIN and part.migration and TABLES_AT_START in part.migration.note:
            value["owner"] = True
        return value, secret

    def _ask(self, part: Part, variable: Variable) -> str:
        """Note a value that only the person has, and return the reference to the line that they write."""
        plain = re.sub(r"\W", "_", variable.name).lower()
        name = f"vault_{plain}" if variable.secret else f"{self._application.name.replace('-', '_')}_{plain}"
        if not any(ask.name == name for ask in self.asks):
            self.asks.append(Ask(part.name, name, f'{name}: "..."', variable.source))
        return f"{{{{ {name} }}}}"


_LIFETIMES = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400}


def _usual(variable: Variable) -> str:
    """Return what a variable without a default is given nearly everywhere; empty where that differs."""
    upper = variable.name.upper()
    if variable.role == "algorithm":
        return "HS256"
    if variable.role == "environment":
        return "production"
    if variable.role == "log_level":
        return "info"
    if variable.role == "own_address":
        return "0.0.0.0"
    if variable.role == "lifetime":
        unit = next(seconds for word, seconds in _LIFETIMES.items() if word in upper)
        return str(max(1, (7 * 86400 if "REFRESH" in upper else 1800) // unit))
    return ""


def _listed(items: Sequence[str], form: str) -> str:
    """Write a list as the code reads it."""
    return json.dumps(list(items)) if form == "json" else (" " if form == "blanks" else ",").join(items)


def _is_local(text: str | None) -> bool:
    return bool(re.match(r"https?://(localhost|127\.0\.0\.1)", text or "")) or text == ""


def _entry(key: str, value: Any, anchor: str = "") -> list[str]:
    """Return an option of a component: on one line where that is short enough, else an entry a line."""
    if not value:
        return []
    line = f"    {key}:{anchor} {_flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, Mapping):
        return [line]
    return [f"    {key}:{anchor}", *(f"      {name}: {_flow(inner)}" for name, inner in value.items())]


def _flow(value: Any) -> str:
    """Return a value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_flow(str(key))}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    text = str(value)
    plain = re.fullmatch(r"[A-Za-z_/.~][\w/.+@-]*", text) and text.lower() not in (
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
        "true",
        "false",
        "null",
        "~",
        ".",
    )
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
