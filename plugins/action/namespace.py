# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ensure an application's namespace and hold its Lease; documented in plugins/modules/namespace.py."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._component.names import name_problem, object_names, release_names
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import Component, load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core import process
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import application_label
from ansible_collections.plannoir.deploy.plugins.module_utils._live.variant import put_back
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace import objects as rules
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.asked import Asked, ask
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.claims import claim_problems
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.lease import PERIOD, Lease, lease_name
from ansible_collections.plannoir.deploy.plugins.module_utils._release.attempt import labels
from ansible_collections.plannoir.deploy.plugins.module_utils._release.drift import AUTOSCALERS, drift, reported
from ansible_collections.plannoir.deploy.plugins.module_utils._release.records import Record, by_release, record_selector
from ansible_collections.plannoir.deploy.plugins.plugin_utils.keeper import now
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play import Holder, keep, play_name, wait_for

SPEC: dict[str, dict[str, Any]] = {
    **CLUSTER_SPEC,
    "application": {"type": "str", "required": True},
    "components": {"type": "list", "elements": "dict", "default": [], "no_log": True},
    "pod_security": {"type": "str", "choices": ["privileged", "baseline", "restricted"], "default": "restricted"},
    "shared": {"type": "bool", "default": False},
    "create": {"type": "bool", "default": True},
    "ask": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 600},
}


_NAMESPACE = ': namespaces "'
"""In kubectl's words for a namespace that may not be seen."""


@dataclass(frozen=True)
class Found:
    """What is in the cluster of one application."""

    namespace: dict[str, Any] | None
    lease: dict[str, Any] | None
    objects: list[dict[str, Any]]
    ports: dict[int, str]
    """Component by wanted node port that its Service lacks."""
    records: dict[str, list[Record]]
    components: list[Component]
    looked_for: list[str]
    """References of the objects that were asked for."""
    refused: list[str]
    """What the account may not see, in kubectl's words."""

    @property
    def hidden(self) -> bool:
        """Whether the account may not see the namespace itself, which is there then: its rights are bound in it."""
        return any(_NAMESPACE in line for line in self.refused)

    @property
    def forbidden(self) -> list[str]:
        """What it may not see and has to."""
        return [line for line in self.refused if _NAMESPACE not in line]

    def is_good(self, application: str) -> bool:
        """Tell whether a run saw a revision of the application to be good."""
        return any(record.good for record in self.records.get(application, ()))


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(argument_spec=SPEC)[1]
        check = self._task.check_mode
        absent = {
            "changed": False,
            "owned": True,
            "pod_security": parameters["pod_security"],
            "waited": False,
            "drift": {},
            "asked": False,
            "environment": {},
            "selector": f"--selector={application_label(parameters['application'])}",
        }
        cluster = Application(parameters, ",".join((task_vars or {}).get("ansible_inventory_sources") or []))
        try:
            if check and not cluster.is_there:
                return {**absent, "changed": True}
            found = cluster.look()
            asked = cluster.asked(found)
            cluster.refuse(found, asked)
            if not (found.namespace or found.hidden) and not parameters["create"]:
                return absent
            drifted = cluster.drift(found)
            definition = cluster.namespace_change(found)
            waited, left = False, rules.live_components(found.objects)
            if not check:
                if definition and not cluster.apply(definition, there=bool(found.namespace)):
                    definition = None
                leases = chain([found.lease], iter(cluster.lease, ()))
                waited = wait_for(
                    lambda: cluster.take_lease(next(leases)), f"The application {parameters['application']}", parameters["timeout"]
                )
                cluster.put_back(left)
                if waited or left:  # what the other run deployed is no edit, and what is put back is none any more
                    drifted = cluster.drift(cluster.look())
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        except Failure as error:
            if not check:
                raise AnsibleActionFail(str(error)) from None
            Display().warning(str(error))
            return absent
        before = found.namespace or {"metadata": {}}
        known = definition or before
        return {
            **absent,
            "changed": bool(definition or left),
            "owned": rules.is_owned(known),
            "environment": cluster.environment,
            "pod_security": "not checked" if found.hidden else rules.pod_security_level(known),
            "waited": waited,
            "drift": drifted,
            "asked": asked is not None,
            "warnings": cluster.unseen(asked),
            "diff": {
                "before": {"labels": labels(before)},
                "after": {"labels": labels(known)},
            },
        }


class Application:
    """One application in the cluster, as far as its namespace and its Lease are concerned."""

    def __init__(self, parameters: dict[str, Any], inventory: str) -> None:
        self._parameters = parameters
        self._name, self._application = parameters["namespace"], parameters["application"]
        self._cluster = Cluster.of(parameters)
        self._lease = Lease(self._application, self._name, play_name(), time.monotonic, inventory)
        self._releases = release_names(self._application)
        self._unseen: list[str] = []

    @property
    def is_there(self) -> bool:
        """Whether its cluster is made already."""
        return self._cluster.is_there

    @property
    def environment(self) -> dict[str, str]:
        """What other programs need to reach the cluster."""
        return self._cluster.environment

    def look(self) -> Found:
        """Read everything at once."""
        components, problems = load_components(self._parameters["components"])
        named = (name_problem("app_name", self._application), name_problem("app_namespace", self._name))
        problems += [*filter(None, named)]
        if problems:
            raise ValueError("\n".join(problems))
        names = object_names(self._application, components)
        with ThreadPoolExecutor() as pool:
            reading = pool.submit(self._cluster.look_up, f"namespaces/{self._name}", self._lease_reference, *names)
            records, others_refused = self._cluster.look("secrets", record_selector(self._releases))
            objects, some = reading.result()
        kinds = {kind: [item for item in objects if item["kind"] == kind] for kind in ("Namespace", "Lease")}
        return Found(
            next(iter(kinds["Namespace"]), None),
            next(iter(kinds["Lease"]), None),
            others := [item for item in objects if item["kind"] not in kinds],
            rules.wanted_ports(components, others),
            by_release(records, self._releases),
            components,
            names,
            [*some, *others_refused],
        )

    def asked(self, found: Found) -> Asked | None:
        """Ask the cluster whether it takes what is deployed: before the first time, where something is refused, and when told to."""
        first = self._parameters["create"] and not found.is_good(self._application)
        if not (first or found.forbidden or self._parameters["ask"]):
            return None
        return ask(self._cluster, found.components, found.objects, make=not (found.namespace or found.hidden))

    def unseen(self, asked: Asked | None) -> list[str]:
        """Return a sentence about what the account may not see, on a run that asked."""
        unseen = [*asked.unseen, *self._unseen] if asked else []
        named = ", ".join(dict.fromkeys(unseen))
        return [f"Not checked, because the account of this kubeconfig may not see it: {named}."] if named else []

    def refuse(self, found: Found, asked: Asked | None) -> None:
        """Raise ValueError with everything of others that is in the way, and everything that the cluster would not take."""
        problems = [
            *(asked.problems if asked else []),
            *rules.foreign_releases(found.records),
            *rules.foreign_objects(self._name, self._application, found.objects),
            *claim_problems(found.components, found.objects, found.records, self._storage_classes),
        ]
        if found.forbidden and not problems:  # the rights that were asked for are there
            problems.append(f"The cluster refused: {found.forbidden[0].removeprefix('Error from server ')}")
        if found.hidden:
            self._unseen.append("the namespace's Pod Security level")
        if found.ports:
            services = self._see("node ports of other namespaces", "services", "--all-namespaces")
            problems += rules.held_ports(self._application, self._name, found.ports, services)
        owned = found.namespace and rules.is_owned(found.namespace)
        if (found.namespace or found.hidden) and self._parameters["create"] and not owned and not self._parameters["shared"]:
            workloads = self._see("some workloads of others in the namespace", rules.WORKLOADS)
            problems += filter(None, [rules.foreign_workloads(self._name, workloads)])
        if found.lease and self._lease.is_foreign(found.lease):
            problems.append(
                f"The Lease {found.lease['metadata']['name']} in namespace {self._name} was not made by this collection: remove it."
            )
        if problems:
            raise ValueError("\n".join([*problems, "Nothing was changed."]))

    def drift(self, found: Found) -> dict[str, dict[str, Any]]:
        """Return for each release of which objects were deleted or edited by hand which ones."""
        compared = {
            release: drift(records, found.objects, lambda: self._cluster.objects(AUTOSCALERS), found.looked_for)
            for release, records in found.records.items()
        }
        return {release: reported(entries) for release, entries in compared.items() if entries}

    def namespace_change(self, found: Found) -> dict[str, Any] | None:
        """Return the definition that brings the namespace to its labels, or nothing; one that is not seen stays as it is."""
        if found.hidden:
            return None
        level = self._parameters["pod_security"]
        return rules.namespace_change(self._name, self._application, level, found.namespace, self._cluster.server_version)

    def apply(self, definition: dict[str, Any], *, there: bool) -> bool:
        """Make the namespace, or bring ours to its labels; tell whether it was done, which an account may lack the right to."""
        try:
            self._cluster.apply(definition)
        except Failure as failure:
            if not there or "orbidden" not in str(failure):
                raise
            Display().warning(
                f"The labels of namespace {self._name} stay as they are, because the account of this kubeconfig may not set them."
            )
            return False
        return True

    def put_back(self, components: Sequence[str]) -> None:
        """Let the released pods of components serve again that a killed playbooks/live.yml left others in the place of."""
        if not components:
            return
        Display().display(f"A live.yml that was killed left what it ran for {', '.join(components)}; the released pods serve again.")
        for command in put_back(self._cluster, components, self._application):
            done = process.run(command)
            if done.code:
                raise Failure(f"What live.yml left cannot be removed: {done.last_line}")

    def lease(self) -> dict[str, Any] | None:
        """Read the Lease."""
        return next(iter(self._cluster.objects(self._lease_reference)), None)

    def take_lease(self, found: dict[str, Any] | None) -> Holder | None:
        """Take the Lease, given as it was read last; return who has it, or nothing when it is this run's."""
        if self._lease.is_own(found):
            return None
        if found and not self._lease.is_free(found):
            return Holder(found["spec"]["holderIdentity"], str(found["spec"].get("acquireTime") or ""))
        try:
            self._cluster.kubectl("replace" if found else "create", "--filename=-", given=json.dumps(self._lease.taken(found, now())))
        except Failure as error:
            if "Conflict" in str(error) or "AlreadyExists" in str(error) or "already exists" in str(error):
                return Holder("", "")
            raise
        keep(renewal=self._renewal())
        return None

    def _see(self, what: str, *request: str) -> list[dict[str, Any]]:
        """Return what is found; what may not be seen is noted as ``what``."""
        found, refused = self._cluster.look(*request)
        self._unseen += [what] if refused else []
        return found

    def _storage_classes(self) -> list[dict[str, Any]]:
        """Return the storage classes; raises Failure where they may not be seen."""
        found = self._see(classes := "storage classes", "storageclasses.storage.k8s.io")
        if classes in self._unseen:
            raise Failure(f"{classes} may not be seen")
        return found

    def _renewal(self) -> dict[str, Any]:
        own = {"op": "test", "path": "/spec/holderIdentity", "value": self._lease.name}
        lease = self._cluster.alone("kubectl", "--request-timeout=10s")
        patch = [*lease, "patch", "lease", lease_name(self._application), "--type=json", "--patch"]
        return {
            "name": self._lease.name,
            "period": PERIOD,
            "renew": [*patch, json.dumps([own, {"op": "replace", "path": "/spec/renewTime", "value": "NOW"}])],
            "release": [[*patch, json.dumps([own, {"op": "remove", "path": "/spec/holderIdentity"}])]],
            "show": [*lease, "get", "lease", lease_name(self._application), "--output=jsonpath={.spec.holderIdentity}"],
        }

    @property
    def _lease_reference(self) -> str:
        return f"leases.coordination.k8s.io/{lease_name(self._application)}"
