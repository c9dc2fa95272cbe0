# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print docs/components.md, the table of a component's options, from their documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ansible_collections.plannoir.deploy.plugins.doc_fragments.component import ModuleDocFragment

HEADING = """\
# Options of a component

Each element of `app_components` (group_vars/all/app.yml) is one component: a Deployment with its Service, Secrets and image.
Written by `./bootstrap nox -s docs` from plugins/doc_fragments/component.py.

| option | type | default | meaning |
|---|---|---|---|"""


def rows(options: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield a table row for each option, those of a dictionary below it as ``option.suboption``."""
    for name, option in options.items():
        kind = f"list of {option['elements']}" if "elements" in option else option["type"]
        if "choices" in option:
            kind = " or ".join(f"`{choice}`" for choice in option["choices"])
        default = (
            "required" if option.get("required") else f"`{option['default']}`" if option.get("default") not in (None, "", [], {}) else ""
        )
        description = option["description"]
        text = " ".join(description) if isinstance(description, list) else description
        text = re.sub(r"\b[A-Z]\(([^)]*)\)", r"`\1`", text).replace("|", "\\|")
        yield f"| `{prefix}{name}` | {kind} | {default} | {text} |"
        yield from rows(option.get("suboptions", {}), f"{prefix}{name}.")


def reference() -> str:
    """Return the whole document."""
    return "\n".join([HEADING, *rows(yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"])]) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
