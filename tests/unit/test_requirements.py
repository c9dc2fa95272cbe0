# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment lacks is one sentence, before Ansible stumbles over a module that is not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.plannoir.deploy.plugins.plugin_utils.requirements import environment_problems, package_problems


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A collection that asks for what there is."""
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta/runtime.yml").write_text(yaml.safe_dump({"requires_ansible": ">=2.19.0"}))
    (tmp_path / "galaxy.yml").write_text(yaml.safe_dump({"dependencies": {"kubernetes.core": ">=6.6.0"}}))
    return tmp_path


def found(collection: Path, core: str = "2.19.1") -> Iterator[str]:
    return environment_problems(collection, core)


def test_this_environment_has_what_the_collection_asks_for() -> None:
    assert not list(environment_problems())


def test_an_old_ansible_core_is_named_with_the_command_that_brings_a_newer_one(collection: Path) -> None:
    (problem,) = found(collection, core="2.16.4")
    assert problem.startswith("ansible-core is 2.16.4, wanted >=2.19.0: ")
    assert "pip install 'ansible-core>=2.19.0'" in problem
    assert not list(found(collection, core="2.21.5"))


@pytest.mark.parametrize("manifest", [False, True])
def test_collections_that_are_missing_or_old_are_named_together(collection: Path, manifest: bool) -> None:
    dependencies = {"no.such": ">=1.0.0", "kubernetes.core": ">=99.0.0", "community.docker": ">=5.4.0"}
    if manifest:
        (collection / "galaxy.yml").unlink()
        (collection / "MANIFEST.json").write_text(json.dumps({"collection_info": {"dependencies": dependencies}}))
    else:
        (collection / "galaxy.yml").write_text(yaml.safe_dump({"dependencies": dependencies}, sort_keys=False))
    (problem,) = found(collection)
    assert problem.startswith("The collection no.such is missing; The collection kubernetes.core is 6.")
    assert problem.endswith(f", wanted >=99.0.0: ansible-galaxy collection install -r {collection}/collections/requirements.yml")


def test_a_python_package_that_is_missing_is_named_with_what_needs_it() -> None:
    assert not list(package_problems(["json"], "It"))
    (problem,) = package_problems(["json", "no_such_package"], "minikube_network_policy")
    assert problem.startswith("minikube_network_policy needs the Python package no_such_package: ")
    assert problem.endswith(" -m pip install no_such_package")
