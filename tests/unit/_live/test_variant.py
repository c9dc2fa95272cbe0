# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in the place of released pods is as hard as they are, but for what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._live.variant import SEEDS, put_back, variant

LABELS = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "shop", "plannoir.deploy/app": "shop"}
SECURITY = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
SECRET = {"name": "URL", "valueFrom": {"secretKeyRef": {"name": "web-env-1", "key": "URL"}}}
RELEASED: dict[str, Any] = {
    "metadata": {"name": "web", "namespace": "ns"},
    "spec": {
        "template": {
            "metadata": {"labels": LABELS, "annotations": {"checksum/config": "1"}},
            "spec": {
                "securityContext": {"runAsNonRoot": True, "runAsUser": 10001},
                "containers": [
                    {
                        "name": "web",
                        "image": "shop/web:1",
                        "command": ["serve"],
                        "args": ["--fast"],
                        "env": [SECRET],
                        "securityContext": SECURITY,
                        "resources": {"requests": {"cpu": "50m"}, "limits": {"memory": "64Mi"}},
                        "livenessProbe": {"httpGet": {"path": "/live"}},
                        "readinessProbe": {"httpGet": {"path": "/ready"}, "periodSeconds": 5},
                        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
                        "volumeMounts": [{"name": "writable-0", "mountPath": "/tmp"}],
                    }
                ],
                "volumes": [{"name": "writable-0", "emptyDir": {}}],
            },
        }
    },
}
LIVE = {"target": "live", "sync": [{"from": "app", "to": "/src/app"}, {"from": "lib", "to": "/src/lib/"}], "writable_paths": ["/src/.next"]}


def pod() -> dict[str, Any]:
    made: dict[str, Any] = variant(RELEASED, LIVE, "shop/web-live:2")["spec"]["template"]["spec"]
    return made


def test_it_keeps_what_makes_the_released_pod_hard_and_its_secrets() -> None:
    (container,), (fill,) = pod()["containers"], pod()["initContainers"]
    assert pod()["securityContext"] == {"runAsNonRoot": True, "runAsUser": 10001}
    assert container["securityContext"] == fill["securityContext"] == SECURITY
    assert container["env"] == [SECRET]
    assert "env" not in fill


def test_the_stages_own_command_runs_without_limits_and_is_asked_until_it_answers_once() -> None:
    (container,) = pod()["containers"]
    assert {"command", "args", "livenessProbe", "readinessProbe", "lifecycle"}.isdisjoint(container)
    assert container["resources"] == {"requests": {"cpu": "50m"}}
    assert container["startupProbe"] == {
        "httpGet": {"path": "/ready"},
        "periodSeconds": 1,
        "timeoutSeconds": 30,
        "failureThreshold": 300,
    }


def test_its_folders_can_be_written_to_and_begin_with_what_the_image_has(tmp_path: Path) -> None:
    (container,), (fill,) = pod()["containers"], pod()["initContainers"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp", "/src/app", "/src/lib", "/src/.next"]
    assert {volume["name"] for volume in pod()["volumes"]} == {mount["name"] for mount in container["volumeMounts"]}
    (tmp_path / "src/app").mkdir(parents=True)
    (tmp_path / "src/app/main.py").write_text("here")
    for index in range(2):
        (tmp_path / SEEDS[1:] / str(index)).mkdir(parents=True)
    script = fill["command"][2].replace("/src", f"{tmp_path}/src").replace(SEEDS, f"{tmp_path}{SEEDS}")
    subprocess.run(["sh", "-ec", script], check=True)  # src/lib is not in the image
    assert (tmp_path / SEEDS[1:] / "0/main.py").read_text() == "here"


def test_policies_select_it_and_its_own_label_tells_it_from_a_released_pod() -> None:
    made = variant(RELEASED, LIVE, "shop/web-live:2")
    assert made["metadata"]["name"] == "web-live"
    assert made["spec"]["selector"]["matchLabels"] == LABELS | {"plannoir.deploy/live": "true"}
    assert made["spec"]["template"]["metadata"]["labels"] == LABELS | {"plannoir.deploy/live": "true"}
    assert "plannoir.deploy/live" not in RELEASED["spec"]["template"]["metadata"]["labels"]


def test_only_what_has_both_labels_is_removed() -> None:
    cluster = Cluster("/nowhere", "ctx", "ns", "/bin")
    *_, delete = put_back(cluster, ["web"], "shop")
    assert "--selector=plannoir.deploy/app=shop,plannoir.deploy/live" in delete
