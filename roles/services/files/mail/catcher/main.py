"""The catcher: ``python -m catcher.main``. It takes every message by SMTP, sends none on, and shows the newest."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import signal
import ssl
import time
import warnings
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from catcher import page
from catcher.box import Box

LONGEST = 10_000_000
"""Bytes of a message, as many providers have it."""
KEPT = 50_000_000
"""Bytes of all messages that are kept."""


class Handler:
    """Puts each message into a box."""

    def __init__(self, box: Box) -> None:
        self._box = box

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        message = self._box.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        print(f"mail: caught message {message.number}, of {message.size} bytes", flush=True)
        return "250 Caught, and sent to nobody"


class Authenticator:
    """Accepts the login and, for a while after a rotation, the password before it; refuses any other."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        user = self._environment["MAIL_USER"]
        is_right = isinstance(data, LoginPassword) and any(
            hmac.compare_digest(data.login + b"\0" + data.password, f"{user}\0{password}".encode())
            for password in self._passwords()
        )
        return AuthResult(success=is_right, handled=False)

    def _passwords(self) -> Iterator[str]:
        yield self._environment["MAIL_PASSWORD"]
        if time.time() < float(self._environment.get("MAIL_PREVIOUS_UNTIL") or 0):
            yield self._environment["MAIL_PREVIOUS_PASSWORD"]


def smtp(box: Box, environment: Mapping[str, str], tls: ssl.SSLContext | None) -> SMTP:
    """Return the conversation with one client. Who has a login must have the right one; who has none is let in as well.

    A NetworkPolicy lets only those components in that name it.
    """
    with warnings.catch_warnings():  # of logins without TLS
        warnings.simplefilter("ignore")
        return SMTP(
            Handler(box),
            data_size_limit=LONGEST,
            enable_SMTPUTF8=True,
            hostname="mail",
            ident="catcher",
            tls_context=tls,
            authenticator=Authenticator(environment),
            auth_require_tls=False,
        )


async def serve(environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM; a conversation then has a few seconds to end."""
    tls = None
    if environment.get("MAIL_CERTIFICATE"):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(environment["MAIL_CERTIFICATE"], environment["MAIL_CERTIFICATE_KEY"])
    box = Box(int(environment.get("MAIL_KEPT") or 100), KEPT)
    shown = page.server(box, int(environment.get("MAIL_PAGE_PORT") or 8025))
    Thread(target=shown.serve_forever, daemon=True).start()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    port = int(environment.get("MAIL_PORT") or 1025)
    taking = await loop.create_server(lambda: smtp(box, environment, tls), None, port)
    print("mail: ready; it sends nothing on", flush=True)
    await stopped.wait()
    taking.close()
    for _second in range(20):
        if len(asyncio.all_tasks()) == 1:
            break
        await asyncio.sleep(0.25)
    shown.shutdown()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    missing = [name for name in ("MAIL_USER", "MAIL_PASSWORD") if not os.environ.get(name)]
    if missing:
        raise SystemExit(f"mail: {' and '.join(missing)} must be set; give them by a Secret.")
    asyncio.run(serve(os.environ))
