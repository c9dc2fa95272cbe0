# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests at a steady rate to one address of this machine, or of a network that only this machine has."""

from __future__ import annotations

import http.client
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

CLIENTS = 32
"""Connections that are kept open."""


@dataclass(frozen=True)
class Answers:
    """What came of a load: milliseconds of each request, from when it was due, and of those that failed when, in seconds, and why."""

    milliseconds: list[float]
    failures: list[tuple[float, str]]

    @property
    def failed(self) -> int:
        return len(self.failures)

    def causes(self) -> str:
        """Return how many failed for each cause, the most frequent one first, as in "503: 12, TimeoutError: 1"."""
        return ", ".join(f"{cause}: {count}" for cause, count in Counter(cause for _at, cause in self.failures).most_common())

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

    def send(due: float) -> tuple[float, str]:
        time.sleep(max(0.0, due - time.monotonic()))
        connection = getattr(connections, "connection", None) or http.client.HTTPConnection(host, address.port, timeout=10)
        connections.connection = connection
        try:
            connection.request("GET", address.path, headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            cause = "" if answer.status == 200 else str(answer.status)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            cause = type(error).__name__
        return (time.monotonic() - due) * 1000, cause

    start = time.monotonic() + 0.5
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(send, [start + index / rate for index in range(rate * seconds)]))
    failures = [(index / rate, cause) for index, (_milliseconds, cause) in enumerate(results) if cause]
    return Answers([milliseconds for milliseconds, _cause in results], failures)
