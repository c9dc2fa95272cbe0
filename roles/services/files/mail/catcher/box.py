"""What was caught: the newest messages, in memory."""

from __future__ import annotations

import email
import email.policy
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Message:
    """A message as a person reads it; ``sender`` and ``recipients`` are those of the envelope."""

    number: int
    received: str
    sender: str
    recipients: list[str]
    subject: str
    text: str
    html: str
    attachments: list[str]
    size: int


class Box:
    """Keeps the newest messages: at most ``count`` of them, and at most ``size`` bytes, as they came."""

    def __init__(self, count: int, size: int) -> None:
        self._count, self._size = count, size
        self._messages: deque[Message] = deque()
        self._number = 0
        self._lock = Lock()

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> Message:
        """Keep a message, and forget those that there is no room for."""
        read = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            self._number += 1
            message = Message(
                self._number,
                datetime.now(UTC).isoformat(timespec="seconds"),
                sender,
                list(recipients),
                str(read["subject"] or ""),
                _body(read, "plain"),
                _body(read, "html"),
                [part.get_filename() or part.get_content_type() for part in _attachments(read)],
                len(content),
            )
            self._messages.appendleft(message)
            while len(self._messages) > 1 and self._is_full():
                self._messages.pop()
            return message

    def _is_full(self) -> bool:
        return len(self._messages) > self._count or sum(kept.size for kept in self._messages) > self._size

    def messages(self) -> list[dict[str, Any]]:
        """Return what is kept, the newest first."""
        with self._lock:
            return [asdict(message) for message in self._messages]


def _body(message: Any, kind: str) -> str:
    try:
        part = message.get_body((kind,))
        return str(part.get_content()) if part else ""
    except (LookupError, ValueError, AttributeError, TypeError):  # no character set, or no structure, that is known
        return ""


def _attachments(message: Any) -> list[Any]:
    try:
        return list(message.iter_attachments())
    except (LookupError, ValueError, AttributeError, TypeError):
        return []
