# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolchain's programs, their digests and their recipes in the role."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain import catalogue, pins
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.options import OPTIONS, resolved

ROLE = Path(__file__).parents[3] / "roles/toolchain"
RECIPES = ROLE / "files"


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RECIPES, tmp_path / "files"))


def test_each_program_comes_after_those_it_is_made_from() -> None:
    names = list(catalogue.programs())
    for program in catalogue.programs().values():
        assert all(names.index(need) < names.index(program.name) for need in program.needs)


def test_the_same_recipes_give_the_same_digests(recipes: Path) -> None:
    assert catalogue.digests(recipes) == catalogue.digests(RECIPES)


def test_a_changed_go_sum_changes_that_program_and_what_is_made_from_it(recipes: Path) -> None:
    with (recipes / "go/crictl/go.sum").open("a", encoding="utf-8") as file:
        file.write("\n")
    before, after = catalogue.digests(RECIPES), catalogue.digests(recipes)
    assert {name for name in before if before[name] != after[name]} == {"crictl", "node-image", "node-containerd-image"}


def test_a_changed_file_of_the_node_image_changes_the_tags_of_nodes_only(recipes: Path) -> None:
    (recipes / "node/sshd.conf").write_text("UseDNS no\n", encoding="utf-8")
    before, after = catalogue.digests(RECIPES), catalogue.digests(recipes)
    assert {name for name in before if before[name] != after[name]} == {"node-image", "node-containerd-image"}


def test_what_containerd_is_told_is_no_other_image_for_clusters_with_docker(recipes: Path) -> None:
    with (recipes / "node-containerd/config.toml").open("a", encoding="utf-8") as file:
        file.write("\n")
    before, after = catalogue.digests(RECIPES), catalogue.digests(recipes)
    assert {name for name in before if before[name] != after[name]} == {"node-containerd-image"}


@pytest.mark.parametrize("mod", sorted((RECIPES / "go").glob("*/go.mod")), ids=lambda mod: mod.parent.name)
def test_each_go_recipe_pins_every_module_by_checksum(mod: Path) -> None:
    lines = [line.split() for line in mod.with_name("go.sum").read_text(encoding="utf-8").splitlines()]
    pinned = {(module, version.removesuffix("/go.mod")) for module, version, checksum in lines if checksum.startswith("h1:")}
    assert set(required(mod)) <= pinned


PROGRAMS = [program for program in catalogue.programs().values() if isinstance(program.recipe, catalogue.GoProgram)]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_recipe_builds_the_version_that_its_program_is_named_after(program: catalogue.Program) -> None:
    assert isinstance(program.recipe, catalogue.GoProgram)
    required_versions = dict(required(RECIPES / "go" / program.recipe.module / "go.mod", replaced=False))
    module = max((name for name in required_versions if f"{program.recipe.packages[0]}/".startswith(f"{name}/")), key=len)
    # Minikube's storage-provisioner has a version of its own, and comes from Minikube's module.
    assert required_versions[module] == (pins.MINIKUBE if program.name == "storage-provisioner" else program.version)


@pytest.mark.parametrize("version", [pins.MINIKUBE, pins.KUBERNETES, pins.HELM])
def test_a_version_stands_in_one_file_beside_the_recipe(version: str) -> None:
    root = ROLE.parents[1]
    folders = ("plugins", "roles", "group_vars", "inventories", "playbooks", "molecule", "docs")
    files = [path for folder in folders for path in (root / folder).rglob("*")]
    texts = [path for path in files if path.suffix in (".py", ".yml", ".yaml", ".md", ".j2") and not path.is_symlink()]
    assert [str(path.relative_to(root)) for path in texts if version in path.read_text(encoding="utf-8")] == [
        "plugins/module_utils/_toolchain/pins.py"
    ]


def test_what_is_left_empty_is_what_the_collection_pins() -> None:
    given = dict.fromkeys(pins.PINNED, "") | {"helm_version": "v3.0.0", "name": ""}
    assert resolved(given) == {**pins.PINNED, "helm_version": "v3.0.0", "name": ""}
    assert set(pins.PINNED) - {"registry_urls"} <= OPTIONS.keys()


def test_images_stand_where_minikube_looks_for_them() -> None:
    published = [path for program in catalogue.programs().values() for paths in program.publish.values() for path in paths]
    assert f"minikube-cache/images/amd64/registry.k8s.io/coredns/coredns_{pins.COREDNS}" in published
    assert "minikube-cache/images/amd64/registry.k8s.io/pause_3.10.1" in published
    assert f"minikube-cache/linux/amd64/{pins.KUBERNETES}/kubelet" in published


def required(mod: Path, *, replaced: bool = True) -> list[tuple[str, str]]:
    """Return (module, version) of a go.mod's requirements, as its replacements say when `replaced`."""
    text = mod.read_text(encoding="utf-8")
    blocks = _statements(text)
    requires = [(words[0], words[1]) for kind, words in blocks if kind == "require"]
    replaces = {words[0]: (words[-2], words[-1]) for kind, words in blocks if kind == "replace"}
    return [replaces.get(name, (name, version)) if replaced else (name, version) for name, version in requires]


def _statements(text: str) -> list[tuple[str, list[str]]]:
    found, block = [], ""
    for line in text.splitlines():
        words = line.split("//")[0].split()
        if words[-1:] == ["("]:
            block = words[0]
        elif words == [")"]:
            block = ""
        elif words:
            found.append((block, words) if block else (words[0], words[1:]))
    return found
