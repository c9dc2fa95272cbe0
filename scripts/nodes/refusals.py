# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster is asked before anything is built, and an account that may work in one namespace only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import yaml

from scripts.apps_any import ROOT, Failed
from scripts.nodes.lab import (
    CLUSTER,
    KUBECONFIG,
    PORT,
    PROFILE,
    SCRATCH,
    USER,
    docker,
    kubectl,
    nodes,
    registry,
    run,
    show,
    unchanged,
)

TEAM, ACCOUNT = "team", "deployer"
"""A namespace, and the account that may work in it only."""
TAKEN_AWAY = "poddisruptionbudgets"
"""The right that an account may lack."""
ROOM = "pods=20,limits.cpu=20,requests.memory=2Gi"
"""What the namespace's quota leaves room for; it wants a limit of processors, which our components have by its LimitRange only."""
DEFAULTS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "defaults", "namespace": TEAM},
    "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "10m"}}]},
}


def refusals() -> None:
    """Have each of these refused, in one sentence, while no image of the application was ever built.

    Raises:
        Failed: Something is let through, or is refused for another reason.
    """
    account = make_account()
    wrong = {"images_registry_credentials": {"username": USER, "password": "not-this-one"}}
    refused("a wrong registry password", f"refuses the login of {USER}", wrong)
    refused("a storage class that does not exist", "storage class", {"cluster_storage_class": "nobodys"})
    refused("a full quota", "ResourceQuota", account, full_quota)
    refused("a missing right", TAKEN_AWAY, account, missing_right)
    refused("a registry certificate that the nodes do not trust", "certificate", {}, distrust)


def one_namespace() -> None:
    """Deploy with an account that may work in one namespace only, run again, and remove it all with that account.

    Raises:
        Failed: Something takes more.
    """
    account = make_account()
    kubectl("apply", "--filename=-", given=json.dumps(DEFAULTS))
    kubectl("--namespace", TEAM, "create", "quota", "room", f"--hard={ROOM}")
    seconds, _printed = run("site.yml", CLUSTER, **account)
    show(f"first run by an account that may work in the namespace {TEAM} only, with a LimitRange and a quota of {ROOM}: {seconds:.0f} s")
    seconds, printed = run("site.yml", CLUSTER, **account)
    unchanged(printed)
    show(f"its second run: {seconds:.1f} s, changed=0")
    run("playbooks/teardown.yml", CLUSTER, **account, teardown_data=True)


def make_account() -> Mapping[str, Any]:
    """Make the namespace and the account, as docs/role.yml says, and return the variables with which it is used."""
    for kind, name in (("namespace", TEAM), ("serviceaccount", ACCOUNT)):
        made = kubectl("--namespace", TEAM, "create", kind, name, "--dry-run=client", "--output=json")
        kubectl("apply", "--filename=-", given=made)
    kubectl("--namespace", TEAM, "apply", f"--filename={ROOT / 'docs/role.yml'}")
    binding = ["create", "rolebinding", ACCOUNT, "--role=plannoir-deploy", f"--serviceaccount={TEAM}:{ACCOUNT}"]
    kubectl("apply", "--filename=-", given=kubectl("--namespace", TEAM, *binding, "--dry-run=client", "--output=json"))
    token = kubectl("--namespace", TEAM, "create", "token", ACCOUNT, "--duration=3h")
    config = yaml.safe_load(KUBECONFIG.read_text(encoding="utf-8"))
    file: Path = SCRATCH / "account.kubeconfig"
    file.touch(mode=0o600)
    mine = {"users": [{"name": ACCOUNT, "user": {"token": token.strip()}}]}
    context = {"name": PROFILE, "context": {"cluster": PROFILE, "user": ACCOUNT, "namespace": TEAM}}
    file.write_text(yaml.safe_dump({**config, **mine, "contexts": [context]}), encoding="utf-8")
    return {"cluster_kubeconfig": str(file), "app_namespace": TEAM, "app_node_port": PORT + 1}


def refused(what: str, says: str, variables: Mapping[str, Any], world: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
    """Have a run refused, and show its sentence.

    Args:
        what: For whom reads it.
        says: What the sentence must have.
        variables: Of the run.
        world: A context manager in which the cluster is as it must be for that.

    Raises:
        Failed: It is not refused, for another reason, or after something was built.
    """
    before = _built()
    try:
        with world():
            run("site.yml", CLUSTER, **variables)
    except Failed as failed:
        sentence = str(failed)
    else:
        raise Failed(f"{what} was let through")
    if says not in sentence:
        raise Failed(f"{what} was not what was refused: {sentence}")
    if built := _built() - before:
        raise Failed(f"{what} was refused after {', '.join(sorted(built))} had been built")
    show(f"{what}, before anything was built: {sentence}")


@contextmanager
def full_quota() -> Iterator[None]:
    kubectl("--namespace", TEAM, "create", "quota", "full", "--hard=pods=1")
    try:
        yield
    finally:
        kubectl("--namespace", TEAM, "delete", "quota", "full")


@contextmanager
def missing_right() -> Iterator[None]:
    role = json.loads(kubectl("--namespace", TEAM, "get", "role", "plannoir-deploy", "--output=json"))
    kept = [rule for rule in role["rules"] if TAKEN_AWAY not in rule["resources"]]
    kubectl("apply", "--filename=-", given=json.dumps({**role, "rules": kept}))
    try:
        yield
    finally:
        kubectl("--namespace", TEAM, "apply", f"--filename={ROOT / 'docs/role.yml'}")


@contextmanager
def distrust() -> Iterator[None]:
    folder = f"/etc/containerd/certs.d/{registry()}"
    for node in nodes():
        docker("exec", node, "mv", folder, f"{folder}.away")
    try:
        yield
    finally:
        for node in nodes():
            docker("exec", node, "mv", f"{folder}.away", folder)


def _built() -> set[str]:
    """Return the engine's images for the registry; those of an earlier cluster at the same address are there, too."""
    return set(docker("image", "list", "--format={{.Repository}}:{{.Tag}}", f"--filter=reference={registry()}/*").split())
