# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core import authorities


def test_the_first_bundle_that_is_there_holds_and_what_the_environment_names_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").touch()
    (tmp_path / "system").touch()
    monkeypatch.setattr(authorities, "BUNDLES", (str(tmp_path / "gone"), str(tmp_path / "system")))
    assert authorities.bundle({}) == str(tmp_path / "system")
    assert authorities.bundle({"SSL_CERT_FILE": "/gone", "CURL_CA_BUNDLE": str(tmp_path / "own")}) == str(tmp_path / "own")
    assert authorities.named_bundle({"SSL_CERT_FILE": "/gone"}) == ""
