# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference application on several nodes with containerd, from a registry beside them: ``python -m scripts.nodes [--one] [--keep]``."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import yaml

from bench.load import Answers, steady
from scripts.apps_any import ROOT, Failed, playbook

SCRATCH = ROOT / ".cache/nodes"
INVENTORY = SCRATCH / "inventory"
LOG = SCRATCH / "log"
PROFILE, PORT = "plannoir-nodes", 31151
KUBECONFIG = SCRATCH / "kubeconfig"
RATE, PATIENCE = 50, 180
"""Requests a second, and the seconds in which the application has to be as it was."""
SUPPLIED = ("registry.k8s.io/", "gcr.io/k8s-minikube/", "docker.io/plannoir/")
"""What the nodes have from archives, before they can pull."""


def write_inventory(count: int) -> None:
    """Write what a person writes for such a cluster."""
    variables = {
        "minikube_profile": PROFILE,
        "minikube_kubeconfig": str(KUBECONFIG),
        "minikube_nodes": count,
        "minikube_container_runtime": "containerd",
        "minikube_memory": "2200m" if count > 1 else "4g",
        "minikube_registry": True,
        "images_registry_credentials": {"username": "plannoir", "password": "{{ vault_registry_password }}"},
        "app_secrets": ["session_secret", "registry_password"],
        "app_root": str(ROOT),
        "app_node_port": PORT,
        "app_replicas": 2 if count > 1 else 1,
        "secrets_vault_file": "{{ inventory_dir }}/group_vars/cluster/vault.yml",
        "verify_report": str(SCRATCH / "evidence"),
        # A vault of its own that names no outside service, whatever the person's own vault holds.
        "vault_database_url": "",
        "vault_database_direct_url": "",
        "vault_openrouter_base_url": "",
    }
    folder = INVENTORY / "group_vars/cluster"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nodes.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    (INVENTORY / "hosts.yml").write_text((ROOT / "inventories/minikube/hosts.yml").read_text(encoding="utf-8"), encoding="utf-8")


def run(name: str, **variables: Any) -> tuple[float, str]:
    """Run a playbook on the cluster; return its seconds and what it printed."""
    mine = yaml.safe_load((INVENTORY / "group_vars/cluster/nodes.yml").read_text(encoding="utf-8"))
    cluster = {key: mine[key] for key in ("minikube_profile", "minikube_kubeconfig")}
    ports = [] if mine["minikube_nodes"] > 1 else [PORT]
    start = time.monotonic()
    printed = playbook(name, INVENTORY, LOG, **cluster, minikube_ports=ports, **variables)
    return time.monotonic() - start, printed


def kubectl(*arguments: str) -> str:
    """Return what kubectl prints.

    Raises:
        Failed: it failed.
    """
    command = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={PROFILE}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"kubectl {' '.join(arguments)} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def nodes() -> list[str]:
    return kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}").split()


def address(node: str) -> str:
    return docker("container", "inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", node).strip()


def node_of(component: str) -> str:
    """Return the node of a component's pod."""
    selector = f"--selector=app.kubernetes.io/name={component}"
    return kubectl("--namespace=plannoir", "get", "pods", selector, "--output=jsonpath={.items[0].spec.nodeName}")


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def check_images() -> None:
    """Check that the nodes have the application's images by digests of the registry, and nothing else but the supply.

    Raises:
        Failed: They have another.
    """
    registry = f"{address(f'{PROFILE}-registry')}:5000/"
    for node in nodes():
        images = json.loads(docker("exec", node, "crictl", "images", "--output=json"))["images"]
        own = [image for image in images if not any(tag.startswith(SUPPLIED) for tag in image["repoTags"])]
        digests = [digest for image in own for digest in image["repoDigests"]]
        tags = [tag for image in own for tag in image["repoTags"]]
        if tags or not all(re.fullmatch(rf"{re.escape(registry)}[a-z-]+@sha256:[0-9a-f]{{64}}", digest) for digest in digests):
            raise Failed(f"{node} has {', '.join([*tags, *digests])}, and not only digests of {registry}")
        show(f"{node}: {len(own)} images of {registry}, each by its digest")


class Person:
    """Somebody whose tasks are written one after the other, each waited for; ``gone`` are the seconds without an answer, at most."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.written: list[str] = []
        self.gone = 0.0
        credentials = {"email": f"{uuid.uuid4().hex}@example.com", "password": uuid.uuid4().hex}
        answer = requests.post(f"{url}/api/auth/sign-up", json=credentials, timeout=30)
        answer.raise_for_status()
        self._headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Write all the time, from a thread."""
        ended = threading.Event()

        def write() -> None:
            last = time.monotonic()
            while not ended.is_set():
                title = uuid.uuid4().hex
                try:
                    answer = requests.post(f"{self.url}/api/tasks", json={"title": title}, headers=self._headers, timeout=5)
                    if answer.status_code == 201:
                        self.written.append(title)
                        last = time.monotonic()
                except requests.RequestException:
                    pass
                self.gone = max(self.gone, time.monotonic() - last)
                time.sleep(0.1)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def lost(self) -> int:
        """Return how many of the acknowledged tasks are not there."""
        answer = requests.get(f"{self.url}/api/tasks", headers=self._headers, timeout=30)
        answer.raise_for_status()
        return len(set(self.written) - {task["title"] for task in answer.json()})


def under_load(url: str, seconds: int, act: Callable[[], None]) -> Answers:
    """Do something while the page is asked for; every request has a connection of its own, as a new visitor has."""
    results: list[Answers] = []
    thread = threading.Thread(target=lambda: results.append(steady(url, {"Connection": "close"}, RATE, seconds)))
    thread.start()
    time.sleep(3)
    act()
    thread.join()
    return results[0]


def drain(node: str) -> None:
    kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", f"--timeout={PATIENCE}s")


def kill(node: str) -> None:
    docker("kill", node)


def settled() -> None:
    """Wait until every Deployment and StatefulSet of the application has all its pods.

    Raises:
        Failed: One has not, after ``PATIENCE`` seconds.
    """
    for name in kubectl("--namespace=plannoir", "get", "deployments,statefulsets", "--output=name").split():
        kubectl("--namespace=plannoir", "rollout", "status", name, f"--timeout={PATIENCE}s")


def told(what: str, answers: Answers) -> None:
    between = f", from {answers.failed_at[0]:.1f} to {answers.failed_at[-1]:.1f} s" if answers.failed_at else ""
    show(f"{what}: {answers.failed} of {len(answers.milliseconds)} requests failed{between}; p99 {answers.percentile(0.99):.0f} ms")


def prove(count: int) -> None:
    """Deploy, run again, and on several nodes ``endure``.

    Raises:
        Failed: Something is not as it has to be.
    """
    seconds, _printed = run("site.yml")
    show(f"first run on {count} nodes: {seconds:.0f} s")
    check_images()
    seconds, printed = run("site.yml")
    show(f"second run: {seconds:.1f} s")
    if " changed=0 " not in printed:
        raise Failed("the second run changed something")
    if count > 1:
        endure()


def endure() -> None:
    """Drain each node, and end one, while the application is used.

    Raises:
        Failed: Rows are lost, or it does not come back.
    """
    settled()
    database = node_of("database")
    url = f"http://{address(PROFILE)}:{PORT}"
    for node in nodes():
        if node != database:
            told(f"drain of {node}", under_load(f"{url}/", 60, lambda node=node: drain(node)))  # type: ignore[misc]
            kubectl("uncordon", node)
            settled()
    person = Person(url)
    with person.writing():
        start = time.monotonic()
        drain(database)
        time.sleep(5)
        kubectl("uncordon", database)
        settled()
        time.sleep(10)
        seconds = time.monotonic() - start
    lost = person.lost()
    show(f"drain of {database}, which has the database, for {seconds:.0f} s: {person.gone:.1f} s without an answer")
    show(f"of {len(person.written)} rows that were acknowledged {lost} are lost")
    if lost:
        raise Failed(f"{lost} acknowledged rows are lost")
    worker = next(node for node in nodes() if node not in (PROFILE, database))
    told(f"{worker} was killed", under_load(f"{url}/", 120, lambda: kill(worker)))
    seconds, _printed = run("site.yml")
    show(f"the next run, which starts {worker} again: {seconds:.0f} s")
    settled()


def main(arguments: list[str]) -> int:
    """Make the cluster, prove what has to hold, end the cluster; return 1 where it does not hold."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    count = 1 if "--one" in arguments else 3
    write_inventory(count)
    cause = ""
    try:
        prove(count)
    except (Failed, subprocess.CalledProcessError, requests.RequestException) as failed:
        cause = str(failed)
    finally:
        if "--keep" not in arguments:
            run("playbooks/teardown.yml", teardown_data=True, teardown_others=True)
    if cause:
        show(f"Failed: {cause}")
    return 1 if cause else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
