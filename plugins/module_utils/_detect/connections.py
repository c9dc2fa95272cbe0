# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a part keeps its WebSockets in the memory of one pod, and nothing brings the other pods' messages there.

Affinity of a client to a pod would not help: two clients are still in two pods, and behind a node port all come from one address.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from .javascript import Script
from .model import Problem
from .python_source import Sources, assignments

_HEARS = {
    "python": re.compile(r"\b(?:pubsub|psubscribe|subscribe|ssubscribe|add_listener)\("),
    "node": re.compile(r"\b(?:psubscribe|subscribe|pSubscribe|sSubscribe)\(|\bLISTEN\b|\.consume\("),
}
"""What a program calls that hears the other pods; in JavaScript it counts beside a client of a broker, for RxJS calls it so, too."""

_LISTENERS = frozenset(("broadcaster", "aio-pika", "aiokafka", "nats-py", "fastapi-websocket-pubsub"))
_BROKERS = frozenset(("redis", "ioredis", "amqplib", "kafkajs", "nats", "pg", "postgres", "pg-listen", "mqtt"))
_ADAPTER = re.compile(r"@socket\.io/\S*(?:adapter|emitter)|socket\.io-redis|socket\.io-adapter-\S+")
_PUTS = ("append", "add", "insert", "appendleft", "update", "setdefault")
_SOCKET_WORDS = frozenset(("ws", "socket", "sock", "conn", "connection", "client", "websocket", "webSocket"))
_DEVELOPERS = re.compile(r"(?:^|/)(?:test|tests|testing|dev|develop|development|local|ci)(?:_\w+)?\.py$")


def python_connections(part: str, sources: Sources, loaded: Iterable[str], dependencies: Collection[str]) -> Iterator[Problem]:
    """Say where a Python part keeps WebSockets, at most once.

    Args:
        part: Name of the part.
        sources: Its files.
        loaded: Those that its process loads.
        dependencies: Names of the packages that it asks for.
    """
    paths = list(loaded)
    texts = [sources.folder.text(path) for path in paths]
    if not any(re.search(r"socket|channels\.layers", text, re.IGNORECASE) for text in texts):
        return
    found = next((place for path in paths for place in _servers(sources, path, texts)), None)
    if not found and not _LISTENERS & set(dependencies) and not any(map(_HEARS["python"].search, texts)):
        found = next(((place, "publish and subscribe") for path in paths for place in _collections(sources, path)), None)
    if found:
        yield _problem(part, *found)


def node_connections(part: str, loaded: Mapping[str, Script], dependencies: Collection[str]) -> Iterator[Problem]:
    """Say where a Node part keeps WebSockets, at most once.

    Args:
        part: Name of the part.
        loaded: The files that its process loads.
        dependencies: Names of the packages that it asks for.
    """
    texts = [script.text for script in loaded.values()]
    if any(map(_ADAPTER.match, dependencies)) or any(re.search(r"\.adapter\(|\badapter\s*:|\bIoAdapter\b", text) for text in texts):
        return
    hears = _BROKERS & set(dependencies) and any(map(_HEARS["node"].search, texts))
    for script in loaded.values():
        names = set(script.imports()) if "socket" in script.text.lower() or "ws" in script.text else set()
        if "socket.io" in names and (match := re.search(r"\bnew\s+(?:\w+\.)?\w*Server\(|require\(['\"]socket\.io['\"]\)\(", script.text)):
            yield _problem(part, _at(script, match.start()), "an adapter such as @socket.io/redis-adapter")
            return
        if not hears and names & {"ws", "@fastify/websocket", "express-ws", "@hono/node-ws"} and (place := _kept(script)):
            yield _problem(part, place, "publish and subscribe")
            return


def _problem(part: str, source: str, by: str) -> Problem:
    text = (
        "a pod knows its own WebSockets only, so with more pods than one a message reaches those of one pod: leave replicas at 1, without "
        f"autoscale, or let the pods hear each other by Redis ({by}). That a client keeps its pod would not help."
    )
    return Problem(part, "WebSockets in a pod", source, text, stops=False)


# ---- Python


def _servers(sources: Sources, path: str, texts: list[str]) -> Iterator[tuple[str, str]]:
    """Yield where a server of rooms and groups is made that knows one process, and what would make it know the others."""
    for node in sources.nodes(path):
        if isinstance(node, ast.Constant) and node.value == "channels.layers.InMemoryChannelLayer":
            if not _DEVELOPERS.search(path) and not any("channels_redis" in text for text in texts):
                yield f"{path}:{node.lineno}", "channels_redis"
        elif isinstance(node, ast.Call) and all(keyword.arg for keyword in node.keywords):
            name, given = sources.full_name(path, node.func), {keyword.arg for keyword in node.keywords}
            if name in ("socketio.AsyncServer", "socketio.Server") and "client_manager" not in given:
                yield f"{path}:{node.lineno}", f"client_manager of {name}"
            if name == "flask_socketio.SocketIO" and not any("message_queue" in text for text in texts):
                yield f"{path}:{node.lineno}", "message_queue of SocketIO"


def _collections(sources: Sources, path: str) -> Iterator[str]:
    """Yield where a WebSocket of Starlette's, which FastAPI has, is put into what outlives its handler."""
    lasting = {name for name, _line, _value in assignments(sources.tree(path).body)} | set(sources.names(path))
    for function in sources.nodes(path):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        sockets = {argument.arg for argument in arguments if _is_socket(sources, path, argument.annotation)}
        if not sockets:
            continue
        own = {argument.arg for argument in arguments} - {"self", "cls"}
        own |= {name.id for name in ast.walk(function) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        shared = {name for node in ast.walk(function) if isinstance(node, ast.Global) for name in node.names}
        for node in ast.walk(function):
            if not isinstance(node, ast.Call | ast.Assign):
                continue
            holder = _holder(node, sockets)
            if holder is not None and _outlives(holder, lasting - (own - shared)):
                yield f"{path}:{node.lineno}"


def _is_socket(sources: Sources, path: str, annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).rpartition(".")[2] == "WebSocket"
    return annotation is not None and sources.full_name(path, annotation).rpartition(".")[2] == "WebSocket"


def _holder(node: ast.Call | ast.Assign, sockets: Collection[str]) -> ast.expr | None:
    """Return what a WebSocket is put into: ``x`` of ``x.add(ws)``, of ``x[key] = ws`` and of ``x[room].append((ws, name))``."""

    def has_one(value: ast.expr) -> bool:
        values = [value, *(value.elts if isinstance(value, ast.Tuple | ast.List | ast.Set) else ())]
        values += [*filter(None, value.keys), *value.values] if isinstance(value, ast.Dict) else []
        return any(isinstance(item, ast.Name) and item.id in sockets for item in values)

    if isinstance(node, ast.Assign):
        places = [target for target in node.targets if isinstance(target, ast.Subscript)]
        return next((target.value for target in places if has_one(node.value) or has_one(target.slice)), None)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _PUTS and any(map(has_one, node.args)):
        return node.func.value
    return None


def _outlives(holder: ast.expr, lasting: Collection[str]) -> bool:
    """Tell whether a value stays when the function ends: it hangs on the object, or on a name of the module."""
    node: ast.expr = holder
    while True:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return True
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func.value  # x.setdefault(room, set())
        else:
            return isinstance(node, ast.Name) and node.id in lasting


# ---- Node


def _kept(script: Script) -> str:
    """Return where the sockets of ``ws`` are kept to send to; empty where they are not, as where they are only asked whether they live."""
    for _method, owner, arguments, place in script.calls("forEach"):
        if owner.endswith(".clients") and any(".send(" in argument.text.decode("utf-8", "replace") for argument in arguments):
            return place
    if match := re.search(r"\bof\s+(?:\w+\.)+clients\b[^;]{0,200}\.send\(", script.text):
        return _at(script, match.start())
    stores = set(re.findall(r"\b(\w+)\s*(?::[^=;\n]+)?=\s*new\s+(?:Set|Map)\b", script.text))
    for method, owner, arguments, place in script.calls("add", "set", "push"):
        words = [argument.text.decode("utf-8", "replace") for argument in arguments]
        if posixpath.basename(owner.replace(".", "/")) in stores and words and words[-1 if method == "set" else 0] in _SOCKET_WORDS:
            return place
    return ""


def _at(script: Script, offset: int) -> str:
    return f"{script.path}:{script.text.count(chr(10), 0, offset) + 1}"
