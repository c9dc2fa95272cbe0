# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a build takes from registries, and which of those registries nobody can reach from here."""

from __future__ import annotations

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http.client import UNAUTHORIZED
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from .._core.docker_client import missing_helper
from .._core.errors import Failure
from .._core.hosts import is_loopback
from .._core.http_client import open_url
from .._core.references import API_HOSTS, registry
from .dockerfile import Dockerfile, built_stages, images_named

PATIENCE = 1.5
"""Seconds for all registries together; one that is slower is left to the build."""

_NOBODY_THERE = (502, 503, 504)
"""What a proxy answers for a server that it cannot reach."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")


def bases(dockerfile: Dockerfile, target: str, arguments: Mapping[str, str]) -> list[str]:
    """Return the images that a build of ``target`` starts from or copies from; not those whose name cannot be told for certain."""
    given = {**{key: value or "" for key, value in dockerfile.arguments.items()}, **arguments}

    def resolved(name: str) -> str:
        return _VARIABLE.sub(lambda found: given.get(found[1] or found[3]) or found[2] or found[0], name)

    stages = {stage.name for stage in dockerfile.stages}
    names = (resolved(name) for stage in built_stages(dockerfile, target) for name in images_named(stage))
    return list(
        dict.fromkeys(
            name for name in names if name and "$" not in name and name.lower() not in stages | {"scratch"} and not name.isdecimal()
        )
    )


def unreachable(references: Iterable[str], ask: Callable[[str], str] | None = None) -> dict[str, str]:
    """Return, by reference, why its registry cannot be reached from here; each registry is asked once, all at the same time.

    One on this machine may be the node's own, and one that answers anything, or nothing in ``PATIENCE``, may do for the build.
    """
    hosts = {reference: API_HOSTS.get(registry(reference), registry(reference)) for reference in references}
    asked = {host for host in hosts.values() if not is_loopback(urlsplit(f"//{host}").hostname or "")}
    answers: dict[str, str] = {}

    def note(host: str) -> None:
        answers[host] = (ask or _why_not)(host)

    threads = [threading.Thread(target=note, args=(host,), daemon=True) for host in asked]
    for thread in threads:
        thread.start()
    until = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(until - time.monotonic(), 0))
    return {reference: f"{host}: {answers[host]}" for reference, host in hosts.items() if answers.get(host)}


def _why_not(host: str) -> str:
    """Ask a registry's API for its version, through the proxy of the environment; return why it does not answer."""
    try:
        open_url(f"https://{host}/v2/", PATIENCE, method="HEAD").close()
        return ""
    except HTTPError as answer:
        if answer.code == UNAUTHORIZED:  # then the engine's client is asked for credentials, also where nobody has to log in
            return missing_helper(host, os.environ)
        return str(answer) if answer.code in _NOBODY_THERE else ""
    except URLError as error:
        reason = error.reason
        # A certificate that is not trusted here, or none at all, is the engine's affair; so is a slow network.
        return "" if isinstance(reason, ssl.SSLError | TimeoutError) else str(getattr(reason, "strerror", None) or reason)
    except (OSError, ValueError, Failure):
        return ""
