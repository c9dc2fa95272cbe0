# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be shown of an answer, and of what a check sent: no credential."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from .._secrets.ordinary import CREDENTIAL
from .._secrets.redaction import REDACTED, SHORTEST_ANYWHERE, Redactor

QUOTED = 300
"""Characters of an answer that a message quotes."""

_READ = 1 << 13
"""Characters of which these are taken: enough to see a value whole that begins among them."""

_OF_A_SESSION = re.compile(r"jwt|session|cookie|authorization|signature|csrf|xsrf|bearer|(?:^|[^a-z])otp(?:$|[^a-z])", re.IGNORECASE)
"""Names of what lets somebody in for a while; like the names of credentials they are hidden wherever they stand."""

_JSON_FIELD = re.compile(r'("([^"\\]*)"\s*:\s*)("(?:[^"\\]|\\.)*"?|-?\d[^\s,}\]]*)')
_FORM_FIELD = re.compile(r"((?<![\w%.-])([\w%.-]+)=)([^\s&;\"'<>]+)")
_JWT = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")


def is_secret(name: str) -> bool:
    """Tell whether a field of this name holds what must not be shown, as in ``apiKey``, ``SESSION_ID``, ``user-pin``."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return bool(CREDENTIAL.search(words) or _OF_A_SESSION.search(words))


def quote(body: str, redact: Callable[[str], str]) -> str:
    """Return the beginning of an answer, without the values of fields that hold secrets, and without what ``redact`` takes out."""
    text = redact(body.strip()[:_READ])
    try:
        text = json.dumps(_hidden(json.loads(text)), ensure_ascii=False)
    except ValueError:
        text = _JSON_FIELD.sub(_hide, text)
    text = _FORM_FIELD.sub(_hide, text)
    text = _JWT.sub(REDACTED, text)
    return repr(text[:QUOTED] + ("..." if len(text) > QUOTED else "")) if text else "an empty body"


def _hide(field: re.Match[str]) -> str:
    return f'{field[1]}"{REDACTED}"' if is_secret(field[2]) else field[0]


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: REDACTED if is_secret(str(key)) and item is not None and not isinstance(item, bool) else _hidden(item)
            for key, item in value.items()
        }
    return [_hidden(item) for item in value] if isinstance(value, list) else value


@lru_cache(maxsize=1)
def redactor(values: frozenset[str]) -> Redactor:
    """Return what takes values out of texts; the same one for the next try of the same step."""
    return Redactor.of(values)


def texts(value: Any, name: str = "") -> Iterator[str]:
    """Yield the texts and numbers in a value, however deep, that a message must not show.

    What is shorter than four characters occurs in any text, and is yielded where the name of its field says that it is secret.
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, str(key))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, name)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield from [str(value)] if len(str(value)) >= SHORTEST_ANYWHERE or (is_secret(name) and str(value)) else []
