# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print, as JSON, what a variable of group_vars/all holds: ``python -m scripts.resolve NAME`` with variables that win on standard input.

A program of its own, because Ansible's loader of collections wants to be the first that imports from one.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

ROOT = Path(__file__).parents[1]


def resolve(name: str, given: dict[str, Any]) -> Any:
    """Return the value of a variable, with the roles' defaults and a text for each secret that is not given."""
    init_plugin_loader([str(ROOT / "collections")])
    loader = DataLoader()
    variables: dict[str, Any] = {"playbook_dir": str(ROOT), "inventory_dir": str(ROOT / "inventories/minikube")}
    for file in [*sorted(ROOT.glob("roles/*/defaults/main.yml")), *(ROOT / f"group_vars/all/{group}.yml" for group in ("app", "cluster"))]:
        secrets = re.findall(r"\bvault_\w+", file.read_text(encoding="utf-8"))
        variables |= {**dict.fromkeys(secrets, "secret"), **(loader.load_from_file(str(file), trusted_as_template=True) or {})}
    variables |= given
    return Templar(loader=loader, variables=variables).template(variables[name])


if __name__ == "__main__":
    print(json.dumps(resolve(sys.argv[1], json.load(sys.stdin))))
