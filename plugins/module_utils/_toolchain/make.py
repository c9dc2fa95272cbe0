# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one program of the toolchain, if it is not there already."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._core.docker import Docker
from .._core.errors import Failure
from . import catalogue, debian, images, official, pins
from . import go as golang
from .store import Store

GO = "go"


@dataclass(frozen=True)
class Made:
    """What became of a program: whether anything changed, and the seconds it took."""

    changed: bool
    seconds: float


@dataclass(frozen=True)
class Packages:
    """Programs built from packages: Go modules and Debian's."""

    store: Store
    recipes: Path
    docker: Docker
    mirror: str = ""

    def digests(self) -> dict[str, str]:
        return {GO: catalogue.GO, **catalogue.digests(self.recipes)}

    def is_there(self, name: str, digests: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]) -> bool:
        """Tell whether a program is whole, published and, for images of the engine, known to it; `labels` are the engine's."""
        digest = digests[name]
        if name == GO:
            return self.store.is_whole(GO, digest)
        program = catalogue.programs()[name]
        if isinstance(program.recipe, catalogue.EngineImage):
            return catalogue.engine_images(digests)[name] in labels
        if isinstance(program.recipe, catalogue.Debian):
            return debian.base_state(labels, digest) == "there"
        return self.store.is_whole(name, digest) and self.store.is_published(name, digest, program.publish)

    def labels(self, digests: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Return the labels of our images in the engine; one that does not answer has none, and the plan says that it does not."""
        try:
            return self.docker.labels(pins.BASE_IMAGE, *catalogue.engine_images(digests).values())
        except Failure:
            return {}

    def make(self, name: str) -> Made:
        """Make a program that is missing.

        Raises Failure with the cause.
        """
        digests, start = self.digests(), time.monotonic()
        with self.store.lock():
            if self.is_there(name, digests, self.labels(digests)):
                return Made(False, time.monotonic() - start)
            digest = digests[name]
            program = catalogue.programs().get(name)
            if program and isinstance(program.recipe, catalogue.EngineImage):
                self._build_image(program, program.recipe.folder, digests)
                return Made(True, time.monotonic() - start)
            if not self.store.is_whole(name, digest):
                with self.store.making(name, digest) as into:
                    self._fill(name, program.recipe if program else None, into, digests)
            if program and isinstance(program.recipe, catalogue.Debian):
                rootfs = self.store.folder(name, digest) / debian.ROOTFS
                debian.import_base(self.docker, rootfs, digest, self.store.log(name))
            if program:
                self.store.publish(name, digest, program.publish)
            self.store.prune(name)
        return Made(True, time.monotonic() - start)

    def _fill(self, name: str, recipe: catalogue.Recipe | None, into: Path, digests: Mapping[str, str]) -> None:
        match recipe:
            case None:
                golang.fetch_go(into)
            case catalogue.GoProgram():
                golang.build(self._go(), recipe, name, self.recipes, into, self.store.log(name))
            case catalogue.Debian():
                debian.make_rootfs(recipe, into, self.mirror, self.store.log(name))
            case catalogue.Image():
                self._write_image(name, recipe, into, digests)
            case _:
                raise AssertionError(recipe)

    def _go(self) -> str:
        own = self.store.folder(GO, catalogue.GO) / "bin" / "go"
        go = golang.machine_go() or (str(own) if own.is_file() else "")
        if not go:
            raise Failure(f"Go {'.'.join(map(str, catalogue.GO_LEAST))} or newer was not found: make the program {GO} first.")
        return go

    def _made(self, name: str, digests: Mapping[str, str]) -> Path:
        return self.store.folder(name, digests[name])

    def _write_image(self, name: str, image: catalogue.Image, into: Path, digests: Mapping[str, str]) -> None:
        layer = into / "layer.tar"
        if image.target:
            contexts = {"program": self._made(image.program, digests)} if image.program else {}
            options = [f"--target={image.target}", f"--output=type=tar,dest={layer}"]
            base = debian.base_ref(self.docker, digests["base-image"])
            debian.build_image(self.docker, base, self.recipes / "images", contexts, self.store.log(name), *options)
        else:
            images.write_layer(self._made(image.program, digests) / image.program, image.path, layer)
        images.write_archive(image.ref, layer, image.entrypoint, into / "image.tar")
        layer.unlink()

    def _build_image(self, program: catalogue.Program, folder: str, digests: Mapping[str, str]) -> None:
        below, *programs = program.needs
        contexts = {name: self._made(name, digests) for name in programs}
        images, digest = catalogue.engine_images(digests), digests[program.name]
        options = ["--load", f"--tag={images[program.name]}", f"--label={debian.LABEL}={digest}"]
        base = images.get(below) or debian.base_ref(self.docker, digests[below])
        debian.build_image(self.docker, base, self.recipes / folder, contexts, self.store.log(program.name), *options)


def make(settings: Mapping[str, Any], *, check: bool = False) -> Made:
    """Make the program `name` from `source`; `settings` are the options of the module toolchain_program.

    Raises Failure with the cause.
    """
    store, name = Store(Path(settings["cache_dir"])), settings["name"]
    if settings["source"] == "packages":
        packages = Packages(store, Path(settings["recipes"]), Docker.at(settings["engine_host"]), settings["debian_mirror"])
        digests = packages.digests()
        _known(name, digests)
        return Made(not packages.is_there(name, digests, packages.labels(digests)), 0) if check else packages.make(name)
    programs = official.programs(settings)
    _known(name, programs)
    return Made(not official_is_there(store, programs[name]), 0) if check else make_official(store, programs[name])


def _known(name: str, names: Iterable[str]) -> None:
    if name not in names:
        raise Failure(f"there is no such program; choose one of {', '.join(names)}.")


def make_official(store: Store, program: official.Program) -> Made:
    """Publish a program that is missing and was downloaded.

    Raises Failure with the cause.
    """
    start = time.monotonic()
    with store.lock():
        if official_is_there(store, program):
            return Made(False, time.monotonic() - start)
        if not store.is_whole(f"official-{program.name}", program.digest):
            with store.making(f"official-{program.name}", program.digest) as into:
                official.take(program, store.downloads, into)
        store.publish(f"official-{program.name}", program.digest, program.publish)
        store.prune(f"official-{program.name}")
    return Made(True, time.monotonic() - start)


def official_is_there(store: Store, program: official.Program) -> bool:
    """Tell whether a published program is whole and in the bin folder."""
    name = f"official-{program.name}"
    return store.is_whole(name, program.digest) and store.is_published(name, program.digest, program.publish)


def versions(settings: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return wanted and built version by the name of the role's variable."""
    built = {"minikube": pins.MINIKUBE, "kubernetes": pins.KUBERNETES, "helm": pins.HELM}
    return {f"toolchain_{name}_version": (settings[f"{name}_version"], version) for name, version in built.items()}
