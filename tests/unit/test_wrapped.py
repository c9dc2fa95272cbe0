# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prose is wrapped, and everything else stays as it is."""

from __future__ import annotations

from scripts.references import wrapped

LONG = "word " * 40
SPAN = "`./bootstrap ansible-playbook playbooks/audit.yml --check`"


def test_a_long_paragraph_is_filled_and_a_short_one_stays() -> None:
    text = wrapped(f"One line,\nand another.\n\n{LONG.strip()}\ntail")
    assert text.startswith("One line,\nand another.\n\nword")
    assert max(map(len, text.split("\n"))) <= 120
    assert text.split() == f"One line, and another. {LONG} tail".split()


def test_an_item_keeps_its_indentation() -> None:
    assert [line[:4] for line in wrapped(f"- a {LONG}\n- b").split("\n")] == ["- a ", "  wo", "- b"]


def test_code_and_links_are_not_broken() -> None:
    assert SPAN in wrapped(f"{'x' * 100} {SPAN}")
    assert "[a long name](a.md)" in wrapped(f"{'x' * 110} [a long name](a.md)")


def test_tables_headings_and_code_blocks_stay() -> None:
    text = f"# {LONG}\n| {LONG} |\n```sh\n{LONG}\n{LONG}\n```\n<!-- {LONG} -->"
    assert wrapped(text) == text
