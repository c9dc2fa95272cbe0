# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of hosts, and URLs."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether a host, in lower case and without brackets, is whatever machine, build or pod asks for it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def split_url(value: str) -> SplitResult | None:
    """Take a URL of any scheme apart, also ``jdbc:mysql://`` and ``postgresql+psycopg_async://``; nothing where a text is none."""
    kind, separator, rest = value.strip().partition("://")
    try:
        # It takes no underscore in a scheme.
        url = urlsplit(f"{kind.removeprefix('jdbc:').replace('_', '-')}{separator}{rest}")
    except ValueError:
        return None
    return url if url.scheme and url.netloc else None
