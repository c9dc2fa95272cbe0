# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.encryption import host_path, node_path
from ansible_collections.plannoir.deploy.plugins.module_utils._minikube.settings import settings_from
from test_minikube import WANTED, Lab
from test_minikube_settings import PARAMS

ENCRYPTED = replace(WANTED, encryption=node_path("plannoir"))


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def key_of(lab: Lab) -> bytes:
    configuration = json.loads(host_path(lab.files.home, "plannoir").read_text())
    (rule,) = configuration["resources"]
    assert rule["resources"] == ["secrets"]
    (provider,) = rule["providers"]  # nothing that would let plain text through
    return base64.b64decode(provider["secretbox"]["keys"][0]["secret"])


def test_a_new_cluster_gets_a_key_of_its_own_that_only_its_owner_can_read(lab: Lab) -> None:
    lab.ensure(wanted=ENCRYPTED)
    key = key_of(lab)
    assert len(key) == 32
    assert host_path(lab.files.home, "plannoir").stat().st_mode & 0o777 == 0o600
    lab.ensure(state="absent", wanted=ENCRYPTED)
    assert not host_path(lab.files.home, "plannoir").exists()
    lab.ensure(wanted=ENCRYPTED)
    assert key_of(lab) != key


def test_check_mode_makes_no_key(lab: Lab) -> None:
    lab.ensure(wanted=ENCRYPTED, check=True)
    assert not host_path(lab.files.home, "plannoir").exists()


def test_a_stopped_cluster_keeps_its_key(lab: Lab) -> None:
    lab.ensure(wanted=ENCRYPTED)
    key = key_of(lab)
    lab.ensure(state="stopped", wanted=ENCRYPTED)
    lab.ensure(wanted=ENCRYPTED)
    assert key_of(lab) == key


def test_a_cluster_whose_key_is_gone_is_not_started(lab: Lab) -> None:
    lab.ensure(wanted=ENCRYPTED)
    lab.ensure(state="stopped", wanted=ENCRYPTED)
    host_path(lab.files.home, "plannoir").unlink()
    lab.machine.commands.clear()
    with pytest.raises(Failure, match=r"restore .*encryption-plannoir\.json"):
        lab.ensure(wanted=ENCRYPTED)
    assert not lab.machine.ran("minikube start")


def test_a_cluster_that_was_made_without_encryption_is_reported(lab: Lab) -> None:
    lab.ensure()
    result = lab.ensure(wanted=ENCRYPTED)
    assert not result["changed"]
    assert result["drift"] == [{"setting": "encryption at rest", "have": "none", "want": "secretbox"}]


def test_the_option_has_one_variable_only() -> None:
    with pytest.raises(Failure, match="minikube_encryption sets it"):
        settings_from({**PARAMS, "extra_config": ["apiserver.encryption-provider-config=/x"]})
    assert settings_from({**PARAMS, "encryption": False}).encryption == ""
