# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the page says while the backend is away, and that it goes on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import Route, expect

if TYPE_CHECKING:
    from tests.browser.conftest import BackendSwitch, Visitor

RETRIES_END_AFTER_MS = 30_000
SLOW = "Plannoir's server is slow to answer; trying again…"
AWAY = "Plannoir's server cannot be reached right now."


def refuse(route: Route) -> None:
    """Answer as the page's proxy does when nothing listens behind it."""
    route.fulfill(status=503, headers={"x-request-delivered": "no"}, json={"detail": "Plannoir's server cannot be reached right now."})


def test_page_waits_for_a_backend_that_is_away(visitor: Visitor, backend_switch: BackendSwitch) -> None:
    """The page retries, says so in plain words, and shows the tasks as soon as the backend is back, without a reload."""
    visitor.sign_up()
    visitor.add_task("water the plants")
    backend_switch.take_away()
    visitor.page.reload()
    expect(visitor.notice).to_have_text(SLOW)
    expect(visitor.notice).to_contain_text(AWAY, timeout=2 * RETRIES_END_AFTER_MS)
    expect(visitor.page.get_by_role("button", name="Try again", exact=True)).to_be_visible()
    backend_switch.bring_back()
    expect(visitor.task("water the plants")).to_be_visible()
    expect(visitor.notice).to_be_empty()


def test_task_added_during_a_short_outage_is_saved_once(visitor: Visitor) -> None:
    """A request that never reached the backend is sent again by itself."""
    visitor.sign_up()
    visitor.page.route("**/api/**", refuse)
    visitor.page.get_by_label("New task", exact=True).fill("water the plants")
    visitor.page.get_by_role("button", name="Add task", exact=True).click()
    expect(visitor.notice).to_have_text(SLOW)
    visitor.page.unroute("**/api/**")
    expect(visitor.task("water the plants")).to_be_visible()
    expect(visitor.notice).to_be_empty()
    visitor.page.reload()
    expect(visitor.task("water the plants")).to_have_count(1)


def test_long_outage_offers_to_try_again(visitor: Visitor) -> None:
    """When the retries are used up, a button asks the server at once."""
    visitor.sign_up()
    visitor.add_task("water the plants")
    visitor.page.clock.install()
    visitor.page.route("**/api/**", refuse)
    visitor.page.reload()
    expect(visitor.notice).to_have_text(SLOW)
    visitor.page.clock.fast_forward(RETRIES_END_AFTER_MS)
    expect(visitor.notice).to_contain_text(AWAY)
    visitor.page.unroute("**/api/**")
    visitor.page.get_by_role("button", name="Try again", exact=True).click()
    expect(visitor.task("water the plants")).to_be_visible()
    expect(visitor.notice).to_be_empty()
