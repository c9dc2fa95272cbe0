# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path
from unittest.mock import Mock

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._images.context import context_entries, ignore_file, read_context
from ansible_collections.plannoir.deploy.plugins.module_utils._images.ignore import IgnoreFileError, Pattern, parse_ignore
from docker.utils.build import exclude_paths

TREE = [
    "Dockerfile",
    "README.md",
    ".environment",
    "app/main.py",
    "app/page.tsx",
    "app/(group)/page.tsx",
    "app/api/[...path]/route.ts",
    "app/__pycache__/main.pyc",
    "docs/README.md",
    "docs/deep/er/a.log",
    "node_packages/pkg/index.js",
    "web/node_packages/pkg/index.js",
    "x.tmp",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def files(tree: Path, ignore: str) -> set[str]:
    return {path for path, _ in context_entries(tree, parse_ignore(ignore.encode())) if (tree / path).is_file()}


@pytest.mark.parametrize(
    "ignore",
    [
        "",
        "# a comment\n\n  \n",
        "node_packages",
        "**/node_packages",
        "*.md",
        "**/*.md",
        "docs/*\n!docs/README.md",
        "*\n!app",
        "*\n!app\n**/__pycache__",
        "/app/",
        "./app/../docs",
        "app/*.py",
        "**/*.log",
        "?.tmp",
        "docs/**",
        "**/deep",
        "[a-d]*",
        "*.md\n!README.md",
        ".*",
        ".",
    ],
)
def test_the_rules_are_those_of_docker(tree: Path, ignore: str) -> None:
    patterns = [line for line in ignore.splitlines() if line.strip() and not line.startswith("#")]
    theirs = {path for path in exclude_paths(str(tree), patterns) if (tree / path).is_file()}
    # The Docker SDK brings the Dockerfile along by itself.
    assert files(tree, ignore) | {"Dockerfile"} == theirs | {"Dockerfile"}


@pytest.mark.parametrize(
    ("ignore", "kept"),
    [
        ("*\n!**/README.md", {"README.md", "docs/README.md"}),  # the SDK's older matcher does not look into the ignored folder
        ("*\n!docs/deep/**/a.log", {"docs/deep/er/a.log"}),
        ("*\n!app/api/\\[...path\\]/route.ts", {"app/api/[...path]/route.ts"}),
        ("\ufeff*\n! app/main.py", {"app/main.py"}),
    ],
)
def test_exceptions_reach_into_ignored_folders(tree: Path, ignore: str, kept: set[str]) -> None:
    assert files(tree, ignore) == kept


def test_an_ignored_folder_is_not_walked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = Mock(side_effect=os.scandir)
    monkeypatch.setattr(os, "scandir", scandir)
    files(tree, "*\n!app/main.py")
    assert [Path(call.args[0]).name for call in scandir.call_args_list] == [tree.name, "app"]


def test_a_folder_that_is_not_walked_holds_nothing_that_is_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(20261123)

    def pattern() -> str:
        parts = chance.choice(TREE).split("/")
        likes = [(part, "*", "**", f"**{part[1:]}", f"{part[0]}**", f"{part[0]}[^x]{part[2:]}", f"{part}|x") for part in parts]
        return chance.choice(["/", "/", "*", "[^x]", "\\D"]).join(chance.choice(choices) for choices in likes)

    contents = [f"*\n!{pattern()}\n{chance.choice(['', '!'])}{pattern()}\n" for _ in range(400)]

    def kept() -> list[set[str]]:
        found = []
        for content in contents:
            with contextlib.suppress(IgnoreFileError):
                found.append(files(tree, content))
        return found

    pruned = kept()
    assert sum(0 < len(names) < len(TREE) for names in pruned) > 100
    monkeypatch.setattr(Pattern, "may_match_below", lambda pattern, folder: True)
    assert kept() == pruned


@pytest.mark.parametrize(
    ("ignore", "sent", "kept_back"),
    [("*\n!**.py\n", "app/main.py", "app/page.tsx"), ("**.pyc\n", "app/main.py", "app/__pycache__/main.pyc")],
)
def test_the_digest_follows_a_suffix(tree: Path, ignore: str, sent: str, kept_back: str) -> None:
    (tree / ".dockerignore").write_text(ignore)
    before = read_context(tree, tree / "Dockerfile").digest
    (tree / kept_back).write_text("changed, but ignored")
    (tree / kept_back).with_stem("new").touch()
    assert read_context(tree, tree / "Dockerfile").digest == before
    (tree / sent).write_text("changed")
    assert read_context(tree, tree / "Dockerfile").digest != before


@pytest.mark.parametrize("content", [b"docs/caf\xe9\n", b"\xff\x85\n"])
def test_an_ignore_file_that_is_no_utf8_is_read(tree: Path, content: bytes) -> None:
    (tree / ".dockerignore").write_bytes(content)
    assert read_context(tree, tree / "Dockerfile").files == len(TREE) + 1


def test_a_pattern_that_cannot_be_used_is_named_with_its_file(tree: Path) -> None:
    (tree / "Dockerfile.dockerignore").write_text("docs\n[z-a]*\n")
    with pytest.raises(IgnoreFileError, match=rf"^{tree}/Dockerfile\.dockerignore, line 2: "):
        read_context(tree, tree / "Dockerfile")


def test_the_digest_follows_what_the_engine_would_get(tree: Path) -> None:
    def digest() -> str:
        return read_context(tree, tree / "Dockerfile").digest

    (tree / ".dockerignore").write_text("docs\n")
    before = digest()
    (tree / "docs/README.md").write_text("changed, but ignored")
    (tree / "app/main.py").touch()
    assert digest() == before
    seen = {before}
    for change in (
        lambda: (tree / "app/main.py").write_text("changed"),
        lambda: (tree / "app/main.py").chmod(0o755),
        lambda: (tree / "app/main.py").rename(tree / "app/renamed.py"),
        lambda: (tree / "app/link").symlink_to("renamed.py"),
        lambda: (tree / "app/empty").mkdir(),
        lambda: (tree / ".dockerignore").write_text(""),
    ):
        change()
        seen.add(digest())
    assert len(seen) == 7


def test_the_size_counts_files_that_are_not_ignored(tmp_path: Path) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!a\n")
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"12345")
    assert read_context(tmp_path, tmp_path / "Dockerfile")[1:3] == (1, 5)


def test_an_ignore_file_beside_the_dockerfile_wins(tmp_path: Path) -> None:
    context = tmp_path / "untouched"
    context.mkdir()
    (context / ".dockerignore").touch()
    dockerfile = tmp_path / "ours" / "Dockerfile"
    assert ignore_file(context, dockerfile) == context / ".dockerignore"
    dockerfile.parent.mkdir()
    dockerfile.with_name("Dockerfile.dockerignore").touch()
    assert ignore_file(context, dockerfile) == dockerfile.with_name("Dockerfile.dockerignore")
