# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New random values in the text of a vault, whose comments and order stay as a person left them."""

from __future__ import annotations

import json
import os
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils.vault_file import VaultError


def rotate(text: str, names: Sequence[str], kept: Mapping[str, str], until: int) -> str:
    """Give variables new random values of 256 bits.

    Args:
        text: A vault's YAML.
        names: Variables whose value is a text on one line.
        kept: Variable to the name of another one, which takes its old value as ``{value: ..., until: ...}``; whoever reads that accepts
            the old value until then.
        until: Seconds since the epoch.

    Raises:
        VaultError: A variable is not in the vault, or its value is not a text on one line.
    """
    for name in names:
        old = _value(text, name)
        text = _put(text, name, secrets.token_urlsafe(32))
        if name in kept:
            text = _put(text, kept[name], json.dumps({"value": old, "until": until}), after=name)
    return text


def _value(text: str, name: str) -> str:
    # Ansible comes with it, but ansible-test imports modules without it.
    import yaml

    lines = [*_line(name).finditer(text)]
    if len(lines) != 1:
        found = "does not hold" if not lines else "holds more than once"
        raise VaultError(f"The vault {found} {name} at the beginning of a line: correct it with 'ansible-vault edit'. Nothing was changed.")
    value = None if lines[0]["value"][0] in "|>&*!" else yaml.safe_load(lines[0][0])[name]
    if not isinstance(value, str):
        raise VaultError(
            f"The value of {name} is not a text on one line: give it a new one with 'ansible-vault edit'. Nothing was changed."
        )
    return value


def _put(text: str, name: str, value: str, after: str = "") -> str:
    line = f"{name}: {value}"
    if _line(name).search(text):
        return _line(name).sub(lambda _: line, text)
    return _line(after).sub(lambda match: f"{match[0]}\n{line}", text)


def _line(name: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(name)}:[ \t]+(?P<value>\S.*)$(?!\n[ \t]+\S)", re.MULTILINE)


def replace_file(path: Path, text: str) -> None:
    """Replace a file by one of mode 0600, whole or not at all.

    Raises:
        VaultError: It cannot be written.
    """
    draft: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        draft = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError as error:
        raise VaultError(f"{path} cannot be written ({error.strerror}): make its folder writable and run this again.") from None
    finally:
        if draft:
            draft.unlink(missing_ok=True)
