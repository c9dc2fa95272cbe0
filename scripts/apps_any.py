# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Adopt fixtures of tests/fixtures/apps, deploy each for real, ask it, run again, remove it: ``python -m scripts.apps_any [NAME ...]``."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import requests
import websocket  # of the client of Kubernetes
import yaml

ROOT = Path(__file__).parents[1]
APPS = ROOT / "tests/fixtures/apps"
ANSWERS = ROOT / "tests/fixtures/answers.yml"
SCRATCH = ROOT / ".cache/any"
PROFILE, PORT = "plannoir-any", 31141
URL = f"http://127.0.0.1:{PORT}"
CLUSTER = {"minikube_profile": PROFILE, "minikube_kubeconfig": str(SCRATCH / "kubeconfig"), "minikube_ports": [PORT]}
PATIENCE = 30
"""Seconds in which an answer must be right: a pod is ready a little before every rule leads to it, and a worker has no probe."""


class Failed(Exception):
    """What is printed as the cause."""


class Result(NamedTuple):
    """One fixture: the seconds of its first run and of its second, its images in MB, and what is wrong; empty where all is right."""

    name: str
    first: float
    second: float
    images: dict[str, float]
    cause: str


def playbook(name: str, inventory: Path | None, log: Path, *, tags: str = "", **variables: Any) -> str:
    """Run a playbook of the checkout, or the roles of ``tags`` only, and return what it printed.

    Raises:
        Failed: it failed.
    """
    where = [f"--inventory={inventory}"] if inventory else []
    chosen = [f"--tags={tags}"] if tags else []
    command = ["ansible-playbook", *where, *chosen, name, f"--extra-vars={json.dumps({**CLUSTER, **variables})}"]
    environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_FORCE_COLOR": "0"}
    run = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    with log.open("a", encoding="utf-8") as file:
        file.write(run.stdout)
    if run.returncode:
        said = re.findall(r"\[ERROR\]: (.*?)\nOrigin:", run.stdout, re.DOTALL) or [run.stdout[-500:]]
        raise Failed(f"{name} failed: {' '.join(said[0].split())} ({log.relative_to(ROOT)})")
    return run.stdout


def answer(question: dict[str, Any]) -> str:
    """Return what is answered: the status and the text, or the message of a WebSocket.

    Args:
        question: ``get`` or ``post`` and a path, with ``json`` or ``data`` to post; or ``socket`` and a path, with ``send``.
    """
    if path := question.get("socket"):
        socket = websocket.create_connection(f"{URL.replace('http', 'ws', 1)}{path}", timeout=10)
        try:
            socket.send(question["send"])
            return str(socket.recv())
        finally:
            socket.close()
    method = "post" if "post" in question else "get"
    given = requests.request(method, f"{URL}{question[method]}", json=question.get("json"), data=question.get("data"), timeout=20)
    return f"{given.status_code} {given.text}"


def ask(questions: list[dict[str, Any]]) -> None:
    """Ask until every answer has what it must have.

    Raises:
        Failed: one has not, after ``PATIENCE`` seconds.
    """
    for question in questions:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                said = answer(question)
            except (OSError, websocket.WebSocketException) as error:
                said = str(error)
            if question["has"] in said:
                break
            if time.monotonic() > deadline:
                raise Failed(f"{question} is answered by {said[:300]!r}")
            time.sleep(1)


def images(namespace: str) -> dict[str, float]:
    """Return the size in MB of each image of a namespace's pods."""
    kubectl = ["kubectl", f"--kubeconfig={CLUSTER['minikube_kubeconfig']}", f"--context={PROFILE}", f"--namespace={namespace}"]
    pods = subprocess.run([*kubectl, "get", "pods", "--output=json"], capture_output=True, text=True, check=True).stdout
    names = sorted({container["image"] for pod in json.loads(pods)["items"] for container in pod["spec"]["containers"]})
    inspect = ["docker", "exec", PROFILE, "docker", "image", "inspect", "--format={{.Size}}", *names]
    sizes = subprocess.run(inspect, capture_output=True, text=True, check=True).stdout.split()
    return {name.rpartition("/")[2].partition(":")[0]: round(int(size) / 1e6, 1) for name, size in zip(names, sizes, strict=True)}


def accept(app_file: Path, builds: dict[str, Any]) -> None:
    """Write the lines of ``build`` that a person would add to each component."""
    if builds:
        app = yaml.safe_load(app_file.read_text(encoding="utf-8"))
        for component in app["app_components"]:
            component["build"] |= builds
        app_file.write_text(yaml.safe_dump(app), encoding="utf-8")


def deploy(name: str, expected: dict[str, Any]) -> Result:
    """Adopt a fixture, deploy it, ask it, run again, remove it."""
    inventory, log = SCRATCH / "inventories" / name, SCRATCH / f"{name}.log"
    shutil.rmtree(inventory, ignore_errors=True)
    log.unlink(missing_ok=True)
    first = second = 0.0
    sizes: dict[str, float] = {}
    cause = ""
    given = expected.get("given", {})
    try:
        start = time.monotonic()
        playbook("playbooks/adopt.yml", None, log, adopt_source=str(APPS / name), adopt_inventory=str(inventory), adopt_node_port=PORT)
        accept(inventory / "group_vars/cluster/app.yml", expected.get("builds", {}))
        playbook("site.yml", inventory, log, **given)
        first = time.monotonic() - start
        ask(expected["asks"])
        sizes = images(name)
        start = time.monotonic()
        recap = playbook("site.yml", inventory, log, **given)
        second = time.monotonic() - start
        if " changed=0 " not in recap:
            raise Failed(f"the second run changed something ({log.relative_to(ROOT)})")
    except Failed as failed:
        cause = str(failed)
    if (SCRATCH / "kubeconfig").exists() and inventory.exists():
        try:
            playbook("playbooks/teardown.yml", inventory, log, teardown_cluster=False, teardown_data=True)
        except Failed as failed:
            cause = cause or str(failed)
    return Result(name, first, second, sizes, cause)


def main(arguments: list[str]) -> int:
    """Deploy one after the other, end the cluster, print the table; return 1 where a fixture did not answer."""
    answers: dict[str, dict[str, Any]] = yaml.safe_load(ANSWERS.read_text(encoding="utf-8"))
    keep = "--keep" in arguments
    chosen = [name for name in arguments if name != "--keep"] or list(answers)
    if unknown := sorted(set(chosen) - set(answers)):
        sys.stderr.write(f"{ANSWERS.relative_to(ROOT)} does not say what is asked of {', '.join(unknown)}.\n")
        return 1
    SCRATCH.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    try:
        for name in chosen:
            results.append(deploy(name, answers[name]))
            show(results[-1])
    finally:
        inventories = [SCRATCH / "inventories" / name for name in reversed(chosen)]
        if not keep and (inventory := next((path for path in inventories if path.exists()), None)):
            playbook("playbooks/teardown.yml", inventory, SCRATCH / "teardown.log", teardown_data=True, teardown_others=True)
    sys.stdout.write("\n")
    for result in results:
        show(result)
    right = sum(1 for result in results if not result.cause)
    sys.stdout.write(f"{right} of {len(results)} fixtures were deployed and answered.\n")
    return 0 if right == len(results) else 1


def show(result: Result) -> None:
    """Print a row of the table."""
    sizes = ", ".join(f"{name} {size}" for name, size in result.images.items())
    sys.stdout.write(f"{result.name:22} {result.first:5.0f} s {result.second:5.1f} s  {result.cause or 'answered'}  [{sizes}]\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
