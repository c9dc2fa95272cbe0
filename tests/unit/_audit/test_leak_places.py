# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One leak is planted in each place and found there; a clean world shows none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.places import PLACES, Subject
from ansible_collections.plannoir.deploy.plugins.module_utils._audit.run import (
    PROCESSES,
    REMEDY,
    SHOWN,
    WHAT,
    Result,
    Sampler,
    audit,
    chosen,
    not_here,
    problems,
    table,
    unopened,
)
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import Command
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.matcher import Matcher
from ansible_collections.plannoir.deploy.plugins.module_utils._secrets.spellings import Secret, secrets_of
from fake_engine import EngineHandler, serving
from leak_world import CANARY, FINGERPRINT, LABEL, gz, matcher, program, tar

ENCODED = base64.b64encode(CANARY.encode()).decode()
CLUSTER = Subject(cluster=Cluster("/kube/config", "shop", "shop"), releases=["shop"])


def in_folder(programs: Path) -> Subject:
    return replace(CLUSTER, cluster=replace(CLUSTER.cluster, bin=str(programs)))


PODS = {
    "items": [
        {
            "metadata": {"name": "backend-1"},
            "status": {
                "initContainerStatuses": [{"name": "wait", "state": {"terminated": {"containerID": "x"}}}],
                "containerStatuses": [
                    {"name": "app", "state": {"running": {}}, "lastState": {"terminated": {"containerID": "y"}}},
                    {"name": "new", "state": {"waiting": {}}},
                ],
            },
        }
    ]
}


def look(place: str, subject: Subject) -> Result:
    return next(audit(subject, [place], matcher()))


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README.md").write_text("clean\n")
    (folder / ".gitignore").write_text("/vault.yml\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Begin")
    return folder


def deleted_file(folder: Path) -> None:
    (folder / "settings.py").write_text(f"KEY = {CANARY!r}\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Add settings")
    git(folder, "rm", "--quiet", "settings.py")
    git(folder, "commit", "--quiet", "--message=Remove settings")


def unreachable_commit(folder: Path) -> None:
    deleted_file(folder)
    git(folder, "reset", "--quiet", "--hard", "HEAD~2")
    git(folder, "reflog", "expire", "--expire=now", "--all")


def packed_file(folder: Path) -> None:
    deleted_file(folder)
    git(folder, "gc", "--quiet")


def commit_message(folder: Path) -> None:
    git(folder, "commit", "--quiet", "--allow-empty", f"--message=Use {CANARY}")


def tag_message(folder: Path) -> None:
    git(folder, "tag", "--annotate", "v1", f"--message={ENCODED}")


def other_branch(folder: Path) -> None:
    git(folder, "switch", "--quiet", "--create=other")
    deleted_file(folder)
    git(folder, "switch", "--quiet", "main")


def stash(folder: Path) -> None:
    (folder / "README.md").write_text(CANARY)
    git(folder, "stash", "--quiet")


def remote(folder: Path) -> None:
    git(folder, "config", "remote.origin.url", f"https://me:{ENCODED}@example.com/x.git")


@pytest.mark.parametrize("plant", [deleted_file, unreachable_commit, packed_file, commit_message, tag_message, other_branch, stash, remote])
def test_git_history(repository: Path, plant: Any) -> None:
    subject = Subject(checkout=str(repository))
    assert look("history", subject).findings == []
    plant(repository)
    findings = look("history", subject).findings
    assert {finding.label for finding in findings} == {LABEL}
    assert CANARY not in str(findings)
    assert look("checkout", subject).findings == []


def test_a_deleted_file_is_named_with_its_commit(repository: Path) -> None:
    deleted_file(repository)
    commit = git(repository, "log", "--format=%h", "--max-count=1").strip()
    findings = look("history", Subject(checkout=str(repository))).findings
    assert [finding.where.partition(" (")[2] for finding in findings] == [f"commit {commit}, settings.py)"]


def test_a_blob_of_no_commit_is_told(repository: Path) -> None:
    unreachable_commit(repository)
    findings = look("history", Subject(checkout=str(repository))).findings
    assert [finding.where.partition(" (")[2] for finding in findings] == ["no commit refers to it)"]


@pytest.mark.parametrize(("name", "found"), [("README.md", True), ("notes.txt", True), ("vault.yml", False)])
def test_files_of_the_checkout(repository: Path, name: str, found: bool) -> None:
    subject = Subject(checkout=str(repository))
    assert look("checkout", subject).findings == []
    (repository / name).write_text(CANARY)
    assert [finding.where for finding in look("checkout", subject).findings] == ([name] if found else [])


def test_a_folder_without_git_is_told(tmp_path: Path) -> None:
    assert look("history", Subject(checkout=str(tmp_path))).error.startswith(f"{tmp_path} is no git checkout (git")


def tools(folder: Path, leaks: str = "") -> Subject:
    """Return a cluster whose kubectl and helm print the value where ``leaks`` says."""
    value = {name: CANARY if name == leaks else "clean" for name in ("all", "template", "record", "get", "describe", "log", "previous")}
    record = base64.b64encode(base64.b64encode(gz(json.dumps({"manifest": value["record"]}).encode()))).decode()
    common = f"value, record, pods = {value!r}, {record!r}, {json.dumps(PODS)!r}\nsay = lambda text: out.write(text.encode())\n"
    program(
        folder,
        "kubectl",
        common
        + """
assert words[:3] == ["--kubeconfig=/kube/config", "--context=shop", "--namespace=shop"], words
verb, rest = words[3], words[4:]
if verb == "api-resources":
    say("configmaps\\nevents\\npods\\nsecrets\\nevents.events.k8s.io\\n")
elif rest[0] == "secrets":
    say(f"sh.helm.release.v1.shop.v1 {record}\\n")
elif verb == "get" and rest[0] == "pods":
    say(pods)
elif verb == "logs":
    say(value["previous" if "--previous=true" in rest else "log"])
else:
    assert rest[0] == ("configmaps,events,pods" if verb == "get" else "configmaps,pods"), words
    say(value[verb])
""",
    )
    program(
        folder,
        "helm",
        common
        + """
assert words[:3] == ["--kubeconfig=/kube/config", "--kube-context=shop", "--namespace=shop"], words
if words[3:5] == ["get", "values"]:
    say("replicas: 1\\n")
elif words[3] == "template":
    assert sys.stdin.read() == "replicas: 1\\n"
    say(value["template"])
else:
    say(value["all"])
""",
    )
    (folder / "Chart.yaml").write_text("name: shop\n")
    return replace(in_folder(folder), chart=str(folder))


@pytest.mark.parametrize(
    ("place", "leak", "where"),
    [
        ("chart", "template", "helm template shop"),
        ("release", "all", "helm get all shop"),
        ("release", "record", "record sh.helm.release.v1.shop.v1!"),
        ("describe", "get", "kubectl get"),
        ("describe", "describe", "kubectl describe"),
        ("logs", "log", "backend-1/app"),
        ("logs", "previous", "backend-1/app (previous)"),
    ],
)
def test_the_cluster(tmp_path: Path, place: str, leak: str, where: str) -> None:
    clean = look(place, tools(tmp_path))
    assert (clean.findings, clean.error) == ([], "")
    assert clean.tally.bytes > 0
    assert where in [finding.where for finding in look(place, tools(tmp_path, leak)).findings]


def test_every_container_that_ran_is_asked_for_its_log(tmp_path: Path) -> None:
    assert look("logs", tools(tmp_path)).tally.items == 3


@pytest.mark.parametrize("place", ["release", "describe", "logs"])
def test_a_cluster_that_is_away_is_told(tmp_path: Path, place: str) -> None:
    for name in ("kubectl", "helm"):
        program(tmp_path, name, f"sys.exit({f'no route to {CANARY}'!r})")
    error = look(place, in_folder(tmp_path)).error
    assert f"failed (no route to [{FINGERPRINT}]): mend that, or leave the place out." in error


@pytest.mark.parametrize("place", ["release", "describe", "logs"])
def test_a_missing_program_is_told(tmp_path: Path, place: str) -> None:
    error = look(place, in_folder(tmp_path / "none")).error
    assert "cannot be run (No such file or directory): install it" in error


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("chart", "not a chart's folder"),
        ("release", "no release"),
        ("cache", "does not answer"),
        ("etcd", "No node"),
        ("commands", "no command"),
    ],
)
def test_what_is_not_named_is_an_error(place: str, why: str, tmp_path: Path) -> None:
    assert why in look(place, Subject(engine={"DOCKER_HOST": f"unix://{tmp_path}/none"})).error


def test_a_program_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    program(tmp_path, "kubectl", "import time\ntime.sleep(60)")
    error = look("logs", replace(in_folder(tmp_path), timeout=0.3)).error
    assert "did not end within 0.3 s" in error


class Handler(EngineHandler):
    """Answers like an engine with an image in two layers."""

    layer: ClassVar[bytes] = b""
    history: ClassVar[str] = ""
    asked: ClassVar[str] = ""

    def do_GET(self) -> None:
        if self.path == "/images/json":
            labels = {"plannoir.deploy/app": "shop"}
            body: Any = [
                {"Id": "sha256:1", "RepoTags": ["shop/backend:1"], "Labels": None},
                {"Id": "sha256:2", "RepoTags": [], "Labels": labels},
                {"Id": "sha256:3", "RepoTags": ["other:1"], "Labels": None},
            ]
        elif self.path == "/info":
            body = {"DockerRootDir": "/var/lib/docker", "Driver": "overlay2"}
        elif self.path.startswith("/images/get"):
            Handler.asked = self.path
            layer = gz(tar(**{"app/settings.py": self.layer, "etc/passwd": b"root"}))
            config = json.dumps({"history": [{"created_by": f"/bin/sh -c {self.history}"}]}).encode()
            body = tar(**{f"blobs/sha256/{'a' * 64}": layer, f"blobs/sha256/{'b' * 64}": config, "manifest.json": b"[]"})
        else:
            body = {"Id": f"sha256:{'b' * 64}", "RootFS": {"Layers": [f"sha256:{'a' * 64}"]}}
        self.answer(200, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    monkeypatch.setattr(Handler, "layer", b"clean")
    monkeypatch.setattr(Handler, "history", "clean")
    with serving(tmp_path, Handler) as environment:
        yield environment


def test_the_layers_of_images(engine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    subject = Subject(application="shop", engine=engine)
    clean = look("images", subject)
    assert (clean.findings, clean.error) == ([], "")
    assert Handler.asked == "/images/get?names=sha256%3A2&names=shop%2Fbackend%3A1"
    monkeypatch.setattr(Handler, "layer", CANARY.encode())
    where = [finding.where for finding in look("images", subject).findings]
    assert where == [f"docker save!/blobs/sha256/{'a' * 64}!!/app/settings.py (sha256:2, shop/backend:1)"]


def test_the_history_of_images(engine: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "history", f"KEY={CANARY}")
    findings = look("images", Subject(application="shop", engine=engine)).findings
    assert {finding.spelling for finding in findings} == {"JSON"}


def test_an_engine_without_images_is_told(engine: dict[str, str]) -> None:
    assert "has no image of another: run site.yml" in look("images", Subject(application="another", engine=engine)).error


def test_what_a_registry_keeps_from_this_machine_is_said_and_no_error(engine: dict[str, str]) -> None:
    subject = Subject(application="another", engine=engine, registry="registry.example.org/team")
    results = [look(place, subject) for place in ("images", "cache", "etcd")]
    assert problems(results) == []
    said = ["the images are in registry.example.org/team", "the build cache is that of this machine", "it is inside of the cluster's nodes"]
    for sentence, start in zip(not_here(results), said, strict=True):
        assert start in sentence


@pytest.mark.parametrize(("place", "folder"), [("cache", "/var/lib/docker/buildkit"), ("etcd", "/var/lib/minikube/etcd")])
def test_the_node(place: str, folder: str, engine: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    subject = Subject(node="minikube", engine=engine)
    for content, found in ((b"clean", 0), (CANARY.encode(), 1)):
        archive = tar(db=b"x" * 100 + content)
        checks = f"assert words[:2] == ['exec', 'minikube'] and {folder!r} in words, words"
        # A file that changed while it was read is no failure.
        program(tmp_path, "docker", f"{checks}\nout.write({archive!r})\nsys.exit(1)")
        result = look(place, subject)
        assert (len(result.findings), result.error) == (found, "")
    program(tmp_path, "docker", "sys.exit('No such container: minikube')\n")
    program(tmp_path, "docker", "sys.stderr.write('No such container: minikube')\nsys.exit(2)")
    assert "docker exec minikube" in look(place, subject).error


def test_the_output_of_a_command() -> None:
    script = "import sys; print('out', sys.argv[1]); sys.exit(int(sys.argv[2]))"
    for argument, found, code in (("clean", 0, 0), (ENCODED, 1, 0), ("clean", 0, 3)):
        result = look("commands", Subject(commands=[Command([sys.executable, "-c", script, argument, str(code)])]))
        assert (len(result.findings), "exit code 3" in result.error, bool(result.error)) == (found, code == 3, code == 3)
        assert ENCODED not in str(result)


def test_what_a_command_writes_to_standard_error() -> None:
    command = Command([sys.executable, "-c", "import os, sys; sys.stderr.write(os.environ['X'])"], environment={"X": CANARY})
    assert len(look("commands", Subject(commands=[command])).findings) == 1


def test_the_command_line_of_a_process() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(0.3)', sys.stdin.readline()])"
    for value, found in (("clean", False), (CANARY, True)):
        run = f'printf \'%s\' "$X" | {sys.executable} -c "{script}"'
        subject = Subject(commands=[Command(["sh", "-c", run], environment={"X": value})])
        results = {result.place: result for result in audit(subject, ["commands", PROCESSES], matcher())}
        assert results["commands"].findings == []
        assert bool(results[PROCESSES].findings) is found
        assert results[PROCESSES].tally.items > 1


def test_an_environment_is_no_command_line(tmp_path: Path) -> None:
    process = tmp_path / "1"
    process.mkdir()
    (process / "cmdline").write_bytes(b"python\0-V\0")
    (process / "environ").write_text(f"KEY={CANARY}")
    sampler = Sampler(matcher(), tmp_path)
    sampler.start()
    result = sampler.end()
    assert (result.findings, result.error, result.tally.items) == ([], "", 1)


def test_a_machine_that_shows_no_processes_is_told(tmp_path: Path) -> None:
    sampler = Sampler(matcher(), tmp_path)
    sampler.start()
    assert "shows no process" in sampler.end().error


def test_temporary_files(tmp_path: Path) -> None:
    own = tmp_path / "ansible-tmp-1"
    for folder in (own, tmp_path / "deep"):
        folder.mkdir()
    (own / "AnsiballZ_leak_audit.py").write_text(CANARY)
    (tmp_path / "clean").write_text("clean")
    os.mkfifo(tmp_path / "pipe")
    subject = Subject(temporary=[str(tmp_path), str(tmp_path / "none")], own=str(own), since=time.time() - 60)
    assert look("temporary", subject).findings == []
    leak = tmp_path / "deep/left.gz"
    leak.write_bytes(gz(CANARY.encode()))
    assert [finding.where for finding in look("temporary", subject).findings] == [f"{leak}!"]
    later = Subject(temporary=[str(tmp_path)], own=str(own), since=time.time() + 60)
    assert "nothing to look at" in look("temporary", later).error


def test_a_checkout_among_temporary_files_has_a_place_of_its_own(tmp_path: Path) -> None:
    for folder in ("checkout", "left"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / ".vault-password").write_text(CANARY)
    subject = Subject(temporary=[str(tmp_path)], checkout=str(tmp_path / "checkout"))
    assert [finding.where for finding in look("temporary", subject).findings] == [str(tmp_path / "left/.vault-password")]


def test_a_problem_names_place_label_fingerprint_and_remedy(repository: Path) -> None:
    (repository / "notes.txt").write_text(CANARY)
    result = look("checkout", Subject(checkout=str(repository)))
    assert problems([result, look("commands", Subject())]) == [
        f"checkout: notes.txt: the value of {LABEL} (SHA-256 {FINGERPRINT}...) is there, raw.",
        REMEDY,
        "The place commands could not be looked at: There is no command to run: name one in commands, or leave the place commands out.",
    ]
    assert table([result])[0] == "place    | looked at |  MB |   s | unopened | found"
    assert table([result])[1].startswith("checkout |         3 | 0.0 | ")
    assert CANARY not in json.dumps(result.shown())


def test_the_places_are_looked_at_in_order(repository: Path) -> None:
    (repository / ".git/x").write_text("x")
    results = audit(Subject(checkout=str(repository)), ["history", "checkout", PROCESSES], matcher())
    assert [result.place for result in results] == ["checkout", "history", PROCESSES]
    assert list(PLACES)[:2] == ["checkout", "history"]


def test_no_name_means_all_places_and_a_wrong_one_is_told_all_names() -> None:
    assert list(chosen([])) == list(WHAT)
    assert list(chosen(["logs"])) == ["logs"]
    with pytest.raises(ValueError, match=r"there is no log, etc; the places are checkout, .*, processes\."):
        chosen(["log", "etc", "etcd"])


def test_every_place_says_what_is_looked_at() -> None:
    assert [name for name, text in WHAT.items() if not text] == []


def test_an_archive_that_could_not_be_opened_is_counted_and_named(tmp_path: Path) -> None:
    for number in range(SHOWN + 2):
        (tmp_path / f"{number:02}.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(9))
    result = look("temporary", Subject(temporary=[str(tmp_path)]))
    assert table([result])[1].split(" | ")[-2:] == [f"{SHOWN + 2:>8}", "    0"]
    told = unopened([result])
    assert told[0] == (
        f"temporary: {tmp_path}/00.zst is compressed with zstd, which Python's standard library cannot open: its content was not looked at."
    )
    assert told[SHOWN:] == ["temporary: so were 2 more archives."]


def test_what_one_place_holds_is_not_searched_again_in_another(tmp_path: Path) -> None:
    """A value that stands in both is found in both all the same."""
    (tmp_path / "clean").write_bytes(b"x" * 5000)
    (tmp_path / "leak").write_text(CANARY)
    searched = []

    class Counting(Matcher):
        def search(self, window: bytes) -> set[tuple[Secret, str]]:
            searched.append(len(window))
            return super().search(window)

    subject = Subject(
        temporary=[str(tmp_path)], commands=[Command(["cat", str(tmp_path / "clean")]), Command(["cat", str(tmp_path / "leak")])]
    )
    results = list(audit(subject, ["commands", "temporary"], Counting(secrets_of({LABEL: CANARY})[0])))
    assert searched.count(5000) == 1
    assert [len(result.findings) for result in results] == [1, 1]
