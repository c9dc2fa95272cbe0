# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker Engine that answers: the running one, or one that is installed and started where that is allowed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from .._core.errors import Failure
from .._core.machine import Machine
from .._core.process import TIMED_OUT, Completed
from . import packages

DEFAULT_HOST = "unix:///var/run/docker.sock"
LOG = "/var/log/dockerd.log"
# A person who waits for an error message gets it within 5 s: this, and the rest for Ansible itself.
IMPATIENT = 3.5
# A busy machine's engine is not taken for a stopped one where that would start another.
PATIENT = 20.0
BY_HAND = "https://docs.docker.com/engine/install/"

State: TypeAlias = Literal["running", "stopped", "absent", "denied", "unreachable"]


@dataclass(frozen=True)
class Probe:
    """What one look at the engine shows; `cause` is the client's own words when it does not answer."""

    state: State
    host: str
    version: str = ""
    api_version: str = ""
    cause: str = ""


@dataclass
class Outcome:
    """What the module returns."""

    host: str
    version: str = ""
    api_version: str = ""
    buildx: str = ""
    installed: bool = False
    started: bool = False
    actions: list[str] = field(default_factory=list)

    def result(self, before: Probe) -> dict[str, Any]:
        after = "running" if self.actions else before.state
        return {
            **asdict(self),
            "changed": bool(self.actions),
            "diff": {"before": {"engine": before.state}, "after": {"engine": after, "actions": self.actions}}
            if self.actions
            else {"before": {}, "after": {}},
        }


def probe(machine: Machine, timeout: float = PATIENT) -> Probe:
    """Look at the engine that the docker client would use: DOCKER_HOST, the current context, or the default socket."""
    if machine.which("docker") is None:
        return Probe("absent", DEFAULT_HOST, cause="there is no docker client")
    context = machine.run(["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], timeout=timeout)
    if context.code:
        raise Failure(
            f"The docker client cannot tell which engine it uses ({context.last_line});"
            " choose a context with `docker context use default`, or correct DOCKER_CONTEXT."
        )
    host = context.out.strip() or DEFAULT_HOST
    answer = machine.run(["docker", "version", "--format", "{{json .Server}}"], timeout=timeout)
    if answer.code == 0 and answer.out.strip() not in ("", "null"):
        server = json.loads(answer.out)
        return Probe("running", host, server["Version"], server["ApiVersion"])
    if answer.code == TIMED_OUT:
        return Probe(_down(machine, host), host, cause=f"no answer within {timeout:g} s")
    state: State = "denied" if "permission denied" in answer.err.lower() else _down(machine, host)
    return Probe(state, host, cause=answer.last_line)


def ensure(machine: Machine, *, manage: bool, timeout: float, check: bool) -> dict[str, Any]:
    """Make the engine answer, or say what would be done when `check` is set; return the module's result.

    `timeout` (seconds) bounds the wait for an engine that was started. Raises Failure with the cause and its remedy.
    """
    before = probe(machine, PATIENT if manage else IMPATIENT)
    outcome = Outcome(before.host, before.version, before.api_version)
    if before.state != "running":
        refuse_unless_manageable(machine, before, manage=manage)
        if before.state == "absent":
            plan = packages.plan(machine) if check else packages.install(machine)
            outcome.installed = True
            outcome.actions.append(str(plan))
        outcome.started = True
        outcome.actions.append("start the Docker Engine")
        if check:
            return outcome.result(before)
        answering = _start(machine, timeout)
        outcome.host, outcome.version, outcome.api_version = answering.host, answering.version, answering.api_version
    if manage and machine.is_root() and packages.leftovers(machine):
        outcome.actions.append("remove the newer suite, and what holds it back, from apt")
        if not check:
            packages.remove_suite(machine)
    _ensure_buildx(machine, outcome, manage=manage, check=check)
    return outcome.result(before)


def refuse_unless_manageable(machine: Machine, seen: Probe, *, manage: bool) -> None:
    """Raise Failure with the cause and the command that mends it, unless the engine may be installed or started here."""
    allow = "" if manage else ", or let this play do it with -e engine_manage=true"
    if seen.state == "denied":
        raise Failure(
            f"The Docker Engine at {seen.host} runs, but this user may not use it (permission denied);"
            ' run `sudo usermod -aG docker "$USER"`, log in again, then run this again.'
        )
    if seen.state == "unreachable":
        raise Failure(
            f"The Docker Engine at {seen.host} does not answer ({seen.cause}); start that engine (for Docker Desktop: its"
            " application), or go back to the machine's own with `unset DOCKER_HOST DOCKER_TLS_VERIFY; docker context use default`."
        )
    if seen.state == "absent" and (not manage or machine.which("apt-get") is None):
        how = "it with `sudo apt-get install docker.io docker-buildx`" if machine.which("apt-get") else f"it by hand ({BY_HAND})"
        raise Failure(f"Docker Engine is not installed on this machine ({seen.cause}); install {how}{allow}.")
    if seen.state == "stopped" and not manage:
        raise Failure(f"The Docker Engine is installed but not running ({seen.cause}); start it with `{_start_by_hand(machine)}`{allow}.")
    if not machine.is_root():
        task = "installed" if seen.state == "absent" else "started"
        raise Failure(
            f"Docker Engine must be {task} ({seen.cause}), which takes root; run the play again with -e engine_become=true -K, or as root."
        )


def _down(machine: Machine, host: str) -> State:
    if host not in (DEFAULT_HOST, "unix:///run/docker.sock"):
        return "unreachable"
    return "stopped" if machine.which("dockerd") else "absent"


def _has_systemd(machine: Machine) -> bool:
    return machine.path("/run/systemd/system").is_dir()


def _start_by_hand(machine: Machine) -> str:
    return "sudo systemctl enable --now docker" if _has_systemd(machine) else f"sudo setsid -f dockerd >>{LOG} 2>&1"


def _start(machine: Machine, timeout: float) -> Probe:
    deadline = machine.monotonic() + timeout
    if _has_systemd(machine):
        started: Completed = machine.run(["systemctl", "enable", "--now", "docker.service"], timeout=timeout)
        if started.code:
            raise Failure(f"systemd could not start the Docker Engine ({started.last_line}); see `journalctl -u docker` for the cause.")
        log, is_alive = "`journalctl -u docker`", _always
    else:
        log, is_alive = LOG, machine.spawn([machine.which("dockerd") or "dockerd"], LOG)
    while (seen := probe(machine)).state != "running":
        alive = is_alive()
        if not alive or machine.monotonic() > deadline:
            what = f"did not answer within {timeout:g} s" if alive else "ended at once"
            raise Failure(f"The Docker Engine was started but {what} ({_complaint(machine, alive=alive) or seen.cause}); its log is {log}.")
        machine.sleep(0.25)
    return seen


def _always() -> bool:
    return True


def _complaint(machine: Machine, *, alive: bool) -> str:
    """Return the last error in the engine's own log, or the last line of one that ended."""
    lines = [line for line in machine.read(LOG).splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"^failed to start daemon: |level=(?:fatal|error)", line)]
    last = (errors or ([] if alive else lines))[-1:]
    message = re.search(r'msg="((?:[^"\\]|\\.)*)"', last[0]) if last else None
    return message.group(1) if message else "".join(last)


def _ensure_buildx(machine: Machine, outcome: Outcome, *, manage: bool, check: bool) -> None:
    shown = machine.run(["docker", "buildx", "version"])
    if shown.code and manage and machine.is_root() and machine.which("apt-get"):
        package = "docker-buildx" if check else packages.install_buildx(machine)
        if package:
            outcome.actions.append(f"install {package}")
            if check:
                return
            shown = machine.run(["docker", "buildx", "version"])
    if shown.code:
        raise Failure(
            f"The docker client {machine.which('docker')} has no buildx plugin; install the package docker-buildx"
            f" (Debian, Ubuntu) or docker-buildx-plugin (Docker's own packages), or see {BY_HAND}."
        )
    outcome.buildx = shown.out.split()[1] if len(shown.out.split()) > 1 else ""
