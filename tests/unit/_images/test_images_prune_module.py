# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module images_prune against an engine that says what it was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.plannoir.deploy.plugins.modules import images_prune
from fake_engine import EngineHandler, serving


def test_untagged_images_of_this_application_only_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            self.answer(200, b"{}" if "/system/df" in self.path else b"[]")

        def do_POST(self) -> None:
            asked.append(self.path)
            self.answer(200, b'{"SpaceReclaimed": 5}')

    with serving(tmp_path, Engine) as environment:
        monkeypatch.setenv("DOCKER_HOST", environment["DOCKER_HOST"])
        with patch_module_args({"refs": [], "app_name": "shop", "build_cache": 20}), pytest.raises(SystemExit):
            images_prune.main()
        assert json.loads(capsys.readouterr().out)["freed"] == 10
        images = next(path for path in asked if "/images/prune" in path)
        # Without a size the layers of the engine are left alone: they may be a person's own.
        asked.clear()
        with patch_module_args({"refs": [], "app_name": "shop"}), pytest.raises(SystemExit):
            images_prune.main()
        assert json.loads(capsys.readouterr().out)["freed"] == 5
        assert not [path for path in asked if "/build/prune" in path]
    assert json.loads(parse_qs(urlsplit(images).query)["filters"][0])["label"] == ["plannoir.deploy/app=shop"]


@pytest.mark.parametrize(("freed", "said"), [(10**9, True), (10**7, False)])
def test_what_was_dropped_of_the_build_layers_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, freed: int, said: bool) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text, **_more: warnings.append(text))
    layers = [
        {"ID": "a", "Size": 5, "Description": "[files 1/1] COPY x"},
        {"ID": "b", "Size": 900, "Description": "mount / from exec /bin/sh -c npm ci"},
        {"ID": "c", "Size": 9000, "Description": "[stays 1/1] RUN make"},
    ]

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            self.answer(200, json.dumps({"BuildCache": layers}).encode() if "/system/df" in self.path else b"[]")

        def do_POST(self) -> None:
            gone = ["a", "b", "unknown"] if "/build/" in self.path else None
            self.answer(200, json.dumps({"SpaceReclaimed": freed, "CachesDeleted": gone}).encode())

    with serving(tmp_path, Engine) as environment:
        monkeypatch.setenv("DOCKER_HOST", environment["DOCKER_HOST"])
        with patch_module_args({"refs": [], "app_name": "shop", "build_cache": 3}), pytest.raises(SystemExit):
            images_prune.main()
    assert len(warnings) == said
    assert all("images_build_cache (3 GB)" in text and "made by: npm ci; [files 1/1] COPY x." in text for text in warnings)


@pytest.mark.parametrize(("others", "limit"), [(0, 20), (4, 20), (5, 24), (9, 40)])
def test_the_room_for_build_layers_follows_the_applications_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, others: int, limit: int
) -> None:
    asked: list[str] = []
    warnings: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _module, text, **_more: warnings.append(text))
    # Each has two images; the application "gone" runs no more, and somebody else's image has no label of ours.
    labels = [{"plannoir.deploy/app": f"app-{number // 2}"} for number in range(2 * others)]
    images = [{"Id": str(number), "Labels": own, "RepoTags": [], "Created": 1} for number, own in enumerate(labels)]
    images += [{"Id": "gone", "Labels": {"plannoir.deploy/app": "gone"}}, {"Id": "other", "Labels": None}]
    containers = [{"ImageID": image["Id"]} for image in images if image["Id"] != "gone"]

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            held: Any = containers if "/containers/" in self.path else {"BuildCache": []} if "/system/df" in self.path else images
            self.answer(200, json.dumps(held).encode())

        def do_POST(self) -> None:
            asked.append(self.path)
            self.answer(200, b'{"SpaceReclaimed": 1000000000, "CachesDeleted": []}')

    with serving(tmp_path, Engine) as environment:
        monkeypatch.setenv("DOCKER_HOST", environment["DOCKER_HOST"])
        with patch_module_args({"refs": [], "app_name": "shop", "build_cache": "auto"}), pytest.raises(SystemExit):
            images_prune.main()
    pruned = next(path for path in asked if "/build/prune" in path)
    assert parse_qs(urlsplit(pruned).query)["keep-storage"] == [str(limit * 10**9)]
    assert f"images_build_cache ({limit} GB, auto for {others + 1} application{'s' if others else ''})" in warnings[0]


def test_a_size_that_is_no_number_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with patch_module_args({"refs": [], "app_name": "shop", "build_cache": "much"}), pytest.raises(SystemExit):
        images_prune.main()
    assert "images_build_cache is 'much': give a number of GB, or auto." in capsys.readouterr().out
