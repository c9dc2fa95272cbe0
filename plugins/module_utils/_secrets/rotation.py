# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New random values in the text of a vault, whose comments, order and style stay as a person left them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .._core.errors import Failure
from .vault_text import UNSAFE, Text, VaultText

_TEMPLATE = re.compile(r"\{[{%#]")


class Rotation(NamedTuple):
    """The new text of a vault, and the new value of each variable in it."""

    text: str
    values: dict[str, str]


def rotate(text: str, names: Sequence[str], kept: Mapping[str, str], until: int) -> Rotation:
    """Give variables new random values of 256 bits.

    Args:
        text: A vault's YAML.
        names: Variables whose value is a text, in any style of YAML.
        kept: Variable to the name of another one, which takes its old value as ``{value: ..., until: ...}``; whoever reads that accepts
            the old value until then.
        until: Seconds since the epoch.

    Raises:
        Failure: A variable is not in the vault, its value is no text, or two values would go into one variable.
    """
    wanted = list(dict.fromkeys(names))
    _refuse_clashes(wanted, kept)
    vault = VaultText(text)
    values = {}
    for name in wanted:
        old = vault.read(name)
        values[name] = secrets.token_urlsafe(32)
        vault = vault.with_text(name, values[name])
        if name in kept:
            vault = vault.with_value(kept[name], f'{{"value": {old.as_yaml()}, "until": {until}}}', after=name)
    return Rotation(vault.text, values)


def with_secret(text: str, name: str, value: str) -> Rotation:
    """Give one variable a value that the caller has; behind all others where the vault does not hold it.

    Args:
        text: A vault's YAML.
        name: The variable.
        value: Any text. One in which a template would begin is marked as a text that is none.

    Raises:
        Failure: The vault is no valid YAML, or the variable is an alias.
    """
    written = Text(value, UNSAFE if _TEMPLATE.search(value) else "").as_yaml()
    vault = VaultText(text)
    if vault.holds(name):
        return Rotation(vault.with_value(name, written, after=name).text, {name: value})
    return Rotation(f"{text.rstrip()}\n{name}: {written}\n", {name: value})


def _refuse_clashes(names: Sequence[str], kept: Mapping[str, str]) -> None:
    targets = [kept[name] for name in names if name in kept]
    for target in targets:
        if target in names or targets.count(target) > 1:
            raise Failure(f"The variable {target} cannot keep an old value and take another one: correct 'kept'. Nothing was changed.")
