# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference application as ``helm install my-app .`` deploys it: group_vars/all/app.yml by the filter that the release role uses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.plannoir.deploy.plugins.filter.releases import releases
from ansible_collections.plannoir.deploy.plugins.module_utils._component.checks import JOBS
from ansible_collections.plannoir.deploy.plugins.module_utils._component.values import BY_HAND

ROOT = Path(__file__).parents[1]
CHART = ROOT / "charts/plannoir"
OUTSIDE = {
    "vault_database_url": "postgresql://postgresql.example/plannoir",
    "vault_database_direct_url": "",
    "vault_openrouter_base_url": "https://openrouter.ai/api/v1",
}
"""What a person's vault holds who uses services from outside. Of any other secret only its name reaches the values."""


def subcharts() -> list[str]:
    """Return the names of the subcharts that are a component each."""
    charts = {file.parent.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(CHART.glob("charts/*/Chart.yaml"))}
    return [name for name, chart in charts.items() if chart["type"] != "library"]


@cache
def components() -> Any:
    """Return the components of the reference application without embedded services, as Ansible resolves them."""
    command = [sys.executable, "-m", "scripts.resolve", "services_components"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(OUTSIDE), stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def secrets(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the names of the Secrets of components by kind: by hand, one holds all variables of a component."""
    return {name: {"files": f"{name}-files", **dict.fromkeys(("env", *JOBS), f"{name}-env")} for name in names}


def values() -> dict[str, Any]:
    """Return the umbrella chart's default values."""
    found = components()
    names = [component["name"] for component in found]
    _, application = releases(found, "by-hand", str(CHART), {name: f"plannoir/{name}:dev" for name in names}, secrets(names), 1)
    return {"tags": {BY_HAND: True}, "global": {"chartDigest": ""}, "components": {}, **application["values"]["components"]}
