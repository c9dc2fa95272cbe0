# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No credential stands where it must not, and one that is planted there is found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.run import WHAT
from story import CONTEXT, KUBECONFIG, NAMESPACE, RELEASE, ROOT, Kubectl, helm, playbook, wait_for
from testinfra.host import Host

CHART = ROOT / "charts/plannoir"
LABEL = "canary"
LEAST_MEGABYTES = {"checkout": 1, "history": 1, "images": 100, "cache": 100, "etcd": 1, "describe": 0.1, "commands": 0.1}
"""What a look at the whole place compares at least; the other places hold a few lines only."""

Audit = Callable[..., dict[str, Any]]


@pytest.fixture
def canary() -> str:
    """A value that exists nowhere yet."""
    return f"canary-{uuid.uuid4().hex}"


@pytest.fixture
def audit(tmp_path: Path, canary: str) -> Audit:
    """Run the module for the canary alone, and return its result."""

    def run(*places: str, **options: Any) -> dict[str, Any]:
        arguments = {
            "values": {LABEL: canary},
            "places": places,
            "fail": False,
            "kubeconfig": KUBECONFIG,
            "context": CONTEXT,
            "namespace": NAMESPACE,
            "bin": str(Path(tool("kubectl")).parent),
            "node": CONTEXT,
            "application": RELEASE,
            **options,
        }
        given = tmp_path / "arguments.json"
        given.write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
        command = [sys.executable, "-m", "ansible_collections.plannoir.deploy.plugins.modules.leak_audit", str(given)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "collections")}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        given.unlink()
        assert canary not in done.stdout + done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        assert not result.get("failed"), result.get("msg")
        return result

    return run


def tool(name: str) -> str:
    return subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()


def places_of(result: dict[str, Any]) -> dict[str, list[str]]:
    """Return where something was found, by place."""
    return {place["place"]: [finding["where"] for finding in place["findings"]] for place in result["places"]}


@pytest.fixture(scope="module")
def node_engine(local: Host) -> dict[str, str]:
    """Environment of the docker client for the engine in the node."""
    shown = local.check_output(f"minikube --profile={CONTEXT} docker-env --shell=none")
    return dict(line.split("=", 1) for line in shown.splitlines() if line.startswith("DOCKER_"))


def test_no_credential_of_the_inventory_stands_anywhere(tmp_path: Path) -> None:
    started = time.time()
    (tmp_path / "harmless").write_text("so that the temporary folders hold something to look at")
    printed = playbook("playbooks/audit.yml", f"--extra-vars=audit_since={started - 3600:.0f}")
    table = {cells[0]: cells for cells in (line.strip(' ",').split() for line in printed.splitlines() if line.count("|") == 5)}
    rows = {name: [cell for cell in cells if cell != "|"] for name, cells in table.items() if name != "place"}
    assert set(rows) == set(WHAT)
    for name, (_, items, megabytes, _, _, found) in rows.items():
        assert int(items) > 0, name
        assert float(megabytes) >= LEAST_MEGABYTES.get(name, 0.0), name
        assert found == "0", name


def test_a_whole_run_of_the_main_job_writes_no_credential_and_passes_none_as_an_argument() -> None:
    commands = [
        {"argv": ["ansible-playbook", f"--inventory={ROOT / 'inventories/molecule'}", "-vvv", "--diff", "site.yml"], "chdir": str(ROOT)}
    ]
    variables = {"audit_places": ["commands", "processes"], "audit_commands": commands}
    playbook("playbooks/audit.yml", f"--extra-vars={json.dumps(variables)}")


def test_the_quick_places_take_a_few_seconds(audit: Audit) -> None:
    result = audit("release", "describe", "logs", releases=[RELEASE, f"{RELEASE}-extras"])
    assert all(place["bytes"] > 0 for place in result["places"]), result["table"]
    assert sum(place["seconds"] for place in result["places"]) < 10, result["table"]


def test_a_canary_in_a_configmap(audit: Audit, canary: str, kubectl: Kubectl) -> None:
    try:
        kubectl("create", "configmap", "audit-canary", f"--from-literal=key={canary}")
        found = places_of(audit("describe", "etcd"))
    finally:
        kubectl("delete", "configmap", "audit-canary", "--ignore-not-found")
    assert {"kubectl get", "kubectl describe"} <= set(found["describe"])
    assert found["etcd"]


def test_a_canary_in_a_secret_stands_in_no_other_place(audit: Audit, canary: str, kubectl: Kubectl) -> None:
    """Secrets are encrypted in etcd, and no other place shows them."""
    try:
        kubectl("create", "secret", "generic", "audit-canary", f"--from-literal=key={canary}")
        found = places_of(audit("describe", "etcd", "logs", "release", releases=[RELEASE]))
    finally:
        kubectl("delete", "secret", "audit-canary", "--ignore-not-found")
    assert not any(found.values()), found


@pytest.fixture
def pod(canary: str, kubectl: Kubectl) -> Iterator[None]:
    """A pod that writes the canary, restarts, and writes it as base64."""
    image = json.loads(kubectl("get", "deployment", "backend", "--output=json"))["spec"]["template"]["spec"]["containers"][0]["image"]
    script = (
        f"from base64 import b64encode; import time; print(b64encode(b'x' + b'{canary[:20]}' + b'{canary[20:]}')); time.sleep(3); exit(1)"
    )
    restricted = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {
        "name": "canary",
        "image": image,
        "command": ["python", "-c", script],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {"containers": [container], "securityContext": restricted, "automountServiceAccountToken": False}
    overrides = json.dumps({"apiVersion": "v1", "spec": spec})
    kubectl("run", "audit-canary", f"--image={image}", f"--overrides={overrides}")
    yield
    kubectl("delete", "pod", "audit-canary", "--ignore-not-found", "--grace-period=0", "--force")


def test_a_canary_in_a_log_and_in_the_log_before_a_restart(audit: Audit, pod: None, kubectl: Kubectl) -> None:
    def restarted() -> bool:
        statuses = json.loads(kubectl("get", "pod", "audit-canary", "--output=json"))["status"].get("containerStatuses") or [{}]
        return int(statuses[0].get("restartCount", 0)) > 0 and "terminated" in statuses[0]["lastState"]

    wait_for(restarted, 90, "the restart of the canary's pod")
    assert "audit-canary/canary (previous)" in places_of(audit("logs"))["logs"]


def test_a_canary_in_an_image_and_in_the_build_cache(
    audit: Audit, canary: str, tmp_path: Path, node_engine: dict[str, str], local: Host
) -> None:
    base = json.loads(local.check_output(f"docker exec {CONTEXT} docker images --format=json {RELEASE}/backend").splitlines()[0])
    tag = f"{RELEASE}/audit-canary:1"
    (tmp_path / "settings.env").write_text(canary)
    (tmp_path / "Dockerfile").write_text(
        textwrap.dedent(f"""
            FROM {base["Repository"]}:{base["Tag"]} AS first
            COPY settings.env /tmp/stage.env
            FROM {base["Repository"]}:{base["Tag"]}
            COPY settings.env /tmp/deleted.env
            USER 0
            RUN ["python", "-c", "import os; os.remove('/tmp/deleted.env')"]
            ENV KEY={canary}
            COPY --from=first /etc/passwd /tmp/passwd
            """)
    )
    environment = {**os.environ, **node_engine}
    build = ["docker", "build", "--quiet", f"--tag={tag}", str(tmp_path)]
    built = subprocess.run(build, env=environment, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    try:
        found = places_of(audit("images", "cache", engine=node_engine))
    finally:
        subprocess.run(["docker", "image", "rm", "--force", tag], env=environment, check=False, capture_output=True)
        subprocess.run(["docker", "builder", "prune", "--force"], env=environment, check=False, capture_output=True)
    assert any(tag in where and "deleted.env" in where for where in found["images"]), found["images"]
    assert any(tag in where and "deleted.env" not in where for where in found["images"]), found["images"]
    assert any("stage.env" in where for where in found["cache"]), found["cache"]


def test_a_canary_in_a_value_of_a_helm_release(audit: Audit, canary: str, tmp_path: Path, local: Host) -> None:
    templates = tmp_path / "chart/templates"
    templates.mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: audit-canary\nversion: 1.0.0\n")
    (templates / "map.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: audit-canary}\ndata: {key: {{ .Values.key | b64enc }}}\n"
    )
    chart = str(tmp_path / "chart")
    subprocess.run(helm("install", "audit-canary", chart, f"--set=key={canary}"), check=True, capture_output=True)
    try:
        found = places_of(audit("release", "chart", "describe", releases=["audit-canary"], chart=chart))
    finally:
        subprocess.run(helm("uninstall", "audit-canary"), check=False, capture_output=True)
    assert "helm get all audit-canary" in found["release"]
    assert any(where.startswith("record sh.helm.release.v1.audit-canary.v1") for where in found["release"])
    assert found["chart"] == ["helm template audit-canary"]
    assert "kubectl get" in found["describe"]


def test_a_canary_in_the_history_of_git(audit: Audit, canary: str, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    git = ["git", "-C", str(checkout), "-c", "user.name=canary", "-c", "user.email=canary@example.com"]
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(checkout)], check=True)
    (checkout / "settings.env").write_text(canary)
    for arguments in (["add", "."], ["commit", "-qm", "Add"], ["rm", "-q", "settings.env"], ["commit", "-qm", "Remove"]):
        subprocess.run([*git, *arguments], check=True, capture_output=True)
    found = places_of(audit("checkout", "history", checkout=str(checkout)))
    assert found["checkout"] == []
    assert [where.rpartition(", ")[2] for where in found["history"]] == ["settings.env)"]


def test_a_canary_in_an_output_and_on_a_command_line(audit: Audit, canary: str) -> None:
    command = {"argv": ["sh", "-c", f"echo {canary}; sleep 1"]}
    found = places_of(audit("commands", "processes", commands=[command]))
    assert found["commands"]
    assert found["processes"]


def test_a_canary_in_a_temporary_file(audit: Audit, canary: str, tmp_path: Path) -> None:
    folder = tmp_path / "left"
    folder.mkdir()
    (folder / "values.yaml").write_text(f"key: {canary}\n")
    assert places_of(audit("temporary", temporary=[str(folder)]))["temporary"] == [str(folder / "values.yaml")]
