# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plaintext of a vault, made from a template with random passwords and a private certificate authority."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from .._core.errors import Failure
from .certificates import Certificates, make_certificates

HEADER = b"$ANSIBLE_VAULT;"
State: TypeAlias = Literal["absent", "encrypted", "plaintext"]

_PLACEHOLDER = re.compile(r"^(?P<before>.*)\$\{(?P<name>[a-z_]+)\}", re.MULTILINE)


def vault_state(path: Path) -> State:
    """Tell from its first bytes whether a vault file is encrypted."""
    try:
        with path.open("rb") as file:
            return "encrypted" if file.read(len(HEADER)) == HEADER else "plaintext"
    except FileNotFoundError:
        return "absent"


def plaintext_problem(path: Path) -> str:
    """Say that the vault is not encrypted, and what to do."""
    return f"The vault {path} is not encrypted: run 'ansible-vault encrypt {path}', and replace its credentials if others could read it."


def variable_names(template: str) -> list[str]:
    """List the variables that a vault made from ``template`` will hold."""
    return re.findall(r"^(\w+):", template, re.MULTILINE)


def slot_names(template: str) -> list[str]:
    """List the variables that ``template`` offers as commented-out lines."""
    return re.findall(r"^# (\w+): ", template, re.MULTILINE)


def render(template: str, hosts: Sequence[str]) -> str:
    """Fill in a template's ``${password}`` (a new one at each place), ``${ca}``, ``${certificate}`` and ``${certificate_key}``.

    Args:
        template: YAML text. A placeholder that stands alone on an indented line is filled in with that indentation.
        hosts: DNS names that the certificate is for.

    Raises:
        Failure: The template has another placeholder.
    """
    names = {match["name"] for match in _PLACEHOLDER.finditer(template)}
    if unknown := names - {"password", *Certificates._fields}:
        raise Failure(f"The vault's template has the unknown placeholder {', '.join(sorted(unknown))}: correct it in the template.")
    certificates = make_certificates(hosts)._asdict() if names - {"password"} else {}

    def fill(match: re.Match[str]) -> str:
        before, name = match["before"], match["name"]
        value = secrets.token_urlsafe(32) if name == "password" else certificates[name].strip()
        return before + value.replace("\n", "\n" + before if before.isspace() else "\n")

    return _PLACEHOLDER.sub(fill, template)
