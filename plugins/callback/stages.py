# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run prints: a line per stage, with its seconds and what it changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stages
type: stdout
short_description: A line per stage, with its seconds and what it changed
version_added: "1.0.0"
author: Plannoir contributors (@plannoir)
description:
  - A stage is a role, or what a play does outside of roles. When it ends, a line says how long it took and which tasks changed something.
  - Of a task that changes nothing only its messages are shown. A task that takes longer than O(quiet) is named while it runs, and an item
    of its loop that did is shown when it has ended.
  - After the recap a line says how long each stage took.
  - Failures, warnings and differences are shown as the callback P(ansible.builtin.default#callback) shows them. With C(-v) everything is.
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  quiet:
    description:
      - Seconds after which a running task is named.
      - On a terminal the same line is written again and again, elsewhere there is a new line whenever the time has doubled.
    type: float
    default: 3
    env: [{name: PLANNOIR_STAGES_QUIET}]
    ini: [{section: plannoir_stages, key: quiet}]
requirements:
  - "stdout_callback = plannoir.deploy.stages in ansible.cfg, as in this collection's checkout"
"""

import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from ansible import constants as C
from ansible.executor.stats import AggregateStats
from ansible.playbook import Playbook
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.plugins.loader import filter_loader, test_loader

_MESSAGES = ("debug", "ansible.builtin.debug")
_SESSIONS = ("plannoir.deploy.live",)
"""Actions that run until a person ends them, and say themselves what they do."""
_FEW = 4
"""Items that a stage's line names."""
_ERASE = "\x1b[K"


class CallbackModule(Default):  # type: ignore[misc]  # ansible has no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "plannoir.deploy.stages"

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()
        self._stage = ""
        self._stage_began = self._task_began = self._item_began = self._began
        self._changes: dict[str, list[str]] = {}
        self._seconds: dict[str, float] = {}
        self._task_name = ""
        self._clock: threading.Thread | None = None
        self._over = threading.Event()

    @property
    def _brief(self) -> bool:
        return not self._display.verbosity

    # ---- Stages

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        # Each task runs in a fork of this process; what is not here yet, every one of them would load again (0.02 s each).
        filter_loader.get("default")
        test_loader.get("defined")
        super().v2_playbook_on_start(playbook)

    def v2_playbook_on_play_start(self, play: Play) -> None:
        if not self._brief:
            super().v2_playbook_on_play_start(play)
            return
        self._play = play
        self._begin_stage("")

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool) -> None:
        super().v2_playbook_on_task_start(task, is_conditional)
        self._begin_task(task)

    def v2_playbook_on_handler_task_start(self, task: Task) -> None:
        super().v2_playbook_on_handler_task_start(task)
        self._begin_task(task)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._over.set()
        if self._clock:
            self._clock.join()
        if self._brief:
            self._begin_stage("")
        super().v2_playbook_on_stats(stats)
        if self._brief and self._seconds:
            stages = ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in self._seconds.items())
            self._say(f"{time.monotonic() - self._began:.1f} s: {stages}")

    def _begin_task(self, task: Task) -> None:
        if not self._brief:
            return
        self._begin_stage(task._role.get_name(include_role_fqcn=False) if task._role else self._play.get_name().strip())
        self._task_name = "" if task.action in _SESSIONS else _short(task.get_name())
        self._task_began = self._item_began = time.monotonic()
        if not self._clock:
            self._clock = threading.Thread(target=self._watch, daemon=True)
            self._clock.start()

    def _begin_stage(self, stage: str) -> None:
        if stage == self._stage:
            return
        now = time.monotonic()
        if self._stage:
            seconds = now - self._stage_began
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + seconds
            changes = f"  {', '.join(_with_items(*change) for change in self._changes.items())}" if self._changes else ""
            self._say(f"{self._stage:<12} {seconds:6.1f} s{changes}", C.COLOR_CHANGED if changes else C.COLOR_OK)
        self._stage, self._stage_began, self._task_name = stage, now, ""
        self._changes.clear()

    # ---- Results

    def v2_runner_on_ok(self, result: Any) -> None:
        if not self._brief:
            super().v2_runner_on_ok(result)
        elif not isinstance(result.task, TaskInclude):
            self._take(result)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        if not self._brief:
            super().v2_runner_item_on_ok(result)
        elif not isinstance(result.task, TaskInclude):
            self._take(result, self._get_item_label(result.result))

    def v2_playbook_on_include(self, included_file: Any) -> None:
        if not self._brief:
            super().v2_playbook_on_include(included_file)

    def _take(self, result: Any, item: object = None) -> None:
        """Remember what a task changed, and show its messages."""
        self._handle_warnings_and_exception(result)
        if result.task.loop and "results" in result.result:  # each item has been taken
            return
        if result.task.action in _MESSAGES and "msg" in result.result:
            message = result.result["msg"]
            for line in message if isinstance(message, list) else str(message).splitlines():
                self._say(f"{self._stage}: {line}")
        elif result.result.get("changed"):
            items = self._changes.setdefault(_short(result.task_name or result.task.get_name()), [])
            if item is not None:
                self._take_item(str(item), items)

    def _take_item(self, item: str, items: list[str]) -> None:
        """Show an item that took long, and leave the others to the stage's line."""
        now = time.monotonic()
        if now - self._item_began >= float(self.get_option("quiet")):
            self._say(f"{self._stage}: {item}")
        else:
            items.append(item)
        self._item_began = now

    # ---- Long work

    def _watch(self) -> None:
        """Name the task that runs, while it takes long."""
        quiet = float(self.get_option("quiet"))
        named, due = 0.0, quiet
        while not self._over.wait(0.5):
            began, name = self._task_began, self._task_name
            if began != named:
                named, due = began, quiet
            seconds = time.monotonic() - began
            if not name or seconds < due:
                continue
            text = f"{self._stage}: {name}, {seconds:.0f} s so far"
            if sys.stdout.isatty():
                self._display.display(f"{text}{_ERASE}\r", C.COLOR_VERBOSE, screen_only=True, newline=False)
            else:
                self._say(text)
                due = max(2 * seconds, 10.0)

    def _say(self, text: str, color: str | None = None) -> None:
        self._display.display(f"{text}{_ERASE}" if sys.stdout.isatty() else text, color)


def _with_items(name: str, items: Sequence[str]) -> str:
    """Return a task's name with the items that it changed, or with their number where a line would be full of them."""
    return f"{name} ({', '.join(items) if len(items) <= _FEW else f'{len(items)} items'})" if items else name


def _short(name: str) -> str:
    """Return a task's name without its role's."""
    return name.rpartition(" : ")[2].strip()
