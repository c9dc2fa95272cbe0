# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tags of images in an engine: which are superseded, and which outlive their engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .._core.docker import Docker
from .._core.labels import APPLICATION

LAYERS = 4
"""GB of build layers for each application: one of Next.js takes 2 to 3, with what its package manager keeps."""
LEAST_LAYERS = 20
"""GB of build layers that always have room."""


def repository(reference: str) -> str:
    """Return a reference without its tag."""
    return reference.rpartition(":")[0]


def superseded(refs: Sequence[str], engine: Docker, keep: int) -> list[str]:
    """Return the tags that nothing needs any more.

    Args:
        refs: The wanted references; only their repositories are looked at.
        engine: Where the images are.
        keep: How many tags of each repository stay, the wanted one included; the newest are kept.
    """
    tags = _tags(engine)
    old = [entry for ref in refs for entry in _beyond(tags.get(repository(ref), []), ref, keep)]
    used: Collection[str] = engine.used_image_ids() if old else ()
    return [ref for created, ref, image_id in old if image_id not in used]


def kept(refs: Sequence[str], engine: Docker, keep: int) -> set[str]:
    """Return the newest tags of the references' repositories, which ``superseded`` leaves."""
    tags = _tags(engine)
    return {entry[1] for ref in refs for entry in sorted(tags.get(repository(ref), []), reverse=True)[:keep]}


def running(engine: Docker) -> set[str]:
    """Return the applications whose images a container of the engine uses."""
    used = engine.used_image_ids()
    labels = [image.get("Labels") or {} for image in engine.images() if image["Id"] in used]
    return {own[APPLICATION] for own in labels if APPLICATION in own}


def layers_limit(applications: int) -> int:
    """Return the GB that the build layers of so many applications may take."""
    return max(LEAST_LAYERS, LAYERS * applications)


def _tags(engine: Docker) -> dict[str, list[tuple[int, str, str]]]:
    """Return, by repository, when each image that carries our label was made, its reference and its id."""
    tags: dict[str, list[tuple[int, str, str]]] = {}
    for image in (image for image in engine.images() if APPLICATION in (image.get("Labels") or {})):
        for ref in image.get("RepoTags") or []:
            tags.setdefault(repository(ref), []).append((image["Created"], ref, image["Id"]))
    return tags


def _beyond(tags: Sequence[tuple[int, str, str]], wanted: str, keep: int) -> list[tuple[int, str, str]]:
    others = sorted((tag for tag in tags if tag[1] != wanted), reverse=True)
    return others[max(keep - 1, 0) :]


def keep(source: Docker, target: Docker) -> list[str]:
    """Copy the images that containers of an engine use to one that outlives it, where no older one of their components stays.

    Args:
        source: An engine that is about to go, such as that of a cluster.
        target: The engine that keeps them.

    Returns:
        The references that were copied; those that are there already are not.

    Raises:
        Failure: An engine does not answer or has no room.
    """
    used = source.used_image_ids()
    refs = {ref: image_id for tags in _tags(source).values() for _created, ref, image_id in tags if image_id in used}
    copied = [ref for ref, image_id in refs.items() if target.image_id(ref) != image_id]
    if copied:
        source.copy_images(copied, target)
    for ref in superseded(list(refs), target, 1):
        target.remove_image(ref)
    return copied
