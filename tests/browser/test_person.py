# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person does with Plannoir, in a real browser."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser.conftest import Visitor


def test_person_signs_up_and_chats(visitor: Visitor) -> None:
    """A message to the assistant becomes a task; task and conversation are still there after a reload."""
    visitor.sign_up()
    visitor.page.get_by_role("link", name="Chat").click()
    visitor.say("add buy milk")
    expect(visitor.conversation.locator(".assistant")).to_contain_text("buy milk")

    visitor.page.get_by_role("link", name="Tasks", exact=True).click()
    expect(visitor.page.get_by_role("heading", name="Tasks", exact=True)).to_be_visible()
    expect(visitor.task("buy milk")).to_be_visible()

    visitor.open("/chat")
    expect(visitor.conversation).to_contain_text("add buy milk")
    visitor.page.reload()
    expect(visitor.conversation).to_contain_text("add buy milk")
    expect(visitor.conversation.locator(".assistant")).to_contain_text("buy milk")


def test_person_edits_completes_and_deletes_a_task(visitor: Visitor) -> None:
    """Each change is stored, and no other task is touched."""
    visitor.sign_up()
    for title in ("buy milk", "water the plants"):
        visitor.add_task(title)

    visitor.page.get_by_role("button", name="Edit buy milk").click()
    visitor.page.get_by_label("Title", exact=True).fill("buy oat milk")
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    expect(visitor.task("buy oat milk")).to_be_visible()
    visitor.page.get_by_role("checkbox", name="buy oat milk").check()
    visitor.page.reload()
    expect(visitor.page.get_by_role("checkbox", name="buy oat milk")).to_be_checked()
    expect(visitor.page.get_by_role("checkbox", name="water the plants")).not_to_be_checked()

    visitor.page.get_by_role("button", name="Delete buy oat milk").click()
    expect(visitor.task("buy oat milk")).to_have_count(0)
    visitor.page.reload()
    expect(visitor.task("")).to_have_count(1)
    expect(visitor.task("water the plants")).to_be_visible()


def test_person_signs_out(visitor: Visitor) -> None:
    """Whoever signed out sees the start, and the tasks ask for a sign-in."""
    visitor.sign_up()
    visitor.page.get_by_role("button", name="Sign out", exact=True).click()
    expect(visitor.page.get_by_role("link", name="Sign up")).to_be_visible()
    visitor.open("/tasks")
    expect(visitor.page).to_have_url(re.compile("/sign-in$"))


def test_wrong_password_is_refused_in_plain_words(visitor: Visitor) -> None:
    """Somebody without an account stays at the sign-in page and reads why."""
    visitor.open("/sign-in")
    visitor.page.get_by_label("Email", exact=True).fill("nobody@example.com")
    visitor.page.get_by_label("Password", exact=True).fill("not the password")
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    expect(visitor.page.locator("form").get_by_role("alert")).not_to_be_empty()
    expect(visitor.page).to_have_url(re.compile("/sign-in$"))


def test_picture_for_the_readme(visitor: Visitor, request: pytest.FixtureRequest) -> None:
    """A day's tasks and chat are seen whole in one window; ``--picture`` keeps what it looks like."""
    visitor.sign_up(f"ada.{secrets.token_hex(3)}@example.com")
    for title in ("Book a table for Friday", "Water the plants", "Send the invoice to Noor"):
        visitor.add_task(title)
    visitor.page.get_by_role("checkbox", name="Water the plants").check()
    visitor.page.get_by_role("link", name="Chat").click()
    for message in ("add buy milk", "remind me to call grandma on Sunday", "complete buy milk", "add pack for the mountains"):
        visitor.say(message)
    expect(visitor.task("call grandma on Sunday")).to_be_visible()
    expect(visitor.page.get_by_role("checkbox", name="buy milk")).to_be_checked()

    tasks, answers = visitor.task(""), visitor.conversation.locator(".assistant")
    expect(tasks).to_have_count(6)
    expect(answers).to_have_count(4)
    for seen in (*tasks.all(), *answers.all(), visitor.page.get_by_label("Message", exact=True)):
        expect(seen).to_be_in_viewport(ratio=0.99)  # of a whole, but for what rounding takes
    picture: Path | None = request.config.getoption("--picture")
    if picture:
        picture.parent.mkdir(parents=True, exist_ok=True)
        visitor.page.mouse.move(0, 0)
        visitor.page.screenshot(path=picture, animations="disabled")
