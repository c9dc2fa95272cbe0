# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take secret values out of text that is going to be shown, such as a container's last log lines."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .matcher import Matcher
from .parts import SHORTEST, url_passwords
from .spellings import as_bytes, escaped, secrets_of, spellings

REDACTED = "[redacted]"

SHORTEST_ANYWHERE = 4
"""Characters: a shorter text is only taken out where it stands alone, because it occurs in ordinary words."""

_URL_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")


class Redactor:
    """Takes out the values of Secrets in every spelling that the audit would find, and shorter values too.

    Args:
        secrets: Secrets, as kubectl prints them.
    """

    def __init__(self, secrets: Iterable[Mapping[str, Any]] = ()) -> None:
        encoded = [value for secret in secrets for value in (secret.get("data") or {}).values()]
        values = {text: base64.b64decode(text).decode("utf-8", "surrogateescape") for text in encoded}
        texts = {text for value in values.values() for text in _texts(value)}
        self._texts = sorted({*values, *texts} - {""}, key=len, reverse=True)
        self._matcher = Matcher(secrets_of(values)[0])

    @classmethod
    def of(cls, values: Iterable[str]) -> Redactor:
        """Return one for values that stand in no Secret."""
        return cls([{"data": {str(index): base64.b64encode(value.encode()).decode() for index, value in enumerate(values)}}])

    def redact(self, text: str) -> str:
        """Return the text without the values and without the credentials of any URL."""
        for value in self._texts:
            if value in text:
                pattern = re.escape(value)
                text = re.sub(pattern if len(value) >= SHORTEST_ANYWHERE else rf"(?<!\w){pattern}(?!\w)", REDACTED, text)
        return self._matcher.censored(_URL_CREDENTIALS.sub(f"{REDACTED}@", text), REDACTED)


def _texts(value: str) -> Iterator[str]:
    """Yield every text that would give a value away: whole, line by line and a URL's password, each in every spelling."""
    for part in {value, value.strip(), *(line.strip() for line in value.splitlines()), *url_passwords(value)}:
        yield part
        content = as_bytes(part)
        # Other spellings of a short text occur by chance.
        short = [spelling for spelling, name in escaped(content).items() if name in ("JSON", "URL-encoded")]
        for spelling in spellings(content) if len(content) >= SHORTEST else short:
            yield spelling.decode("utf-8", "surrogateescape")
