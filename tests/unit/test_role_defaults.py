# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role's documentation says of its options is what its defaults are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

# Both files of the role services are written from one text.
SPECS = (Path(__file__).parents[2] / "roles").glob("*/meta/argument_specs.yml")
ROLES = sorted(path.parents[1] for path in SPECS if path.parents[1].name != "services")


def options_of(role: Path) -> dict[str, dict[str, Any]]:
    """Return what the argument_specs of the role's own entry points say of each option."""
    specs = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]
    own = [spec for name, spec in specs.items() if (role / f"tasks/{name}.yml").exists()]
    return {name: option for spec in own for name, option in spec.get("options", {}).items()}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_the_documented_defaults_are_the_roles_own(role: Path) -> None:
    documented = {name: option["default"] for name, option in options_of(role).items() if "default" in option}
    assert documented == yaml.safe_load((role / "defaults/main.yml").read_text())


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_shared_variable_is_described_alike_in_every_role(role: Path) -> None:
    entry_points = yaml.safe_load((ROLES[0].parent / "preflight/meta/argument_specs.yml").read_text())["argument_specs"]
    shared = {**entry_points["app"]["options"], **entry_points["cluster"]["options"]}
    described = {name: option for name, option in options_of(role).items() if name.startswith(("app_", "cluster_"))}
    assert described == {name: shared[name] for name in described}
