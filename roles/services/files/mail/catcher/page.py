"""The page of the messages, for who is let into the pod: ``/`` for a person, ``/messages`` as JSON."""

from __future__ import annotations

import json
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from catcher.box import Box

STYLE = "body{font:16px sans-serif;max-width:50em;margin:2em auto}pre{white-space:pre-wrap}"
HEAD = f"<!doctype html><meta charset=utf-8><title>Mail</title><style>{STYLE}</style>"


def html(messages: list[dict[str, Any]]) -> str:
    """Return the page; whatever stands in a message is text in it."""
    rows = [
        f"<article><h2>{escape(message['subject']) or '(no subject)'}</h2>"
        f"<p>{escape(message['received'])}: {escape(message['sender'])} to {escape(', '.join(message['recipients']))}"
        f"{escape('; with ' + ', '.join(message['attachments'])) if message['attachments'] else ''}</p>"
        f"<pre>{escape(message['text'] or message['html'])}</pre></article>"
        for message in messages
    ]
    return f"{HEAD}<h1>Caught, and sent to nobody</h1>{''.join(rows) or '<p>Nothing yet.</p>'}"


def server(box: Box, port: int) -> ThreadingHTTPServer:
    """Return a server of the page that only the machine itself, or the pod, reaches."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/messages":
                self._answer(200, "application/json", json.dumps(box.messages()))
            elif self.path == "/":
                self._answer(200, "text/html; charset=utf-8", html(box.messages()))
            else:
                self._answer(404, "text/plain", "There are / and /messages.\n")

        def _answer(self, status: int, kind: str, text: str) -> None:
            content = text.encode("utf-8", "replace")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
