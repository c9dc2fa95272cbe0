# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From components to the Helm releases that deploy them: names, values and time limits.

The extras (embedded helpers) are a release of their own before the application's, because the application's migrations run
before anything of its release exists and need the database.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .checks import DEPLOYING_JOBS, JOBS
from .graph import network_values
from .names import release_names
from .spec import Component, Stage, chart_values

STAGES: tuple[Stage, ...] = ("extras", "app")
"""In the order of deployment."""

BY_HAND = "by-hand"
"""Tag of the subcharts that are the application where no `components` are given."""

PULL_KEY = ".dockerconfigjson"
"""Key of a Secret that holds the login to a registry; Kubernetes wants this one."""

MIGRATION_SOURCES = "migrationSources"
"""A component's digest of what its migration runs from; the chart makes nothing of it."""

JOB_MARGIN = 15
"""Seconds that Helm waits beyond a Job's own limit, so that the Job's failure is seen and not only Helm's."""


def releases(
    components: Sequence[Component],
    name: str,
    images: Mapping[str, str],
    secrets: Mapping[str, Mapping[str, str]],
    digest: str,
    timeout: int,
    sources: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return the releases of the components, in the order of deployment.

    Args:
        components: As ``load_components`` returns them.
        name: Name of the application's release; the extras' is ``<name>-extras``.
        images: Image reference by component.
        secrets: Component -> kind of Secret -> its name, as ``secret_names`` returns it.
        digest: Digest of the chart's files.
        timeout: Seconds for each of Helm's operations; a migration or setup that may take longer raises it.
        sources: Component -> digest of what its migration runs from, of those that say what that is.

    Returns:
        For each release its ``name``, ``state`` (``present``, or ``absent`` when it has no components), ``values`` and ``timeout``.

    Raises:
        ValueError: A component has no image reference, or a Secret of it has no name.
    """
    missing = [component["name"] for component in components if not images.get(component["name"])]
    if missing:
        raise ValueError(f"No image reference for {', '.join(missing)}: run the images role before the release role.")
    networks = network_values(components)
    app, extras = release_names(name)
    result = []
    for stage in STAGES:
        own = [component for component in components if component["extra"] == (stage == "extras")]
        limits = [component[job]["timeout"] + JOB_MARGIN for component in own for job in DEPLOYING_JOBS if component[job]]
        given: dict[str, Any] = {}
        for component in own:
            key = component["name"]
            try:
                given[key] = {**chart_values(component, images[key], secrets.get(key, {})), "network": networks[key]}
                if key in (sources or {}):
                    given[key][MIGRATION_SOURCES] = (sources or {})[key]
            except KeyError as kind:
                raise ValueError(f"No name of the Secret {key}-{kind.args[0]}: run the secrets role before the release role.") from None
        values = {"tags": {BY_HAND: False}, "global": {"chartDigest": digest}, "components": given}
        result.append(
            {
                "name": app if stage == "app" else extras,
                "state": "present" if own else "absent",
                "values": values if own else {},
                "timeout": max([timeout, *limits]),
            }
        )
    return result


def as_yaml(values: Mapping[str, Any]) -> str:
    """Write values for ``helm --values``, so that Helm reads each text as the text that it is.

    Every text stands in double quotes, which JSON gives it: the parsers of YAML do not agree on which plain ones are none (``Y``, ``08``,
    ``1e5``, ``0o17``, ``4858805542217e30``). What YAML would fold, refuse or take for half a character stands there by its number.

    Args:
        values: As in what ``releases`` returns.
    """
    return re.sub(r"[^\n -~]", lambda found: f"\\U{ord(found[0]):08x}", json.dumps(values, ensure_ascii=False, indent=1))


def has_load_balancer(values: Mapping[str, Any]) -> bool:
    """Whether a release has a Service of the type LoadBalancer.

    Helm's own wait would wait for its address too, which on Minikube comes only while ``minikube tunnel`` runs.

    Args:
        values: As in what ``releases`` returns.
    """
    return any((component.get("service") or {}).get("type") == "LoadBalancer" for component in values.get("components", {}).values())


def idle_jobs(values: Mapping[str, Any], before: Mapping[str, Any]) -> list[str] | None:
    """Return the migrations that a deployment need not run again, by component; None where some Job of it has to run.

    Helm runs all hooks of a release or none. A migration need not run where its sources are known and nothing that it has is another than
    it was; a setup always runs.

    Args:
        values: As in what ``releases`` returns.
        before: The values of the release's newest revision, which is good.
    """
    if values["global"] != before.get("global"):
        return None
    components, earlier = values["components"], before.get("components") or {}
    idle = []
    for name, component in components.items():
        if component.get("setup"):
            return None
        if component.get("migration"):
            if MIGRATION_SOURCES not in component or _job_inputs(component) != _job_inputs(earlier.get(name) or {}):
                return None
            idle.append(name)
    return idle


def _job_inputs(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a migration has of its component: all but the image, of which its sources speak, and what matters to pods only."""
    process = ("image", "command", "args", "port", "probes", "resources", "stopGraceSeconds")
    scheduled = ("schedule", "topologySpread", "nodeSelector", "tolerations")
    pods = (*process, *scheduled, "replicas", "autoscale", "strategy", "service", "test")
    return {option: value for option, value in component.items() if option not in pods}


def network_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return by component who may connect to it and where to, and how it is published.

    Args:
        values: As in what ``releases`` returns; none of a release that is new.
    """
    components = values.get("components") or {}
    return {name: (component.get("network"), component.get("service"), component.get("port")) for name, component in components.items()}


def secret_keys(values: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the keys that a release's pods read, by Secret.

    Args:
        values: As in what ``releases`` returns.
    """
    keys: dict[str, set[str]] = {}
    for component in values.get("components", {}).values():
        owners = [(component, "secretEnv"), (component.get("secretFiles") or {}, "files")]
        owners += [(component.get(job) or {}, "secretEnv") for job in JOBS]
        if pull := component.get("pullSecret"):
            keys[pull] = {PULL_KEY}
        for owner, option in owners:
            if read := owner.get(option):
                keys.setdefault(owner["secretName"], set()).update(read)
    return keys


def missing_secrets(needed: Mapping[str, set[str]], present: Mapping[str, set[str]]) -> list[str]:
    """Return a sentence for each Secret, and each key of one, that is needed and not there."""
    sentences = []
    for secret, keys in sorted(needed.items()):
        if secret not in present:
            sentences.append(f"There is no Secret {secret} (it needs the keys {', '.join(sorted(keys))}).")
            continue
        sentences += [f"Secret {secret} has no key {key}." for key in sorted(keys - present[secret])]
    return sentences


def chart_digest(chart: Path) -> str:
    """Return 16 hexadecimal digits over the paths and contents of a chart's files, subcharts included.

    Helm's records hold values, and the chart's version: with the digest among the values, an edited template is a change too. What no
    release is made of has no part in it.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in chart.rglob("*") if path.is_file() and path.relative_to(chart).parts[0] not in ("ci", "README.md")):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(chart).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
