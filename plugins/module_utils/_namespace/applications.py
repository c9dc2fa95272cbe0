# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The applications of ours on a cluster. What lacks our label, and Helm releases of other charts, are not looked at.

Everything here is a function of the JSON that kubectl prints.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from .._component.names import EXTRAS
from .._core.labels import APPLICATION, LIVE, PART_OF
from .._release.attempt import Object, component, holds, instant, labels
from .._release.node_ports import service_url
from .._release.records import CHART, decode
from .lease import BY, INVENTORY, lease_name

KINDS = "deployments,cronjobs,services,persistentvolumeclaims"
"""What is read of each application, in one request."""


def applications(
    objects: Iterable[Object], leases: Iterable[Object], records: Iterable[Mapping[str, Any]], host: str
) -> list[dict[str, Any]]:
    """Return the applications, by namespace and name, as M(plannoir.deploy.applications_info) returns them.

    Args:
        objects: Those of ``KINDS`` that have our label.
        leases: Those that this collection made.
        records: Helm's Secrets, of all releases and revisions.
        host: Where the cluster publishes its node ports.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}

    def entry(namespace: str, name: str) -> dict[str, Any]:
        made = {
            "namespace": namespace,
            "name": name,
            "releases": [],
            "components": [],
            "urls": {},
            "volumes": [],
            "by": "",
            "inventory": "",
        }
        return found.setdefault((namespace, name), made)

    for item in objects:
        if LIVE in labels(item) and item["kind"] != "Service":
            continue
        application = entry(item["metadata"]["namespace"], labels(item)[APPLICATION])
        if item["kind"] == "PersistentVolumeClaim":
            size = (item.get("status", {}).get("capacity") or item["spec"]["resources"]["requests"])["storage"]
            application["volumes"].append({"name": item["metadata"]["name"], "size": size})
        elif item["kind"] == "Service":
            if url := service_url(item, host):
                application["urls"][item["metadata"]["name"]] = url
        else:
            application["components"].append(_component(item))
    for record in map(decode, _newest(records)):
        if record.chart == CHART and record.status != "uninstalled":
            shown = {"name": record.name, "revision": record.revision, "status": record.status, "good": record.good}
            entry(record.namespace, record.name.removesuffix(EXTRAS))["releases"].append({**shown, "deployed": record.created})
    for lease in leases:
        application = found.get((lease["metadata"]["namespace"], labels(lease).get(PART_OF, "")), {})
        if application and lease["metadata"]["name"] == lease_name(application["name"]):
            notes = lease["metadata"].get("annotations") or {}
            application.update(by=notes.get(BY, ""), inventory=notes.get(INVENTORY, ""))
    return [found[key] for key in sorted(found)]


def _newest(records: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return Helm's Secret of the newest revision of each release: only that is unpacked."""
    newest: dict[tuple[str, str], Mapping[str, Any]] = {}
    for record in sorted(records, key=lambda record: int(labels(record).get("version", 0))):
        newest[record["metadata"]["namespace"], labels(record).get("name", "")] = record
    return [newest[key] for key in sorted(newest)]


def _component(item: Object) -> dict[str, Any]:
    scheduled = item["kind"] == "CronJob"
    spec, status = item["spec"], item.get("status") or {}
    pod = (spec["jobTemplate"]["spec"] if scheduled else spec)["template"]["spec"]
    return {
        "name": component(item),
        "image": pod["containers"][0]["image"],
        "pods": 0 if scheduled else int(spec.get("replicas", 1)),
        "ready": 0 if scheduled else int(status.get("readyReplicas") or 0),
        "available": scheduled or holds(item, "Available"),
        "schedule": spec["schedule"] if scheduled else "",
    }


def table(found: Sequence[Mapping[str, Any]], cluster: str, inventory: str, now: datetime) -> list[str]:
    """Return what a person reads.

    Args:
        found: As ``applications`` returns them.
        cluster: Name of the cluster.
        inventory: The inventory of this run, which names the cluster.
        now: When it is read.
    """
    if not found:
        return [f"The cluster {cluster} has no application of this collection."]
    lines = []
    for application in found:
        lines.append(f"{application['name']} (namespace {application['namespace']}): {_state(application)}")
        for release in application["releases"]:
            seen = "" if release["good"] else ", which no run has seen to be good"
            age = _age(now - instant(release["deployed"]))
            lines.append(f"  release {release['name']}: revision {release['revision']}, {release['status']} {age} ago{seen}")
        lines += [f"  URL {name}: {url}" for name, url in application["urls"].items()]
        for part in application["components"]:
            how = f"by the schedule {part['schedule']}" if part["schedule"] else f"{part['ready']} of {part['pods']} pods ready"
            lines.append(f"  component {part['name']}: {how}, image {part['image']}")
        lines += [f"  volume {volume['name']}: {volume['size']}" for volume in application["volumes"]]
        if application["by"]:
            where = f" with the inventory {application['inventory']}" if application["inventory"] else ""
            lines.append(f"  last run: {application['by']}{where}")
        lines.append(f"  remove it, and keep the cluster: {removal(application, inventory)}")
    return lines


def removal(application: Mapping[str, Any], inventory: str) -> str:
    """Return the command that removes an application, by its name: its own inventory, which is taken where it is known, may have more."""
    names = ["-e", f"app_name={application['name']}", "-e", f"app_namespace={application['namespace']}"]
    given = [word for path in (application["inventory"] or inventory).split(",") if path for word in ("-i", path)]
    return shlex.join(["ansible-playbook", *given, "playbooks/teardown.yml", "-e", "teardown_cluster=false", *names])


def _state(application: Mapping[str, Any]) -> str:
    if not application["releases"]:
        return "removed, its data stays" if application["volumes"] else "no release of it"
    waiting = [part["name"] for part in application["components"] if not part["available"]]
    return f"{', '.join(waiting)} not ready" if waiting else "runs"


def _age(age: Any) -> str:
    seconds = max(0, int(age.total_seconds()))
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
