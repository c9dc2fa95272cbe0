# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows outlive pods and the node (SC-007, E5)."""

from __future__ import annotations

from typing import Any

from story import BASE_URL, CONTEXT, Kubectl, Person, Pods, playbook, wait_for
from testinfra.host import Host


def remember(person: Person) -> dict[str, Any]:
    """Leave a task and a conversation, and return what a later session has to find."""
    person.call("POST", "/api/tasks", json={"title": "water the plants"})
    answer = person.call("POST", "/api/chat", json={"message": "add buy milk"})
    return {"titles": person.titles(), "conversation": person.call("GET", f"/api/conversations/{answer['conversation_id']}")}


def recall(person: Person, remembered: dict[str, Any]) -> bool:
    person.sign_in()
    conversation = person.call("GET", f"/api/conversations/{remembered['conversation']['id']}")
    return {"titles": person.titles(), "conversation": conversation} == remembered


def test_rows_survive_the_deletion_of_every_pod(person: Person, kubectl: Kubectl, pods: Pods) -> None:
    remembered = remember(person)
    assert sorted(remembered["titles"]) == ["buy milk", "water the plants"]
    before = {pod["metadata"]["uid"] for pod in pods()}
    kubectl("delete", "pods", "--all", "--wait=true", "--timeout=120s")
    kubectl("rollout", "status", "deployment", "--timeout=120s")
    assert not before & {pod["metadata"]["uid"] for pod in pods()}
    wait_for(lambda: recall(person, remembered), 60, "the rows after every pod was deleted")
    wait_for(lambda: bool(person.call("POST", "/api/chat", json={"message": "hello"})), 60, "the assistant after every pod was deleted")


def test_rows_survive_a_killed_node_and_the_main_command(person: Person, local: Host) -> None:
    remembered = remember(person)
    local.check_output(f"docker kill {CONTEXT}")
    assert BASE_URL in playbook("site.yml")
    assert recall(person, remembered)
