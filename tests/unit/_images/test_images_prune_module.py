# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module images_prune against an engine that says what it was asked."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.plannoir.deploy.plugins.modules import images_prune
from fake_engine import EngineHandler, serving


def test_untagged_images_of_this_application_only_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    class Engine(EngineHandler):
        def do_GET(self) -> None:
            self.answer(200, b"[]")

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
