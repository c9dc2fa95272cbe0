# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine whose commands answer what a test says and whose clock runs only when something sleeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ansible_collections.plannoir.deploy.plugins.module_utils._core.machine import Machine
from ansible_collections.plannoir.deploy.plugins.module_utils._core.process import NOT_FOUND, Completed


class FakeMachine(Machine):
    def __init__(self, root: Path, *, programs: Sequence[str] = (), root_user: bool = True) -> None:
        super().__init__(root)
        self.programs = set(programs)
        self.root_user = root_user
        self.answers: dict[str, Completed | Callable[[], Completed]] = {}
        self.commands: list[str] = []
        self.environments: list[Mapping[str, str]] = []
        self.given: list[str | bytes] = []
        self.spawned: list[str] = []
        self.on_spawn: Callable[[], bool] = lambda: True
        self.clock = 0.0

    def run(self, argv: Sequence[str], *, timeout: float = 60, env: Mapping[str, str] | None = None, given: str | bytes = "") -> Completed:
        command = " ".join(argv)
        self.commands.append(command)
        self.given.append(given)
        self.environments.append(env or {})
        matching = [prefix for prefix in self.answers if command.startswith(prefix)]
        if not matching:
            return Completed(NOT_FOUND, err=f"no such command: {command}")
        answer = self.answers[max(matching, key=len)]
        return answer() if callable(answer) else answer

    def ran(self, prefix: str) -> list[str]:
        return [command for command in self.commands if command.startswith(prefix)]

    def spawn(self, argv: Sequence[str], log: str) -> Callable[[], bool]:
        self.spawned.append(" ".join(argv))
        alive = self.on_spawn()
        return lambda: alive

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def is_root(self) -> bool:
        return self.root_user

    def write(self, name: str, text: str = "") -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)

    def monotonic(self) -> float:
        return self.clock

    def sleep(self, seconds: float) -> None:
        self.clock += seconds
