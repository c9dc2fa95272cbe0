# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this machine's kernel lets the programs of more nodes watch files: root's instances of inotify, which all nodes share.

Where none is left, kube-proxy and kubelets end at their start with "too many open files", again and again, and nothing else says why.
https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files
"""

from __future__ import annotations

from pathlib import Path

from .._core.machine import Machine

LIMIT = "fs.inotify.max_user_instances"
EACH = 15
"""Instances that root's programs of a node open, and one more: kubelet 7, systemd 5, containerd and kube-proxy 1 each."""
FIRST = 13
"""What the first node's API server (6) and controllers (7) open besides; all were counted with Kubernetes 1.35.4 in /proc/*/fd."""
SHIMS = 16
"""With version 2 of cgroups containerd's shims open one for each container and each pod's own: 8 pods of a node. Not counted: read in
https://github.com/containerd/cgroups/blob/v3.0.3/cgroup2/manager.go (MemoryEventFD)."""
ENOUGH = 512
"""What kind's page, above, advises."""
ROOT_USER = 0
_LINK = Path("anon_inode:inotify")


def watch_problems(machine: Machine, nodes: int, *, first: bool = True) -> list[str]:
    """Return why the programs of so many nodes more could not watch files; nothing where the kernel does not tell.

    Args:
        machine: Where the nodes' containers run.
        nodes: How many do not run yet.
        first: Whether the one with the API server is among them.
    """
    try:
        limit = int(machine.read(f"/proc/sys/{LIMIT.replace('.', '/')}"))
    except ValueError:
        return []
    each = EACH + (SHIMS if machine.path("/sys/fs/cgroup/cgroup.controllers").exists() else 0)
    once = FIRST if first else 0
    used = in_use(machine.path("/proc"))
    room = max(0, limit - used - once) // each
    if nodes <= room:
        return []
    enough = max(ENOUGH, used + once + nodes * each)
    return [
        f"{LIMIT} is {limit} on this machine, {used} of them are in use, and each node takes about {each}, so there is room for {room} of "
        f"{nodes} node{'s' if nodes > 1 else ''}: raise it with `sudo sysctl {LIMIT}={enough}`, for good in a file of /etc/sysctl.d, or "
        f"{'lower minikube_nodes' if room else 'stop another cluster'}."
    ]


def in_use(proc: Path) -> int:
    """Count root's instances; another user sees none of these."""
    found = 0
    for process in proc.glob("[0-9]*"):
        try:
            if process.stat().st_uid == ROOT_USER:
                found += sum(file.readlink() == _LINK for file in (process / "fd").iterdir())
        except OSError:
            continue  # it ended, or is not this user's to look into
    return found
