# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The toolchain's cache: what is in it is whole."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.store import RECORD, Store

PUBLISH = {"helm": ("bin/helm", "elsewhere/helm")}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


def made(store: Store, digest: str = "d1", content: str = "program") -> Path:
    with store.making("helm", digest) as into:
        (into / "helm").write_text(content, encoding="utf-8")
    return store.folder("helm", digest)


def test_a_made_program_is_whole(store: Store) -> None:
    assert not store.is_whole("helm", "d1")
    made(store)
    assert store.is_whole("helm", "d1")
    assert not store.is_whole("helm", "d2")


def test_a_run_killed_while_making_leaves_nothing_that_looks_whole(store: Store) -> None:
    def killed() -> None:
        with store.making("helm", "d1") as into:
            (into / "helm").write_text("half", encoding="utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert not store.is_whole("helm", "d1")
    assert not store.folder("helm", "d1").exists()


def test_a_run_after_a_killed_one_starts_from_an_empty_folder(store: Store) -> None:
    left = store.folder("helm", "d1").parent / ".unfinished-d1"
    left.mkdir(parents=True)
    (left / "helm").write_text("half", encoding="utf-8")
    with store.making("helm", "d1") as into:
        assert not list(into.iterdir())
        (into / "helm").write_text("whole", encoding="utf-8")
    assert (store.folder("helm", "d1") / "helm").read_text(encoding="utf-8") == "whole"
    assert not left.exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "no record", "half a record"])
def test_a_damaged_program_is_not_whole(store: Store, damage: str) -> None:
    folder = made(store)
    file = folder / "helm"
    match damage:
        case "cut":
            os.truncate(file, 3)
        case "changed":
            os.utime(file, ns=(1, 1))
        case "gone":
            file.unlink()
        case "no record":
            (folder / RECORD).unlink()
        case "half a record":
            os.truncate(folder / RECORD, 20)
    assert not store.is_whole("helm", "d1")


def test_a_damaged_program_is_replaced(store: Store) -> None:
    os.truncate(made(store) / "helm", 3)
    made(store)
    assert store.is_whole("helm", "d1")


def test_the_record_holds_the_checksum_of_each_file(store: Store) -> None:
    record = (made(store) / RECORD).read_text(encoding="utf-8")
    assert hashlib.sha256(b"program").hexdigest() in record


def test_published_files_follow_the_newest_program(store: Store) -> None:
    made(store)
    assert not store.is_published("helm", "d1", PUBLISH)
    assert store.publish("helm", "d1", PUBLISH)
    assert store.is_published("helm", "d1", PUBLISH)
    assert not store.publish("helm", "d1", PUBLISH)
    made(store, "d2", "newer")
    assert not store.is_published("helm", "d2", PUBLISH)
    store.publish("helm", "d2", PUBLISH)
    assert (store.root / "bin/helm").read_text(encoding="utf-8") == "newer"
    assert (store.root / "elsewhere/helm").read_text(encoding="utf-8") == "newer"
    assert sorted(path.name for path in (store.root / "bin").iterdir()) == ["helm"]


def test_all_but_the_newest_two_are_pruned(store: Store) -> None:
    for age, digest in enumerate(["d3", "d2", "d1"]):
        os.utime(made(store, digest) / RECORD, (time.time() - age * 100,) * 2)
    store.prune("helm")
    assert {path.name for path in store.folder("helm", "x").parent.iterdir()} == {"d3", "d2"}


def test_two_runs_wait_for_each_other(store: Store) -> None:
    script = (
        "import sys, pathlib; from ansible_collections.plannoir.deploy.plugins.module_utils._toolchain.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1])).lock(): print('in', flush=True)"
    )
    with store.lock():
        other = subprocess.Popen(
            [sys.executable, "-c", script, str(store.root)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(1)
    assert other.communicate(timeout=10)[0] == b"in\n"


@pytest.mark.parametrize("refused", [["link"], ["link", "symlink"]])
def test_a_file_system_without_links_gets_what_it_can_hold(store: Store, monkeypatch: pytest.MonkeyPatch, refused: list[str]) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    for name in refused:
        monkeypatch.setattr(os, name, refuse)
    made(store)
    assert store.publish("helm", "d1", PUBLISH)
    assert store.is_published("helm", "d1", PUBLISH)
    assert not store.publish("helm", "d1", PUBLISH)
    made(store, "d2", "another")
    assert not store.is_published("helm", "d2", PUBLISH)
    assert store.publish("helm", "d2", PUBLISH)
    assert (store.root / "bin/helm").read_text() == "another"
