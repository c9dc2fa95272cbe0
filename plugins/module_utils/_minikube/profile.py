# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Minikube profile, started, stopped or absent."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from .._core.errors import Failure
from .._core.kubeconfig import cluster_entry
from .._core.machine import Machine
from .._core.process import NOT_FOUND, TIMED_OUT, Completed
from .._core.proxies import direct
from . import node as nodes
from . import settings
from .contents import contents, losses
from .early import foreign_problem
from .encryption import host_path, refuse_missing_key, write_new_key
from .files import Files
from .images import load, worker_archives
from .node import Get, Node
from .registry import remove
from .settings import Settings
from .watches import watch_problems

HOST = "127.0.0.1"
# Seconds in which the API server of a busy machine may answer before its node is taken for ailing and is restarted.
PATIENCE = 30.0
# half-made: a first start that was killed or failed; ailing: its container runs, its API server does not answer or the
# kubeconfig does not lead to it; foreign: a container of this name that another MINIKUBE_HOME made.
State: TypeAlias = Literal["absent", "half-made", "stopped", "ailing", "running", "foreign"]


@dataclass(frozen=True)
class Loss:
    """What may be lost with a cluster that is deleted on behalf of an application."""

    application: str = ""
    namespace: str = ""
    data: bool = False
    others: bool = False


@dataclass
class Profile:
    """A profile with its edges. `wanted` are its settings; `cache_seed` is copied into minikube's cache before a start. `agent` are the
    definitions of what enforces NetworkPolicies, and is the network of several nodes; none where nothing shall. `metrics_server` are
    the definitions of that, none where it is not wanted. `archives` are images that each node needs for both. `keep_images` takes the
    environment of the engine in the node before that goes."""

    machine: Machine
    files: Files
    kubeconfig: Path
    binary: str
    wanted: Settings
    cache_seed: Path | None = None
    timeout: float = 600
    agent: Sequence[Mapping[str, Any]] = ()
    metrics_server: Sequence[Mapping[str, Any]] = ()
    archives: Sequence[Path] = ()
    keep_images: Callable[[Mapping[str, str]], object] | None = None
    api: Callable[[Files, int], Get] = nodes.api
    node: Node | None = None
    workers: list[Node | None] = field(default_factory=list)
    complaint: str = ""
    actions: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _is_newer: bool = False

    @property
    def name(self) -> str:
        return self.files.profile

    @property
    def settings(self) -> Settings:
        """Those of the cluster that is there, or else the wanted ones."""
        config = self.files.config()
        return Settings.from_config(config) if config else self.wanted

    @property
    def names(self) -> list[str]:
        """The nodes of the cluster that is there, the one with the API server first."""
        return nodes.names(self.name, Settings.from_config(self.files.config()).nodes)

    @property
    def host(self) -> str:
        """Where node ports answer."""
        return self.node.ip if self.node and self.workers else HOST

    @property
    def _key(self) -> Path:
        return host_path(self.files.home, self.name)

    def look(self, *, check: bool) -> State:
        """Look at what is there, without changing anything; in check mode the engine may not be there yet."""
        try:
            self.node, *self.workers = nodes.inspect(self.machine, *self.names)
        except Failure:
            if not check:
                raise
        if self.files.creating.exists():
            return "half-made"
        if not self.files.config():
            return "absent" if self.node is None else "foreign"
        if self.node is None or not self.node.running:
            return "stopped"
        ended = [name for name, node in zip(self.names[1:], self.workers, strict=True) if node is None or not node.running]
        if ended:
            self.complaint = f"{' and '.join(ended)} does not run"
            return "stopped"
        self.complaint = self._complaint(self.node)
        return "ailing" if self.complaint else "running"

    def _complaint(self, node: Node) -> str:
        """Return why a cluster whose node runs is of no use yet, or nothing."""
        port = node.published(nodes.API_PORT)
        # Minikube writes the node's own address where containers can be reached (Linux), else the published port.
        servers = (f"https://{node.ip}:{nodes.API_PORT}", f"https://{HOST}:{port}")
        if cluster_entry(self.kubeconfig, self.name).get("server") not in servers:
            return f"{self.kubeconfig} has no context {self.name} that leads to {servers[0]}"
        get, deadline = self.api(self.files, port), self.machine.monotonic() + PATIENCE
        while (complaint := nodes.api_complaint(get)) and self.machine.monotonic() < deadline:
            self.machine.sleep(1)
        return complaint

    def refuse_loss(self, state: State, allowed: Loss) -> None:
        """Raise Failure where the cluster holds, or may hold, what must not be lost. A half-made one never held anything."""
        if state == "half-made":
            return
        found = None
        if self.node is not None and self.node.running:
            found = contents(self._get(), allowed.application, allowed.namespace)
        if sentences := losses(self.name, found, data=allowed.data, others=allowed.others):
            raise Failure("\n".join([*sentences, "Nothing was changed."]))

    def start(self, state: State, *, recreate: bool, check: bool) -> None:
        """Make the cluster run, from whatever `state` it is in."""
        if state == "foreign":
            raise Failure(foreign_problem(self.files))
        config = self.files.config()
        drift = self.drift() if state not in ("absent", "half-made") else []
        fresh = state in ("absent", "half-made") or bool(drift and recreate)
        if drift and not recreate:
            self.warnings.append(drift_warning(self.name, drift))
        if state == "running" and not fresh:
            if self.workers and nodes.agent_differs(self._get(), self.agent):
                self.actions.append(f"connect the nodes of the cluster {self.name}")
                if not check:
                    self._connect()
            self._wait_until_ready()
            return
        chosen = self.wanted if fresh else Settings.from_config(config)
        self._refuse_problems(chosen, fresh=fresh, check=check)
        if given := _given(os.environ):
            self.warnings.append(f"{' and '.join(given)} of the environment are not used: the variables minikube_* decide.")
        if chosen.encryption and not fresh:
            refuse_missing_key(self._key)
        if state == "half-made" or (fresh and state != "absent"):
            self.delete("half-made " if state == "half-made" else "", check=check)
        why = f", because {self.complaint}" if self.complaint and not fresh else ""
        self.actions.append(f"{'create' if fresh else 'start'} the cluster {self.name}{why}")
        if not check:
            self._start(fresh)

    def stop(self, *, check: bool) -> None:
        """Stop the cluster; its data stays."""
        self.actions.append(f"stop the cluster {self.name}")
        if not check:
            self._minikube(["stop"])

    def delete(self, what: str = "", *, check: bool) -> None:
        """Delete the cluster and its data; the images that it runs are kept where that is wanted."""
        engine = self.engine() if self.keep_images else {}
        if engine:
            self.actions.append(f"keep the images that run in the cluster {self.name}")
        self.actions.append(f"delete the {what}cluster {self.name}")
        if check:
            return
        if engine and self.keep_images:
            try:
                self.keep_images(engine)
            except Failure as failure:
                self.warnings.append(f"The images of the cluster {self.name} are not kept, so the next one builds them anew: {failure}")
        remove(self.machine, self.files)
        several = self.settings.nodes > 1
        self._minikube(["delete"])
        if several:
            # Minikube tries that while its first node is gone only.
            self.machine.run(["docker", "network", "rm", self.name])
        shutil.rmtree(self.files.folder, ignore_errors=True)
        self._key.unlink(missing_ok=True)
        self.node = None

    def drift(self) -> list[dict[str, str]]:
        """Return where the cluster that is there differs from what is wanted."""
        config = self.files.config()
        return self.wanted.drift_from(Settings.from_config(config)) if config else []

    def engine(self) -> dict[str, str]:
        """Return the environment in which docker speaks to the engine inside the node; empty when that does not run."""
        port = self.node.published(nodes.ENGINE_PORT) if self.node and self.node.running else 0
        if not port or self.settings.container_runtime != settings.DOCKER:
            return {}
        return {
            "DOCKER_HOST": f"tcp://{HOST}:{port}",
            "DOCKER_CERT_PATH": str(self.files.home / "certs"),
            "DOCKER_TLS_VERIFY": "1",
        }

    def additions(self, state: State, *, check: bool) -> dict[str, Any]:
        """Return what the module says of what we add to a cluster; there is nothing where it does not run.

        What a node needs for what is to be applied is loaded into it; several have the agent already, as their network.
        """
        if not (self.node and self.node.running and self.node.published(nodes.API_PORT) and state == "running"):
            return {"network_policy_agents": [], "network_policy_differs": False, "metrics_server_differs": False}
        get = self._get()
        agents = nodes.network_policy_agents(get)
        wanted = [nodes.NETWORK_POLICY_AGENT] if self.agent else []
        unenforced = not self.workers and (agents != wanted or nodes.agent_differs(get, self.agent))
        unmeasured = nodes.metrics_server_differs(get, self.metrics_server)
        if (unenforced or unmeasured) and not check and self._load_images():
            self.actions.append(f"load images of Kubernetes' additions into {self.name}")
        return {"network_policy_agents": agents, "network_policy_differs": unenforced, "metrics_server_differs": unmeasured}

    def _refuse_problems(self, chosen: Settings, *, fresh: bool, check: bool) -> None:
        """Raise Failure with everything that would make the start fail; in check mode the toolchain may not be there yet."""
        at_hand = self.machine.which(self.binary) is not None
        if not at_hand and not check:
            raise Failure(f"minikube is not at {self.binary}; run the role toolchain, or name its folder in minikube_bin.")
        problems = []
        shown = self._run(["config", "defaults", "kubernetes-version", "--output", "json"], timeout=30) if at_hand else Completed(0)
        known = settings.known_versions(shown.out)
        self._is_newer = chosen.kubernetes_version not in known
        if fresh:
            seed = None if check else self.cache_seed
            problems += settings.version_problems(known, chosen, seed)
            problems += settings.machine_problems(self.machine, chosen)
            if seed and chosen.node_image:
                shown = self.machine.run(["docker", "image", "inspect", "--format", "{{.Id}}", chosen.node_image])
                if shown.code:
                    problems.append(f"The node image {chosen.node_image} is not in the Docker Engine; run the role toolchain.")
        running = [bool(node and node.running) for node in (self.node, *self.workers)]
        problems += watch_problems(self.machine, chosen.nodes - sum(running), first=not running[0])
        published = self.node.ports.values() if self.node and self.node.running else ()
        own = {binding[1] for bindings in published for binding in bindings}
        problems += settings.port_problems(self.machine, [port for port in chosen.ports if port not in own])
        if problems:
            raise Failure("\n".join(problems))

    def _start(self, fresh: bool) -> None:
        if self.cache_seed:
            link_tree(self.cache_seed, self.files.home / "cache")
        if fresh:
            self.files.folder.mkdir(parents=True, exist_ok=True)
            self.files.creating.touch()
            if self.wanted.encryption:
                write_new_key(self._key)
        self._minikube(
            [
                "start",
                "--output=json",
                "--interactive=false",
                "--keep-context",
                *(self.wanted.start_arguments() if fresh else []),
                *(["--preload=false"] if self.cache_seed else []),
                # Its volumes belong to no node.
                *(["--install-addons=false"] if self.settings.nodes > 1 else []),
                # Else it refuses root, and a patch that it does not know wherever GitHub does not answer.
                *(["--force"] if self.machine.is_root() or self._is_newer else []),
            ]
        )
        self.node, *self.workers = nodes.inspect(self.machine, *self.names)
        if self.workers:
            self._connect()
        self._wait_until_ready()
        if self.workers:
            nodes.scale_dns(self._get(), 2)  # on two that are ready, so that names are answered while one is away
        self.files.creating.unlink(missing_ok=True)

    def _get(self) -> Get:
        if self.node is None:
            raise Failure(f"The container {self.name} vanished while its cluster started; run this again.")
        return self.api(self.files, self.node.published(nodes.API_PORT))

    def _connect(self) -> None:
        """Give several nodes their network."""
        self._load_images()
        nodes.apply(self._get(), self.agent)

    def _load_images(self) -> bool:
        """Load into each node what it lacks of its images, and tell whether one lacked any.

        minikube fills the first one from its cache; the others would pull what Kubernetes itself runs on each node.
        """
        below = [self.cache_seed / path for path in worker_archives()] if self.cache_seed else []
        wanted = [self.archives, *([*below, *self.archives] for _worker in self.workers)]
        runtime = self.settings.container_runtime
        loaded = [load(self.machine, name, runtime, archives, self.timeout) for name, archives in zip(self.names, wanted, strict=True)]
        return any(loaded)

    def _wait_until_ready(self) -> None:
        deadline = self.machine.monotonic() + self.timeout
        get = self._get()
        while complaint := nodes.cluster_complaint(get, self.names, self.node.started_at if self.node else ""):
            if self.machine.monotonic() > deadline:
                raise Failure(
                    f"The cluster {self.name} started but is not ready after {self.timeout:g} s: {complaint}; see"
                    f" `kubectl --kubeconfig {self.kubeconfig} --context {self.name} get pods --all-namespaces`."
                )
            self.machine.sleep(0.5)

    def _minikube(self, arguments: Sequence[str]) -> None:
        done = self._run(arguments, timeout=self.timeout)
        if done.code:
            raise Failure(start_failure(arguments[0], self.name, done, self.binary, self.timeout))

    def _run(self, arguments: Sequence[str], timeout: float) -> Completed:
        env = {
            # Each option of minikube has such a variable; an empty one counts as absent. The role's variables decide.
            **dict.fromkeys(_given(os.environ), ""),
            "MINIKUBE_HOME": str(self.files.home),
            "KUBECONFIG": str(self.kubeconfig),
            "MINIKUBE_WANTUPDATENOTIFICATION": "false",
        }
        return self.machine.run([self.binary, *arguments, f"--profile={self.name}"], timeout=timeout, env=env)


def ensure(profile: Profile, state: str, *, recreate: bool, check: bool, lost: Loss | None = None) -> dict[str, Any]:
    """Bring a profile to `state` (started, stopped or absent), or say what would be done; return the module's result.

    A cluster is made absent only where what it holds is covered by `lost`.

    Raises Failure with the cause and its remedy.
    """
    before = profile.look(check=check)
    before_shown = _shown(before, profile)
    drift = profile.drift() if before not in ("half-made", "absent", "foreign") else []
    after: State = before
    if state == "started":
        profile.start(before, recreate=recreate, check=check)
        after = "running"
    elif state == "stopped" and profile.node is not None and profile.node.running and before != "foreign":
        after = "stopped"
        profile.stop(check=check)
    elif state == "absent" and before not in ("absent", "foreign"):
        after = "absent"
        profile.refuse_loss(before, lost or Loss())
        profile.delete(check=check)
    elif state == "absent" and before == "foreign":
        profile.warnings.append(foreign_problem(profile.files))
    policy = profile.additions(after, check=check)
    changed = bool(profile.actions)
    return {
        "changed": changed,
        "actions": profile.actions,
        "drift": [] if recreate else drift,
        "context": profile.name,
        "kubeconfig": str(profile.kubeconfig),
        "host": profile.host,
        "ip": profile.node.ip if profile.node else "",
        "ports": sorted(port for port in profile.wanted.ports if profile.node and profile.node.published(port)),
        "environment": direct(profile.node.ip, os.environ) if profile.node else {},
        "engine": profile.engine() if after == "running" else {},
        **policy,
        "diff": {"before": before_shown, "after": _shown(after, profile, wanted=check and recreate)} if changed else {},
    }


def drift_warning(name: str, drift: Sequence[Mapping[str, str]]) -> str:
    """Return the sentence that reports drift and the way out."""
    differences = "; ".join(f"{d['setting']} is {d['have']}, wanted {d['want']}" for d in drift)
    return (
        f"The cluster {name} was made with other settings and stays as it is ({differences});"
        " -e minikube_recreate=true makes it anew, without its data."
    )


def start_failure(verb: str, name: str, done: Completed, binary: str, timeout: float) -> str:
    """Return one sentence for a failed call of minikube, from its own error event or else its last line."""
    if done.code == TIMED_OUT:
        cause = f"it did not end within {timeout:g} s"
    elif done.code == NOT_FOUND:
        return f"minikube could not be run ({done.err}); run the role toolchain, or name its folder in minikube_bin."
    else:
        cause = _error_event(done.out) or done.last_line or f"exit code {done.code}"
    return f"minikube {verb} failed for the cluster {name}: {cause}; `{binary} logs --profile={name}` shows more."


def link_tree(source: Path, target: Path) -> None:
    """Put every file below `source` at the same place below `target`, as a hard link where possible, whole or not at all.

    Contents are compared: archives are padded, so that a remade one often has its forerunner's size.
    """
    for file in sorted(path for path in source.rglob("*") if path.is_file()):
        there = target / file.relative_to(source)
        if there.exists() and (there.samefile(file) or filecmp.cmp(there, file, shallow=False)):
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        part = there.with_name(f"{there.name}.part")
        part.unlink(missing_ok=True)
        try:
            os.link(file.resolve(), part)
        except OSError:
            shutil.copy2(file, part)
        part.replace(there)


def _given(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that would change what minikube does, such as MINIKUBE_NODES or MINIKUBE_KUBERNETES_VERSION."""
    return [name for name in environment if name.startswith("MINIKUBE_") and name != "MINIKUBE_HOME"]


def _error_event(out: str) -> str:
    """Return the message of the last error among the JSON events of `minikube start --output=json`."""
    messages = []
    for line in out.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("type") == "io.k8s.sigs.minikube.error":
            data = event["data"]
            text = " ".join(data.get("message", "").split())[:600]
            messages.append(f"{text} ({data['name']})" if data.get("name") else text)
    return messages[-1] if messages else ""


def _shown(state: State, profile: Profile, *, wanted: bool = False) -> dict[str, Any]:
    """Return a state with the settings that go with it, for a diff."""
    if state in ("absent", "half-made", "foreign"):
        return {"state": state}
    config = profile.files.config()
    chosen = profile.wanted if wanted or not config else Settings.from_config(config)
    return {"state": state, **chosen.shown()}
