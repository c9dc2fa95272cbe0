# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tag promises what is in its image."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from story import CONTEXT, start
from testinfra.host import Host


def test_a_source_that_changes_while_it_is_built_leaves_no_image(local: Host, namespace: str, tmp_path: Path) -> None:
    slow = f"RUN sleep 10 # {uuid.uuid4()}"  # in no build cache
    (tmp_path / "Dockerfile").write_text(f"ARG BASE_IMAGE=debian:trixie-slim\nFROM ${{BASE_IMAGE}}\n{slow}\nCOPY main.py /\n")
    (tmp_path / "main.py").write_text("print(1)")
    component = {"name": "web", "build": {"context": str(tmp_path)}, "port": 8080}
    given = {"app_name": "late", "app_namespace": namespace, "app_services": [], "app_components": [component], "app_checks": []}
    run = start("site.yml", f"--extra-vars={json.dumps(given)}")
    assert run.stdout
    printed = ""
    while "RUN sleep" not in printed:  # a build tells its step after 5, 10 and 20 s; its source is read by then
        line = run.stdout.readline()
        assert line, printed[-7000:]
        printed += line
    (tmp_path / "main.py").write_text("print(2)")
    printed += run.communicate()[0]
    assert run.returncode != 0, printed[-7000:]
    assert f"{tmp_path} changed while the image of component web was built" in printed
    reference = printed.partition(" is built")[0].rpartition(" ")[2]
    assert local.check_output(f"docker exec {CONTEXT} docker images --quiet {reference}") == ""
