# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in the namespace of an application before anything of it is built: whose it is, and what of others is in the way.

What is ours carries our label; what lacks it is never adopted, relabelled or deleted. Everything here is a function of the JSON that
kubectl prints; ``namespace`` the action plugin fetches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._component.names import release_names
from .._core.labels import APPLICATION, LIVE, MANAGED_BY, MANAGER, PART_OF
from .._release.attempt import INSTANCE_LABEL, NAME_LABEL, Object, labels
from .._release.records import CHART, Record

RELEASE_ANNOTATION = "meta.helm.sh/release-name"
"""Helm's own mark of what belongs to a release; its hooks have none."""

WORKLOADS = "deployments,statefulsets,daemonsets,jobs,cronjobs,pods,services,persistentvolumeclaims"
_POD_SECURITY = "pod-security.kubernetes.io"


def is_owned(namespace: Object) -> bool:
    """Tell whether this collection made a namespace."""
    return labels(namespace).get(MANAGED_BY) == MANAGER


def pod_security_level(namespace: Object) -> str:
    """Return the Pod Security level that a namespace enforces; without one Kubernetes enforces nothing."""
    return str(labels(namespace).get(f"{_POD_SECURITY}/enforce", "privileged"))


def namespace_change(
    name: str, application: str, level: str, found: Object | None, server_version: Callable[[], str]
) -> dict[str, Any] | None:
    """Return the definition that brings a namespace to our labels; none when it has them, or they are not this application's to set.

    Args:
        name: Name of the namespace.
        application: Whose labels; those of a namespace that was made for another one of ours stay.
        level: Pod Security level.
        found: The namespace; none when it is not there.
        server_version: Asks what the level is pinned to, as in ``v1.34``; not asked for a pin that is there, which stays.
    """
    have = labels(found) if found else {}
    if found and (not is_owned(found) or have.get(PART_OF, application) != application):
        return None
    version = have.get(f"{_POD_SECURITY}/enforce-version") or server_version()
    modes = ("enforce", "warn", "audit")
    wanted = {
        PART_OF: application,
        MANAGED_BY: MANAGER,
        **{f"{_POD_SECURITY}/{mode}": level for mode in modes},
        **{f"{_POD_SECURITY}/{mode}-version": version for mode in modes},
    }
    if wanted.items() <= have.items():
        return None
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": wanted}}


def foreign_releases(records: Mapping[str, Sequence[Record]]) -> Iterator[str]:
    """Name the releases of our names that are somebody else's, whatever state they are in.

    Args:
        records: Release -> its records, newest first.
    """
    for name, found in records.items():
        if found and found[0].chart != CHART:
            yield (
                f"The Helm release {name} ({found[0].status}) in namespace {found[0].namespace} is of the chart {found[0].chart} and "
                "was not made by this collection: choose another app_name or app_namespace."
            )


def foreign_objects(namespace: str, application: str, objects: Iterable[Object]) -> Iterator[str]:
    """Name the objects that have a name which the chart needs, and belong to somebody else.

    Args:
        namespace: Where they are.
        application: Whose they should be.
        objects: Those of the names that ``object_names`` returns.
    """
    ours = release_names(application)
    for item in objects:
        # Hooks lack Helm's mark; a hook of ours has the label of our release.
        owner = (item["metadata"].get("annotations") or {}).get(RELEASE_ANNOTATION, "")
        if owner in ours or (not owner and labels(item).get(INSTANCE_LABEL) in ours):
            continue
        whose = f"belongs to the Helm release {owner}" if owner else "was not made by this collection"
        yield (
            f"{item['kind']} {item['metadata']['name']} in namespace {namespace} {whose}: rename the component, choose another "
            f"app_namespace, or {'remove that release' if owner else 'remove it'}."
        )


def live_components(objects: Iterable[Object]) -> list[str]:
    """Return the components of which playbooks/live.yml runs something, or did until it was killed; from the names of ``object_names``."""
    return [labels(item)[NAME_LABEL] for item in objects if item["kind"] == "Deployment" and LIVE in labels(item)]


def wanted_ports(components: Iterable[Mapping[str, Any]], objects: Iterable[Object]) -> dict[int, str]:
    """Return the component by node port, but for the ports that its Service has already.

    Args:
        components: With the defaults of the specification.
        objects: What is there of the names that ``object_names`` returns.
    """
    services = {item["metadata"]["name"]: _node_ports(item) for item in objects if item["kind"] == "Service"}
    ports = {component["service"]["node_port"]: component["name"] for component in components if component["service"]["node_port"]}
    return {port: name for port, name in ports.items() if port not in services.get(name, ())}


def held_ports(application: str, namespace: str, wanted: Mapping[int, str], services: Iterable[Object]) -> Iterator[str]:
    """Name the Services of others that have a wanted node port, in whatever namespace: the API server gives each port once.

    Args:
        application: Its own Services count as free: the release moves their ports.
        namespace: Where it is; another namespace may have an application of that name.
        wanted: As ``wanted_ports`` returns it.
        services: All Services of the cluster.
    """
    ours = release_names(application)
    for item in services:
        meta = item["metadata"]
        owner = (meta.get("annotations") or {}).get(RELEASE_ANNOTATION, "")
        if meta["namespace"] == namespace and owner in ours:
            continue
        for port in sorted(_node_ports(item) & wanted.keys()):
            whose = f" (Helm release {owner})" if owner else ""
            yield (
                f"Component {wanted[port]}: service.node_port {port} is taken by the Service {meta['name']} in namespace "
                f"{meta['namespace']}{whose}: give the component another port, or remove that Service."
            )


def _node_ports(service: Object) -> set[int]:
    return {port["nodePort"] for port in service["spec"].get("ports") or [] if port.get("nodePort")}


def foreign_workloads(namespace: str, objects: Iterable[Object]) -> str:
    """Return a sentence that names workloads of others in a namespace that this collection did not make; empty without any."""
    others = [
        f"{item['kind']} {item['metadata']['name']}"
        for item in objects
        if APPLICATION not in labels(item)
        and not item["metadata"].get("ownerReferences")
        and (item["kind"], item["metadata"]["name"]) != ("Service", "kubernetes")
    ]
    if not others:
        return ""
    more = f" and {len(others) - 3} more" if len(others) > 3 else ""
    return (
        f"The namespace {namespace} was not made by this collection and holds workloads of others ({', '.join(others[:3])}{more}): choose "
        "another app_namespace, or set namespace_shared: true to deploy beside them, with the namespace and them left as they are."
    )
