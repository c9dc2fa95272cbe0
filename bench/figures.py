# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures, and how they are shown."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Figure:
    """Measurements of one thing.

    Attributes:
        name: What was measured.
        unit: Of the values and the target.
        values: One for each round.
        target: What must be reached at most; None where there is nothing to reach.
        takes: What the target would take.
    """

    name: str
    unit: str
    values: Sequence[float]
    target: float | None = None
    takes: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def is_missed(self) -> bool:
        """Whether the median is above the target."""
        return self.target is not None and self.median > self.target

    @property
    def verdict(self) -> str:
        """Whether the median reaches the target, and else by how much it misses it."""
        if self.target is None:
            return ""
        return "reached" if not self.is_missed else f"missed by {_short(self.median - self.target)} {self.unit}".rstrip()


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table of Markdown."""
    rows = ["| figure | min | median | max | target | |", "|---|---|---|---|---|---|"]
    for figure in figures:
        low, middle, high = (_short(value) for value in (min(figure.values), figure.median, max(figure.values)))
        target = "" if figure.target is None else f"at most {_short(figure.target)}"
        unit = f", {figure.unit}" if figure.unit else ""
        rows.append(f"| {figure.name}{unit} | {low} | {middle} | {high} | {target} | {figure.verdict} |")
    return "\n".join(rows)


def takes(figures: Sequence[Figure]) -> str:
    """Return what the missed targets would take, as a list of Markdown."""
    texts: dict[str, list[str]] = {}
    for figure in figures:
        if figure.is_missed and figure.takes:
            texts.setdefault(figure.takes, []).append(figure.name)
    return "\n".join(textwrap.fill(f"- {'; '.join(names)}: {text}", 120, subsequent_indent="  ") for text, names in texts.items())


def plot(figures: Sequence[Figure]) -> str:
    """Return the figures that are seconds as an SVG: a bar to the median, a line from the least to the most, a mark at the target."""
    shown = [figure for figure in figures if figure.unit == "s"]
    left, width, row = 330, 420, 30
    scale = width / max((max([*figure.values, figure.target or 0]) for figure in shown), default=1)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 80}" height="{row * len(shown) + 20}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for index, figure in enumerate(shown):
        top = 10 + index * row
        middle, low, high = (left + scale * value for value in (figure.median, min(figure.values), max(figure.values)))
        lines += [
            f'<text x="{left - 8}" y="{top + 16}" text-anchor="end">{escape(figure.name)}</text>',
            f'<rect x="{left}" y="{top + 4}" width="{middle - left:.1f}" height="16" fill="#4878a8"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{top + 12}" y2="{top + 12}" stroke="black"/>',
            f'<text x="{high + 6:.1f}" y="{top + 16}">{_short(figure.median)} s</text>',
        ]
        if figure.target is not None:
            goal = left + scale * figure.target
            lines.append(f'<line x1="{goal:.1f}" x2="{goal:.1f}" y1="{top}" y2="{top + 24}" stroke="#c03030" stroke-width="2"/>')
    return "\n".join([*lines, "</svg>", ""])


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
