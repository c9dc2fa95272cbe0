# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with the machine's proxies and authorities.

Over the standard library: ansible.module_utils.urls takes 0.1 s to import, more than all that a second run asks.
"""

from __future__ import annotations

import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cache
from http.client import HTTPException, HTTPResponse
from http.cookiejar import CookieJar

from .authorities import bundle


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=bundle(os.environ) or None)


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
    """
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=_tls())] if url.startswith("https:") else []
    handlers += [urllib.request.ProxyHandler({})] if direct else []
    handlers += [urllib.request.HTTPCookieProcessor(cookies)] if cookies is not None else []
    request = urllib.request.Request(url, data=body, headers={"User-Agent": "plannoir.deploy", **(headers or {})}, method=method)
    try:
        response: HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=timeout)
    except HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from error
    return response


def answers(url: str, timeout: float, accepted: Sequence[int] = (200,)) -> bool:
    """Tell whether an address answers with an accepted HTTP status within ``timeout`` seconds a step."""
    try:
        with open_url(url, timeout) as response:
            status: int = response.status or 200  # a file has none
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, ValueError):
        return False
    return status in accepted
