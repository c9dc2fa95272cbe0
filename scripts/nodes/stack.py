# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stack of a branch beside the application, by the inventory of docs/cluster.md, on the nodes that are kept for such."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from scripts.apps_any import ROOT, Failed
from scripts.nodes.lab import CLUSTER, SCRATCH, kubectl, nodes, run, show, unchanged

BRANCH = SCRATCH / "branch"
KEPT = {"key": "dedicated", "value": "stacks", "effect": "NoSchedule"}
"""The taint of the node that stacks run on, and its label."""


def branch_stack() -> None:
    """Deploy a branch's stack to one node, list it, and remove it by the command that the list names.

    Raises:
        Failed: Something is not as docs/cluster.md says.
    """
    write_inventory()
    node = nodes()[-1]
    with kept(node):
        seconds, _printed = run("site.yml", BRANCH)
        _seconds, printed = run("site.yml", BRANCH)
        unchanged(printed)
        _seconds, listed = run("playbooks/applications.yml", BRANCH)
        stacks = re.findall(r"(plannoir-[a-z0-9-]+) \(namespace ([a-z0-9-]+)\): runs", listed)
        if len(stacks) != 1 or "plannoir (namespace plannoir)" not in listed:
            raise Failed(f"playbooks/applications.yml lists the stacks {stacks}, and has to list one beside plannoir")
        ((name, namespace),) = stacks
        placed = set(kubectl("--namespace", namespace, "get", "pods", "--output=jsonpath={.items[*].spec.nodeName}").split())
        if placed != {node}:
            raise Failed(f"pods of {name} are on {', '.join(sorted(placed))}, and have to be on {node}")
        command = f"-e app_name={name} -e app_namespace={namespace}"
        if command not in " ".join(listed.split()):  # lines are folded
            raise Failed(f"playbooks/applications.yml does not name the removal of {name}")
        run("playbooks/teardown.yml", BRANCH, app_name=name, app_namespace=namespace, teardown_data=True)
        show(
            f"{name}, a branch's stack by four lines: {seconds:.0f} s, all of it on {node} by node selector and toleration; listed, removed"
        )


def write_inventory() -> None:
    """Copy the inventory of the cluster, and add to it what docs/cluster.md says of branches."""
    shutil.rmtree(BRANCH, ignore_errors=True)
    shutil.copytree(CLUSTER, BRANCH)
    text = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
    written = re.search(r"```yaml\n# inventories/branch/group_vars/cluster/stack\.yml\n(.*?)```", text, re.DOTALL)
    if not written:
        raise Failed("docs/cluster.md has no inventories/branch/group_vars/cluster/stack.yml")
    placement = {"cluster_node_selector": {KEPT["key"]: KEPT["value"]}, "cluster_tolerations": [KEPT], "app_replicas": 1}
    (BRANCH / "group_vars/cluster/stack.yml").write_text(f"{written[1]}{yaml.safe_dump(placement)}", encoding="utf-8")


@contextmanager
def kept(node: str) -> Iterator[None]:
    """Keep a node for stacks."""
    mark = f"{KEPT['key']}={KEPT['value']}"
    kubectl("label", "node", node, mark)
    kubectl("taint", "node", node, f"{mark}:{KEPT['effect']}")
    try:
        yield
    finally:
        kubectl("taint", "node", node, f"{KEPT['key']}-")
        kubectl("label", "node", node, f"{KEPT['key']}-")
