# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server on a socket of the file system, as a Docker Engine has one; each test says what it answers."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any


class EngineHandler(BaseHTTPRequestHandler):
    """Answers requests over a socket that has no address, and logs nothing."""

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *arguments: Any) -> None:
        pass


class _UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@contextlib.contextmanager
def serving(folder: Path, handler: type[EngineHandler]) -> Iterator[dict[str, str]]:
    """Serve on a socket in a folder, and yield the environment in which a client finds it."""
    with _UnixServer(str(folder / "s"), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield {"DOCKER_HOST": f"unix://{folder / 's'}"}
        server.shutdown()
