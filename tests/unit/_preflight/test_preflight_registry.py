# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry that images are pushed to, looked at before there is a cluster."""

from __future__ import annotations

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._preflight.registry import registry_problems

NOBODY = "127.0.0.1:1/team"


@pytest.mark.parametrize(
    ("name", "login", "ca", "said"),
    [
        (NOBODY, {}, "", "does not answer (Connection refused)"),
        (NOBODY, {"username": "joe", "password": "s"}, "", "does not answer (Connection refused)"),
        (NOBODY, {"username": "joe"}, "", "images_registry_credentials has no password"),
        (NOBODY, {"username": "", "password": "s"}, "", "images_registry_credentials has no username"),
        (NOBODY, {}, "/nowhere/ca.pem", "/nowhere/ca.pem holds no certificate that can be read (No such file or directory)"),
        ("https://ghcr.io/me", {}, "", "leave out https://"),
        ("ghcr.io/My_Team", {}, "", "names no registry"),
    ],
)
def test_each_fault_is_one_sentence(name: str, login: dict[str, str], ca: str, said: str) -> None:
    (problem,) = registry_problems(name, login, ca)
    assert said in problem


def test_without_a_registry_nothing_is_asked() -> None:
    assert list(registry_problems("", {"username": "joe"}, "/nowhere/ca.pem")) == []
