# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trial of a component: what its image is asked, and the pod in which that happens."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.hardened import container, pod_spec
from .._core.labels import own_labels
from .._core.texts import text
from .._detect.tables import HEALTH_WORDS
from .._images.node_image import process_of
from .._services.forms import PROTOCOLS, written
from . import inside
from .inside_node import NODE_TRIAL
from .scratch import ABSENT, SCRATCH

if TYPE_CHECKING:
    from .._detect.model import Part

LABEL = "plannoir.deploy/trial"
"""On the pod of a trial and on its NetworkPolicy: the component."""

SECONDS = 240
"""For one trial; the cluster ends its pod then."""

_PREFIXES = ("/api", "/api/v1", "/v1")
_KINDS = {**SCRATCH, **ABSENT}
_RESOURCES = {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}

NODE_BEGIN = "eval(process.env.PLANNOIR_TRIAL)"
"""How the image's Node.js begins what stands in this variable, which is too long for a reader of the pod's command."""


@dataclass(frozen=True)
class Trial:
    """What is asked of one component.

    Attributes:
        component: As app.yml has it, its references to services as they are written there.
        part: What detection says of its source.
        image: The component's.
        databases: Service -> its image, of the embedded ones that the application uses.
        is_checked: Whether a step of ``app_checks`` asks the application.
        placed: Where its pod runs and with what it pulls, as ``placement`` returns it.
        routes: Prefix of the one origin -> whether it is taken off, of the routes that lead to the component.
    """

    component: Mapping[str, Any]
    part: Part
    image: str
    databases: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, bool] = field(default_factory=dict)
    placed: Mapping[str, Any] = field(default_factory=dict)
    is_checked: bool = True

    @property
    def name(self) -> str:
        return str(self.component["name"])

    @property
    def database(self) -> str:
        """The kind of database whose address it takes, or its migration; empty for none."""
        named = {reference.get("from") for reference in self._all_references().values()}
        return next((service for service in SCRATCH if service in named), "")

    @property
    def migration(self) -> list[str]:
        """The words of its migration; empty where it has none."""
        migration = self.component.get("migration") or {}
        return [*map(str, migration.get("command") or ()), *map(str, migration.get("args") or ())]

    def request(self) -> dict[str, Any]:
        """Return what is asked in the image; nothing of it is a credential."""
        migration = self.component.get("migration") or {}
        references = self._all_references()
        plain = {key: text(value) for key, value in (self.component.get("env") or {}).items() if not isinstance(value, Mapping)}
        plain.update({key: text(value) for key, value in (migration.get("env") or {}).items() if not isinstance(value, Mapping)})
        # Of a credential only the name is known here.
        named = [*(self.component.get("secret_env") or {}), *(migration.get("secret_env") or {})]
        secret = {key: inside.stand_in(key) for key in named if key not in references}
        there, second = ({name: kind.present(database) for name, kind in _KINDS.items()} for database in ("one", "two"))
        away = {name: kind.away for name, kind in _KINDS.items()}
        return {
            "env": {**plain, **secret},
            "present": _addresses(references, there),
            "second": _addresses(references, second),
            "away": _addresses(references, away),
            "database": SCRATCH[self.database].port if self.database in self.databases else 0,
            "migration": self.migration,
            "probe": _probe(self.component),
            **(self._of_python() if self.part.python else self._of_node()),
        }

    def _of_python(self) -> dict[str, Any]:
        python = self.part.python
        return {
            "entry": python.entry.value.replace("()", "") if python else "",
            "factory": bool(python and python.is_factory),
            "interface": python.interface if python else "",
            "compare": _comparing(self.migration),
        }

    def _of_node(self) -> dict[str, Any]:
        migration, build, own = self.part.migration, self.component.get("build") or {}, self.part.dockerfile
        # An image of another Dockerfile need not have what a generated one has.
        process = own.command if own and not build.get("generate") else process_of(self.part)
        given = [*map(str, self.component.get("command") or ()), *map(str, self.component.get("args") or ())]
        has_schema = bool(migration and migration.bundle[:1] == ("drizzle",) and len(migration.bundle) > 4)
        compares = has_schema and migration is not None and self.migration == [*migration.command]
        probe = _probe(self.component)
        healthy = [path for path in self.part.gets if path.rstrip("/").rpartition("/")[2].lower() in HEALTH_WORDS][:6]
        return {
            "command": given if self.component.get("command") else [*process],
            "port": int(self.component.get("port") or 0),
            # A router may stand behind a prefix that detection did not see.
            "paths": list(
                dict.fromkeys([*([probe] if probe else []), *healthy, *(f"{prefix}{path}" for prefix in _PREFIXES for path in healthy)])
            ),
            "compare": [*self.migration, "difference"] if compares else [],
            "mark": inside.MARK,
            "step": inside.STEP,
            "rounds": inside.ROUNDS,
            "variable": inside.VARIABLE,
            "tells": inside.TELLS,
            "address": inside.ADDRESS,
            "number": inside.NUMBER,
            "stand_in": {"address": inside.stand_in("A_URL"), "number": inside.stand_in("A_PORT"), "text": inside.stand_in("A")},
        }

    def pod(self, application: str) -> list[dict[str, Any]]:
        """Return the pod, and the policy that closes its network."""
        labels = {**own_labels(application), LABEL: self.name}
        metadata = {"name": f"{self.name}-trial", "labels": labels}
        user = int(self.component.get("run_as_user") or 10001)
        source = inspect.getsource(inside) if self.part.python else NODE_TRIAL
        begin = ["python", "-c", inside.BEGIN] if self.part.python else ["node", "-e", NODE_BEGIN, "--"]
        environment = [{"name": "PLANNOIR_TRIAL", "value": source}, {"name": "HOME", "value": "/tmp"}]
        writable = list(dict.fromkeys(["/tmp", *(self.component.get("writable_paths") or [])]))
        trial = {
            **container("trial", self.image, user, resources=_RESOURCES),
            "command": [*begin, json.dumps(self.request())],
            "env": environment,
            "volumeMounts": [{"name": f"writable-{index}", "mountPath": path} for index, path in enumerate(writable)],
        }
        containers = [trial]
        volumes: list[dict[str, Any]] = [{"name": f"writable-{index}", "emptyDir": {}} for index in range(len(writable))]
        if self.request()["database"]:
            kind = SCRATCH[self.database]
            database = {
                **container("database", self.databases[self.database], kind.user, resources=_RESOURCES),
                "command": ["/bin/sh", "-ec", kind.server],
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

    def _all_references(self) -> dict[str, Mapping[str, Any]]:
        return {**self._references(), **self._references(self.component.get("migration") or {})}

    def _references(self, owner: Mapping[str, Any] | None = None) -> dict[str, Mapping[str, Any]]:
        owner = self.component if owner is None else owner
        environments = (owner.get(option) or {} for option in ("env", "secret_env"))
        return {str(key): value for values in environments for key, value in values.items() if isinstance(value, Mapping)}


def _addresses(references: Mapping[str, Mapping[str, Any]], urls: Mapping[str, str]) -> dict[str, str]:
    """Return what variables hold that name services, in the forms that their clients read."""
    found: dict[str, str] = {}
    for name, reference in references.items():
        service, form = str(reference.get("from")), str(reference.get("as"))
        forms = PROTOCOLS[_KINDS[service].protocol] if service in _KINDS else {}
        if service in urls and form in forms:
            found[name], beside = written(forms[form], {"url": urls[service], "ca": ""}, "url")
            found.update(beside)
        else:
            found[name] = inside.stand_in(f"{name}_{form}".upper().replace("BASE_URL", "_URL"))
    return found


def _comparing(command: Sequence[str]) -> list[str]:
    """Return the command that compares models with migrations; empty where the tool has none."""
    words = list(command)
    if "alembic" in words and words[-2:] == ["upgrade", "head"]:
        return [*words[:-2], "check"]
    if "flask" in words and words[-2:] == ["db", "upgrade"]:
        return [*words[:-1], "check"]
    if "manage.py" in words and "migrate" in words:
        return [*words[: words.index("migrate")], "makemigrations", "--check", "--dry-run"]
    return []


def _probe(component: Mapping[str, Any]) -> str:
    return str(((component.get("probes") or {}).get("readiness") or {}).get("path") or "")
