# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources that apt uses, as apt and its files tell them."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils._core.apt import Source, sources
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Completed
from fake_machine import FakeMachine


def test_each_source_comes_once_with_what_it_is_signed_by(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    stanzas = "URIs: http://a\nSigned-By: /keys/a.gpg\n\n# no source\n\nURIs: http://b\nsigned-by:\n -----BEGIN\n .\n"
    machine.write("/etc/apt/sources.list.d/own.sources", stanzas)
    machine.write("/etc/apt/sources.list", "\ndeb [signed-by=/keys/c.gpg arch=amd64] http://c trixie main\ndeb http://d trixie main\n")
    lines = [
        "/etc/apt/sources.list.d/own.sources:1|http://a|trixie|main",
        "/etc/apt/sources.list.d/own.sources:1|http://a|trixie|main",
        "/etc/apt/sources.list.d/own.sources:2|http://b|trixie|contrib",
        "/etc/apt/sources.list:2|http://c|trixie|main",
        "/etc/apt/sources.list:3|http://d|trixie|main",
        "/gone.list:7|http://e|trixie|main",
    ]
    machine.answers["apt-get indextargets"] = Completed(0, "\n".join(lines))
    assert sources(machine) == [
        Source("http://a", "trixie", "main", "/keys/a.gpg"),
        Source("http://b", "trixie", "contrib", "\n -----BEGIN\n ."),
        Source("http://c", "trixie", "main", "/keys/c.gpg"),
        Source("http://d", "trixie", "main"),
        Source("http://e", "trixie", "main"),
    ]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert sources(FakeMachine(tmp_path)) == []
