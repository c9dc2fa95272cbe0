# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment must have, read from where the collection says so: each thing that it lacks is a sentence with its remedy."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from ansible.module_utils.compat.version import LooseVersion
from ansible.release import __version__ as ansible_version

COLLECTION = Path(__file__).resolve().parents[2]


def environment_problems(collection: Path = COLLECTION, core: str = ansible_version) -> Iterator[str]:
    """Name an ansible-core and collections that are missing or too old.

    Args:
        collection: Folder of this collection: a checkout, or an installed one.
        core: Version of ansible-core.
    """
    wanted = yaml.safe_load((collection / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    if not _satisfies(core, wanted):
        yield f"ansible-core is {core}, wanted {wanted}: {sys.executable} -m pip install 'ansible-core{wanted}'."
    lacking = list(_collection_problems(_dependencies(collection)))
    if lacking:
        yield f"{'; '.join(lacking)}: ansible-galaxy collection install -r {collection / 'collections/requirements.yml'}"


def package_problems(packages: Iterable[str], purpose: str) -> Iterator[str]:
    """Name the Python packages that ``purpose`` needs and this Python lacks."""
    lacking = [package for package in packages if importlib.util.find_spec(package) is None]
    if lacking:
        yield f"{purpose} needs the Python package {' and '.join(lacking)}: {sys.executable} -m pip install {' '.join(lacking)}"


def _dependencies(collection: Path) -> Mapping[str, str]:
    """Return collection -> wanted version; an installed collection has a manifest in place of galaxy.yml."""
    manifest = collection / "MANIFEST.json"
    if manifest.is_file():
        found = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]
    else:
        found = yaml.safe_load((collection / "galaxy.yml").read_text(encoding="utf-8"))
    dependencies: Mapping[str, str] = found["dependencies"]
    return dependencies


def _collection_problems(wanted: Mapping[str, str]) -> Iterator[str]:
    for name, version in wanted.items():
        try:
            specification = importlib.util.find_spec(f"ansible_collections.{name}")
        except ImportError:
            specification = None
        folders = list(specification.submodule_search_locations or []) if specification else []
        if not folders:
            yield f"The collection {name} is missing"
            continue
        manifest = Path(folders[0]) / "MANIFEST.json"
        have = json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"] if manifest.is_file() else ""
        if have and not _satisfies(have, version):
            yield f"The collection {name} is {have}, wanted {version}"


def _satisfies(version: str, wanted: str) -> bool:
    match = re.fullmatch(r">=([0-9.]+)", wanted)
    return not match or bool(LooseVersion(version) >= LooseVersion(match[1]))
