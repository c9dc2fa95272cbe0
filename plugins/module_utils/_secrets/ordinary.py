# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which texts are too common to be told from chance: a whole .env file goes into a Secret, and not each line of it is a credential."""

from __future__ import annotations

import re

COMMON = frozenset(
    """
    admin administrator application authorization bearer changeme container database debugging default defaults deployment develop
    development disabled enabled frontend backend guest information internal json kubernetes localhost mailhog mariadb memory mongodb
    myapp notice notset nothing password plannoir postgres postgresql production public redis release required root sandbox secret
    server service staging standard testing undefined unknown username verbose verify-full warning
    """.split()  # noqa: SIM905
)
"""Words that occur everywhere, whatever variable holds them."""

CREDENTIAL = re.compile(
    r"PASS(?:W|PHRASE|CODE|[^A-Z]|$)|PWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|SALT|PEPPER|DSN|WEBHOOK"
    r"|(^|[_.-]|API)KEYS?([_.-]|$)|(^|[_.-])(PIN|AUTH|JWT|COOKIE)([_.-]|$)",
    re.IGNORECASE,
)
"""Names of what is a credential even where a word of a language is its value."""

_TOKEN = re.compile(r"[^\W_]+")
_WORDS = re.compile(r"([A-Z]?[a-z]+|[A-Z]+|([A-Z]?[a-z]{2,}|[A-Z]{2,})\d{0,2}([A-Z][a-z]{2,})+)?(\d{1,4}[a-z]{0,2})?")
"""A word, or words grown together as in a class's name, with a version or a unit behind."""

_SEPARATORS = " \t._-/:@,;+=?&~#%*()[]|"
_LONGEST_WORD = 14
_LONGEST_NUMBER = 5
_MOST_DIGITS = 15
"""Of a text of numbers alone, such as a date or an address with its port; a credit card's has 16."""

_UNPRONOUNCEABLE = re.compile(r"[^aeiouy]{6}", re.IGNORECASE)


def is_ordinary(name: str, text: str) -> bool:
    """Tell whether a text is a common word, a number or an address that also stands where nobody put a credential.

    Args:
        name: Of the variable or key that holds it; what is called a password is one, unless its value is in ``COMMON``.
        text: The value.
    """
    if text.lower() in COMMON:
        return True
    return _is_made_of_words(text) and (_is_address(text) or not CREDENTIAL.search(name))


def _is_address(text: str) -> bool:
    """Tell whether a text of words is a URL, an e-mail address or the name of a host."""
    if "://" in text:
        return True
    return bool(re.fullmatch(r"([\w.+-]+@)?([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?", text))


def _is_made_of_words(text: str) -> bool:
    tokens = _TOKEN.findall(text)
    if any(character not in _SEPARATORS for character in _TOKEN.sub("", text)) or "@" in text.partition("://")[2].partition("/")[0]:
        return False
    numbers = [token for token in tokens if token.isdecimal()]
    words = [token for token in tokens if not token.isdecimal()]
    if any(len(number) > _LONGEST_NUMBER for number in numbers) or not all(map(_is_word, words)):
        return False
    return bool(words) or len("".join(numbers)) <= _MOST_DIGITS


def _is_word(token: str) -> bool:
    found = _WORDS.fullmatch(token)
    if not found:
        return False
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", found[1] or "")
    return all(len(word) <= _LONGEST_WORD and not _UNPRONOUNCEABLE.search(word) for word in words)
