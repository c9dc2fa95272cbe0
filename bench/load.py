# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests at a steady rate to one address of this machine, or of a network that only this machine has."""

from __future__ import annotations

import http.client
import ipaddress
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

CLIENTS = 32
"""Connections that are kept open."""


@dataclass(frozen=True)
class Answers:
    """What came of a load: milliseconds of each request, from when it was due, and when those were due that failed, in seconds."""

    milliseconds: list[float]
    failed_at: list[float]

    @property
    def failed(self) -> int:
        return len(self.failed_at)

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which a share (0 to 1) of the requests was answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def steady(url: str, headers: Mapping[str, str], rate: int, seconds: int) -> Answers:
    """Send ``rate`` GET requests a second for so many seconds, whether or not earlier ones were answered.

    Raises:
        ValueError: The address is a name, or one that others may have.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    if not ipaddress.ip_address(host).is_private:
        raise ValueError(f"{url} is not on 127.0.0.1, nor in a private network.")
    connections = threading.local()

    def send(due: float) -> tuple[float, bool]:
        time.sleep(max(0.0, due - time.monotonic()))
        connection = getattr(connections, "connection", None) or http.client.HTTPConnection(host, address.port, timeout=10)
        connections.connection = connection
        try:
            connection.request("GET", address.path, headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            good = answer.status == 200
        except (OSError, http.client.HTTPException):
            connection.close()
            good = False
        return (time.monotonic() - due) * 1000, good

    start = time.monotonic() + 0.5
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(send, [start + index / rate for index in range(rate * seconds)]))
    failed_at = [index / rate for index, (_milliseconds, good) in enumerate(results) if not good]
    return Answers([milliseconds for milliseconds, _good in results], failed_at)
