# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trial of a component: what its image is asked, the pod in which that happens, and the lines of app.yml that the answers call for."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.hardened import container, pod_spec
from .._core.labels import own_labels
from .._core.texts import text
from .._release.logs import telling
from .._services.forms import PROTOCOLS, written
from . import inside

if TYPE_CHECKING:
    from .._detect.model import Part

LABEL = "plannoir.deploy/trial"
"""On the pod of a trial and on its NetworkPolicy: the component."""

SECONDS = 240
"""For one trial; the cluster ends its pod then."""

_SCRATCH = {"postgresql": "postgresql://trial:trial@127.0.0.1:5432/{}?sslmode=disable", "redis": "redis://127.0.0.1:6379/0"}
_AWAY = {"postgresql": "postgresql://trial:trial@127.0.0.1:9/trial?sslmode=disable", "redis": "redis://127.0.0.1:9/0"}

_RESOURCES = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}

# No network and no password: only the pod itself reaches it, and it goes with the pod.
_DATABASE = r"""
initdb --pgdata=/data/pg --username=trial --auth=trust --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 --no-sync \
  --no-instructions > /dev/null
printf 'CREATE DATABASE one;\n\nCREATE DATABASE two;\n\n' | postgres --single -j -D /data/pg postgres > /dev/null
exec postgres -D /data/pg -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
"""


@dataclass(frozen=True)
class Trial:
    """What is asked of one component.

    Attributes:
        component: As app.yml has it, its references to services as they are written there.
        part: What detection says of its source.
        image: The component's.
        database_image: PostgreSQL's; empty where the application uses none of the embedded service.
        placed: Where its pod runs and with what it pulls, as ``placement`` returns it.
        routes: Prefix of the one origin -> whether it is taken off, of the routes that lead to the component.
    """

    component: Mapping[str, Any]
    part: Part
    image: str
    database_image: str = ""
    routes: Mapping[str, bool] = field(default_factory=dict)
    placed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.component["name"])

    @property
    def uses_database(self) -> bool:
        """Whether it takes an address of PostgreSQL."""
        return any(reference.get("from") == "postgresql" for reference in self._references().values())

    def request(self) -> dict[str, Any]:
        """Return what ``inside`` is told; nothing of it is a credential."""
        python = self.part.python
        migration = self.component.get("migration") or {}
        command = [*map(str, migration.get("command") or ()), *map(str, migration.get("args") or ())]
        references = {**self._references(), **self._references(migration)}
        plain = {key: text(value) for key, value in (self.component.get("env") or {}).items() if not isinstance(value, Mapping)}
        plain.update({key: text(value) for key, value in (migration.get("env") or {}).items() if not isinstance(value, Mapping)})
        # Of a credential only the name is known here.
        named = [*(self.component.get("secret_env") or {}), *(migration.get("secret_env") or {})]
        secret = {key: inside.stand_in(key) for key in named if key not in references}
        return {
            "entry": python.entry.value.replace("()", "") if python else "",
            "factory": bool(python and python.is_factory),
            "interface": python.interface if python else "",
            "env": {**plain, **secret},
            "present": _addresses(references, _SCRATCH, "one"),
            "second": _addresses(references, _SCRATCH, "two"),
            "away": _addresses(references, _AWAY, "one"),
            "database": 5432 if self.database_image and self.uses_database else 0,
            "migration": command,
            "compare": _comparing(command),
            "probe": _probe(self.component),
        }

    def pod(self, application: str) -> list[dict[str, Any]]:
        """Return the pod, and the policy that closes its network."""
        labels = {**own_labels(application), LABEL: self.name}
        metadata = {"name": f"{self.name}-trial", "labels": labels}
        user = int(self.component.get("run_as_user") or 10001)
        environment = [{"name": "PLANNOIR_TRIAL", "value": inspect.getsource(inside)}, {"name": "HOME", "value": "/tmp"}]
        writable = list(dict.fromkeys(["/tmp", *(self.component.get("writable_paths") or [])]))
        trial = {
            **container("trial", self.image, user, resources=_RESOURCES),
            "command": ["python", "-c", inside.BEGIN, json.dumps(self.request())],
            "env": environment,
            "volumeMounts": [{"name": f"writable-{index}", "mountPath": path} for index, path in enumerate(writable)],
        }
        containers = [trial]
        volumes: list[dict[str, Any]] = [{"name": f"writable-{index}", "emptyDir": {}} for index in range(len(writable))]
        if self.request()["database"]:
            database = {
                **container("database", self.database_image, 10003, resources=_RESOURCES),
                "command": ["/bin/sh", "-ec", _DATABASE],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "data", "mountPath": "/tmp"}],
            }
            containers.append(database)
            volumes.append({"name": "data", "emptyDir": {}})
        policy = {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": metadata,
            "spec": {"podSelector": {"matchLabels": {LABEL: self.name}}, "policyTypes": ["Ingress", "Egress"]},
        }
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": metadata,
            "spec": pod_spec(SECONDS, containers=containers, volumes=volumes, **self.placed),
        }
        return [policy, pod]

    def _references(self, owner: Mapping[str, Any] | None = None) -> dict[str, Mapping[str, Any]]:
        owner = self.component if owner is None else owner
        environments = (owner.get(option) or {} for option in ("env", "secret_env"))
        return {str(key): value for values in environments for key, value in values.items() if isinstance(value, Mapping)}


def _addresses(references: Mapping[str, Mapping[str, Any]], urls: Mapping[str, str], database: str) -> dict[str, str]:
    """Return what variables hold that name services, in the forms that their clients read."""
    found: dict[str, str] = {}
    for name, reference in references.items():
        service, form = str(reference.get("from")), str(reference.get("as"))
        forms = PROTOCOLS.get(service, {})
        if service in urls and form in forms:
            found[name], beside = written(forms[form], {"url": urls[service].format(database), "ca": ""}, "url")
            found.update(beside)
        else:
            found[name] = inside.stand_in(f"{name}_{form}".upper().replace("BASE_URL", "_URL"))
    return found


def _comparing(command: Sequence[str]) -> list[str]:
    """Return the command that compares models with migrations; empty where the tool has none."""
    words = list(command)
    if "alembic" in words and words[-2:] == ["upgrade", "head"]:
        return [*words[:-2], "check"]
    if "manage.py" in words and "migrate" in words:
        return [*words[: words.index("migrate")], "makemigrations", "--check", "--dry-run"]
    return []


def _probe(component: Mapping[str, Any]) -> str:
    return str(((component.get("probes") or {}).get("readiness") or {}).get("path") or "")


def read(log: str) -> dict[str, Any] | None:
    """Return the answers in a trial's log; nothing where it has none."""
    lines = [line for line in log.splitlines() if line.startswith(inside.MARK)]
    try:
        found: dict[str, Any] | None = json.loads(lines[-1][len(inside.MARK) :]) if lines else None
    except ValueError:
        return None
    return found


def lines(trial: Trial, answers: Mapping[str, Any]) -> list[str]:
    """Return what a person should know and write, each a sentence and, where one is called for, the line of app.yml."""
    return [f"{trial.name}: {said}" for find in (_variables, _migration, _health, _prefixes) for said in find(trial, answers)]


def _variables(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    if missing := answers["missing"]:
        secret = [name for name in missing if re.search(r"SECRET|PASSWORD|TOKEN|KEY|DSN", name)]
        plain = [name for name in missing if name not in secret]
        wanted = [f"env: {{{', '.join(f'{name}: ...' for name in plain)}}}"] if plain else []
        wanted += [f"secret_env: {{{', '.join(f'{name}: ...' for name in secret)}}}"] if secret else []
        yield f"it cannot be imported without {', '.join(missing)}. Write at {trial.name}: {', '.join(wanted)}"
    if not answers["load"].get("ok"):
        told = telling(answers["load"].get("error", "")) or answers["load"].get("error", "").strip()[-300:]
        yield f"{trial.part.python.entry.value if trial.part.python else 'it'} cannot be imported, so it was asked nothing more: {told}"


def _migration(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    ran, compared, tables = answers.get("migration"), answers.get("compare"), answers.get("tables")
    by_models = ""
    if tables and not tables["ended"]:
        by_models = f"migration: {{command: [python, -c, {json.dumps(tables['code'])}]}}"
    if ran and ran["code"]:
        told = telling(ran["output"]) or ran["output"].strip()[-300:]
        yield f"its migration fails on an empty database: {told}. " + (
            f"Mend the migrations, or, for tables as the models are now, which was tried and works, write at {trial.name}: {by_models}"
            if by_models
            else "Mend the migrations."
        )
    elif compared and compared["code"] and (differs := _difference(compared["output"])):
        yield f"its migration leaves a difference to the models: {differs}. " + (
            f"Make the migration that is missing, or, for tables as the models are now, write at {trial.name}: {by_models}"
            if by_models
            else "Make the migration that is missing."
        )
    elif not ran and by_models and trial.request()["database"] and not _makes_tables(trial):
        yield f"nothing makes the tables of its models. Write at {trial.name}: {by_models}"


def _makes_tables(trial: Trial) -> bool:
    """Tell whether the application makes its tables as it starts."""
    return bool(trial.part.migration and not trial.part.migration.command)


def _difference(output: str) -> str:
    """Return what Alembic or Django says of a difference; empty where the comparison itself did not work."""
    found = re.search(r"New upgrade operations detected: (.*)", output)
    if found:
        operations = re.findall(r"\('(\w+)', (?:None, )?(?:Table\()?'(\w+)'", found[1])
        return ", ".join(f"{kind} {name}" for kind, name in operations[:6]) or found[1][:200]
    changes = re.findall(r"^\s+[-+~] (.+)$", output, re.MULTILINE)
    return ", ".join(changes[:6]) if "Migrations for" in output else ""


def _health(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    present, away, probe = answers.get("with") or {}, answers.get("without") or {}, trial.request()["probe"]
    good = [path for path, (status, _body) in present.items() if 200 <= status < 400]
    seeing = [path for path in good if path in away and not 200 <= away[path][0] < 400]
    write = f"Write at {trial.name}: probes: {{readiness: "
    if probe and probe in present and present[probe][0] >= 400 and good:
        yield f"GET {probe}, its readiness probe, answers {present[probe][0]}. {write}{{path: {(seeing or good)[0]}}}}}"
        return
    if not trial.uses_database or not trial.database_image or probe not in good or probe in seeing or probe not in away:
        return
    status = f"GET {probe}, its readiness probe, answers {away[probe][0]} without a database, too"
    if line := _by_body(trial, present[probe][1], away[probe][1]):
        yield f"{status}; only its body tells. {write}{{command: {line}}}}}"
    elif seeing:
        yield f"{status}, and GET {seeing[0]} does not. {write}{{path: {seeing[0]}}}}}"
    else:
        yield f"{status}: it does not ask the database, nor does another route of health, so the cluster does not see when that is away."


def _by_body(trial: Trial, present: str, away: str) -> str:
    """Return a command of a probe that reads what only the body says; empty where it says nothing."""
    try:
        right, wrong = json.loads(present), json.loads(away)
    except ValueError:
        return ""
    if not (isinstance(right, dict) and isinstance(wrong, dict)):
        return ""
    differing = [key for key, value in right.items() if isinstance(value, str | bool) and wrong.get(key) != value and not _varies(value)]
    if not differing:
        return ""
    key, probe = differing[0], trial.request()["probe"]
    url = f"http://127.0.0.1:{trial.component.get('port')}{probe}"
    answer = f"json.load(r.build_opener().open({url!r}, timeout=2))"
    code = f"import json, sys, urllib.request as r; sys.exit({answer}.get({key!r}) != {right[key]!r})"
    return f"[python, -c, {json.dumps(code)}]"


def _varies(value: object) -> bool:
    """Tell whether a value is one that changes by itself, such as a time."""
    return isinstance(value, str) and bool(re.search(r"\d{2}:\d{2}|\d{4}-\d{2}|[0-9a-f]{12}", value))


def _prefixes(trial: Trial, answers: Mapping[str, Any]) -> Iterator[str]:
    paths = [path for path in answers["load"].get("paths") or [] if path not in ("/openapi.json", "/docs", "/redoc")]
    for prefix, strips in trial.routes.items():
        inside_it = [path for path in paths if path == prefix or path.startswith(f"{prefix}/")]
        if not paths or prefix == "/":
            continue
        if strips and len(inside_it) == len(paths):
            yield (
                f"all its paths begin with {prefix}, which the gateway takes off. Write: services_gateway_routes: "
                f"{{{prefix}: {trial.name}}}"
            )
        elif not strips and not inside_it:
            yield (
                f"none of its paths begins with {prefix}, and the gateway keeps that. Write: services_gateway_routes: {{{prefix}: "
                f"{{to: {trial.name}, strip: true}}}}"
            )
