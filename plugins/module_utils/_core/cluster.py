# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster as the release modules reach it: kubectl and helm, always with a named kubeconfig and context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from .errors import Failure
from .kubectl import objects_in

__all__ = ["CLUSTER_SPEC", "Cluster", "Failure"]

CLUSTER_SPEC: dict[str, dict[str, Any]] = {
    "kubeconfig": {"type": "path", "required": True},
    "context": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "bin": {"type": "path", "required": True},
}


@dataclass(frozen=True)
class Cluster:
    """Commands in one namespace of one cluster."""

    module: AnsibleModule

    def objects(self, *request: str) -> list[dict[str, Any]]:
        """Return what ``kubectl get`` finds, as parsed JSON.

        Raises:
            Failure: kubectl failed.
        """
        return objects_in(self.kubectl("get", *request, "--output=json", "--ignore-not-found"))

    def kubectl(self, *arguments: str) -> str:
        """Run kubectl and return its standard output; raises Failure."""
        return self._run(self._program("kubectl"), f"--context={self.module.params['context']}", *arguments)

    def helm(self, *arguments: str) -> str:
        """Run helm and return its standard output; raises Failure."""
        return self._run(self._program("helm"), f"--kube-context={self.module.params['context']}", *arguments)

    def _program(self, name: str) -> str:
        return f"{self.module.params['bin']}/{name}"

    def _run(self, program: str, context: str, *arguments: str) -> str:
        parameters = self.module.params
        command = [program, f"--kubeconfig={parameters['kubeconfig']}", context, f"--namespace={parameters['namespace']}", *arguments]
        try:
            status, out, err = self.module.run_command(command, handle_exceptions=False)
        except OSError as error:
            raise Failure(f"{program} cannot be run ({error.strerror}): let the toolchain role supply it.") from error
        if status:
            raise Failure((err or out).strip())
        return str(out)
