# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module verify returns, logs and writes."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.plannoir.deploy.plugins.modules import verify

STEP = {
    "name": "A user signs in at /",
    "request": {"url": "/login", "form": {"user": "a", "password": "hunter2-hunter2", "n": 1}, "headers": {"X-Key": "another-0ne"}},
    "expect": {"contains": "/", "json": {"id": "expected-0ne"}},
}


def returned(capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[dict[str, Any], str]:
    given = {"kubeconfig": "/k", "context": "c", "namespace": "n", "timeout": 0, "urls": {"web": "http://127.0.0.1:9"}, **options}
    with patch_module_args(given), pytest.raises(SystemExit):
        verify.main()
    text = capsys.readouterr().out
    return json.loads(text), text


def test_no_credential_of_a_check_is_returned_logged_or_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda _self, message, log_args=None: logged.append(f"{message} {log_args}"))
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "verify.txt").touch(mode=0o644)
    result, text = returned(capsys, checks=[STEP], report=str(folder))
    assert result["failed"]
    assert "http://127.0.0.1:9/login does not answer" in result["msg"]
    assert result["invocation"]["module_args"]["checks"] == ["A user signs in at /"]
    written = "".join((folder / name).read_text() for name in ("verify.json", "verify.txt"))
    for value in ("hunter2-hunter2", "another-0ne", "expected-0ne"):
        assert value not in text + written + "".join(logged)
    assert logged
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_short_values_of_a_check_leave_the_rest_of_the_result_alone(capsys: pytest.CaptureFixture[str]) -> None:
    result, _ = returned(capsys, checks=[], urls={"web": "http://127.0.0.1:30080/"})
    assert result["summary"][0] == "web: http://127.0.0.1:30080/"
    assert "app_checks has no step" in result["summary"][1]
    result, _ = returned(capsys, checks=[STEP], _ansible_check_mode=True)
    assert result["summary"] == ["web: http://127.0.0.1:9", "Nothing was verified in check mode."]
