# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tags are superseded, and which outlive the engine that they run in."""

from __future__ import annotations

from typing import Any

from ansible_collections.plannoir.deploy.plugins.module_utils._core.labels import APPLICATION
from ansible_collections.plannoir.deploy.plugins.module_utils._images.tags import keep, superseded

OURS = {APPLICATION: "p"}


class FakeDocker:
    def __init__(self, images: list[dict[str, Any]], used: set[str] | None = None) -> None:
        self.have = images
        self._used = used or set()

    def images(self) -> list[dict[str, Any]]:
        return self.have

    def used_image_ids(self) -> set[str]:
        return self._used

    def image_id(self, reference: str) -> str | None:
        return next((image["Id"] for image in self.have if reference in (image["RepoTags"] or [])), None)

    def copy_images(self, references: list[str], target: FakeDocker) -> None:
        target.have += [image for image in self.have if set(references) & set(image["RepoTags"] or [])]

    def remove_image(self, reference: str) -> None:
        self.have = [image for image in self.have if reference not in image["RepoTags"]]

    @property
    def tags(self) -> list[str]:
        return sorted(ref for image in self.have for ref in image["RepoTags"])


def tags(*entries: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"Created": created, "RepoTags": [ref], "Id": f"sha256:{ref}", "Labels": OURS} for created, ref in entries]


def test_the_wanted_tag_and_the_newest_other_stay() -> None:
    engine = FakeDocker(tags((3, "p/a:c"), (1, "p/a:a"), (2, "p/a:b"), (1, "p/b:a"), (0, "other:x")))
    assert superseded(["p/a:a", "p/b:a"], engine, keep=2) == ["p/a:b"]  # type: ignore[arg-type]


def test_the_image_of_a_container_stays() -> None:
    engine = FakeDocker(tags((1, "p/a:a"), (2, "p/a:b"), (3, "p/a:c")), {"sha256:p/a:a"})
    assert superseded(["p/a:new"], engine, keep=2) == ["p/a:b"]  # type: ignore[arg-type]


def test_an_image_without_a_tag_is_nobodys() -> None:
    engine = FakeDocker([{"Created": 1, "RepoTags": None, "Id": "sha256:1", "Labels": OURS}])
    assert superseded(["p/a:new"], engine, keep=1) == []  # type: ignore[arg-type]


def test_what_lacks_our_label_is_never_superseded() -> None:
    engine = FakeDocker([*tags((3, "p/a:c")), {"Created": 1, "RepoTags": ["p/a:mine"], "Id": "sha256:1", "Labels": None}])
    assert superseded(["p/a:c"], engine, keep=1) == []  # type: ignore[arg-type]


def test_what_runs_is_kept_and_takes_the_place_of_its_forerunner() -> None:
    mine = {"Created": 1, "RepoTags": ["p/b:mine"], "Id": "sha256:1", "Labels": {}}
    node = FakeDocker(
        [*tags((3, "p/a:c"), (2, "p/a:b"), (2, "p/b:b"), (9, "p/live:x")), {"Created": 5, "RepoTags": ["pause:3"], "Id": "sha256:p"}],
        {"sha256:p/a:c", "sha256:p/b:b", "sha256:p"},
    )
    machine = FakeDocker([*tags((1, "p/a:a"), (2, "p/b:b"), (0, "p/gone:a")), mine])
    assert keep(node, machine) == ["p/a:c"]  # type: ignore[arg-type]
    assert machine.tags == ["p/a:c", "p/b:b", "p/b:mine", "p/gone:a"]
    assert keep(node, machine) == []  # type: ignore[arg-type]
