# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The template of an application's vault: a head, the application's own random values, and the part of each backing service."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .._core.errors import Failure
from .._services.catalogue import Service
from .certificates import Certificates
from .vault import render, variable_names

HEAD = Path(__file__).resolve().parents[3] / "roles/secrets/files/vault.yml"

_SECRET = re.compile(r"[a-z][a-z0-9_]*")
_ENTRY = re.compile(r"^(?:#.*\n)*(?P<name>\w+):.*\n(?:[ \t]+.*\n)*", re.MULTILINE)
"""A variable with the comments right above it."""


class Part(NamedTuple):
    """A piece of the template, and the DNS names of the certificate in it."""

    text: str
    hosts: Sequence[str]


def vault_parts(services: Sequence[Service], app_secrets: Sequence[str]) -> list[Part]:
    """Return the pieces of the template of a vault.

    Args:
        services: The services that the application uses.
        app_secrets: Names of the application's own values; ``vault_<name>`` holds each.

    Raises:
        Failure: Two values would have one variable, or a name cannot be a variable's.
    """
    parts = [Part(HEAD.read_text(encoding="utf-8"), [])]
    if app_secrets:
        heading = "# ---- The application ".ljust(134, "-")
        lines = [f"vault_{name}: ${{password}}" for name in app_secrets]
        parts.append(Part("\n".join([heading, "", *lines, ""]), []))
    parts += [Part(service.vault, service.tls_hosts) for service in services if service.vault]
    names = [name for part in parts for name in variable_names(part.text)]
    for name in app_secrets:
        if not _SECRET.fullmatch(name):
            raise Failure(f"app_secrets names {name!r}: write lower-case letters, digits and underscores, a letter first.")
        if names.count(f"vault_{name}") > 1:
            raise Failure(f"app_secrets names {name}, and vault_{name} is made already: take another name.")
    return parts


def new_vault(parts: Sequence[Part]) -> str:
    """Return the plaintext of a new vault; raises Failure as ``render`` does."""
    return "\n".join(render(part.text, part.hosts) for part in parts)


def additions(parts: Sequence[Part], known: Collection[str]) -> str:
    """Return what a vault with the variables ``known`` lacks, as YAML text; empty when it lacks nothing.

    Raises:
        Failure: It holds one half of what is made as a whole.
    """
    return "\n".join(render(text, part.hosts) for part in parts if (text := _lacking(part.text, known)))


def _lacking(text: str, known: Collection[str]) -> str:
    names = variable_names(text)
    missing = [name for name in names if name not in known]
    if len(missing) == len(names):
        return text
    entries = {match["name"]: match[0] for match in _ENTRY.finditer(text)}
    certificates = [name for name in names if any(f"${{{field}}}" in entries[name] for field in Certificates._fields)]
    lost = [name for name in certificates if name in missing]
    if lost and len(lost) < len(certificates):
        there = ", ".join(name for name in certificates if name not in missing)
        raise Failure(
            f"The vault holds {there} without {', '.join(lost)}, which are made together: remove what is left of them with "
            "'ansible-vault edit', and all are made anew. Nothing was changed."
        )
    return "\n".join(entries[name] for name in missing)


def made_names(parts: Sequence[Part]) -> Iterator[str]:
    """Yield the variables that these pieces make."""
    for part in parts:
        yield from variable_names(part.text)
