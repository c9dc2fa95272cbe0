# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application's graph: which component may open a connection to which.

The chart turns it into NetworkPolicies, one for each component over a default that denies; ``network_policy_info`` the module asks
the cluster whether anything enforces them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from .checks import JOBS
from .spec import Component

CONNECT_TIMEOUT = 2
"""Seconds: a policy drops packets, so that a forbidden connection ends by this alone."""

Run: TypeAlias = Callable[[str, Sequence[str]], tuple[int, str]]

# Programs that an image may have, each told to connect to HOST:PORT arguments and to print {"HOST:PORT": true or false}.
_PYTHON = f"""
import json, socket, sys
def opens(target):
    host, port = target.split(":")
    try:
        socket.create_connection((host, int(port)), {CONNECT_TIMEOUT}).close()
        return True
    except OSError:
        return False
print(json.dumps({{target: opens(target) for target in sys.argv[1:]}}))
"""
_NODE = f"""
const net = require('net'), found = {{}}, targets = process.argv.slice(1)
const end = (target, opened, socket) => {{
  found[target] ??= opened
  socket.destroy()
  if (Object.keys(found).length === targets.length) {{ console.log(JSON.stringify(found)); process.exit(0) }}
}}
for (const target of targets) {{
  const [host, port] = target.split(':')
  const socket = net.connect({{ host, port: Number(port), timeout: {CONNECT_TIMEOUT * 1000} }})
  socket.on('connect', () => end(target, true, socket))
  for (const failure of ['timeout', 'error']) socket.on(failure, () => end(target, false, socket))
}}
"""
PROGRAMS = (("python3", "-c", _PYTHON), ("python3.13", "-c", _PYTHON), ("node", "-e", _NODE))


@dataclass(frozen=True)
class Edge:
    """A connection from one component's pods to another one's Service."""

    source: str
    target: str
    port: int
    """Of the Service."""

    @property
    def address(self) -> str:
        """The target as the source would call it."""
        return f"{self.target}:{self.port}"


def network_values(components: Sequence[Component]) -> dict[str, dict[str, Any]]:
    """Return, by component, the value ``network`` of its chart.

    Returns:
        For each: ``from``, the names in the label ``app.kubernetes.io/name`` of the pods that may connect to it; ``to``, the
        components that it may connect to with their ports, absent when the component does not say and may connect to all;
        ``outside``, whether it may connect to addresses outside of the application.
    """
    ports = {component["name"]: component["port"] for component in components}
    values: dict[str, dict[str, Any]] = {}
    for component in components:
        callers = [other for other in components if other is not component and _may(other, component)]
        # A setup and a test are the component's own callers.
        own = [f"{component['name']}-{job}" for job in ("setup", "test") if component[job]]
        names = sorted([*own, *(name for caller in callers for name in pod_names(caller))])
        value: dict[str, Any] = {"from": names, "outside": component["outside"]}
        if component["connects_to"] is not None:
            value["to"] = [{"name": name, "port": ports[name]} for name in component["connects_to"] if ports[name]]
        values[component["name"]] = value
    return values


def pod_names(component: Component) -> Iterator[str]:
    """Yield what the label ``app.kubernetes.io/name`` of a component's pods can be."""
    yield component["name"]
    yield from (f"{component['name']}-{job}" for job in JOBS if component[job])


def edges(components: Sequence[Component]) -> tuple[list[Edge], list[Edge]]:
    """Return the connections that are allowed, and those that no component has a reason for, between running components."""
    running = [component for component in components if component["replicas"] > 0 and not component["schedule"]]
    pairs = [(one, other) for one in running for other in running if one is not other and other["port"]]
    allowed = [(one, other) for one, other in pairs if _may(one, other)]
    # A component with a published Service is open to everybody.
    forbidden = [pair for pair in pairs if pair not in allowed and pair[1]["service"]["type"] == "ClusterIP"]
    return [_edge(*pair) for pair in allowed], [_edge(*pair) for pair in forbidden]


def probe(allowed: Sequence[Edge], forbidden: Sequence[Edge], run: Run) -> tuple[str, str]:
    """Find out whether the cluster's network enforces policies.

    Args:
        allowed: Connections that must open; where none of them does, a closed one proves nothing.
        forbidden: Connections that must not open.
        run: Runs a command in a pod of a component: exit status and standard output.

    Returns:
        ``enforced``, ``ignored`` or ``unknown``, and a sentence about how that was found out.
    """
    for source in dict.fromkeys(edge.source for edge in forbidden):
        control = [edge.address for edge in allowed if edge.source == source]
        closed = [edge.address for edge in forbidden if edge.source == source]
        answers = _connect(source, [*control, *closed], run) if control else None
        if answers is None or not all(answers.get(address) for address in control):
            continue
        opened = [address for address in closed if answers.get(address)]
        if opened:
            return "ignored", f"a pod of {source} reaches {', '.join(opened)}, which no policy allows."
        return "enforced", f"a pod of {source} reaches {', '.join(control)} and does not reach {', '.join(closed)}."
    return "unknown", "no component whose image has Python or Node.js both may connect to one component and may not to another."


def _connect(source: str, addresses: Sequence[str], run: Run) -> dict[str, bool] | None:
    for program in PROGRAMS:
        status, out = run(source, [*program, *addresses])
        if status == 0:
            answers: dict[str, bool] = json.loads(out)
            return answers
    return None


def _may(source: Component, target: Component) -> bool:
    return source["connects_to"] is None or target["name"] in source["connects_to"]


def _edge(source: Component, target: Component) -> Edge:
    return Edge(source["name"], target["name"], target["service"]["port"])
