# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install the pinned collections: from PyPI's ``ansible`` wheel (verified by its hash), else from a Galaxy server.

Usage: ``python install_collections.py CHECKOUT``, with the Python of the environment that gets them: they go beside its packages, as the
``ansible`` package puts them, where Ansible looks by itself. A machine behind a package mirror often reaches PyPI but no Galaxy server;
the ``ansible`` wheel carries the collections at known versions, of which only the pinned ones are unpacked.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import yaml


def pinned(requirements: Path) -> dict[str, str]:
    """Return ``{collection name: version}`` of a collections/requirements.yml."""
    document = yaml.safe_load(requirements.read_text(encoding="utf-8"))
    return {item["name"]: item["version"] for item in document["collections"]}


def unpack(wheel: Path, wanted: dict[str, str], target: Path) -> None:
    """Unpack ``wanted`` from the ``ansible`` wheel into ``target``.

    Raises:
        SystemExit: the wheel carries another version of a collection than the pinned one.
    """
    with zipfile.ZipFile(wheel) as archive:
        for name, version in wanted.items():
            prefix = f"ansible_collections/{name.replace('.', '/')}/"
            carried = json.loads(archive.read(f"{prefix}MANIFEST.json"))["collection_info"]["version"]
            if carried != version:
                sys.exit(f"{wheel.name} carries {name} {carried}, collections/requirements.yml pins {version}: pin the same version.")
            shutil.rmtree(target / prefix, ignore_errors=True)
            archive.extractall(target, [member for member in archive.namelist() if member.startswith(prefix)])


def from_pypi(checkout: Path, target: Path) -> bool:
    """Try the wheel; ``False`` when no package index serves it."""
    with tempfile.TemporaryDirectory() as scratch:
        # The wheel is only unpacked, so the Python version that it asks for does not matter.
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
        ]
        pip += [
            "--python-version=3.13",
            f"--dest={scratch}",
            f"--requirement={checkout / 'requirements/collections.txt'}",
        ]
        if subprocess.run(pip, check=False).returncode:
            return False
        unpack(next(Path(scratch).glob("ansible-*.whl")), pinned(checkout / "collections/requirements.yml"), target)
        return True


def from_galaxy(checkout: Path, target: Path) -> bool:
    """Try the configured Galaxy servers; ``False`` when none serves the collections."""
    galaxy = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection", "install", "--force"]
    galaxy += [f"--requirements-file={checkout / 'collections/requirements.yml'}", f"--collections-path={target}"]
    return subprocess.run(galaxy, check=False).returncode == 0


def main() -> None:
    """Install from the first source that answers, or end with the cause."""
    checkout, target = Path(sys.argv[1]), Path(sysconfig.get_path("purelib"))
    if not (from_pypi(checkout, target) or from_galaxy(checkout, target)):
        sys.exit(
            "neither a Python package index (pip config list) nor a Galaxy server "
            "(ansible-config dump --only-changed) serves the pinned collections."
        )


if __name__ == "__main__":
    main()
