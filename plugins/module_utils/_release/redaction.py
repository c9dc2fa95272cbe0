# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take secret values out of text that is going to be shown, such as a container's last log lines."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

REDACTED = "[redacted]"

SHORTEST = 4
"""Characters: a shorter value is only taken out where it stands alone, because it occurs in ordinary words."""

_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")


def secret_values(secrets: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return every text that would give away a value of these Secrets: raw, encoded, line by line, and a URL's password."""
    values: set[str] = set()
    for secret in secrets:
        for encoded in (secret.get("data") or {}).values():
            raw = base64.b64decode(encoded)
            value = raw.decode("utf-8", "replace")
            parts = {value, value.strip(), *(line.strip() for line in value.splitlines())}
            try:
                password = urlsplit(value.strip()).password
            except ValueError:
                password = None
            if password:
                parts |= {password, unquote(password)}
            values |= {encoded, *parts, *(quote(part, safe="") for part in parts), *(json.dumps(part)[1:-1] for part in parts)}
    return {value for value in values if value}


def redact(text: str, values: Iterable[str]) -> str:
    """Return the text without the values and without the credentials of any URL."""
    for value in sorted(values, key=len, reverse=True):
        pattern = re.escape(value)
        text = re.sub(pattern if len(value) >= SHORTEST else rf"(?<!\w){pattern}(?!\w)", REDACTED, text)
    return _URL_CREDENTIALS.sub(f"{REDACTED}@", text)
