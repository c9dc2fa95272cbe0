# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""scripts/install_collections.py takes exactly the pinned collections out of the wheel."""

from __future__ import annotations

import importlib.util
import json
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
specification = importlib.util.spec_from_file_location("install_collections", ROOT / "scripts/install_collections.py")
assert specification is not None
assert specification.loader is not None
install_collections = importlib.util.module_from_spec(specification)
specification.loader.exec_module(install_collections)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "ansible-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, version in {"a/b": "1.0.0", "c/d": "2.0.0"}.items():
            archive.writestr(f"ansible_collections/{name}/MANIFEST.json", json.dumps({"collection_info": {"version": version}}))
            archive.writestr(f"ansible_collections/{name}/plugins/x.py", version)
    return path


def test_only_the_pinned_collections_are_unpacked(wheel: Path, tmp_path: Path) -> None:
    install_collections.unpack(wheel, {"a.b": "1.0.0"}, tmp_path / "out")
    assert (tmp_path / "out/ansible_collections/a/b/plugins/x.py").read_text() == "1.0.0"
    assert not (tmp_path / "out/ansible_collections/c").exists()


def test_files_of_an_older_version_do_not_stay(wheel: Path, tmp_path: Path) -> None:
    stale = tmp_path / "out/ansible_collections/a/b/plugins/stale.py"
    stale.parent.mkdir(parents=True)
    stale.touch()
    install_collections.unpack(wheel, {"a.b": "1.0.0"}, tmp_path / "out")
    assert not stale.exists()


def test_another_version_than_the_pinned_one_is_refused(wheel: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"carries a\.b 1\.0\.0, collections/requirements\.yml pins 9\.9\.9"):
        install_collections.unpack(wheel, {"a.b": "9.9.9"}, tmp_path / "out")
