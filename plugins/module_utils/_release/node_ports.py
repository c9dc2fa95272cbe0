# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Node ports that go from one Service of an application to another.

Helm makes the new Service before it removes or changes the old one, and the API server refuses a node port that is taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .._core.cluster import Cluster
from .._core.labels import application_label


def wanted_node_ports(values: Mapping[str, Any]) -> dict[str, int]:
    """Return the node port by component.

    Args:
        values: Those of a release, as in what ``releases`` returns.
    """
    services = {name: component.get("service") or {} for name, component in values.get("components", {}).items()}
    return {
        name: int(service["nodePort"])
        for name, service in services.items()
        if service.get("nodePort") and service.get("type") != "ClusterIP"
    }


def free_node_ports(cluster: Cluster, application: str, wanted: Mapping[str, int]) -> list[str]:
    """Take node ports from Services of the application that are to be another one's, and return what was done; raises Failure.

    Such a Service is reached within the cluster as before, until Helm removes it or gives it the port that it is to have.
    """
    done = []
    for service in cluster.objects("services", f"--selector={application_label(application)}") if wanted else []:
        name, ports = service["metadata"]["name"], service["spec"]["ports"]
        others = {port for other, port in wanted.items() if other != name}
        taken = sorted(others & {port.get("nodePort") for port in ports})
        if not taken:
            continue
        kept = [{key: value for key, value in port.items() if key != "nodePort"} for port in ports]
        patch = {"spec": {"type": "ClusterIP", "ports": kept}}
        cluster.kubectl("patch", "service", name, "--type=merge", f"--patch={json.dumps(patch)}")
        done += [f"Service {name} gave up node port {port}" for port in taken]
    return done


def service_url(service: Mapping[str, Any], host: str) -> str:
    """Return a Service's URL from outside: its node port on the host, else its load balancer's address; empty without one."""
    port = service["spec"]["ports"][0]
    if port.get("nodePort"):
        return f"http://{host}:{port['nodePort']}"
    for ingress in service.get("status", {}).get("loadBalancer", {}).get("ingress") or []:
        return f"http://{ingress.get('hostname') or ingress.get('ip')}:{port['port']}"
    return ""
