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
    "timeout": {"type": "float", "default": 600},
}


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
            "environment": {},
            "selector": f"--selector={application_label(parameters['application'])}",
        }
        cluster = Application(parameters, ",".join((task_vars or {}).get("ansible_inventory_sources") or []))
        try:
            if check and not cluster.is_there:
                return {**absent, "changed": True}
            found = cluster.look()
            cluster.refuse(found)
            if not found.namespace and not parameters["create"]:
                return absent
            drifted = cluster.drift(found)
            definition = cluster.namespace_change(found)
            waited, left = False, rules.live_components(found.objects)
            if not check:
                if definition:
                    cluster.apply(definition)
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
            "pod_security": rules.pod_security_level(known),
            "waited": waited,
            "drift": drifted,
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
            reading = pool.submit(self._cluster.named, f"namespaces/{self._name}", self._lease_reference, *names)
            records = self._cluster.objects("secrets", record_selector(self._releases))
            objects = reading.result()
        kinds = {kind: [item for item in objects if item["kind"] == kind] for kind in ("Namespace", "Lease")}
        return Found(
            next(iter(kinds["Namespace"]), None),
            next(iter(kinds["Lease"]), None),
            others := [item for item in objects if item["kind"] not in kinds],
            rules.wanted_ports(components, others),
            by_release(records, self._releases),
            components,
            names,
        )

    def refuse(self, found: Found) -> None:
        """Raise ValueError with everything of others that is in the way, and every volume claim that cannot become what is wanted."""
        problems = [
            *rules.foreign_releases(found.records),
            *rules.foreign_objects(self._name, self._application, found.objects),
            *claim_problems(found.components, found.objects, found.records, lambda: self._cluster.objects("storageclasses.storage.k8s.io")),
        ]
        if found.ports:
            services = self._cluster.objects("services", "--all-namespaces")
            problems += rules.held_ports(self._application, self._name, found.ports, services)
        if found.namespace and self._parameters["create"] and not rules.is_owned(found.namespace) and not self._parameters["shared"]:
            problems += filter(None, [rules.foreign_workloads(self._name, self._cluster.objects(rules.WORKLOADS))])
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
        """Return the definition that brings the namespace to its labels, or nothing."""
        level = self._parameters["pod_security"]
        return rules.namespace_change(self._name, self._application, level, found.namespace, self._cluster.server_version)

    def apply(self, definition: dict[str, Any]) -> None:
        """Make the namespace, or bring ours to its labels."""
        self._cluster.apply(definition)

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
