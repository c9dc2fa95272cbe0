# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The loop, with a kubectl of the test's own that runs what a pod would run."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._live.changes import Source
from ansible_collections.plannoir.deploy.plugins.module_utils._live.copies import MARK, Copies
from ansible_collections.plannoir.deploy.plugins.module_utils._live.session import Edges, Session

LABELS = {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "shop", "plannoir.deploy/app": "shop"}
READY = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
KUBECTL = """\
#!/bin/sh
while [ "${1#--}" != "$1" ]; do shift; done
verb=$1; shift
case $verb in
exec) while [ "$1" != -- ]; do shift; done; shift; [ ! -e %(home)s/deaf ] || { echo "container not found" >&2; exit 1; }; exec "$@" ;;
esac
echo "$verb $*" >>%(home)s/calls
case $verb in
get) case "$*" in "deployments.apps "*) cat %(home)s/found ;; *) cat %(home)s/own ;; esac ;;
apply) cat >%(home)s/applied ;;
logs) echo "SyntaxError: invalid syntax"; sleep 2 ;;
esac
"""


def deployment(name: str, labels: dict[str, str], status: dict[str, int] | None = None) -> dict[str, Any]:
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": name, "image": "shop/web:1"}]}}
    metadata = {"name": name, "namespace": "ns", "labels": labels, "generation": 1}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}, "status": status or {}}


class World:
    """A source folder, a pod's folder, a cluster, and what the loop said."""

    def __init__(self, home: Path) -> None:
        self.home, self.pod = home, home / "pod"
        for folder in ("web/app", "pod", "bin"):
            (home / folder).mkdir(parents=True)
        (home / "web/Dockerfile").write_text("FROM a AS live\nCOPY . .\n")
        kubectl = home / "bin/kubectl"
        kubectl.write_text(KUBECTL % {"home": home})
        kubectl.chmod(0o755)
        live = {"target": "live", "sync": [{"from": "app", "to": str(self.pod)}]}
        (component,), problems = load_components([{"name": "web", "port": 80, "build": {"context": "web"}, "live": live}])
        assert problems == []
        self.source = Source.of(component, home)
        self.cluster = Cluster(str(home / "kubeconfig"), "ctx", "ns", str(home / "bin"))
        self.said: list[str] = []
        self.over = threading.Event()
        self.find(deployment("web", LABELS))
        (home / "own").write_text(json.dumps(deployment("web-live", LABELS, READY)))

    def find(self, *items: dict[str, Any]) -> None:
        (self.home / "found").write_text(json.dumps({"items": items}))

    def write(self, name: str, text: str) -> Path:
        path = self.home / "web" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def calls(self) -> list[str]:
        path = self.home / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def session(self, *changes: Collection[Path]) -> Session:
        def watch(sources: Sequence[Source]) -> Iterator[Collection[Path]]:
            self.until("live after")
            yield from changes
            self.over.set()

        return Session(self.cluster, "shop", [self.source], {"web": "shop/web-live:2"}, Edges(self.said.append, watch, self.over))

    def until(self, text: str) -> None:
        deadline = time.monotonic() + 10
        while not any(text in line for line in self.said):
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_pod_gets_everything_and_loses_what_the_source_has_not(world: World) -> None:
    world.write("app/main.py", "new")
    world.write("app/deep/er/a b.py", "deep")
    (world.pod / "main.py").write_text("old")
    (world.pod / "gone\t.py").write_text("")
    Copies(world.cluster, world.source).everything()
    assert (world.pod / "main.py").read_text() == "new"
    assert {str(path.relative_to(world.pod)) for path in world.pod.rglob("*") if path.is_file()} == {"main.py", "deep/er/a b.py", MARK}


def test_a_change_brings_what_changed_only(world: World) -> None:
    copies = Copies(world.cluster, world.source)
    world.write("app/main.py", "1")
    world.write("app/other.py", "1")
    copies.everything()
    (world.pod / "other.py").write_text("untouched")
    world.write("app/main.py", "2")
    copies.some(["app/main.py"])
    assert (world.pod / "main.py").read_text() == "2"
    assert (world.pod / "other.py").read_text() == "untouched"


def test_a_removed_file_and_folder_are_removed(world: World) -> None:
    copies = Copies(world.cluster, world.source)
    world.write("app/main.py", "1")
    world.write("app/deep/er.py", "1")
    copies.everything()
    (world.home / "web/app/deep/er.py").unlink()
    (world.home / "web/app/deep").rmdir()
    copies.some(["app/deep", "app/deep/er.py"])
    assert not (world.pod / "deep").exists()
    assert (world.pod / "main.py").exists()


def test_a_new_pod_gets_everything_with_the_first_change(world: World) -> None:
    copies = Copies(world.cluster, world.source)
    world.write("app/main.py", "1")
    copies.everything()
    for path in world.pod.iterdir():
        path.unlink()
    world.write("app/other.py", "1")
    copies.some(["app/other.py"])
    assert (world.pod / "main.py").exists()


def test_a_file_that_was_put_back_counts_as_changed(world: World) -> None:
    path = world.write("app/main.py", "1")
    os.utime(path, (1, 1))
    Copies(world.cluster, world.source).everything()
    assert time.time() - (world.pod / "main.py").stat().st_mtime < 60


def test_the_service_leads_to_the_pod_only_when_it_answers_and_back_at_the_end(world: World) -> None:
    session = world.session()
    assert session.run(time.time() + 60) == {}
    session.put_back()
    verbs = [call for call in world.calls() if call.startswith(("patch", "apply", "delete"))]
    given_back, applied, taken, *end = verbs
    assert "null" in given_back
    assert applied.startswith("apply --server-side")
    assert '"true"' in taken
    assert "null" in end[0]
    assert end[1].startswith("delete deployments --selector=plannoir.deploy/app=shop,plannoir.deploy/live")
    assert json.loads((world.home / "applied").read_text())["items"][0]["metadata"]["name"] == "web-live"


def test_each_change_is_a_line_with_seconds_and_the_pods_errors_are_shown(world: World) -> None:
    path = world.write("app/main.py", "1")
    world.session([path]).run(time.time() + 60)
    world.until("| SyntaxError: invalid syntax")
    (line,) = [line for line in world.said if "in its pod after" in line]
    assert line.startswith("web: app/main.py in its pod after 0.")


def test_a_pod_that_takes_no_files_ends_nothing(world: World) -> None:
    path = world.write("app/main.py", "1")
    session = world.session()

    def watch(sources: Sequence[Source]) -> Iterator[Collection[Path]]:
        world.until("live after")
        (world.home / "deaf").touch()
        yield [path]
        (world.home / "deaf").unlink()
        yield [path]

    session._edges = Edges(world.said.append, watch, world.over)
    session.run(time.time() + 60)
    assert [line for line in world.said if "did not arrive: its pod takes no files (container not found)" in line]
    assert [line for line in world.said if "in its pod after" in line]


def test_something_else_ends_the_loop_until_it_is_released(world: World) -> None:
    path = world.write("Dockerfile", "FROM b AS live\nCOPY . .\n")
    assert world.session([path], [world.home / "never"]).run(time.time() + 60) == {"web": ["Dockerfile"]}
    assert not any("delete" in call for call in world.calls())


def test_what_changed_during_the_release_is_released_at_once(world: World) -> None:
    assert world.session().run(0.0) == {"web": ["Dockerfile"]}


def test_a_deployment_of_others_stops_it_before_anything_is_touched(world: World) -> None:
    world.find(deployment("web", LABELS), deployment("web-live", {}))
    with pytest.raises(Failure, match="Deployment web-live was not made by this collection"):
        world.session().run(time.time())
    assert [call for call in world.calls() if not call.startswith("get")] == []


def test_a_server_that_does_not_answer_leaves_the_released_pods_serving(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.plannoir.deploy.plugins.module_utils._live.session.SLOW", 0.0)
    (world.home / "own").write_text(json.dumps(deployment("web-live", LABELS, {**READY, "readyReplicas": 0})))

    def watch(sources: Sequence[Source]) -> Iterator[Collection[Path]]:
        world.until("the released pods answer until there is one")
        world.over.set()
        yield from ()

    session = Session(world.cluster, "shop", [world.source], {"web": "i"}, Edges(world.said.append, watch, world.over))
    session.run(time.time() + 60)
    assert not any('"true"' in call for call in world.calls())
