# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployment needs of the machine it runs on."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .._core.errors import Failure
from .._core.machine import Machine
from .._engine.environment import environment_problems
from .._minikube.early import early_problems
from .._minikube.files import Files

OLDEST_PYTHON = (3, 11)
SYSTEMS = {"Linux": ("x86_64", "aarch64"), "Darwin": ("x86_64", "arm64")}
GB = 10**9


def machine_problems(wanted: Mapping[str, Any]) -> Iterator[str]:
    """Say what the machine lacks; ``wanted`` holds the options of the module ``preflight``."""
    yield from python_problems(sys.version_info[:2])
    yield from system_problems(platform.system(), platform.machine(), packages=wanted["packages"])
    yield from memory_problems(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), wanted["memory_gb"])
    if wanted["cache_dir"] and not Path(wanted["cache_dir"]).exists():
        yield from disk_problems([Path(wanted["cache_dir"])], wanted["disk_gb"], "a first run")
    if wanted["minikube"]:
        elsewhere = list(environment_problems(os.environ))
        # Another engine's containers say nothing of this machine.
        yield from elsewhere or early_problems(Machine(), wanted["minikube"])
    if wanted["minikube"] and not Files.of(wanted["minikube"]["home"], wanted["minikube"]["profile"]).config():
        from .._images.plan import first_base_problems  # a later run does without: the module images_plan knows what has to be built

        yield from first_base_problems(wanted["sources"], Path(wanted["source_root"] or "."))
    for source in wanted["sources"]:
        yield from source_problems(source, Path(wanted["source_root"] or "."))


def python_problems(version: Sequence[int]) -> Iterator[str]:
    if tuple(version) < OLDEST_PYTHON:
        yield f"Python is {version[0]}.{version[1]} and must be 3.11 or newer: name one in PLANNOIR_PYTHON and run ./bootstrap."


def system_problems(system: str, machine: str, *, packages: bool) -> Iterator[str]:
    if machine not in SYSTEMS.get(system, ()):
        yield f"{system} on {machine} is not supported: use Linux or macOS on x86-64 or ARM64."
    elif packages:
        yield from packages_problems(system, machine)


def packages_problems(system: str = platform.system(), machine: str = platform.machine()) -> Iterator[str]:
    if (system, machine) != ("Linux", "x86_64"):
        yield f"toolchain_source packages works on Linux on x86-64 only, not on {system} on {machine}: set toolchain_source to official."


def memory_problems(memory: int, wanted_gb: int) -> Iterator[str]:
    """Compare ``memory`` in bytes with GB, a tenth short of it allowed: the kernel keeps some for itself."""
    if memory < wanted_gb * GB * 0.9:
        yield f"The machine has {memory / GB:.1f} GB of memory and needs {wanted_gb} GB: use a larger one, or lower preflight_memory_gb."


def disk_problems(folders: Iterable[Path], wanted_gb: int, what: str) -> Iterator[str]:
    """Check the file systems that folders, which need not be there yet, will be on; each once. ``what`` needs so much."""
    seen = set()
    for folder in folders:
        there = next((path for path in (folder.absolute(), *folder.absolute().parents) if path.exists()), Path("/"))
        free, device = shutil.disk_usage(there).free, there.stat().st_dev
        if device not in seen and free < wanted_gb * GB:
            yield f"{there} has {free / GB:.1f} GB free and {what} needs {wanted_gb} GB: free some, or set XDG_CACHE_HOME elsewhere."
        seen.add(device)


def source_problems(source: Mapping[str, Any], root: Path) -> Iterator[str]:
    from .._images.plan import not_generated
    from .._images.source import source_of

    try:
        found = source_of(source, root)
    except Failure as error:
        yield from not_generated(source["component"], source, str(error))
        return
    if not found.folder.is_dir():
        yield f"The source folder of {source['component']}, {found.folder}, is missing: correct build.context."
    elif not found.dockerfile.is_file():
        yield f"The Dockerfile of {source['component']}, {found.dockerfile}, is missing: correct build.dockerfile."
    elif found.generated and source.get("live"):
        yield (
            f"Component {source['component']}: live runs a stage of a Dockerfile of yours, and {found.folder} has none: leave live out, so "
            "that an edit is built and released, or copy the generated one, whose path -v shows, into it and add the stage."
        )
