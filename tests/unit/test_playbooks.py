# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which playbooks do their work."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PREFLIGHT = {"name": "plannoir.deploy.preflight"}


def test_credentials_are_rotated_when_nothing_stops_their_deployment() -> None:
    """Values in the vault that no deployment can bring would be others than the cluster's."""
    play = yaml.safe_load((ROOT / "playbooks/rotate_secrets.yml").read_text(encoding="utf-8"))[0]
    checked = [task.get("ansible.builtin.import_role") for task in play["tasks"]].index(PREFLIGHT)
    rotated = ["plannoir.deploy.vault_rotate" in task for task in play["tasks"]].index(True)
    assert checked < rotated
