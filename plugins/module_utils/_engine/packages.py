# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Docker Engine from the packages of Debian and Ubuntu.

Debian 12 (bookworm) has Docker 20.10 and no buildx. Docker 20.10 hands `--privileged` containers every capability the
kernel knows and fails with "unable to apply caps" where the machine itself lacks one, as in a sandbox. There the engine
comes from the next suite, whose packages install on bookworm, and nothing else does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .._core.apt import Source, sources
from .._core.errors import Failure
from .._core.machine import Machine

PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd")
NEXT_SUITE = {"bookworm": "trixie"}
SOURCES_FILE = "/etc/apt/sources.list.d/plannoir-engine.sources"
PREFERENCES_FILE = "/etc/apt/preferences.d/plannoir-engine"
# Docker 23 is the first that gives a privileged container the machine's own capabilities instead of all known ones.
FIRST_HONEST_MAJOR = 23
_TIMEOUT = 900.0
_ENV = {"DEBIAN_FRONTEND": "noninteractive"}


@dataclass(frozen=True)
class EnginePackages:
    """What to install and, when the distribution's own packages do not do, from which newer suite and why."""

    packages: tuple[str, ...]
    suite: str = ""
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f" from the suite {self.suite}, because {' and '.join(self.reasons)}" if self.suite else ""
        return f"install {' '.join(self.packages)}{where}"


def missing_capabilities(status: str, last: int) -> bool:
    """Tell whether the bounding set in a /proc/<pid>/status text lacks a capability up to number `last`."""
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)", status, re.MULTILINE)
    every = (1 << (last + 1)) - 1
    return found is not None and int(found.group(1), 16) & every != every


def candidates(machine: Machine, packages: Sequence[str]) -> dict[str, str]:
    """Return the version that apt would install of each package that it knows."""
    shown = machine.run(["apt-cache", "policy", *packages]).out
    found = re.findall(r"^(\S+):\n(?:.*\n)*?  Candidate: (\S+)", shown, re.MULTILINE)
    return {name: version for name, version in found if version != "(none)"}


def plan(machine: Machine) -> EnginePackages:
    """Decide what to install.

    Raises Failure where apt knows no Docker Engine.
    """
    have = candidates(machine, PACKAGES)
    codename = _codename(machine)
    reasons = []
    if "docker.io" not in have:
        reasons.append("apt knows no docker.io")
    elif _major(have["docker.io"]) < FIRST_HONEST_MAJOR and _lacks_capabilities(machine):
        reasons.append(f"Docker {have['docker.io'].split('+')[0]} cannot run privileged containers on a machine without every capability")
    if "docker-buildx" not in have:
        reasons.append("the distribution's own suite has no docker-buildx")
    if not reasons:
        return EnginePackages(tuple(name for name in PACKAGES if name in have))
    if codename in NEXT_SUITE:
        return EnginePackages(PACKAGES, NEXT_SUITE[codename], tuple(reasons))
    raise Failure(
        f"Docker Engine cannot be installed with apt here: {' and '.join(reasons)} (release {codename or 'unknown'});"
        " install Docker Engine and its buildx plugin by hand (https://docs.docker.com/engine/install/)."
    )


def install(machine: Machine) -> EnginePackages:
    """Refresh apt's lists and install the engine; return what was installed.

    Raises Failure with apt's own last line where it does not work.
    """
    refreshed = machine.run(["apt-get", "update", "-q"], timeout=_TIMEOUT, env=_ENV)
    wanted = plan(machine)
    try:
        if wanted.suite:
            _add_suite(machine, _codename(machine), wanted.suite)
            refreshed = machine.run(["apt-get", "update", "-q"], timeout=_TIMEOUT, env=_ENV)
        done = _apt_install(machine, wanted.packages)
    finally:
        remove_suite(machine)
    if done:
        raise Failure(
            f"apt-get could not install {' '.join(wanted.packages)}: {done}"
            + (f" (apt-get update: {refreshed.last_line})" if refreshed.code else "")
            + "; mend apt, then run this again."
        )
    return wanted


def install_buildx(machine: Machine) -> str:
    """Install the buildx plugin beside a running engine; return the package's name, or nothing when apt has none."""
    names = ["docker-buildx", "docker-buildx-plugin"]
    have = candidates(machine, names)
    return next((name for name in names if name in have and not _apt_install(machine, [name])), "")


def _apt_install(machine: Machine, packages: Sequence[str]) -> str:
    argv = ["apt-get", "install", "-q", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages]
    done = machine.run(argv, timeout=_TIMEOUT, env=_ENV)
    return done.last_line or f"exit code {done.code}" if done.code else ""


def _add_suite(machine: Machine, codename: str, suite: str) -> None:
    """Let apt see a newer suite, from the machine's own mirrors, for the engine's packages and for nothing else."""
    suites = {codename, f"{codename}-security", f"{codename}-updates"}
    own = [source for source in sources(machine) if source.suite in suites and source.component == "main"]
    stanzas = [_source(source, codename, suite) for source in own]
    if not stanzas:
        raise Failure(
            f"apt has no source for Debian {codename} from which the mirror of {suite} could be told;"
            f" add a source for {suite} or install Docker Engine by hand (https://docs.docker.com/engine/install/)."
        )
    # Only these packages may come from there; everything else stays as it was, also when it is missing from the stock suite.
    preferences = "".join(
        f"Package: {packages}\nPin: release n=/^{suite}/\nPin-Priority: {priority}\n\n"
        for packages, priority in (("*", -1), (" ".join(PACKAGES), 990))
    )
    machine.path(PREFERENCES_FILE).write_text(preferences, encoding="utf-8")
    machine.path(SOURCES_FILE).write_text("\n".join(stanzas), encoding="utf-8")


def leftovers(machine: Machine) -> list[Path]:
    """Return our files among apt's: of a run that was killed, or of an earlier version, which kept them."""
    return [path for path in map(machine.path, (PREFERENCES_FILE, SOURCES_FILE)) if path.exists()]


def remove_suite(machine: Machine) -> None:
    """Take the newer suite from apt again: once the distribution itself is that suite, our pin would keep back all of it."""
    for path in leftovers(machine):
        path.unlink()


def _source(source: Source, codename: str, suite: str) -> str:
    lines = ["Types: deb", f"URIs: {source.uri}", f"Suites: {source.suite.replace(codename, suite, 1)}", "Components: main"]
    return "\n".join([*lines, f"Signed-By: {source.signed_by}"] if source.signed_by else lines) + "\n"


def _codename(machine: Machine) -> str:
    found = re.search(r"^VERSION_CODENAME=\"?([a-z]+)", machine.read("/etc/os-release"), re.MULTILINE)
    return found.group(1) if found else ""


def _major(version: str) -> int:
    found = re.match(r"(?:\d+:)?(\d+)", version)
    return int(found.group(1)) if found else 0


def _lacks_capabilities(machine: Machine) -> bool:
    # The engine inherits its capabilities from what starts it: systemd, or this process.
    process = "1" if machine.path("/run/systemd/system").is_dir() else "self"
    return missing_capabilities(machine.read(f"/proc/{process}/status"), int(machine.read("/proc/sys/kernel/cap_last_cap") or 0))
