# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds side by side, with a docker client that only notes what it was asked for."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._core import process
from ansible_collections.plannoir.deploy.plugins.module_utils._images import build
from ansible_collections.plannoir.deploy.plugins.module_utils._images.build import Inputs, build_images
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import Image

DOCKER = """#!/usr/bin/env python3
import json, os, pathlib, sys, time
here, late = pathlib.Path(__file__).parent, time.monotonic() + 10
tag = next(word for word in sys.argv if word.startswith("--tag=")).removeprefix("--tag=shop/").partition(":")[0]
file = pathlib.Path(next(word for word in sys.argv if word.startswith("--file=")).removeprefix("--file="))
ignored = file.with_name(file.name + ".dockerignore")
asked = {
    "argv": sys.argv[1:], "dockerfile": file.read_text(), "host": os.environ.get("DOCKER_HOST"),
    "ignored": ignored.read_text() if ignored.exists() else None,
    "variables": {name: value for name, value in os.environ.items() if name.startswith("PLANNOIR_BUILD")},
}
(here / f"{tag}.json").write_text(json.dumps(asked))
while tag in ("web", "api") and not all((here / f"{other}.json").exists() for other in ("web", "api")):
    if time.monotonic() > late:  # each waits until the other has begun
        sys.exit("the other one did not begin")
    time.sleep(0.02)
print("#5 [2/3] RUN a step", flush=True)
if tag == "slow":
    time.sleep(0.5)
if tag == "broken":
    print("#5 0.3 the cause", flush=True)
    print("#5 ERROR: exit code: 1", flush=True)
    sys.exit(1)
if tag == "compiled":
    sys.exit("error: subprocess-exited-with-error")
if tag == "endless":
    time.sleep(60)
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the client notes what it was asked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def image(tmp_path: Path, name: str, **others: object) -> Image:
    context = tmp_path / name
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(f"FROM {name}\n")
    fields = {
        **dict.fromkeys(("target", "ignore_file"), ""),
        **{"args": {}, "files": 1, "size": 1, "windows_scripts": [], "left_out": [], "bases": []},
        **{"name": name, "ref": f"shop/{name}:1", "context": str(context), "dockerfile": str(context / "Dockerfile")},
    }
    return Image(**{**fields, **others})  # type: ignore[arg-type]  # as a module's result has them


def asked(docker: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads((docker / f"{name}.json").read_text())
    return found


def test_builds_run_at_the_same_time(docker: Path, tmp_path: Path) -> None:
    shown: list[str] = []
    built, problems = build_images([image(tmp_path, "web"), image(tmp_path, "api")], Inputs(), shown.append)
    assert not problems
    assert {entry["ref"] for entry in built} == {"shop/web:1", "shop/api:1"}
    assert sorted(line.split("s  ")[1] for line in shown) == ["api: shop/api:1 is built", "web: shop/web:1 is built"]


def test_everything_that_a_build_needs_reaches_the_client(docker: Path, tmp_path: Path) -> None:
    inputs = Inputs(
        {"HTTPS_PROXY": "http://proxy", "MODE": "all"},
        {"plannoir.deploy/app": "shop"},
        [
            {"id": "ca", "src": "/etc/my,certificates.pem"},
            {"id": "token", "env": "NPM_TOKEN"},
            {"id": "password", "value": "hunter2 hunter2"},
        ],
        {"DOCKER_HOST": "tcp://192.0.2.1:2376"},
    )
    build_images([image(tmp_path, "site", args={"MODE": "own"}, target="app", fresh=True, pull=True)], inputs, lambda _line: None)
    seen = asked(docker, "site")
    assert seen["argv"] == [
        *("buildx", "build", "--progress=plain", "--tag=shop/site:1", f"--file={tmp_path}/site/Dockerfile"),
        *("--build-arg=HTTPS_PROXY=http://proxy", "--build-arg=MODE=own", "--label=plannoir.deploy/app=shop", "--target=app"),
        *("--no-cache", "--pull", '--secret=id=ca,type=file,"src=/etc/my,certificates.pem"', "--secret=id=token,type=env,env=NPM_TOKEN"),
        *("--secret=id=password,type=env,env=PLANNOIR_BUILD_SECRET_2", "--", f"{tmp_path}/site"),
    ]
    assert seen["variables"] == {"PLANNOIR_BUILD_SECRET_2": "hunter2 hunter2"}
    assert seen["host"] == "tcp://192.0.2.1:2376"


def test_what_never_enters_an_image_is_ignored_without_a_change_to_the_source(docker: Path, tmp_path: Path) -> None:
    ignore = tmp_path / ".dockerignore"
    ignore.write_text("*.log")
    source = image(tmp_path, "site", left_out=[".env", "node_modules"], ignore_file=str(ignore))
    build_images([source], Inputs(), lambda _line: None)
    seen = asked(docker, "site")
    assert seen["ignored"] == "*.log\n.env\nnode_modules\n"
    assert seen["dockerfile"] == "FROM site\n"
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["Dockerfile"]
    [file] = [word for word in seen["argv"] if word.startswith("--file=")]  # type: ignore[attr-defined]
    assert not Path(file.removeprefix("--file=")).exists()


def test_one_that_fails_ends_no_other(docker: Path, tmp_path: Path) -> None:
    built, problems = build_images([image(tmp_path, "broken"), image(tmp_path, "slow")], Inputs(), lambda _line: None)
    assert [entry["ref"] for entry in built] == ["shop/slow:1"]
    assert len(problems) == 1
    assert "component broken could not be built" in problems[0]
    assert "the cause" in problems[0]


def test_a_package_without_a_wheel_names_an_older_python(docker: Path, tmp_path: Path) -> None:
    _built, problems = build_images(
        [image(tmp_path, "compiled", generated=True), image(tmp_path, "broken", generated=True)], Inputs(), print
    )
    told = {problem.split()[4]: "take an older Python with build.python" in problem for problem in problems}
    assert told == {"compiled": True, "broken": False}


def test_a_long_build_says_where_it_is(docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "QUIET", 0.3)
    shown: list[str] = []
    build_images([image(tmp_path, "slow")], Inputs(), shown.append)
    assert any("slow: [2/3] RUN a step" in line for line in shown)
    assert shown[-1].endswith("slow: shop/slow:1 is built")


def test_a_machine_without_docker_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    built, problems = build_images([image(tmp_path, "web")], Inputs(), lambda _line: None)
    assert not built
    assert "docker cannot be run (No such file or directory)" in problems[0]


def test_an_interrupted_build_does_not_go_on(docker: Path, tmp_path: Path) -> None:
    def stop(_name: str, _log: Path) -> None:
        if (docker / "endless.json").exists():
            raise KeyboardInterrupt

    command = process.Command(["docker", "--tag=shop/endless:1", f"--file={image(tmp_path, 'endless').dockerfile}"])
    with pytest.raises(KeyboardInterrupt):
        next(process.side_by_side({"endless": command}, stop, period=0.02))
    deadline = time.monotonic() + 5
    while "shop/endless:1" in process.output(["ps", "-eo", "args", "-ww"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
