# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests at a steady rate to one address of this machine."""

from __future__ import annotations

import http.client
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
    """What came of a load: milliseconds of each request, from when it was due, and how many failed."""

    milliseconds: list[float]
    failed: int

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which a share (0 to 1) of the requests was answered."""
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def steady(url: str, headers: Mapping[str, str], rate: int, seconds: int) -> Answers:
    """Send ``rate`` GET requests a second for so many seconds, whether or not earlier ones were answered.

    Raises:
        ValueError: The address is not this machine's.
    """
    address = urlsplit(url)
    if address.hostname != "127.0.0.1":
        raise ValueError(f"{url} is not on 127.0.0.1.")
    connections = threading.local()

    def send(due: float) -> tuple[float, bool]:
        time.sleep(max(0.0, due - time.monotonic()))
        connection = getattr(connections, "connection", None) or http.client.HTTPConnection("127.0.0.1", address.port, timeout=10)
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
    return Answers([milliseconds for milliseconds, _good in results], sum(not good for _milliseconds, good in results))
