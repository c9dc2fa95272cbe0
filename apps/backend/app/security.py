"""Passwords and sessions."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4

import anyio
import anyio.to_thread
import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SESSION_COOKIE = "session"
SESSION_LIFE = timedelta(days=7)
ALGORITHM = "HS256"

# OWASP's first choice for Argon2id: 19 MiB and two passes; two at a time keep a small pod within its memory.
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_passwords = PasswordHash((Argon2Hasher(memory_cost=19 * 1024, time_cost=2, parallelism=1),))
_AT_ONCE = 2
# At about 25 ms each, the last one in the queue waits less than a second.
_WAITING = 64
_NOBODYS_HASH = _passwords.hash("the password of nobody")


_Result = TypeVar("_Result")


class TooManyRequestsError(Exception):
    """The same may be asked again after ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Try again in {seconds} s.")
        self.seconds = seconds


class Passwords:
    """Hashing in threads, a few at a time; who finds a long queue is sent away with TooManyRequestsError."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """A salted Argon2id hash."""
        return await self._run(_passwords.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether ``password`` is the hashed one; without a hash it takes as long and is False."""
        verified = await self._run(_passwords.verify, password, password_hash or _NOBODYS_HASH)
        return verified and password_hash is not None

    def _run(self, work: Callable[..., _Result], *arguments: str) -> Awaitable[_Result]:
        if self._limiter.statistics().tasks_waiting >= _WAITING:
            raise TooManyRequestsError(1)
        return anyio.to_thread.run_sync(work, *arguments, limiter=self._limiter)


class SignIns:
    """Failed sign-ins of each email: ``limit`` in ``window`` seconds, then TooManyRequestsError.

    Counted in this process, for the ``emails`` that failed last: more pods allow that much more.
    """

    def __init__(self, limit: int = 10, window: int = 300, emails: int = 10_000) -> None:
        self._limit, self._window, self._emails = limit, window, emails
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def check(self, email: str) -> None:
        """Return when this email may try."""
        failures = self._failures.get(email, deque())
        if len(failures) == self._limit and (left := failures[0] + self._window - time.monotonic()) > 0:
            raise TooManyRequestsError(int(left) + 1)

    def failed(self, email: str) -> None:
        """Remember a failure."""
        self._failures.setdefault(email, deque(maxlen=self._limit)).append(time.monotonic())
        self._failures.move_to_end(email)
        if len(self._failures) > self._emails:
            self._failures.popitem(last=False)

    def succeeded(self, email: str) -> None:
        """Forget the failures."""
        self._failures.pop(email, None)


@dataclass(frozen=True)
class SessionToken:
    """What a session says of itself."""

    id: UUID
    user_id: UUID
    expires_at: datetime


def issue_token(user_id: UUID, secret: str) -> str:
    """A signed session for one user, good for SESSION_LIFE."""
    now = datetime.now(UTC)
    claims = {"jti": str(uuid4()), "sub": str(user_id), "iat": now, "exp": now + SESSION_LIFE}
    return jwt.encode(claims, secret, ALGORITHM)


def read_token(token: str, secret: str) -> SessionToken | None:
    """Read a session; None when it is expired, forged or malformed. Whether it was signed out, the database knows."""
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options={"require": ["jti", "sub", "exp"]})
        return SessionToken(UUID(claims["jti"]), UUID(claims["sub"]), datetime.fromtimestamp(claims["exp"], UTC))
    except (jwt.InvalidTokenError, ValueError):
        return None
