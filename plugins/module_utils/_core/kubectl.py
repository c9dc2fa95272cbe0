# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kubectl as the action plugins call it, on the controller: always with a named kubeconfig and context; and the label of what is ours."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .errors import Failure

Kubectl: TypeAlias = Callable[[Sequence[str], str], str]
"""Runs kubectl with arguments and standard input, returns its standard output, raises ``Failure``."""

MANAGER = "plannoir.deploy"
MANAGED_BY = "app.kubernetes.io/managed-by"
PART_OF = "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"


KUBECTL_SPEC: dict[str, dict[str, Any]] = {
    "kubectl": {"type": "path", "default": "kubectl"},
    "kubeconfig": {"type": "path", "required": True},
    "context": {"type": "str", "required": True},
}
"""Options that plugins/doc_fragments/kubectl.py documents."""


def own_labels(application: str) -> dict[str, str]:
    """Return the labels of every object that the collection itself makes for an application."""
    return {PART_OF: application, MANAGED_BY: MANAGER}


def own_selector(application: str) -> str:
    """Return kubectl's option that selects these objects."""
    return f"--selector={','.join(f'{key}={value}' for key, value in own_labels(application).items())}"


def objects_in(out: str) -> list[dict[str, Any]]:
    """Return the objects in what ``kubectl get --output=json`` printed: a list, one object, or nothing."""
    if not out.strip():
        return []
    answer: dict[str, Any] = json.loads(out)
    return list(answer["items"]) if "items" in answer else [answer]


def make_kubectl(program: str, kubeconfig: str, context: str) -> Kubectl:
    """Make a caller of kubectl that gives up after 20 s."""

    def call(arguments: Sequence[str], stdin: str) -> str:
        command = [program, f"--kubeconfig={kubeconfig}", f"--context={context}", "--request-timeout=20s", *arguments]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
        except FileNotFoundError as error:
            raise Failure(f"{program} is missing: run the toolchain role, or name kubectl's folder in toolchain_bin.") from error
        except subprocess.TimeoutExpired as error:
            raise Failure(f"The cluster of context {context} ({kubeconfig}) did not answer within 60 s: check that it runs.") from error
        if done.returncode:
            raise Failure(_sentence(done.stderr, f"context {context} ({kubeconfig})"))
        return done.stdout

    return call


def server_version(kubectl: Kubectl) -> str:
    """Return the cluster's minor version as Pod Security pins it, as in ``v1.34``."""
    version = json.loads(kubectl(["get", "--raw=/version"], ""))
    return f"v{version['major']}.{re.sub(r'[^0-9].*', '', version['minor'])}"


def _sentence(stderr: str, cluster: str) -> str:
    reason = (stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error from server ").strip()
    if match := re.search(r'\(AlreadyExists\).*secrets "([^"]+)" already exists', stderr):
        return f"The Secret {match[1]} is in the cluster already and was not made by this collection: remove it or rename the component."
    if "refused" in stderr or "Unable to connect" in stderr or "no route" in stderr:
        return f"The cluster of {cluster} does not answer: start it (site.yml does) and run this again. kubectl says: {reason}"
    return f"The cluster of {cluster} refused: {reason}"
