# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published binaries of minikube, kubectl and helm: whether their hosts answer, and the download with its checksum."""

from __future__ import annotations

import hashlib
import platform
import re
import shutil
import tarfile
import threading
import time
import urllib.error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.errors import Failure
from .._core.http import answers, open_url
from .store import sha256

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


def download(program: Program, into: Path) -> None:
    """Download a program into the folder `into`, under its name.

    Raises Failure where it is not there or its checksum is not the published one.
    """
    with _opened(program, program.checksum_url) as response:
        published = re.match(r"[0-9a-fA-F]{64}\b", response.read(4096).decode(errors="replace").strip())
    if not published:
        raise Failure(f"{program.checksum_url} holds no SHA-256 checksum of {program.name}: correct toolchain_{program.name}_url.")
    fetched = into / "download"
    with _opened(program, program.url) as response, fetched.open("wb") as sink:
        shutil.copyfileobj(response, sink)
    found = sha256(fetched)
    if found != published[0].lower():
        raise Failure(
            f"{program.url} has the checksum {found} and not the published {published[0].lower()}:"
            f" nothing was installed; run this again or use another toolchain_{program.name}_url."
        )
    target = into / program.name
    if program.member:
        with tarfile.open(fetched) as archive, target.open("wb") as sink:
            member = archive.extractfile(program.member)
            if member is None:
                raise Failure(f"{program.url} holds no file {program.member}: correct toolchain_{program.name}_url.")
            shutil.copyfileobj(member, sink)
        fetched.unlink()
    else:
        fetched.rename(target)
    target.chmod(0o755)


def _opened(program: Program, url: str) -> Any:
    try:
        return open_url(url, 60)
    except urllib.error.HTTPError as error:
        raise Failure(
            f"{program.name} {program.version} is not at {url} ({error.code} {error.reason}):"
            f" correct its version or toolchain_{program.name}_url."
        ) from error
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise Failure(
            f"{url} does not answer ({reason}):"
            f" mend the network, correct toolchain_{program.name}_url, or set toolchain_source to packages."
        ) from error
