# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published binaries of minikube, kubectl and helm: whether their hosts answer, and what of them to download."""

from __future__ import annotations

import hashlib
import platform
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import Failure
from .._core.http_client import answers

# Seconds that `auto` gives the hosts to answer.
PATIENCE = 2.0
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Program:
    """A published program: `member` is its path in the archive at `url`, or empty when the file at `url` is the program."""

    name: str
    version: str
    url: str
    checksum_url: str
    member: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.version} {self.url}".encode()).hexdigest()[:16]

    def folder(self, downloads: Path) -> Path:
        """Return the folder of its own below the folder `downloads`."""
        return downloads / f"{self.name}-{self.digest}"

    def download(self, downloads: Path) -> dict[str, str]:
        """Return what to download for it, and where to."""
        folder = self.folder(downloads)
        return {
            "name": self.name,
            "version": self.version,
            "url": self.url,
            "checksum_url": self.checksum_url,
            "folder": str(folder),
            "file": str(folder / (self.url.rsplit("/", 1)[1] if self.member else self.name)),
            "member": self.member,
        }

    @property
    def publish(self) -> dict[str, tuple[str, ...]]:
        return {self.name: (f"bin/{self.name}",)}


def programs(settings: Mapping[str, Any]) -> dict[str, Program]:
    """Return the programs for this machine; `settings` holds {minikube,kubernetes,helm}_version and {minikube,kubectl,helm}_url."""
    system, machine = platform.system().lower(), _MACHINES.get(platform.machine(), platform.machine())
    minikube = f"{settings['minikube_url'].rstrip('/')}/{settings['minikube_version']}/minikube-{system}-{machine}"
    kubectl = f"{settings['kubectl_url'].rstrip('/')}/{settings['kubernetes_version']}/bin/{system}/{machine}/kubectl"
    helm = f"{settings['helm_url'].rstrip('/')}/helm-{settings['helm_version']}-{system}-{machine}.tar.gz"
    every = (
        Program("minikube", settings["minikube_version"], minikube, f"{minikube}.sha256"),
        Program("kubectl", settings["kubernetes_version"], kubectl, f"{kubectl}.sha256"),
        Program("helm", settings["helm_version"], helm, f"{helm}.sha256sum", f"{system}-{machine}/helm"),
    )
    return {program.name: program for program in every}


def hosts_answer(wanted: Sequence[Program], registries: Sequence[str]) -> bool:
    """Ask all at once whether every program and every registry of images can be had here."""
    asked: list[tuple[str, tuple[int, ...]]] = [(program.checksum_url, (200,)) for program in wanted]
    asked += [(url, (200, 401)) for url in registries]
    answered: list[str] = []

    def ask(url: str, accepted: tuple[int, ...]) -> None:
        if answers(url, PATIENCE, accepted):
            answered.append(url)

    # A name server that says nothing holds a thread for longer than any time-out: nobody waits for these threads.
    threads = [threading.Thread(target=ask, args=question, daemon=True) for question in asked]
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return len(answered) == len(asked)


def take(program: Program, downloads: Path, into: Path) -> None:
    """Take a program that was downloaded, and unpacked, below the folder `downloads` into the folder `into`, under its name.

    Raises Failure where it is not there.
    """
    downloaded = program.folder(downloads) / (program.member or program.name)
    if not downloaded.is_file():
        raise Failure(f"{program.name} was not downloaded to {downloaded}: run the role plannoir.deploy.toolchain, whose task does that.")
    target = into / program.name
    downloaded.rename(target)
    target.chmod(0o755)
    shutil.rmtree(program.folder(downloads))
