# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds each application folder with ``docker build .`` and audits the image: its size, its content and how it runs.

The engine is the one that DOCKER_HOST names. Where the images role has built the same source, all layers are there already.
"""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import docker
import pytest

ROOT = Path(__file__).parents[2]
SERVICES = {
    "database": "postgresql/database",
    "mail": "mail",
    "mariadb": "mariadb",
    "openrouter": "openrouter",
    "pgbouncer": "postgresql/pgbouncer",
    "redis": "redis",
    "gateway": "gateway",
}
USERS = {
    "backend": "10001:10001",
    "frontend": "10002:10002",
    "database": "10003:10003",
    "openrouter": "10004:10004",
    "pgbouncer": "10005:10005",
    "redis": "10006:10006",
    "gateway": "10007:10007",
    "mail": "10009:10009",
    "mariadb": "10008:10008",
}
PORTS = {
    "backend": "8000/tcp",
    "frontend": "3000/tcp",
    "database": "5432/tcp",
    "openrouter": "8080/tcp",
    "pgbouncer": "6432/tcp",
    "redis": "6379/tcp",
    "gateway": "8080/tcp",
    "mail": "1025/tcp",
    "mariadb": "3306/tcp",
}
LIMITS_MB = {"backend": 77, "frontend": 141, "pgbouncer": 25}
LIMIT_TOGETHER_MB = 218

SHELLS = {"sh", "dash", "bash", "busybox"}
TOOLS = {"apt", "apt-get", "dpkg", "pip", "pip3", "npm", "npx", "yarn", "uv", "gcc", "cc", "make", "git", "curl", "wget", "perl", "strip"}


@dataclass
class Built:
    """An image and what is known of it."""

    name: str
    id: str
    seconds: float
    client: docker.DockerClient

    @cached_property
    def attributes(self) -> dict[str, Any]:
        return dict(self.client.images.get(self.id).attrs)

    @property
    def megabytes(self) -> float:
        """As ``docker images`` counts."""
        return float(self.attributes["Size"]) / 1e6

    @cached_property
    def members(self) -> list[tarfile.TarInfo]:
        """Every file of the image."""
        container = self.client.containers.create(self.id)
        try:
            with tarfile.open(fileobj=io.BytesIO(b"".join(container.export()))) as archive:
                return archive.getmembers()
        finally:
            container.remove()

    @property
    def programs(self) -> set[str]:
        return {PurePosixPath(member.name).name for member in self.members if not member.isdir() and member.mode & 0o111}


@pytest.fixture(scope="session")
def images() -> Iterator[dict[str, Built]]:
    client = docker.from_env()
    bundle = os.environ.get("SSL_CERT_FILE", "")
    secret = [f"--secret=id=ca,src={bundle}"] if Path(bundle).is_file() else []
    built = {}
    for name in USERS:
        started = time.monotonic()
        folder = ROOT / "roles/services/files" if name in SERVICES else ROOT / "apps" / name
        command = ["docker", "build", "--quiet", *secret, "-f", str(Path(SERVICES.get(name, ""), "Dockerfile")), "."]
        image = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        built[name] = Built(name, image, time.monotonic() - started, client)
    yield built
    for done in built.values():
        # One that somebody tagged is theirs; the layers stay in the build cache either way.
        if not client.images.get(done.id).tags:
            client.images.remove(done.id)


@pytest.fixture(params=USERS)
def image(images: dict[str, Built], request: pytest.FixtureRequest) -> Built:
    return images[request.param]


def test_sizes_stay_below_their_limits(images: dict[str, Built], capsys: pytest.CaptureFixture[str]) -> None:
    together = images["backend"].megabytes + images["frontend"].megabytes
    with capsys.disabled():
        print()
        for name, built in images.items():
            limit = f" of {LIMITS_MB[name]}" if name in LIMITS_MB else ""
            print(f"{name:12}{built.megabytes:6.1f}{limit} MB, built in {built.seconds:.0f} s")
        print(f"{'together':12}{together:6.1f} of {LIMIT_TOGETHER_MB} MB (backend and frontend)")
    assert [name for name, limit in LIMITS_MB.items() if images[name].megabytes >= limit] == []
    assert together < LIMIT_TOGETHER_MB


def test_the_user_is_a_number_and_not_root(image: Built) -> None:
    assert image.attributes["Config"]["User"] == USERS[image.name]
    assert list(image.attributes["Config"]["ExposedPorts"]) == [PORTS[image.name]]


def test_nothing_is_there_to_build_with_or_to_look_around_with(image: Built) -> None:
    # initdb of PostgreSQL runs its helpers by a shell, and who sets the passwords of the others is a script.
    allowed = {"sh", "dash"} if image.name in ("database", "mariadb", "redis") else set()
    assert image.programs & (SHELLS | TOOLS) - allowed == set()


def test_no_file_gives_more_rights_than_the_user_has(image: Built) -> None:
    assert [member.name for member in image.members if member.isfile() and member.mode & 0o6000] == []
    writable = [member.name for member in image.members if not member.issym() and member.mode & 0o002 and not member.mode & 0o1000]
    assert [name for name in writable if not name.startswith("dev/")] == []


def test_licences_and_package_records_are_kept(image: Built) -> None:
    records = PurePosixPath("var/lib/dpkg/status.d")
    packages = {PurePosixPath(member.name).name for member in image.members if PurePosixPath(member.name).parent == records}
    documents = {member.name: member.linkname for member in image.members if member.name.startswith("usr/share/doc/")}
    # Several packages of one source share a folder by a link.
    folders = {package: documents.get(f"usr/share/doc/{package}", "") or package for package in packages}
    assert "libc6" in packages
    assert [package for package, folder in folders.items() if f"usr/share/doc/{folder}/copyright" not in documents] == []
    assert image.attributes["Config"]["Labels"]["org.opencontainers.image.licenses"]
