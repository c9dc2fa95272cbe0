# Copyright: (c) 2026, Plannoir contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A visitor in a real browser, and a switch for the backend behind the page.

Settings, each an option of pytest or a variable of the environment:

- ``--base-url``, ``PLANNOIR_BASE_URL``: the page's address.
- ``--picture``: file that the picture for the README is written to (PNG).
- ``PLANNOIR_CHROMIUM``: the browser's program; nothing is ever downloaded.
- ``PLANNOIR_KUBECONFIG``, ``PLANNOIR_CONTEXT``, ``PLANNOIR_NAMESPACE``: the cluster in which the backend can be switched off.
- ``PLANNOIR_KUBECTL``: the program that does it (default: ``kubectl``).
"""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, expect, sync_playwright

WINDOW_WIDTH, WINDOW_HEIGHT = 1280, 800
# Generous, because a small machine may run the whole cluster beside the browser.
EXPECT_TIMEOUT_MS = 20_000
KUBECTL_TIMEOUT = "180s"
# Without them, Chromium asks its maker's hosts for updates and the like, which a closed network refuses one by one.
CHROMIUM_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that the module's docstring names."""
    address = os.environ.get("PLANNOIR_BASE_URL", "http://127.0.0.1:30080")
    parser.addoption("--base-url", default=address, help="address of the page (default: %(default)s)")
    parser.addoption("--picture", type=Path, default=None, help="write the picture for the README to this PNG file")


@dataclass
class Visitor:
    """A person at the page: what they do, in the words of the page."""

    page: Page
    base_url: str
    complaints: list[str] = field(default_factory=list)
    """What the browser refused or a script did not catch."""

    def open(self, path: str) -> None:
        """Open the page at ``path``, e.g. ``/tasks``."""
        self.page.goto(self.base_url + path)

    def sign_up(self, email: str | None = None) -> None:
        """Create an account, by default under a fresh random address, and arrive at the tasks."""
        self.open("/sign-up")
        self.page.get_by_label("Email", exact=True).fill(email or f"{secrets.token_hex(6)}@example.com")
        self.page.get_by_label("Password", exact=True).fill(secrets.token_urlsafe(12))
        self.page.get_by_role("button", name="Sign up", exact=True).click()
        self.page.wait_for_url("**/tasks")

    def say(self, message: str) -> None:
        """Send ``message`` in the open chat and wait until it is answered."""
        answers = self.conversation.locator(".assistant")
        answered = answers.count()
        self.page.get_by_label("Message", exact=True).fill(message)
        self.page.get_by_role("button", name="Send", exact=True).click()
        expect(answers).to_have_count(answered + 1)

    def add_task(self, title: str) -> None:
        """Add a task on the open page of tasks."""
        self.page.get_by_label("New task", exact=True).fill(title)
        self.page.get_by_role("button", name="Add task", exact=True).click()
        expect(self.task(title)).to_be_visible()

    def task(self, title: str) -> Locator:
        """Return the items of the list of tasks that hold ``title``."""
        return self.page.get_by_role("list", name="Tasks").get_by_role("listitem").filter(has_text=title)

    @property
    def conversation(self) -> Locator:
        """The messages of the open chat."""
        return self.page.get_by_role("log")

    @property
    def notice(self) -> Locator:
        """What the page says about its server; empty while all is well."""
        return self.page.get_by_role("status")


@dataclass(frozen=True)
class BackendSwitch:
    """Takes the backend away from the page and brings it back; each call returns when that is so."""

    take_away: Callable[[], None]
    bring_back: Callable[[], None]


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str:
    """Return the page's address without a slash at its end."""
    return str(request.config.getoption("--base-url")).rstrip("/")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run the machine's own Chromium, headless."""
    program = os.environ.get("PLANNOIR_CHROMIUM", "/usr/bin/chromium")
    if not Path(program).exists():
        pytest.fail(
            f"The browser {program} is missing; install it (Debian: apt-get install chromium) or name another in PLANNOIR_CHROMIUM."
        )
    expect.set_options(timeout=EXPECT_TIMEOUT_MS)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def visitor(browser: Browser, base_url: str) -> Iterator[Visitor]:
    """Open a browser window without a history; its complaints fail the test."""
    context = browser.new_context(viewport={"width": WINDOW_WIDTH, "height": WINDOW_HEIGHT})
    visitor = Visitor(context.new_page(), base_url)

    def note_error(error: Error) -> None:
        visitor.complaints.append(str(error))

    def note_refusal(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            visitor.complaints.append(message.text)

    visitor.page.on("pageerror", note_error)
    visitor.page.on("console", note_refusal)
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.fixture
def backend_switch() -> Iterator[BackendSwitch]:
    """Scale the Deployment ``backend`` of the cluster in the environment to zero and back."""
    names = ("PLANNOIR_KUBECONFIG", "PLANNOIR_CONTEXT", "PLANNOIR_NAMESPACE")
    unset = [name for name in names if not os.environ.get(name)]
    if unset:
        pytest.skip(f"The backend can be switched off only in a cluster; set {', '.join(unset)}.")
    kubeconfig, context, namespace = (os.environ[name] for name in names)

    def kubectl(*arguments: str) -> str:
        program = os.environ.get("PLANNOIR_KUBECTL", "kubectl")
        command = [program, f"--kubeconfig={kubeconfig}", f"--context={context}", f"--namespace={namespace}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def scale(count: str) -> None:
        kubectl("scale", "deployment/backend", f"--replicas={count}")
        kubectl("rollout", "status", "deployment/backend", f"--timeout={KUBECTL_TIMEOUT}")
        if count == "0":
            # A pod that ends goes on answering for its grace period.
            kubectl("wait", "--for=delete", "pod", "--selector=app.kubernetes.io/name=backend", f"--timeout={KUBECTL_TIMEOUT}")

    replicas = kubectl("get", "deployment/backend", "--output=jsonpath={.spec.replicas}")
    yield BackendSwitch(take_away=lambda: scale("0"), bring_back=lambda: scale(replicas))
    scale(replicas)
