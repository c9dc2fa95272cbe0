# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster: kubectl and helm in one namespace, always with a named kubeconfig and context."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import process
from .errors import Failure
from .kubeconfig import cluster_entry
from .labels import MANAGER
from .process import Completed
from .proxies import direct_to_minikube

CLUSTER_SPEC: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path", "required": True},
    "context": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "bin": {"type": "path", "default": ""},
}
"""Options that plugins/doc_fragments/cluster.py documents."""

ANSWER_WITHIN = 60
"""Seconds for one call of kubectl, of which each request to the cluster may take 20."""

_AS_JSON = ("--output=json", "--ignore-not-found")


@dataclass(frozen=True)
class Cluster:
    """One namespace of one cluster. ``bin`` is the folder with kubectl and helm; empty for those on PATH."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    bin: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, Any]) -> Cluster:
        """Return the cluster that the options of ``CLUSTER_SPEC`` name."""
        return cls(*(parameters[name] or "" for name in CLUSTER_SPEC))

    @property
    def is_there(self) -> bool:
        """Whether the kubeconfig leads to it; to one that is not made yet, of which check mode tells, it does not.

        Raises:
            Failure: The kubeconfig is no YAML.
        """
        return bool(cluster_entry(Path(self.kubeconfig), self.context))

    @property
    def environment(self) -> dict[str, str]:
        """What kubectl and helm need beside this process's own variables: a proxy of the machine cannot reach Minikube's node.

        Raises:
            Failure: The kubeconfig is no YAML.
        """
        return direct_to_minikube(Path(self.kubeconfig), self.context, os.environ)

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return a command line of kubectl or helm."""
        context = "--kube-context" if program == "helm" else "--context"
        return [
            str(Path(self.bin, program)),
            f"--kubeconfig={self.kubeconfig}",
            f"{context}={self.context}",
            f"--namespace={self.namespace}",
            *arguments,
        ]

    def alone(self, program: str, *arguments: str) -> list[str]:
        """Return a command line that needs no variables beside those of whoever runs it; raises Failure as ``environment`` does."""
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return [*(["env", *variables] if variables else []), *self.command(program, *arguments)]

    def kubectl(self, *arguments: str, given: str = "") -> str:
        """Run kubectl, with ``given`` on its standard input, and return what it prints.

        Raises:
            Failure: The cluster does not answer, or refuses.
        """
        done = self._ask(*arguments, given=given)
        if done.code:
            raise Failure(_sentence(done.err, str(self)))
        return done.out

    def helm(self, *arguments: str) -> str:
        """Run helm, which keeps to the time limit among its own options, and return what it prints.

        Raises:
            Failure: helm failed; the message is what it printed.
        """
        done = self._run("helm", *arguments, timeout=None)
        if done.code:
            raise Failure((done.err or done.out).strip())
        return done.out

    def apply(self, definition: Mapping[str, Any]) -> None:
        """Make an object, or a List of them, what the definition says; raises Failure as ``kubectl`` does."""
        options = ["--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "--filename=-"]
        self.kubectl("apply", *options, given=json.dumps(definition))

    def objects(self, *request: str) -> list[dict[str, Any]]:
        """Return what ``kubectl get`` finds; nothing where it is not there. Raises Failure as ``kubectl`` does."""
        return _items(self.kubectl("get", *request, *_AS_JSON))

    def look(self, *request: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Return what ``kubectl get`` finds and what it may not see, a line of kubectl's each.

        Raises:
            Failure: The cluster does not answer, or refuses for another reason.
        """
        done = self._ask("get", *request, *_AS_JSON)
        errors = [line for line in done.err.splitlines() if line.lower().startswith("error")]
        refused = [line for line in errors if "(Forbidden)" in line]
        if done.code and (not refused or len(refused) < len(errors)):
            raise Failure(_sentence(done.err, str(self)))
        return _items(done.out), refused

    def create(self, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Make an object, or those of a List, and return what the cluster made of them; raises Failure as ``kubectl`` does."""
        # To validate what is no object, kubectl looks for its definition in the whole cluster.
        rest = self.kubectl("create", "--filename=-", "--validate=false", "--output=json", given=json.dumps(definition))
        found: list[dict[str, Any]] = []
        while rest := rest.strip():
            made, end = json.JSONDecoder().raw_decode(rest)
            found += made["items"] if made.get("kind") == "List" else [made]
            rest = rest[end:]
        return found

    def named(self, *references: str) -> list[dict[str, Any]]:
        """Return those of the objects that are there; raises Failure as ``kubectl`` does, and where one may not be seen."""
        found, refused = self.look_up(*references)
        if refused:
            raise Failure(_sentence("\n".join(refused), str(self)))
        return found

    def look_up(self, *references: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Return those of the objects that are there, read side by side, and what may not be seen, as ``look`` does.

        kubectl asks for each name by itself, ten at once and from there on five a second (client-go's ``rest.DefaultQPS``), so that a
        resource with several names is read as a whole; Secrets without those of Helm, which are large.

        Args:
            references: As ``reference`` returns them.
        """
        resources: dict[str, list[str]] = {}
        for wanted in references:
            resources.setdefault(wanted.partition("/")[0], []).append(wanted)
        alone = [wanted for found in resources.values() if len(found) == 1 for wanted in found]
        lists = [resource for resource, found in resources.items() if len(found) > 1]
        listed = ",".join(resource for resource in lists if resource != "secrets")
        requests = [
            alone,
            [listed] if listed else [],
            ["secrets", "--field-selector=type!=helm.sh/release.v1"] if "secrets" in lists else [],
        ]
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda request: self.look(*request), filter(None, requests)))
        found = [item for objects, _refused in answers for item in objects if reference(item) in references]
        return found, [line for _objects, refused in answers for line in refused]

    def execute(self, component: str, command: Sequence[str], timeout: float, given: bytes = b"") -> Completed:
        """Run a command in a pod of a component, for so many seconds at most; raises Failure where kubectl cannot be run.

        Args:
            component: Its name, which is that of its Deployment and its container.
            command: What is run there.
            timeout: Seconds.
            given: Its standard input.
        """
        options = [f"deployment/{component}", f"--container={component}", *(["--stdin"] if given else [])]
        return self._run("kubectl", "exec", *options, "--", *command, timeout=timeout, given=given)

    def server_version(self) -> str:
        """Return the cluster's minor version as Pod Security pins it, as in ``v1.34``; raises Failure as ``kubectl`` does."""
        version = json.loads(self.kubectl("get", "--raw=/version"))
        return f"v{version['major']}.{re.sub(r'[^0-9].*', '', version['minor'])}"

    def __str__(self) -> str:
        return f"context {self.context} ({self.kubeconfig})"

    def _ask(self, *arguments: str, given: str = "") -> Completed:
        done = self._run("kubectl", "--request-timeout=20s", *arguments, given=given, timeout=ANSWER_WITHIN)
        if done.code == process.TIMED_OUT:
            raise Failure(f"The cluster of {self} did not answer within {ANSWER_WITHIN} s: check that it runs.")
        return done

    def _run(self, program: str, *arguments: str, timeout: float | None, given: str | bytes = "") -> Completed:
        argv = self.command(program, *arguments)
        done = process.run(argv, timeout=timeout, given=given, environment=self.environment)
        if done.code == process.NOT_FOUND:
            raise Failure(f"{argv[0]} cannot be run ({done.err}): run the toolchain role, or name its folder in cluster_bin.")
        return done


def _items(out: str) -> list[dict[str, Any]]:
    if not out.strip():
        return []
    answer: dict[str, Any] = json.loads(out)
    return list(answer["items"]) if "items" in answer else [answer]


def reference(item: Mapping[str, Any]) -> str:
    """Return an object as kubectl is asked for it: ``<resource>.<group>/<name>``."""
    group, kind = item["apiVersion"].rpartition("/")[0], item["kind"].lower()
    resource = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    return f"{resource}.{group}/{item['metadata']['name']}" if group else f"{resource}/{item['metadata']['name']}"


def _sentence(stderr: str, cluster: str) -> str:
    reason = (stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("Error from server ").strip()
    if match := re.search(r'\(AlreadyExists\).*secrets "([^"]+)" already exists', stderr):
        return f"The Secret {match[1]} is in the cluster already and was not made by this collection: remove it or rename the component."
    if "refused" in stderr or "Unable to connect" in stderr or "no route" in stderr:
        return f"The cluster of {cluster} does not answer: start it (site.yml does) and run this again. kubectl says: {reason}"
    if "(Unauthorized)" in reason or "must be logged in" in reason:
        return f"The cluster of {cluster} does not know the account of this kubeconfig: log in again, or renew its credentials. ({reason})"
    return f"The cluster of {cluster} refused: {reason}"
