# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._images import plan as images_module
from ansible_collections.plannoir.deploy.plugins.module_utils._images.plan import (
    Base,
    Image,
    build_secrets,
    last_lines,
    plan_images,
    proxy_args,
)

LIMIT = 2**20


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "apps/backend"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE}\nCOPY . /app\n")
    (folder / "main.py").write_text("print()\n")
    return tmp_path


def plan(root: Path, base: Base | None = None, **build: Any) -> Image:
    images, problems = plan_images({"backend": {"context": "apps/backend", **build}}, "plannoir", root, base or Base(), LIMIT)
    assert problems == []
    return images[0]


def test_the_reference_carries_a_digest_of_twelve_digits(source: Path) -> None:
    image = plan(source)
    assert re.fullmatch("plannoir/backend:[0-9a-f]{12}", image.ref)
    assert image.context == str(source / "apps/backend")


def test_an_ignore_file_that_cannot_be_used_is_a_problem(source: Path) -> None:
    (source / "apps/backend/.dockerignore").write_text("docs\n[z-a]*\n")
    images, problems = plan_images({"backend": {"context": "apps/backend"}}, "plannoir", source, Base(), LIMIT)
    assert images == []
    assert problems == [
        f'Component backend: {source}/apps/backend/.dockerignore, line 2: the pattern "[z-a]*" cannot be used, because '
        "the range z-a runs backwards: turn it round, or write \\ before a bracket that is meant itself."
    ]


def test_whatever_goes_into_the_image_changes_its_tag(source: Path) -> None:
    base = Base("debian:trixie-slim", "sha256:1")
    refs = [
        plan(source).ref,
        plan(source, args={"MODE": "fast"}).ref,
        plan(source, target="build").ref,
        plan(source, base).ref,
        plan(source, Base(base.ref, "sha256:2")).ref,
    ]
    (source / "apps/backend/main.py").write_text("print(1)\n")
    refs.append(plan(source).ref)
    (source / "apps/backend/Dockerfile").write_text("FROM scratch\n")
    refs.append(plan(source).ref)
    assert len(set(refs)) == len(refs)


def test_the_same_source_in_another_folder_has_the_same_tag(source: Path, tmp_path: Path) -> None:
    before = plan(source).ref
    (tmp_path / "apps").rename(tmp_path / "moved")
    assert plan(source, context=str(tmp_path / "moved/backend")).ref == before


def test_the_base_image_reaches_only_dockerfiles_that_ask_for_it(source: Path) -> None:
    base = Base("debian:trixie-slim", "sha256:1")
    assert plan(source, base).args == {"BASE_IMAGE": "debian:trixie-slim"}
    assert plan(source, base, args={"BASE_IMAGE": "mine:1"}).args == {"BASE_IMAGE": "mine:1"}
    (source / "apps/backend/Dockerfile").write_text("FROM python:3.13\n")
    assert plan(source, base).args == {}
    assert plan(source, base).ref == plan(source).ref


def test_problems_are_reported_together_before_anything_starts(source: Path) -> None:
    (source / "empty").mkdir()
    (source / "large").mkdir()
    (source / "large/Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (source / "large/data").write_bytes(b"0" * (LIMIT + 1))
    builds = {
        "absent": {"context": "nowhere"},
        "empty": {"context": "empty"},
        "large": {"context": "large"},
        "odd": {"context": "empty", "contxt": "x"},
        "backend": {"context": "apps/backend"},
    }
    _, problems = plan_images(builds, "plannoir", source, Base(), LIMIT)
    assert [problem.partition(":")[0] for problem in problems] == [f"Component {name}" for name in ("absent", "empty", "large", "odd")]
    for problem, words in zip(
        problems, ("does not exist", "holds no application that is known", "images_context_limit", "contxt"), strict=True
    ):
        assert words in problem


def test_certificates_come_from_the_environment_first(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    assert {"id": "ca", "type": "file", "src": str(bundle)} in build_secrets("auto", {"SSL_CERT_FILE": str(bundle)}, tmp_path)


def test_a_machine_without_authorities_of_its_own_passes_no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images_module, "LOCAL_AUTHORITIES", (str(tmp_path / "absent"),))
    assert "ca" not in [secret["id"] for secret in build_secrets("auto", {}, tmp_path)]
    assert "ca" not in [secret["id"] for secret in build_secrets("", {"SSL_CERT_FILE": __file__}, tmp_path)]


def test_package_indexes_come_from_the_users_own_files(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").touch()
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").touch()
    found = {secret["id"]: secret["src"] for secret in build_secrets("", {}, tmp_path)}
    assert found == {"npmrc": str(tmp_path / ".npmrc"), "pip.conf": str(tmp_path / ".config/pip/pip.conf")}


def test_a_failed_build_is_told_by_the_end_of_the_step_that_failed() -> None:
    log = "#7 RUN true\n#7 DONE 0.1s\n#8 [3/3] RUN npm ci\n#8 1.234 the cause\n#8 ERROR: exit code: 1\n------\nERROR: failed to solve\n"
    assert last_lines(log).splitlines() == ["[3/3] RUN npm ci", "the cause", "ERROR: exit code: 1"]
    assert last_lines("permission denied") == "permission denied"


def test_a_build_without_its_credential_helper_ends_with_the_remedy() -> None:
    failed = 'ERROR: failed to solve: error getting credentials - err: exec: "docker-credential-desktop.exe": executable file not found'
    said = last_lines(failed).splitlines()
    assert said[0] == failed
    assert said[1].endswith("names docker-credential-desktop.exe, which is not on PATH: install it, or take its name out of there.")
    assert "names docker-credential-desktop, which" in last_lines(
        "docker-credential-desktop resolves to executable in current directory (x)"
    )
    assert last_lines("RUN apt-get install docker-credential-pass") == "RUN apt-get install docker-credential-pass"


@pytest.mark.parametrize("default", ["python:3.13-slim", "node:22-alpine", "debian:bookworm-slim", "ghcr.io/me/debian:trixie-slim"])
def test_an_argument_of_that_name_that_means_another_image_stays_the_authors(source: Path, default: str) -> None:
    (source / "apps/backend/Dockerfile").write_text(f"ARG OTHER=1 BASE_IMAGE={default}\nFROM $BASE_IMAGE\n")
    assert plan(source, Base("ours:1", "sha256:1")).args == {}


@pytest.mark.parametrize(
    "argument", ["BASE_IMAGE", "BASE_IMAGE=", '"BASE_IMAGE=debian:trixie-slim"', "BASE_IMAGE='docker.io/library/debian:trixie-slim'"]
)
def test_an_argument_without_a_default_or_with_the_same_debian_gets_the_base_image(source: Path, argument: str) -> None:
    (source / "apps/backend/Dockerfile").write_text(f"# syntax=docker/dockerfile:1\nARG \\\n  # here\n  {argument}\nFROM $BASE_IMAGE\n")
    assert plan(source, Base("ours:1", "sha256:1")).args == {"BASE_IMAGE": "ours:1"}


@pytest.mark.parametrize(
    ("script", "instruction", "is_told"),
    [
        (b"#!/bin/sh\r\nexec x\r\n", 'ENTRYPOINT ["/app/start.sh"]', True),
        (b"#!/usr/bin/env bash\r\n", "CMD exec /app/start.sh --now", True),
        (b"#!/bin/sh\nexec x\r\n", 'ENTRYPOINT ["/app/start.sh"]', False),
        (b"echo\r\n", 'ENTRYPOINT ["/app/start.sh"]', False),
        (b"#!/bin/sh\r\n", 'ENTRYPOINT ["/app/other.sh"]', False),
        (b"#!/bin/sh\r\n", "RUN sed -i 's/\\r$//' start.sh\nENTRYPOINT [\"/app/start.sh\"]", False),
        (b"#!/bin/sh\r\n", 'RUN dos2unix start.sh\nENTRYPOINT ["/app/start.sh"]', False),
    ],
)
def test_an_entry_point_with_windows_line_ends_is_told(source: Path, script: bytes, instruction: str, is_told: bool) -> None:
    (source / "apps/backend/start.sh").write_bytes(script)
    (source / "apps/backend/Dockerfile").write_text(f"FROM scratch\nCOPY . /app\n{instruction}\n")
    assert plan(source).windows_scripts == (["start.sh"] if is_told else [])


def test_what_no_instruction_copies_changes_no_tag(source: Path) -> None:
    """Two components of one repository root: a README, a commit, the other one's source."""
    root = source / "root"
    for path in ("api/main.py", "web/index.js", "shared/x", "README.md", ".git/HEAD"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("1")
    for name in ("api", "web"):
        (root / f"{name}.Dockerfile").write_text(f"FROM scratch\nCOPY {name} shared* /app/\n")
    refs = {}
    for path in ("", "README.md", ".git/HEAD", "web/index.js", "shared/x", "api/main.py", "shared/y"):
        if path:
            (root / path).write_text("2")
        refs[path] = tuple(plan(source, context="root", dockerfile=f"{name}.Dockerfile").ref for name in ("api", "web"))
    assert refs[""] == refs["README.md"] == refs[".git/HEAD"]
    assert [before != after for before, after in zip(refs[".git/HEAD"], refs["web/index.js"], strict=True)] == [False, True]
    assert [before != after for before, after in zip(refs["web/index.js"], refs["shared/x"], strict=True)] == [True, True]
    assert [before != after for before, after in zip(refs["shared/x"], refs["api/main.py"], strict=True)] == [True, False]
    assert [before != after for before, after in zip(refs["api/main.py"], refs["shared/y"], strict=True)] == [True, True]


def test_a_proxy_without_a_password_is_handed_to_builds() -> None:
    proxies = {"HTTP_PROXY": "http://proxy.test:3128", "https_proxy": "proxy.test:3128", "NO_PROXY": "localhost,joe@x", "all_proxy": "x"}
    args, said = proxy_args({**proxies, "HTTPS_PROXY": ""})
    assert args == {name: proxies[name] for name in ("HTTP_PROXY", "https_proxy", "NO_PROXY")}
    assert said == []


@pytest.mark.parametrize(
    "proxy", ["http://joe:TOPSECRET@proxy.test:3128", "joe:TOPSECRET@proxy.test:3128", "http://TOPSECRET@127.0.0.1:3128"]
)
def test_a_proxys_password_reaches_no_command_line_and_no_output(proxy: str) -> None:
    args, said = proxy_args({"HTTPS_PROXY": proxy, "https_proxy": proxy})
    assert args == {}
    assert "TOPSECRET" not in said[0]
    assert said[0].startswith("HTTPS_PROXY and https_proxy has a user or a password")
    assert '"proxies" of ~/.docker/config.json' in said[0]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:3128", "localhost:3128", "http://127.1.2.3:8080", "http://[::1]:3128"])
def test_a_proxy_that_only_this_machine_reaches_is_named(proxy: str) -> None:
    args, (said,) = proxy_args({"HTTP_PROXY": proxy})
    assert args == {}
    assert said.startswith("HTTP_PROXY is a proxy on this machine's own 127.0.0.1")


def test_an_index_that_builds_do_not_see_is_named_without_its_password() -> None:
    args, (said,) = proxy_args({"PIP_INDEX_URL": "https://joe:TOPSECRET@mirror.test/simple"})
    assert args == {}
    assert said.startswith("PIP_INDEX_URL does not reach builds")
    assert "TOPSECRET" not in said


PRIVATE = (".env", ".env.production", ".git/HEAD", "node_modules/x/index.js", "web/node_modules/y.js", "env3/pyvenv.cfg", "web/.env.local")


def write(folder: Path, *names: str, content: str = "x") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def test_no_digest_depends_on_what_no_image_gets(source: Path) -> None:
    folder = source / "apps/backend"
    write(folder, "web/index.html")
    before = plan(source)
    write(folder, *PRIVATE)
    after = plan(source)
    assert (after.ref, after.files) == (before.ref, before.files)
    assert after.left_out == [".env", ".env.production", ".git", "env3", "node_modules", "web/.env.local", "web/node_modules"]
    assert before.left_out == []


def test_what_is_ignored_anyway_needs_no_pattern_unless_it_is_kept_again(source: Path) -> None:
    folder = source / "apps/backend"
    write(folder, *PRIVATE)
    (folder / ".dockerignore").write_text("**/.env*\n.git\n**/node_modules\nenv3\n")
    assert plan(source).left_out == []
    (folder / ".dockerignore").write_text("*\n!.env\n!node_modules/x\n")
    assert plan(source).left_out == [".env", "node_modules"]
    assert plan(source).ignore_file == str(folder / ".dockerignore")


@pytest.mark.parametrize(
    "name", [".env.example", ".env.sample", "environment", "env/settings.py", ".gitignore", ".github/x", "venv.md", "my.env", "modules/x"]
)
def test_what_only_looks_private_is_part_of_the_source(source: Path, name: str) -> None:
    before = plan(source).ref
    write(source / "apps/backend", name)
    assert plan(source).ref != before
    assert plan(source).left_out == []


def test_a_pattern_for_what_is_left_out_is_literal(source: Path) -> None:
    write(source / "apps/backend", "app/[id]/.env", "a*b/node_modules/x")
    assert plan(source).left_out == [r"a\*b/node_modules", r"app/\[id\]/.env"]


@pytest.mark.parametrize(
    ("copied", "found"),
    [("COPY .env /app/", ".env"), ("COPY node_modules ./node_modules", "node_modules"),
     ("COPY . .\nCOPY .env.production .env", ".env.production"), ("COPY a.py .git/HEAD ./", ".git/HEAD"),
     ("RUN --mount=type=bind,source=.env,target=/x true", ".env")],
)  # fmt: skip
def test_a_dockerfile_that_copies_it_by_name_is_told(source: Path, copied: str, found: str) -> None:
    folder = source / "apps/backend"
    write(folder, *PRIVATE, "a.py")
    (folder / "Dockerfile").write_text(f"FROM scratch\n{copied}\n")
    _, problems = plan_images({"backend": {"context": "apps/backend"}}, "plannoir", source, Base(), LIMIT)
    assert len(problems) == 1
    assert f"copies {found}, which never enters an image" in problems[0]


@pytest.mark.parametrize(
    "copied",
    ["COPY . /app", "COPY .env* a.py /app/", "COPY --from=first .env /x", "COPY .env.example /app/.env", "ADD a.py /node_modules/"],
)
def test_a_dockerfile_that_copies_what_is_there_is_fine(source: Path, copied: str) -> None:
    folder = source / "apps/backend"
    write(folder, *PRIVATE, "a.py", ".env.example")
    (folder / "Dockerfile").write_text(f"FROM scratch AS first\nFROM scratch\n{copied}\n")
    assert plan(source).name == "backend"


def test_components_with_one_root_do_not_rebuild_each_other(tmp_path: Path) -> None:
    """Neither for a commit nor for a README; what one of them copies is its own."""
    write(tmp_path, "README.md", ".git/HEAD", "api/main.py", "web/index.js")
    for name in ("api", "web"):
        (tmp_path / f"{name}.Dockerfile").write_text(f"FROM scratch\nCOPY {name} /app\n")
    (tmp_path / "all.Dockerfile").write_text("FROM scratch\nCOPY . /app\n")
    builds = {name: {"context": ".", "dockerfile": f"{name}.Dockerfile"} for name in ("api", "web", "all")}

    def changed(path: str) -> set[str]:
        before = {image.name: image.ref for image in plan_images(builds, "shop", tmp_path, Base(), LIMIT)[0]}
        write(tmp_path, path, content="changed")
        return {image.name for image in plan_images(builds, "shop", tmp_path, Base(), LIMIT)[0] if image.ref != before[image.name]}

    assert changed(".git/HEAD") == set()
    assert changed("README.md") == {"all"}
    assert changed("api/main.py") == {"api", "all"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_an_ignore_file_in_utf_16_is_named(source: Path, encoding: str) -> None:
    ignore = source / "apps/backend/.dockerignore"
    ignore.write_bytes("node_modules\n.env\n".encode(encoding))
    _, problems = plan_images({"backend": {"context": "apps/backend"}}, "plannoir", source, Base(), LIMIT)
    assert problems == [
        f"Component backend: {ignore} is UTF-16, or no text at all, so that BuildKit would ignore nothing of what it names: save it as "
        "UTF-8 (PowerShell: Out-File -Encoding utf8)."
    ]


@pytest.mark.parametrize("content", [b"caf\xe9\n", b"\xef\xbb\xbfdocs\r\n", "naïve\n".encode(), b"a\x0cb\n\x85\n"])
def test_an_ignore_file_in_another_encoding_is_read(source: Path, content: bytes) -> None:
    (source / "apps/backend/.dockerignore").write_bytes(content)
    assert plan(source).name == "backend"
