# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring edits to running pods until something else changes; documented in plugins/modules/live.py."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.plannoir.deploy.plugins.module_utils._component.spec import load_components
from ansible_collections.plannoir.deploy.plugins.module_utils._core.cluster import CLUSTER_SPEC, Cluster
from ansible_collections.plannoir.deploy.plugins.module_utils._core.errors import Failure
from ansible_collections.plannoir.deploy.plugins.module_utils._live.changes import Source
from ansible_collections.plannoir.deploy.plugins.module_utils._live.session import Edges, Session
from ansible_collections.plannoir.deploy.plugins.module_utils._live.variant import put_back
from ansible_collections.plannoir.deploy.plugins.plugin_utils.play import keep, play_pid
from ansible_collections.plannoir.deploy.plugins.plugin_utils.requirements import package_problems

SPEC: dict[str, dict[str, Any]] = {
    **CLUSTER_SPEC,
    "application": {"type": "str", "required": True},
    "components": {"type": "list", "elements": "dict", "required": True, "no_log": True},
    "images": {"type": "dict", "required": True},
    "root": {"type": "path", "required": True},
    "since": {"type": "float", "required": True},
    "first": {"type": "bool", "default": True},
}

LOOK = 1000
"""Milliseconds between two looks at whether the play is still there."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible has no types
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        parameters = self.validate_argument_spec(argument_spec=SPEC)[1]
        if self._task.check_mode:
            return {"changed": False, "released": {}}
        components, problems = load_components(parameters["components"])
        problems += package_problems(["watchfiles"], "playbooks/live.yml")
        if problems:
            raise AnsibleActionFail("\n".join(problems))
        cluster, application = Cluster.of(parameters), parameters["application"]
        sources = [Source.of(component, Path(parameters["root"])) for component in components if component["build"]]
        over = threading.Event()
        session = Session(cluster, application, sources, parameters["images"], Edges(Display().display, Watch(over), over))
        if parameters["first"]:
            live = [source.component for source in sources if source.live]
            keep(renewal={"release": put_back(cluster, live, application)})
        # Ansible ends a task with these, and at once; here something has to be put back first.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: over.set())
        try:
            with _terminal() as say:
                released = session.run(parameters["since"])
                if not released:
                    session.put_back()
                    say("The released pods serve again, and what took their place is removed.")
        except (Failure, OSError, ValueError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {"changed": True, "released": released}


class Watch:
    """Yields what changes in source folders until the loop is to end, or the play is gone."""

    def __init__(self, over: threading.Event) -> None:
        self._over = over

    def __call__(self, sources: Sequence[Source]) -> Iterator[Collection[Path]]:
        # Only this needs it, and the import must not fail where Ansible's tests look at all plugins without it.
        from watchfiles import watch

        folders = {source.context for source in sources} | {source.dockerfile.parent for source in sources}
        for changes in watch(*folders, stop_event=self._over, rust_timeout=LOOK, yield_on_timeout=True, raise_interrupt=False):
            if os.getppid() != play_pid():
                return
            if changes:
                yield {Path(path) for _kind, path in changes}


@contextlib.contextmanager
def _terminal() -> Iterator[Callable[[str], None]]:
    """Yield what prints past Ansible, which does not listen to a task any more that it has ended, and may be gone itself."""
    with contextlib.ExitStack() as stack:
        streams = []
        for path in (f"/proc/{play_pid()}/fd/1", "/dev/tty"):
            with contextlib.suppress(OSError):
                streams.append(stack.enter_context(Path(path).open("a", encoding="utf-8", buffering=1)))

        def say(text: str) -> None:
            with contextlib.suppress(OSError):
                streams[0].write(f"{text}\n")

        yield say if streams else Display().display
