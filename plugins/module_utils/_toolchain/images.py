# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images of one layer, written as docker archives without an engine; the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

from .store import sha256

EPOCH = "1970-01-01T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def write_layer(program: Path, path: str, layer: Path) -> None:
    """Write a layer that holds one executable at the absolute path `path`."""
    with tarfile.open(layer, "w", format=tarfile.PAX_FORMAT) as tar:
        for parent in list(reversed(Path(path.lstrip("/")).parents))[1:]:
            folder = tarfile.TarInfo(str(parent))
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        entry = tarfile.TarInfo(path.lstrip("/"))
        entry.size, entry.mode = program.stat().st_size, 0o755
        with program.open("rb") as file:
            tar.addfile(entry, file)


def write_archive(ref: str, layer: Path, entrypoint: Sequence[str], archive: Path) -> None:
    """Write the docker archive of the image `ref` with one layer, a tar file."""
    layer_digest = sha256(layer)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": EPOCH,
            "config": {"Env": [PATH], "WorkingDir": "/", **({"Entrypoint": list(entrypoint)} if entrypoint else {})},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
            "history": [{"created": EPOCH, "created_by": "plannoir.deploy"}],
        },
        sort_keys=True,
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [ref], "Layers": [f"{layer_digest}.tar"]}]).encode()
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for entry_name, content in ((name, config), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(entry_name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        entry = tarfile.TarInfo(f"{layer_digest}.tar")
        entry.size = layer.stat().st_size
        with layer.open("rb") as file:
            tar.addfile(entry, file)
