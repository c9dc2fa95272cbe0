# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with the machine's proxies and authorities.

Over the standard library: ansible.module_utils.urls takes 0.1 s to import, more than all that a second run asks.
"""

from __future__ import annotations

import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cache
from http.client import HTTPException, HTTPResponse
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlsplit

from .authorities import bundle
from .errors import Failure

_INSIDE = (".svc", ".cluster.local")
"""Ends of the names that only a cluster knows."""


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=bundle(os.environ) or None)


def _is_inside(host: str) -> bool:
    """Tell whether a host is one of a cluster: by its name, or because it has no domain and this machine does not know it."""
    if host.endswith(_INSIDE):
        return True
    if "." in host or ":" in host:
        return False
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return True
    return False


class LostRedirect(OSError):
    """A redirect that leads to nothing that answers; ``url`` is where to."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"its redirect to {url} leads nowhere ({reason})")
        self.url = url


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, and remembers where the last one led."""

    target = ""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if _is_inside(urlsplit(newurl).hostname or ""):
            raise Failure(
                f"{req.full_url} redirects to {newurl}, whose host only the cluster knows: let the application redirect to a path, or to "
                "the address that it was asked at (its setting for its public URL, the headers Host and X-Forwarded-*)."
            )
        self.target = newurl
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_url(
    url: str,
    timeout: float,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    direct: bool = False,
    cookies: CookieJar | None = None,
) -> HTTPResponse:
    """Open an address.

    Args:
        url: The address; a file's (``file://``) is one, too.
        timeout: Seconds for each step of the connection.
        method: The request's method.
        headers: The request's headers.
        body: The request's body.
        direct: Whether the machine's proxies are left out.
        cookies: Where cookies are kept from one request to the next.

    Raises:
        ValueError: It is no address.
        OSError: It does not answer; urllib.error.HTTPError with a status of 400 or more.
        Failure: It redirects to a host that only a cluster knows.
    """
    redirects = _Redirects()
    handlers: list[urllib.request.BaseHandler] = [redirects]
    handlers += [urllib.request.HTTPSHandler(context=_tls())] if url.startswith("https:") else []
    handlers += [urllib.request.ProxyHandler({})] if direct else []
    handlers += [urllib.request.HTTPCookieProcessor(cookies)] if cookies is not None else []
    request = urllib.request.Request(url, data=body, headers={"User-Agent": "plannoir.deploy", **(headers or {})}, method=method)
    try:
        response: HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=timeout)
    except urllib.error.HTTPError:
        raise
    except (OSError, HTTPException) as error:
        reason = str(getattr(error, "reason", "") or error) or type(error).__name__
        if redirects.target:
            raise LostRedirect(redirects.target, reason) from error
        if isinstance(error, HTTPException):
            raise OSError(reason) from error
        raise
    return response


def answers(url: str, timeout: float, accepted: Sequence[int] = (200,)) -> bool:
    """Tell whether an address answers with an accepted HTTP status within ``timeout`` seconds a step."""
    try:
        with open_url(url, timeout) as response:
            status: int = response.status or 200  # a file has none
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, ValueError, Failure):
        return False
    return status in accepted
