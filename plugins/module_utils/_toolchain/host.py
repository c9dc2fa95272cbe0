# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the toolchain asks of the machine: programs that run with their output in a log, and small things read over HTTP."""

from __future__ import annotations

import os
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import IO

from .._core import process
from .._core.errors import Failure

CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")


def run(argv: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None, given: str = "") -> None:
    """Run a program, for as long as it takes, with its output in `log`.

    Raises Failure with the program's last words when it fails.
    """
    done = process.run(argv, timeout=None, environment=env, folder=cwd, given=given, log=log)
    if done.code == process.NOT_FOUND:
        raise Failure(f"{argv[0]} could not be run ({done.err}); install it or put it on PATH, then run this again.")
    if done.code:
        words = " ".join(argv[:3])
        raise Failure(f"`{words}` failed ({last_words(log)}); its whole output is in {log}; mend the cause, then run this again.")


def last_words(log: Path) -> str:
    """Return the line of a log that most likely names the error, without colour and at most 300 characters long."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8", errors="replace"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(?i)(e|error|fatal)\b.*:", line)] or lines[-1:]
    return telling[0][:300].rstrip(".") if telling else "it said nothing"


def ca_bundle() -> str:
    """Return the path of the machine's certificate bundle, or nothing."""
    for path in (os.environ.get("SSL_CERT_FILE", ""), *CA_BUNDLES):
        if path and Path(path).is_file():
            return path
    return ""


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_bundle() or None)


def open_url(url: str, timeout: float) -> IO[bytes]:
    """Open an address with the machine's proxies and certificates.

    Raises OSError (URLError and HTTPError are such).
    """
    handlers = [urllib.request.HTTPSHandler(context=_tls())] if url.startswith("https:") else []
    request = urllib.request.Request(url, headers={"User-Agent": "plannoir.deploy"})
    try:
        response: IO[bytes] = urllib.request.build_opener(*handlers).open(request, timeout=timeout)
    except (HTTPException, ValueError) as error:
        raise OSError(str(error)) from error
    return response


def answers(url: str, timeout: float, accepted: Sequence[int] = (200,)) -> bool:
    """Tell whether an address answers with an accepted HTTP status within `timeout` seconds a step."""
    try:
        with open_url(url, timeout) as response:
            status: int = getattr(response, "status", None) or 200
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        return False
    return status in accepted
