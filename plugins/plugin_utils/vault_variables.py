# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of a vault's text as Ansible reads them, and whether a new text holds what it must. No message holds a piece of a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.parsing.utils.yaml import from_yaml
from ansible.parsing.vault import VaultHelper
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.rotation import Rotation
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.vault_text import EDIT, shown


def load_variables(text: str) -> dict[str, Any]:
    """Read a text as Ansible reads a file of variables; encrypted strings stay encrypted.

    Raises:
        Failure: Ansible cannot read it: the middle of a sentence, as only the caller knows the file.
    """
    try:
        return from_yaml(text, show_content=False) or {}
    except Exception as error:  # constructors raise what they like, and quote the value
        mark = getattr(error.__cause__, "problem_mark", None)
        raise Failure(
            f"Ansible cannot read its line {mark.line + 1}"
            if mark
            else "Ansible cannot read one of its values (look at tags such as !!int)"
        ) from None


def check_rotation(before: str, rotation: Rotation, kept: Mapping[str, str], until: int) -> None:
    """Read a rotated vault again: the new values are there, old ones are kept, and nothing else changed.

    Args:
        before: The text before it.
        rotation: What ``rotate`` made of it.
        kept: As for ``rotate``.
        until: As for ``rotate``.

    Raises:
        Failure: The new text says something else; it must not be written.
    """
    try:
        old, new = load_variables(before), load_variables(rotation.text)
    except Failure as error:
        raise Failure(f"The vault would not open again, because {error}: write the values to rotate on one line {EDIT}") from None
    expected = {
        **rotation.values,
        **{kept[name]: {"value": old.get(name), "until": until} for name in rotation.values if name in kept},
    }
    for name, value in expected.items():
        if name not in new or _comparable(new[name]) != _comparable(value):
            raise Failure(f"The vault would not give the new value of {name} back: write its old one on one line, in quotes, {EDIT}")
    others = [_comparable({name: value for name, value in values.items() if name not in expected}) for values in (old, new)]
    if others[0] != others[1]:
        changed = [name for name in old if name not in expected and _comparable(old[name]) != _comparable(new.get(name))]
        named = ", ".join(sorted({shown(name) for name in changed})) or "another variable"
        raise Failure(f"With a new value of {', '.join(rotation.values)}, {named} would change too: give each a value of its own {EDIT}")


def _comparable(value: Any) -> Any:
    """Return what two values are compared by: an encrypted string would want its password, .nan differs from itself, True equals 1."""
    if ciphertext := VaultHelper.get_ciphertext(value, with_tags=False):
        return "encrypted", ciphertext
    if isinstance(value, Mapping):
        return [(_comparable(key), _comparable(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [_comparable(item) for item in value]
    kind = next((kind for kind in (str, bool, int, float, bytes, type(None)) if isinstance(value, kind)), type(value))
    return kind.__name__, str(value)
