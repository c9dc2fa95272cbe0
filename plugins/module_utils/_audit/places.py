# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The places where a secret value must not stand, each as streams that are read one after the other.

A place raises Failure when it cannot be looked at.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from .._core.cluster import Cluster
from .._core.docker import Docker
from .._core.errors import Failure
from .._core.labels import APPLICATION
from .._core.process import Command, Running
from .._namespace.rights import access_reviews, denied, lacking, rules_review
from .streams import Source, Stream

Item: TypeAlias = tuple[str, Stream]
"""What it is, and its bytes; it is read to its end before the next one is asked for."""

_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_HELM_RECORDS = '{{range .items}}{{.metadata.name}} {{.data.release}}{{"\\n"}}{{end}}'
_TAR_CHANGED = 1
"""Exit code of GNU tar when a file changed while it was read."""


class Elsewhere(Exception):
    """What a place would show is not on this machine: where it is instead, a sentence."""

    how = "was not looked at"


class Partly(Elsewhere):
    """The account may not see all of a place: what it does not, a sentence."""

    how = "was looked at in part"


@dataclass(frozen=True)
class Subject:
    """What is looked at."""

    checkout: str = ""
    cluster: Cluster = field(default_factory=Cluster)
    releases: Sequence[str] = ()
    chart: str = ""
    application: str = ""
    """First part of the images' references, and the value of their label."""
    images: Sequence[str] = ()
    """Further image references."""
    engine: Mapping[str, str] = field(default_factory=dict)
    """Environment of the docker client for the engine that holds the images and the build cache."""
    registry: str = ""
    """Where the cluster pulls what is built; empty where it is built in the node."""
    node: str = ""
    """Container that is the cluster's node, in the docker client's own engine."""
    commands: Sequence[Command] = ()
    temporary: Sequence[str] = ()
    since: float = 0
    """Seconds since the epoch: temporary files that changed before are left out."""
    own: str = ""
    """Folder of the running audit's own files, which hold the values until it ends."""
    timeout: float = 900
    """Seconds for each program that is asked."""

    def kubectl(self, *arguments: str) -> Command:
        """Return a command line of kubectl."""
        return Command(self.cluster.command("kubectl", *arguments), environment=self.cluster.environment, timeout=self.timeout)

    def helm(self, *arguments: str) -> Command:
        """Return a command line of helm."""
        return Command(self.cluster.command("helm", *arguments), environment=self.cluster.environment, timeout=self.timeout)

    def git(self, *arguments: str) -> Command:
        """Return a command line of git."""
        return Command(["git", "-C", self.checkout, *arguments], timeout=self.timeout)

    def in_node(self, *arguments: str) -> Command:
        """Return a command that runs in the node."""
        if not self.node and self.registry:
            raise Elsewhere("it is inside of the cluster's nodes, of which none is a container of this machine.")
        if not self.node:
            raise Failure("No node is named, and this place is inside of it: name its container in node, or leave the place out.")
        return Command(["docker", "exec", self.node, *arguments], timeout=self.timeout)


def checkout(subject: Subject) -> Iterator[Item]:
    """Yield the files that git tracks or does not ignore, as they are now."""
    folder = _repository(subject)
    names = _output(subject.git("ls-files", "-z", "--cached", "--others", "--exclude-standard"))
    for name in sorted(set(names.split(b"\0")) - {b""}):
        yield from _file(folder / os.fsdecode(name), folder)


def history(subject: Subject) -> Iterator[Item]:
    """Yield every object in git, of any ref or of none: contents, file names, messages; git's configuration, refs and reflogs."""
    _repository(subject)
    with Running(subject.git("cat-file", "--batch-all-objects", "--batch", "--buffer", "--unordered")) as process:
        while header := process.stream.readline():
            name, kind, size = header.split()
            yield f"{kind.decode()} {name.decode()}", Source(process.stream, limit=int(size))
            process.stream.read(1)
    common = Path(os.fsdecode(_output(subject.git("rev-parse", "--path-format=absolute", "--git-common-dir")).strip()))
    for folder_name, folders, names in os.walk(common):
        if Path(folder_name) == common:
            folders.remove("objects")
        for file_name in sorted(names):
            yield from _file(Path(folder_name, file_name), common.parent)


def chart(subject: Subject) -> Iterator[Item]:
    """Yield the chart, rendered with each release's values."""
    if not (Path(subject.chart) / "Chart.yaml").is_file():
        raise Failure(f"{subject.chart or 'The chart'} is not a chart's folder: name it in chart, or leave the place chart out.")
    for release in _releases(subject):
        values = _output(subject.helm("get", "values", release, "--output=yaml"))
        command = subject.helm("template", release, subject.chart, "--values=-")
        with Running(command, given=values) as process:
            yield f"helm template {release}", process.stream


def release(subject: Subject) -> Iterator[Item]:
    """Yield what `helm get all` shows of each release, and Helm's decoded records of all revisions."""
    for name in _releases(subject):
        with Running(subject.helm("get", "all", name)) as process:
            yield f"helm get all {name}", process.stream
    records = subject.kubectl("get", "secrets", "--field-selector=type=helm.sh/release.v1", f"--output=go-template={_HELM_RECORDS}")
    with Running(records) as process:
        while line := process.stream.readline():
            record, content = line.split()
            yield f"record {record.decode()}", io.BytesIO(base64.b64decode(base64.b64decode(content)))


def describe(subject: Subject) -> Iterator[Item]:
    """Yield what `kubectl get -o yaml` and `kubectl describe` show of all namespaced kinds but Secrets, events included."""
    listed = _output(subject.kubectl("api-resources", "--namespaced=true", "--verbs=list,get", "--output=name"))
    kinds = [kind for kind in listed.decode().split() if kind not in ("secrets", "events.events.k8s.io")]
    # What `describe` says of an event it says of the object, too; of each event by itself it costs two requests.
    hidden = _hidden(subject.cluster, kinds)
    kinds = [kind for kind in kinds if kind not in hidden]
    described = [kind for kind in kinds if kind != "events"]
    for arguments in (["get", ",".join(kinds), "--output=yaml", "--show-managed-fields"], ["describe", ",".join(described)]):
        with Running(subject.kubectl(*arguments)) as process:
            yield f"kubectl {arguments[0]}", process.stream
    if hidden:
        raise Partly(f"the account of this kubeconfig may not list {', '.join(hidden)}.")


def _hidden(cluster: Cluster, kinds: Sequence[str]) -> list[str]:
    """Return the kinds that the account may not list; none where that cannot be told."""
    try:
        review = next(iter(cluster.create(rules_review(cluster.namespace))))
        lacks = lacking([("list", kind) for kind in kinds], (review.get("status") or {}).get("resourceRules") or [])
        lacks = denied(lacks, cluster.create(access_reviews(cluster.namespace, lacks))) if lacks else []
    except Failure:
        return []
    return [kind for _verb, kind in lacks]


def logs(subject: Subject) -> Iterator[Item]:
    """Yield the current and the previous log of every container."""
    pods: list[dict[str, Any]] = json.loads(_output(subject.kubectl("get", "pods", "--output=json")))["items"]
    for pod in pods:
        name, status = pod["metadata"]["name"], pod["status"]
        for container in [entry for kind in ("init", "", "ephemeral") for entry in status.get(_statuses(kind)) or []]:
            for previous, state in ((False, container["state"]), (True, container.get("lastState") or {})):
                if "running" in state or (state.get("terminated") or {}).get("containerID"):
                    command = subject.kubectl("logs", name, f"--container={container['name']}", f"--previous={str(previous).lower()}")
                    try:
                        with Running(command) as process:
                            yield f"{name}/{container['name']}{' (previous)' if previous else ''}", process.stream
                    except Failure:
                        # A pod that ended meanwhile has no log any more.
                        if _output(subject.kubectl("get", "pod", name, "--ignore-not-found", "--output=name")):
                            raise


def images(subject: Subject) -> Iterator[Item]:
    """Yield all tags of the application's images as `docker save` writes them: layers, configuration, history."""
    engine = _engine(subject)
    with engine.saved(_references(subject, engine)) as stream:
        yield "docker save", stream


def cache(subject: Subject) -> Iterator[Item]:
    """Yield BuildKit's own folder and the snapshots' layers in the node: every build step, also of stages that no image has."""
    if subject.registry:
        raise Elsewhere("the build cache is that of this machine's own engine, which no cluster sees.")
    information = _engine(subject).information()
    root, driver = information["DockerRootDir"], information["Driver"]
    folders = [f"{root}/{name}" for name in ("buildkit", driver, "containerd")]
    folders += [f"/var/lib/containerd/io.containerd.{name}" for name in ("content.v1.content", f"snapshotter.v1.{driver}")]
    # What is mounted in these folders is their own content again, as the containers see it.
    script = 'for name in "$@"; do shift; [ ! -e "$name" ] || set -- "$@" "$name"; done; exec tar --create --one-file-system "$@"'
    with Running(subject.in_node("sh", "-c", script, "sh", *folders), accepted=(0, _TAR_CHANGED)) as process:
        yield "tar", process.stream


def etcd(subject: Subject) -> Iterator[Item]:
    """Yield etcd's database and write-ahead log, as they lie on the node's disk."""
    with Running(subject.in_node("tar", "--create", "/var/lib/minikube/etcd"), accepted=(0, _TAR_CHANGED)) as process:
        yield "tar", process.stream


def commands(subject: Subject) -> Iterator[Item]:
    """Yield the output of `audit_commands`; for the playbook the main job with `-vvv --diff --check`."""
    if not subject.commands:
        raise Failure("There is no command to run: name one in commands, or leave the place commands out.")
    for command in subject.commands:
        with Running(command, merged=True) as process:
            yield " ".join(command.argv), process.stream


def temporary(subject: Subject) -> Iterator[Item]:
    """Yield the files in temporary folders that changed after `audit_since`; not the checkout, should it lie there."""
    left_out = {subject.own, os.path.realpath(subject.checkout) if subject.checkout else ""}
    for root in dict.fromkeys(os.path.realpath(Path(folder).expanduser()) for folder in subject.temporary):
        if not Path(root).is_dir():
            continue
        for parent, folders, names in os.walk(root, onerror=_refused):
            folders[:] = [name for name in sorted(folders) if f"{parent}/{name}" not in left_out]
            for name in sorted(names):
                yield from _file(Path(parent, name), None, subject.since)


PLACES: dict[str, Callable[[Subject], Iterator[Item]]] = {
    function.__name__: function
    for function in (checkout, history, chart, release, images, cache, describe, logs, commands, temporary, etcd)
}
"""The places by name, in the order in which they are looked at."""


def explained(place: str, subject: Subject, where: str) -> str:
    """Return where something was found in words that lead a person there."""
    if place == "history" and (blob := re.match(r"blob ([0-9a-f]{40,64})", where)):
        shown = ["log", "--all", "--reflog", f"--find-object={blob[1]}", "--max-count=1", "--format=commit %h", "--name-only"]
        lines = _output(subject.git(*shown)).decode("utf-8", "replace").split("\n")
        return f"{where} ({', '.join(filter(None, lines[:4])) or 'no commit refers to it'})"
    if place == "images" and (digest := _BLOB.search(where)):
        engine = _engine(subject)
        found = {reference: engine.image(reference) for reference in _references(subject, engine)}
        parts = {reference: {image["Id"], *image["RootFS"].get("Layers", [])} for reference, image in found.items()}
        names = [reference for reference, digests in parts.items() if f"sha256:{digest[1]}" in digests]
        return f"{where} ({', '.join(names)})" if names else where
    return where


def _output(command: Command) -> bytes:
    """Return all that a short command writes."""
    with Running(command) as process:
        return process.stream.read()


def _repository(subject: Subject) -> Path:
    folder = Path(subject.checkout)
    try:
        _output(subject.git("rev-parse", "--git-dir"))
    except Failure as error:
        message = str(error).partition(": ")[0]
        raise Failure(f"{folder} is no git checkout ({message}): leave the places checkout and history out.") from error
    return folder


def _releases(subject: Subject) -> Sequence[str]:
    if not subject.releases:
        raise Failure("There is no release to look at: name it in releases, or leave the places release and chart out.")
    return subject.releases


def _statuses(kind: str) -> str:
    return f"{kind}ContainerStatuses" if kind else "containerStatuses"


def _engine(subject: Subject) -> Docker:
    return Docker(subject.engine, timeout=subject.timeout)


def _references(subject: Subject, engine: Docker) -> list[str]:
    """Return all images of the application: by label, by the first part of their references, and those that are named."""
    found = set(subject.images)
    for image in engine.images():
        tags = image.get("RepoTags") or []
        if (image.get("Labels") or {}).get(APPLICATION) == subject.application:
            found.update(tags or [image["Id"]])
        found.update(tag for tag in tags if tag.startswith(f"{subject.application}/"))
    if subject.registry:
        found = {reference for reference in found if engine.image_id(reference) is not None}
        if not found:
            raise Elsewhere(f"the images are in {subject.registry}; the engine at {engine.host} has built none of them.")
    if not found:
        raise Failure(f"The engine at {engine.host} has no image of {subject.application}: run site.yml, or leave the place images out.")
    return sorted(found)


def _file(path: Path, root: Path | None, since: float = 0) -> Iterator[Item]:
    """Yield a regular file that changed after a time; one that is gone, and another user's private one, is left out."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or max(status.st_mtime, status.st_ctime) < since:
            return
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    except OSError as error:
        if isinstance(error, PermissionError) and status.st_uid != os.geteuid():
            return
        raise Failure(f"{path} cannot be read ({error.strerror}): mend its permissions, or remove it.") from error
    with os.fdopen(descriptor, "rb") as stream:
        # What is appended meanwhile, perhaps by this audit's own output, does not count.
        yield str(path.relative_to(root) if root else path), Source(stream, limit=status.st_size)


def _refused(error: OSError) -> None:
    if isinstance(error, FileNotFoundError):
        return
    name = str(error.filename)
    if isinstance(error, PermissionError) and Path(name).stat().st_uid != os.geteuid():
        return
    raise Failure(f"{name} cannot be read ({error.strerror}): mend its permissions, or remove it.") from error
