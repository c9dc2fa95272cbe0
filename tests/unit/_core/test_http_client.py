# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirects, of a server that sends who asks wherever the path says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._core.http_client import answers, open_url


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        target = unquote(self.path.removeprefix("/to/"))
        self.send_response(302 if self.path.startswith("/to/") else 200)
        if self.path.startswith("/to/"):
            self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


@pytest.mark.parametrize("target", ["http://backend.invalid.svc:8000/", "http://api.shop.svc.cluster.local/", "http://plannoir-backend-x/"])
def test_a_redirect_to_a_host_of_the_cluster_is_named_at_once(server: str, target: str) -> None:
    with pytest.raises(Failure, match="whose host only the cluster knows") as failure:
        open_url(f"{server}/to/{target}", 5, direct=True)
    assert f"redirects to {target}" in str(failure.value)
    assert not answers(f"{server}/to/{target}", 5)


def test_a_redirect_that_leads_nowhere_is_named_with_its_target(server: str) -> None:
    with pytest.raises(OSError, match=r"its redirect to http://127\.0\.0\.1:9/ leads nowhere \(.*refused"):
        open_url(f"{server}/to/http://127.0.0.1:9/", 5, direct=True)


@pytest.mark.parametrize("target", ["/home", "{server}/home", "//{host}/home", "http://localhost:{port}/home"])
def test_other_redirects_are_followed(server: str, target: str) -> None:
    host = server.removeprefix("http://")
    path = target.format(server=server, host=host, port=host.split(":")[1])
    with open_url(f"{server}/to/{path}", 5, direct=True) as response:
        assert response.status == 200
