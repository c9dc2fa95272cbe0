# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where WebSockets that one pod keeps are said, and what looks like it and is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._detect.part import detect_part

FASTAPI = "from fastapi import FastAPI, WebSocket\napp = FastAPI()\n"
HANDLER = "@app.websocket('/ws')\nasync def chat(websocket: WebSocket, room: str):\n    await websocket.accept()\n"
MANAGER = (
    "class Manager:\n    def __init__(self):\n        self.active: list[WebSocket] = []\n"
    "    async def connect(self, websocket: WebSocket):\n        self.active.append(websocket)\nmanager = Manager()\n"
)
DJANGO = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'live.settings')\n",
    "live/__init__.py": "",
    "live/asgi.py": "from channels.routing import ProtocolTypeRouter\napplication = ProtocolTypeRouter({})\n",
    "live/wsgi.py": "application = None\n",
}
MEMORY = "CHANNEL_LAYERS = {'default': {'BACKEND': 'channels.layers.InMemoryChannelLayer'}}\n"
REDIS = "CHANNEL_LAYERS = {'default': {'BACKEND': 'channels_redis.core.RedisChannelLayer'}}\n"
WS = "const { WebSocketServer } = require('ws')\nconst wss = new WebSocketServer({ port: 3000 })\n"
IO = "const { Server } = require('socket.io')\nconst io = new Server(3000)\n"


def said(root: Path, files: Mapping[str, str]) -> list[str]:
    """The places of WebSockets that a pod keeps."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    problems = [problem for problem in detect_part(root).problems if problem.fact == "WebSockets in a pod"]
    assert not any(problem.stops for problem in problems)
    return [problem.source for problem in problems]


def python(root: Path, main: str, requirements: str = "fastapi\nuvicorn\n") -> list[str]:
    return said(root, {"main.py": main, "requirements.txt": requirements})


def node(root: Path, server: str, *dependencies: str) -> list[str]:
    manifest = {"name": "chat", "scripts": {"start": "node server.js"}, "dependencies": dict.fromkeys(dependencies, "*")}
    return said(root, {"server.js": server, "package.json": json.dumps(manifest)})


@pytest.mark.parametrize(
    ("before", "statement", "line"),
    [
        ("sockets = []\n", "    sockets.append(websocket)\n", 7),
        ("sockets: set[WebSocket] = set()\n", "    sockets.add(websocket)\n", 7),
        ("rooms = {}\n", "    rooms.setdefault(room, set()).add(websocket)\n", 7),
        ("rooms = {}\n", "    rooms[room] = websocket\n", 7),
        ("rooms = {}\n", "    rooms[room].append((websocket, room))\n", 7),
        ("rooms = {}\n", "    rooms.update({websocket: room})\n", 7),
        ("rooms = {}\n", "    rooms[websocket] = room\n", 7),
        ("", "    app.state.sockets.append(websocket)\n", 6),
        ("sockets = []\n", "    global sockets\n    sockets = []\n    sockets.append(websocket)\n", 9),
        (MANAGER, "    await manager.connect(websocket)\n", 7),
    ],
)
def test_a_collection_that_outlives_the_handler_is_said(tmp_path: Path, before: str, statement: str, line: int) -> None:
    assert python(tmp_path, f"{FASTAPI}{before}{HANDLER}{statement}") == [f"main.py:{line}"]


def test_what_the_application_imports_counts_too(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "starlette\nuvicorn\n",
        "main.py": "from starlette.applications import Starlette\nfrom live import hub\napp = Starlette()\n",
        "live.py": "import starlette.websockets\nhub = []\ndef keep(ws: 'starlette.websockets.WebSocket'):\n    hub.append(ws)\n",
    }
    assert said(tmp_path, files) == ["live.py:4"]


@pytest.mark.parametrize(
    ("before", "statement"),
    [
        ("", "    await websocket.send_text('hello')\n"),
        ("", "    sockets = []\n    sockets.append(websocket)\n"),
        ("sockets = []\n", "    sockets = []\n    sockets.append(websocket)\n"),
        ("names = []\n", "    names.append(room)\n"),
        ("from redis.asyncio import Redis\n" + MANAGER, "    async with Redis().pubsub() as heard:\n        await heard.subscribe(room)\n"),
        ("", "    parts = {}\n    parts[room] = websocket\n"),
    ],
)
def test_what_ends_with_the_handler_or_is_heard_by_all_pods_is_not_said(tmp_path: Path, before: str, statement: str) -> None:
    assert python(tmp_path, f"{FASTAPI}{before}{HANDLER}{statement}") == []


@pytest.mark.parametrize("package", ["broadcaster", "aio-pika", "nats-py"])
def test_a_package_that_carries_messages_between_processes_is_enough(tmp_path: Path, package: str) -> None:
    text = f"{FASTAPI}{MANAGER}{HANDLER}    await manager.connect(websocket)\n"
    assert python(tmp_path, text, f"fastapi\nuvicorn\n{package}\n") == []


@pytest.mark.parametrize(
    ("call", "places"),
    [
        ("socketio.AsyncServer(async_mode='asgi')", ["main.py:3"]),
        ("socketio.AsyncServer(async_mode='asgi', client_manager=socketio.AsyncRedisManager('redis://x'))", []),
        ("socketio.AsyncServer(**options)", []),
    ],
)
def test_a_server_of_socketio_without_a_manager_is_said(tmp_path: Path, call: str, places: list[str]) -> None:
    text = f"import socketio\nfrom fastapi import FastAPI\nsio = {call}\napi = FastAPI()\napp = socketio.ASGIApp(sio, api)\n"
    assert python(tmp_path, text, "fastapi\nuvicorn\npython-socketio\n") == places


@pytest.mark.parametrize(("given", "places"), [("app", ["main.py:4"]), ("app, message_queue='redis://x'", [])])
def test_a_server_of_flask_socketio_without_a_queue_is_said(tmp_path: Path, given: str, places: list[str]) -> None:
    text = f"from flask import Flask\nfrom flask_socketio import SocketIO\napp = Flask(__name__)\nsio = SocketIO({given})\n"
    assert python(tmp_path, text, "flask\nflask-socketio\ngunicorn\n") == places


@pytest.mark.parametrize(
    ("settings", "places"),
    [
        ({"live/settings.py": MEMORY}, ["live/settings.py:1"]),
        ({"live/settings.py": REDIS}, []),
        ({"live/settings.py": f"DEBUG = False\nif DEBUG:\n    {MEMORY}else:\n    {REDIS}"}, []),
        ({"live/settings.py": "", "live/test.py": MEMORY}, []),
        ({"live/settings.py": ""}, []),
    ],
)
def test_a_layer_of_channels_in_memory_is_said(tmp_path: Path, settings: dict[str, str], places: list[str]) -> None:
    assert said(tmp_path, {**DJANGO, "requirements.txt": "django\nchannels\ndaphne\n", **settings}) == places


@pytest.mark.parametrize(
    ("server", "packages", "places"),
    [
        (IO, ("socket.io",), ["server.js:2"]),
        (IO, ("socket.io", "@socket.io/redis-adapter"), []),
        (f"{IO}io.adapter(make())\n", ("socket.io",), []),
        (f"{WS}wss.on('message', m => wss.clients.forEach(c => c.send(m)))\n", ("ws",), ["server.js:3"]),
        (f"{WS}function all(m) {{\n  for (const c of wss.clients) {{ if (c.open) c.send(m) }}\n}}\n", ("ws",), ["server.js:4"]),
        (f"{WS}const peers = new Map()\nwss.on('connection', ws => peers.set(ws.id, ws))\n", ("ws",), ["server.js:4"]),
        (f"{WS}setInterval(() => wss.clients.forEach(c => c.alive ? c.ping() : c.terminate()), 9)\n", ("ws",), []),
        (f"{WS}wss.on('connection', ws => ws.on('message', m => ws.send(m)))\n", ("ws",), []),
        (f"{WS}const seen = new Set()\nwss.on('connection', ws => seen.add(ws.id))\n", ("ws",), []),
        (f"{WS}redis.subscribe('all', m => wss.clients.forEach(c => c.send(m)))\n", ("ws", "ioredis"), []),
        (f"{WS}stream.subscribe(m => wss.clients.forEach(c => c.send(m)))\n", ("ws", "rxjs"), ["server.js:3"]),
        ("const WebSocket = require('ws')\nnew WebSocket('wss://prices.example').on('message', console.log)\n", ("ws",), []),
    ],
)
def test_sockets_of_a_node_server_are_said_where_it_sends_to_all_of_them(
    tmp_path: Path, server: str, packages: tuple[str, ...], places: list[str]
) -> None:
    assert node(tmp_path, server, *packages) == places
