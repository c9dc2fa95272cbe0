# Copyright: (c) 2026, Plannoir contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule is: a fault that the cluster's objects or a log show, how it is told, what to do, and since when it is certain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from .logs import hint

Subject = TypeVar("Subject")

SOON = 2.0
"""Seconds for which a fault has to be seen without a break, so that what only flashes up is none."""

WHILE = 10.0
"""The same for what may pass by itself: a node that is busy, a volume that is being made, a pod that is going."""


class Found(NamedTuple):
    """What a rule's finder found."""

    facts: Mapping[str, str] = {}
    """What stands in the braces of the rule's texts."""
    log: str = ""
    """The last lines of the container's log."""
    certain: bool = True
    """Whether it does not heal by itself; only then the rule's patience counts."""


@dataclass(frozen=True)
class Rule(Generic[Subject]):
    """A fault with a name."""

    name: str
    find: Callable[[Subject], Found | None] = field(repr=False)
    sentence: str
    """A clause behind the name of a component, with facts in braces."""
    remedy: str
    """Whole sentences, with facts in braces."""
    patience: float | None = SOON
    """Seconds for which it has to be seen before the run ends; nothing: the run waits to its time limit."""
    since: str = ""
    """For the guide: when the seconds begin, where that is not at once."""
    ended: bool = False
    """The process ended by itself, so its log says more than the rule."""


@dataclass(frozen=True)
class Cause:
    """A rule that holds."""

    rule: Rule[Any]
    found: Found

    @property
    def why(self) -> str:
        """The clause, without a stop."""
        return self.rule.sentence.format_map(self.found.facts).strip().rstrip(".")

    def remedy(self, component: str) -> str:
        """Return what to do about a component: what the log advises, before what the rule does."""
        return hint(self.found.log, component) or self.rule.remedy.format_map(self.found.facts)

    @property
    def patience(self) -> float | None:
        """Seconds for which it has to be seen; nothing when it may heal."""
        return self.rule.patience if self.found.certain else None


def first(rules: Sequence[Rule[Subject]], subject: Subject) -> Cause | None:
    """Return the cause that the first rule with a find names."""
    for rule in rules:
        found = rule.find(subject)
        if found is not None:
            return Cause(rule, found)
    return None
