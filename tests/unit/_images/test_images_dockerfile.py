# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._images.context import read_context
from ansible_collections.plannoir.deploy.plugins.module_utils._images.dockerfile import built_stages, parse_dockerfile, reach

TREE = ("README.md", "app/main.py", "app/deep/x.py", "lib/a.txt", "lib/b.md", "web/package.json", "web/src/i.ts")


def reached(text: str, target: str = "") -> set[str]:
    found = reach(parse_dockerfile(text.encode()), target)
    return {path for path in TREE if found.holds(path)}


@pytest.mark.parametrize(
    ("instructions", "paths"),
    [
        ("RUN true", set()),
        ("COPY app /app/", {"app/main.py", "app/deep/x.py"}),
        ("copy ./app/ /app/", {"app/main.py", "app/deep/x.py"}),
        ("COPY /app/main.py ../../lib/a.txt /x/", {"app/main.py", "lib/a.txt"}),
        ('COPY ["app", "README.md", "/x/"]', {"app/main.py", "app/deep/x.py", "README.md"}),
        ("COPY --chown=$UID:$GID --chmod=755 lib/*.md /x/", {"lib/b.md"}),
        ("COPY */package.json /x/", {"web/package.json"}),
        ("COPY --link=false web/???/i.ts /x/", {"web/src/i.ts"}),
        ("ADD https://example.com/a.tar.gz git@example.com:a/b.git lib /x/", {"lib/a.txt", "lib/b.md"}),
        ("COPY \\\n  # a comment\n\n  lib/a.txt \\  \n  README.md \\\n  /x/", {"lib/a.txt", "README.md"}),
        ("RUN --mount=type=bind,source=web,target=/w --mount=type=cache,target=/c make", {"web/package.json", "web/src/i.ts"}),
        ("RUN --mount=src=lib/a.txt,dst=/w true", {"lib/a.txt"}),
        ("RUN --mount=type=secret,id=x --mount=type=tmpfs,target=/t true", set()),
        ("COPY <<EOF /x\nCOPY app /no\nEOF\nCOPY lib/a.txt /x", {"lib/a.txt"}),
        ("RUN cat <<-'END' > /x\n\tCOPY app /no\n\tEND\nCOPY lib/a.txt /x", {"lib/a.txt"}),
        ("RUN <<A cat && <<B cat\nCOPY app /a\nA\nCOPY web /a\nB\nCOPY lib/a.txt /x", {"lib/a.txt"}),
        ("RUN echo $((1 <<2)) <<<word\nCOPY lib/a.txt /x", {"lib/a.txt"}),
        ("ONBUILD COPY lib/a.txt /x", {"lib/a.txt"}),
        ("COPY\tlib/a.txt\t/x", {"lib/a.txt"}),
    ],
)
def test_sources_of_copies_and_mounts_are_reached(instructions: str, paths: set[str]) -> None:
    assert reached(f"FROM scratch\n{instructions}\n") == paths
    assert reached(f"FROM scratch\r\n{instructions}\r\n".replace("\n", "\r\n").replace("\r\r", "\r")) == paths


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\nCOPY . /x\n",
        "FROM scratch\nCOPY ./ /x\n",
        "FROM scratch\nCOPY app/.. /x\n",
        "FROM scratch\nCOPY / /x\n",
        "FROM scratch\nCOPY * /x\n",
        "ARG D=app\nFROM scratch\nARG D\nCOPY ${D} /x\n",
        "FROM scratch\nCOPY lib/[ab].txt /x\n",
        "FROM scratch\nCOPY --parents lib/a.txt /x\n",
        "FROM scratch\nCOPY **/a.txt /x\n",
        'FROM scratch\nCOPY "app" /x\n',
        "FROM scratch\nRUN --mount=type=bind,target=/x true\n",
        "FROM scratch\nRUN --mount=target=/x true\n",
        "# syntax=example.com/own/frontend:1\nFROM scratch\nCOPY app /x\n",
        "FROM python:3-onbuild\n",
        "",
    ],
)
def test_what_cannot_be_told_reaches_everything(text: str) -> None:
    assert reached(text) == set(TREE)


def test_the_official_frontend_and_another_escape_are_understood() -> None:
    text = "# syntax=docker/dockerfile:1.7-labs\n# escape=`\n\nFROM scratch\nCOPY lib/a.txt `\n  /x\\\nCOPY README.md /y\n"
    assert reached(text) == {"lib/a.txt", "README.md"}


STAGES = """
FROM debian AS base
COPY lib/a.txt /
FROM base AS Web
COPY web /w
FROM debian AS api
COPY --from=web /w /w
COPY app /app
FROM debian
RUN --mount=from=base,target=/b --mount=type=bind,from=example/image,target=/i true
COPY --from=0 /x /x
COPY README.md /
"""


@pytest.mark.parametrize(
    ("target", "stages"),
    [("base", [0]), ("web", [0, 1]), ("WEB", [0, 1]), ("api", [0, 1, 2]), ("", [0, 3]), ("3", [0, 3]), ("nowhere", [0, 1, 2, 3])],
)
def test_only_the_stages_that_the_target_needs_count(target: str, stages: list[int]) -> None:
    dockerfile = parse_dockerfile(STAGES.encode())
    assert built_stages(dockerfile, target) == [dockerfile.stages[index] for index in stages]


def test_a_stage_that_a_variable_names_needs_all() -> None:
    dockerfile = parse_dockerfile((STAGES + "COPY --from=$WHICH /a /a\n").encode())
    assert built_stages(dockerfile, "") == dockerfile.stages


def test_a_link_on_the_way_to_a_source_reaches_everything(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY current/main.py /\n")
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1/main.py").write_text("1")
    (tmp_path / "current").symlink_to("v1")

    def digest() -> str:
        return read_context(tmp_path, dockerfile, reach(parse_dockerfile(dockerfile.read_bytes()), "")).digest

    before = digest()
    (tmp_path / "v1/main.py").write_text("2")
    assert digest() != before


def test_folders_that_nothing_reaches_are_not_read(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM scratch\nCOPY app/main.py /\n")
    for path in ("app/main.py", "app/other.py", "data/huge"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("1")
    assert read_context(tmp_path, dockerfile, reach(parse_dockerfile(dockerfile.read_bytes()), ""))[1:3] == (1, 1)
