# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is listed of the applications on a cluster, and that nothing of others is."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.applications import applications, removal, table
from ansible_collections.plannoir.deploy.plugins.module_utils._namespace.lease import Lease

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def item(kind: str, name: str, application: str = "shop", space: str = "shop", **more: Any) -> dict[str, Any]:
    marks = {"plannoir.deploy/app": application, "app.kubernetes.io/name": name}
    return {"kind": kind, "metadata": {"name": name, "namespace": space, "labels": marks}, **more}


def workload(name: str, ready: int = 1, **more: Any) -> dict[str, Any]:
    pod = {"spec": {"containers": [{"image": f"shop/{name}:1"}]}}
    status = {"readyReplicas": ready, "conditions": [{"type": "Available", "status": str(bool(ready))}]}
    return item("Deployment", name, spec={"replicas": 1, "template": pod}, status=status, **more)


def schedule(name: str) -> dict[str, Any]:
    template = {"spec": {"containers": [{"image": f"shop/{name}:1"}]}}
    return item("CronJob", name, spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}})


def service(name: str, **port: int) -> dict[str, Any]:
    return item("Service", name, spec={"ports": [{"port": 80, **port}]})


def claim(name: str, **more: Any) -> dict[str, Any]:
    return item("PersistentVolumeClaim", name, spec={"resources": {"requests": {"storage": "1Gi"}}}, **more)


def record(
    name: str, revision: int, status: str = "deployed", chart: str = "plannoir", space: str = "shop", good: bool = True
) -> dict[str, Any]:
    content = {"name": name, "version": revision, "namespace": space, "info": {"status": status}, "chart": {"metadata": {"name": chart}}}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(content).encode()))).decode()
    marks = {"name": name, "version": str(revision), **({"plannoir.deploy/good": str(revision)} if good else {})}
    made = {
        "name": f"sh.helm.release.v1.{name}.v{revision}",
        "namespace": space,
        "labels": marks,
        "creationTimestamp": "2026-11-29T09:00:00Z",
    }
    return {"kind": "Secret", "metadata": made, "data": {"release": packed}}


def lease(inventory: str = "/inv/shop", application: str = "shop") -> dict[str, Any]:
    return Lease(application, application, "joe@laptop, process 1", lambda: 0.0, inventory).taken(None, "now")


def listed(*objects: dict[str, Any], leases: tuple[dict[str, Any], ...] = (), records: tuple[dict[str, Any], ...] = ()) -> list[str]:
    return table(applications(objects, leases, records, "127.0.0.1"), "lab", "inventories/lab", NOW)


def test_an_application_is_listed_with_all_that_it_has() -> None:
    objects = (workload("web"), schedule("report"), service("web", nodePort=31080), service("inner"), claim("web-data"))
    records = (record("shop", 9, "superseded"), record("shop", 10), record("shop-extras", 1))
    assert listed(*objects, leases=(lease(),), records=records) == [
        "shop (namespace shop): runs",
        "  release shop: revision 10, deployed 3 h ago",
        "  release shop-extras: revision 1, deployed 3 h ago",
        "  URL web: http://127.0.0.1:31080",
        "  component web: 1 of 1 pods ready, image shop/web:1",
        "  component report: by the schedule @daily, image shop/report:1",
        "  volume web-data: 1Gi",
        "  last run: joe@laptop with the inventory /inv/shop",
        "  remove it, and keep the cluster: ansible-playbook -i /inv/shop playbooks/teardown.yml -e teardown_cluster=false "
        "-e app_name=shop -e app_namespace=shop",
    ]


def test_two_applications_of_one_name_are_told_apart_by_their_namespaces() -> None:
    found = applications([workload("web"), workload("web", 0, space="test")], [], [record("shop", 1), record("shop", 7, space="test")], "h")
    assert [(each["namespace"], each["releases"][0]["revision"], each["components"][0]["ready"]) for each in found] == [
        ("shop", 1, 1),
        ("test", 7, 0),
    ]


def test_what_is_not_ready_and_what_is_not_seen_to_be_good_is_said() -> None:
    lines = listed(workload("web", 0), records=(record("shop", 2, good=False),))
    assert lines[0] == "shop (namespace shop): web not ready"
    assert "no run has seen to be good" in lines[1]


def test_the_data_of_a_removed_application_is_listed_with_the_name_that_removes_it() -> None:
    lines = listed(claim("web-data"))
    assert lines[0] == "shop (namespace shop): removed, its data stays"
    command = "ansible-playbook -i inventories/lab playbooks/teardown.yml -e teardown_cluster=false -e app_name=shop -e app_namespace=shop"
    assert lines[-1].endswith(command)


def test_releases_of_other_charts_and_uninstalled_ones_are_not_listed() -> None:
    records = (record("wiki", 1, chart="mediawiki"), record("gone", 3, "uninstalled"))
    assert listed(records=records) == ["The cluster lab has no application of this collection."]


def test_what_the_live_loop_runs_is_no_component() -> None:
    twin = workload("web-live")
    twin["metadata"]["labels"]["plannoir.deploy/live"] = "web"
    taken = service("web", nodePort=31080)
    taken["metadata"]["labels"]["plannoir.deploy/live"] = "web"
    (found,) = applications([workload("web"), twin, taken], [], [], "h")
    assert ([each["name"] for each in found["components"]], found["urls"]) == (["web"], {"web": "http://h:31080"})


def test_a_lease_of_somebody_elses_names_nobody() -> None:
    other = lease(application="shop")
    other["metadata"]["name"] = "election"
    (found,) = applications([workload("web")], [other, lease(application="gone")], [], "h")
    assert found["by"] == ""


def test_several_inventories_and_blanks_are_written_as_a_shell_reads_them() -> None:
    found = {"name": "shop", "namespace": "shop", "inventory": "/my inv,/b"}
    assert removal(found, "x").startswith("ansible-playbook -i '/my inv' -i /b playbooks/teardown.yml")
