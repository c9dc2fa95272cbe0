# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of packages that the machine's own apt uses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .machine import Machine


@dataclass(frozen=True)
class Source:
    """An index of packages. ``signed_by`` is what its entry names: a keyring file, a key of several indented lines, or nothing."""

    uri: str
    suite: str
    component: str
    signed_by: str = ""


def sources(machine: Machine) -> list[Source]:
    """Return the sources in apt's own order; none where there is no apt."""
    asked = "$(SOURCESENTRY)|$(SITE)|$(RELEASE)|$(COMPONENT)"
    shown = machine.run(["apt-get", "indextargets", "--format", asked, "Created-By: Packages"]).out
    rows = (line.split("|") for line in dict.fromkeys(shown.splitlines()) if line.count("|") == 3)
    return [Source(uri, suite, component, _signed_by(machine, entry)) for entry, uri, suite, component in rows]


def _signed_by(machine: Machine, entry: str) -> str:
    """Return the Signed-By of an entry, named by apt as file:line, or file:stanza for a deb822 file."""
    name, _colon, place = entry.rpartition(":")
    text, number = machine.read(name), int(place) - 1
    if name.endswith(".sources"):
        stanzas = [s for s in re.split(r"\n\s*\n", text) if re.search(r"^URIs:", s, re.MULTILINE | re.IGNORECASE)]
        chosen = stanzas[number] if number < len(stanzas) else ""
        found = re.search(r"^Signed-By:[ \t]*(.*(?:\n[ \t].*)*)", chosen, re.MULTILINE | re.IGNORECASE)
    else:
        lines = text.splitlines()
        found = re.search(r"signed-by=([^\s\]]+)", lines[number] if number < len(lines) else "")
    return found.group(1).rstrip() if found else ""
