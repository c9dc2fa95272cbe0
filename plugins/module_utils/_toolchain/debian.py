# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base image and the node image: made from Debian packages of the mirrors that the machine's own apt uses."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .._core import authorities
from .._core.apt import sources
from .._core.docker import Docker
from .._core.files import write_private
from .._core.machine import Machine
from .._core.process import output
from . import catalogue, pins
from .host import run

LABEL = "deploy.plannoir.toolchain"
ROOTFS = "rootfs.tar"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEFAULT_MIRRORS = {
    "": "http://deb.debian.org/debian",
    "-updates": "http://deb.debian.org/debian",
    "-security": "http://deb.debian.org/debian-security",
}
# How apt reaches the mirrors holds in containers just as on the machine.
_APT_OPTIONS = re.compile(r"^(Acquire::(?:https?::Proxy(?:::[^ ]+)?|Check-Valid-Until|Check-Date|Retries)) \"([^\"]+)\";$", re.MULTILINE)


@dataclass(frozen=True)
class AptSettings:
    """Sources lines for a suite, the keyrings that they name, and apt's own options for reaching the mirrors."""

    sources: tuple[str, ...]
    keyrings: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


def apt_settings(suite: str, targets: Iterable[Sequence[str]], config: str, mirror: str = "") -> AptSettings:
    """Tell the settings for `suite` from apt's own targets, as (site, release, keyring or nothing), and from `apt-config dump`.

    `mirror` replaces the main mirror. Where apt has no Debian source (Ubuntu), Debian's own mirrors are used.
    """
    found: dict[str, tuple[str, str]] = {}
    for site, release, keyring in targets:
        kind = re.fullmatch(r"(?:bookworm|trixie|forky|sid)(|-updates|-security)", release)
        if kind:
            found.setdefault(kind[1], (site, keyring))
    if "" not in found:
        found = {kind: (site, KEYRING) for kind, site in DEFAULT_MIRRORS.items()}
    if mirror:
        found[""] = found["-updates"] = (mirror, found[""][1])
    lines = (f"deb {f'[signed-by={key}] ' if key else ''}{site} {suite}{kind} main" for kind, (site, key) in sorted(found.items()))
    keyrings = tuple(sorted({key for site, key in found.values() if key}))
    return AptSettings(tuple(lines), keyrings, dict(_APT_OPTIONS.findall(config)))


def machine_apt_settings(suite: str, mirror: str) -> AptSettings:
    """Return the settings for `suite` from the machine's own apt."""
    keyring = re.compile(r"/\S+")  # a key that stands in the entry itself cannot be named to mmdebstrap
    found = [source for source in sources(Machine()) if source.component == "main"]
    targets = [(source.uri, source.suite, source.signed_by if keyring.fullmatch(source.signed_by) else "") for source in found]
    return apt_settings(suite, targets, output(["apt-config", "dump"]), mirror)


def make_rootfs(debian: catalogue.Debian, into: Path, mirror: str, log: Path) -> None:
    """Bootstrap the base image's root file system as the file rootfs.tar in the folder `into`."""
    apt = machine_apt_settings(debian.suite, mirror)
    argv = ["mmdebstrap", f"--variant={debian.variant}", "--format=tar"]
    argv += [f"--dpkgopt=path-exclude={path}" for path in debian.excluded] + ["--dpkgopt=path-include=/usr/share/doc/*/copyright"]
    # What mmdebstrap is told with --aptopt stands on its command line and stays in the image.
    secret = {key: value for key, value in apt.options.items() if "@" in value}
    argv += [f'--aptopt={key} "{value}"' for key, value in apt.options.items() if key not in secret]
    if secret:
        settings = into / "apt.conf"
        write_private(settings, "".join(f'{key} "{value}";\n' for key, value in secret.items()))
        there = '"$1"/etc/apt/apt.conf.d/99plannoir-proxy'
        argv += [f"--setup-hook=cp {shlex.quote(str(settings))} {there}", f"--customize-hook=rm {there}"]
    # The image's own apt must find the keyrings that its sources name; Debian's own one comes with a package.
    for key in set(apt.keyrings) - {KEYRING}:
        argv += [f"--customize-hook=copy-in {key} {Path(key).parent}"]
    argv += [f"--customize-hook={debian.customize}"]
    try:
        run([*argv, debian.suite, str(into / ROOTFS), "-"], log, given="\n".join(apt.sources) + "\n")
    finally:
        (into / "apt.conf").unlink(missing_ok=True)


def base_state(labels: Mapping[str, Mapping[str, str]], digest: str) -> str:
    """Tell what the engine has as base image: `missing`, `outdated` (ours, of another recipe) or `there`.

    An image without our label was pulled or loaded by somebody: it is used and never replaced.
    """
    if pins.BASE_IMAGE not in labels:
        return "missing"
    ours = labels[pins.BASE_IMAGE].get(LABEL)
    return "there" if ours in (None, digest) else "outdated"


def import_base(docker: Docker, rootfs: Path, digest: str, log: Path) -> None:
    """Give the engine the base image, under its own name and the one that Dockerfiles use."""
    changes = ["--change", 'CMD ["bash"]', "--change", f"LABEL {LABEL}={digest}"]
    own = catalogue.base_image(digest)
    run(["docker", "import", "--platform", catalogue.PLATFORM, *changes, str(rootfs), own], log, env=docker.client)
    run(["docker", "tag", own, pins.BASE_IMAGE], log, env=docker.client)


def base_ref(docker: Docker, digest: str) -> str:
    """Return what to build on: our own base image where the engine has it, else the Debian image that somebody pulled."""
    own = catalogue.base_image(digest)
    return own if own in docker.labels(own) else pins.BASE_IMAGE


def build_image(docker: Docker, base: str, context: Path, contexts: Mapping[str, Path], log: Path, *options: str) -> None:
    """Build a recipe's folder on the image `base` with buildkit; `contexts` are folders that its Dockerfile names in COPY --from."""
    argv = ["docker", "buildx", "build", "--progress=plain", "--platform", catalogue.PLATFORM]
    argv += ["--build-arg", f"BASE_IMAGE={base}", *options]
    argv += [word for name, path in contexts.items() for word in ("--build-context", f"{name}={path}")]
    bundle = authorities.bundle(os.environ)
    argv += ["--secret", f"id=ca,src={bundle}"] if bundle else []
    run([*argv, str(context)], log, env={**docker.client, "BUILDX_BUILDER": "default"})
