# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides where the toolchain comes from, lists what is missing of it, and finds what would stop the work before it begins."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._core.docker import Docker
from .._core.errors import Failure
from .._core.process import output
from .._preflight.requirements import disk_problems, packages_problems
from . import catalogue, official, pins
from . import go as golang
from .debian import KEYRING
from .make import GO, Packages, official_is_there, versions
from .store import Store

SOURCE = "source.json"
# Modules and objects in Go's own caches (8 GB), and the programs.
GB_FOR_GO = 10
GB_FOR_THE_REST = 2
WITHOUT_MINIKUBE = ("base-image", "kubectl", "helm")
"""What another cluster takes of the toolchain: two clients, and what images are built from."""


@dataclass
class ToolchainPlan:
    """What the toolchain lacks.

    `programs` are {name, version, seconds expected, next name}, `packages` are Debian's, `downloads` is what `official` takes.
    """

    source: str
    programs: list[dict[str, Any]] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    downloads: list[dict[str, str]] = field(default_factory=list)
    node_image: str = ""
    registry_image: str = ""
    base_image: str = ""
    problems: list[str] = field(default_factory=list)


def plan(settings: Mapping[str, Any], *, check: bool = False) -> ToolchainPlan:
    """Make the plan; `settings` are the options of the module toolchain_plan. With `check` the engine may not be there yet.

    Raises Failure where the source cannot be decided.
    """
    store = Store(Path(settings["cache_dir"]))
    source = decide(store, settings)
    if not check:
        remember_source(store, settings, source)
    return _packages_plan(store, settings, check=check) if source == "packages" else _official_plan(store, settings)


def decide(store: Store, settings: Mapping[str, Any]) -> str:
    """Return `packages` or `official`: what is asked for, else what this cache folder holds, else what the network has."""
    if settings["source"] != "auto":
        return str(settings["source"])
    try:
        remembered = json.loads((store.root / SOURCE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        remembered = {}
    if isinstance(remembered, dict) and remembered.get("asked") == _asked(settings) and (store.root / "components").is_dir():
        return str(remembered["source"])
    if official.hosts_answer(list(official.programs(settings).values()), settings["registry_urls"]):
        return "official"
    if not list(packages_problems()):
        return "packages"
    raise Failure(
        "The hosts of minikube, kubectl, helm and their images do not all answer, and toolchain_source packages works on Linux on x86-64"
        " only: open the network to them, or name mirrors in toolchain_minikube_url, toolchain_kubectl_url, toolchain_helm_url"
        " and toolchain_registry_urls."
    )


def remember_source(store: Store, settings: Mapping[str, Any], source: str) -> None:
    """Write down the decision of `auto` for these versions and addresses."""
    wanted = json.dumps({"source": source, "asked": _asked(settings)}, indent=1)
    path = store.root / SOURCE
    if settings["source"] != "auto" or (path.is_file() and path.read_text(encoding="utf-8") == wanted):
        return
    store.root.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")


def _asked(settings: Mapping[str, Any]) -> list[str]:
    return [program.checksum_url for program in official.programs(settings).values()] + list(settings["registry_urls"])


def _official_plan(store: Store, settings: Mapping[str, Any]) -> ToolchainPlan:
    wanted = [program for program in official.programs(settings).values() if settings["minikube"] or program.name in WITHOUT_MINIKUBE]
    missing = [program for program in wanted if not official_is_there(store, program)]
    result = ToolchainPlan("official", _listed([(program.name, program.version, 10) for program in missing]))
    fresh = [program for program in missing if not store.is_whole(f"official-{program.name}", program.digest)]
    result.downloads = [program.download(store.downloads) for program in fresh]
    if missing:
        result.problems += disk_problems([store.root], GB_FOR_THE_REST, "the toolchain")
    return result


def _packages_plan(store: Store, settings: Mapping[str, Any], *, check: bool) -> ToolchainPlan:
    packages = Packages(store, Path(settings["recipes"]), Docker.at(settings["engine_host"]), settings["debian_mirror"])
    digests = packages.digests()
    labels = packages.labels(digests)
    images = catalogue.engine_images(digests)
    result = ToolchainPlan(
        "packages",
        node_image=images["node-containerd-image" if settings["containerd"] else "node-image"],
        registry_image=images["registry-image"],
        base_image=pins.BASE_IMAGE,
    )
    result.problems += _version_problems(settings)
    result.problems += packages_problems()
    wanted = [program for program in catalogue.programs().values() if not program.optional or settings[program.optional]]
    wanted = [program for program in wanted if settings["minikube"] or program.name in WITHOUT_MINIKUBE]
    missing = [program for program in wanted if not packages.is_there(program.name, digests, labels)]
    listed = [(program.name, program.version, program.seconds) for program in missing]
    go_programs = [program for program in missing if isinstance(program.recipe, catalogue.GoProgram)]
    fresh = [program for program in go_programs if not store.is_whole(program.name, digests[program.name])]
    if fresh and not golang.machine_go() and not packages.is_there(GO, digests, labels):
        listed.insert(0, (GO, catalogue.GO, 30))
    result.programs = _listed(listed)
    if missing:
        result.packages = list(_wanted_packages(missing, store, digests))
        result.problems += _build_problems(settings, store, fresh, result)
        if not check:
            result.problems += _engine_problems(settings, result)
    return result


def _listed(programs: Sequence[tuple[str, str, int]]) -> list[dict[str, Any]]:
    following = [*(program[0] for program in programs), ""][1:]
    return [
        {"name": name, "version": version, "seconds": seconds, "next": after}
        for (name, version, seconds), after in zip(programs, following, strict=True)
    ]


def _wanted_packages(missing: Sequence[catalogue.Program], store: Store, digests: Mapping[str, str]) -> Iterator[str]:
    """Name the Debian packages that making the missing programs takes and the machine lacks."""
    fresh = [program for program in missing if not store.is_whole(program.name, digests[program.name])]
    if any(isinstance(program.recipe, catalogue.Debian) for program in fresh):
        if not shutil.which("mmdebstrap"):
            yield "mmdebstrap"
        if not Path(KEYRING).is_file():
            yield "debian-archive-keyring"
    programs = [program.recipe for program in fresh if isinstance(program.recipe, catalogue.GoProgram)]
    if any(program.cgo for program in programs):
        if not shutil.which(os.environ.get("CC", "gcc").split()[0]):
            yield "gcc"
        if not Path("/usr/include/stdlib.h").is_file():
            yield "libc6-dev"


def _version_problems(settings: Mapping[str, Any]) -> Iterator[str]:
    for variable, (wanted, built) in versions(settings).items():
        if wanted != built:
            yield f"toolchain_source packages builds {built} and not {wanted}: set {variable} to {built}, or toolchain_source to official."


def _build_problems(
    settings: Mapping[str, Any], store: Store, go_programs: Sequence[catalogue.Program], made: ToolchainPlan
) -> Iterator[str]:
    if go_programs:
        yield from disk_problems([store.root, _go_cache()], GB_FOR_GO if len(go_programs) > 3 else GB_FOR_THE_REST, "the toolchain")
        problem = golang.proxy_problem()
        if problem:
            yield problem
    if made.packages:
        missing = " and ".join(made.packages)
        by_hand = f"`apt-get install {' '.join(made.packages)}`"
        if not shutil.which("apt-get"):
            yield f"{missing} must be installed and there is no apt-get: install it by hand, or set toolchain_source to official."
        elif os.geteuid() != 0 and not settings["become"]:
            yield f"{missing} must be installed and that takes root: run {by_hand}, or set toolchain_become to true."


def _engine_problems(settings: Mapping[str, Any], made: ToolchainPlan) -> Iterator[str]:
    if any(program["name"].startswith(("base-", "node-", "registry-", "image-")) for program in made.programs):
        client = Docker.at(settings["engine_host"]).client
        if not output(["docker", "buildx", "version"], client):
            yield "The docker client or its buildx plugin is missing: run the role plannoir.deploy.engine first."
        elif not output(["docker", "version", "--format", "{{.Server.Version}}"], client):
            where = settings["engine_host"] or "the default address"
            yield f"No Docker Engine answers at {where}: run the role plannoir.deploy.engine first."


def _go_cache() -> Path:
    return Path(os.environ.get("GOCACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "go-build")
