# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An application with neither a Dockerfile nor a line of YAML: adopted from its folder, deployed beside the other one, used, removed."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import websocket  # of the client of Kubernetes
from story import BASE_URL, CONTEXT, KUBECONFIG, ROOT, playbook, wait_for

SOURCE = ROOT / "tests/fixtures/apps/board"
NAMESPACE = "board"
PORT = 32081  # of inventories/molecule
URL = f"{BASE_URL.rpartition(':')[0]}:{PORT}"
# What differs from the adopted inventory: the cluster, and a second way to the same part, by a prefix that is taken off.
CLUSTER = {
    "minikube_profile": CONTEXT,
    "minikube_kubeconfig": KUBECONFIG,
    "minikube_ports": [32080, PORT],
    "minikube_network_policy": True,
    "services_gateway_routes": {"/": "site", "/api": "api", "/bare/": {"to": "api", "strip": True}},
}


def kubectl(*arguments: str) -> str:
    command = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--context={CONTEXT}", f"--namespace={NAMESPACE}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("adopted") / NAMESPACE
    playbook("playbooks/adopt.yml", f"--extra-vars=adopt_source={SOURCE} adopt_inventory={folder} adopt_node_port={PORT}")
    try:
        playbook("site.yml", f"--extra-vars={json.dumps(CLUSTER)}", inventory=folder)
        yield folder
    finally:
        kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")


def test_the_browsers_call_reaches_the_worker_through_one_origin(inventory: Path) -> None:
    assert "<h1>Board</h1>" in requests.get(URL, timeout=10).text
    found = requests.post(f"{URL}/api/words", params={"text": "one two three"}, timeout=30).json()
    assert found["words"] == 3
    assert requests.post(f"{URL}/bare/api/words", params={"text": "x"}, timeout=30).json()["asked"] == found["asked"] + 1
    assert requests.get(f"{URL}/api/word", timeout=10, allow_redirects=False).headers["Location"] == "/api/words"
    assert requests.get(f"{URL}/bare/api/word", timeout=10, allow_redirects=False).headers["Location"] == "/bare/api/words"


def test_events_arrive_one_by_one_and_a_websocket_passes(inventory: Path) -> None:
    with requests.get(f"{URL}/api/events", stream=True, timeout=10) as answer:
        times = [time.monotonic() for line in answer.iter_lines(chunk_size=1) if line.startswith(b"data:")]
    assert len(times) == 3
    assert times[-1] - times[0] > 0.5  # they are sent within 1 s
    socket = websocket.create_connection(f"{URL.replace('http', 'ws', 1)}/api/echo", timeout=10)
    socket.send("hello")
    assert socket.recv() == "hello"
    socket.close()


def test_what_the_queue_holds_outlives_its_server(inventory: Path) -> None:
    before = requests.post(f"{URL}/api/words", params={"text": "x"}, timeout=30).json()["asked"]
    kubectl("delete", "pod", "--selector=app.kubernetes.io/name=redis", "--wait")
    kubectl("rollout", "status", "deployment/redis", "--timeout=120s")
    asked: list[int] = []

    def answers() -> bool:
        # A pod is ready a little before every node's rules lead to it; a request that fails until then is not counted.
        answer = requests.post(f"{URL}/api/words", params={"text": "x"}, timeout=30)
        answer.raise_for_status()
        asked.append(answer.json()["asked"])
        return True

    wait_for(answers, 60, "an answer of the worker after its queue's server was replaced")
    assert asked == [before + 1]


def test_a_second_run_changes_nothing(inventory: Path) -> None:
    assert " changed=0 " in playbook("site.yml", f"--extra-vars={json.dumps(CLUSTER)}", inventory=inventory)
