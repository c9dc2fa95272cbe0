"""Passwords and sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

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
_NOBODYS_HASH = _passwords.hash("the password of nobody")


class Passwords:
    """Hashing in threads, a few at a time."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """A salted Argon2id hash."""
        return await anyio.to_thread.run_sync(_passwords.hash, password, limiter=self._limiter)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether ``password`` is the hashed one; without a hash it takes as long and is False."""
        verified = await anyio.to_thread.run_sync(
            _passwords.verify, password, password_hash or _NOBODYS_HASH, limiter=self._limiter
        )
        return verified and password_hash is not None


def issue_token(user_id: UUID, secret: str) -> str:
    """A signed session for one user, good for SESSION_LIFE."""
    now = datetime.now(UTC)
    return jwt.encode({"sub": str(user_id), "iat": now, "exp": now + SESSION_LIFE}, secret, ALGORITHM)


def read_token(token: str, secret: str) -> UUID | None:
    """The user of a session; None when it is expired, forged or malformed."""
    try:
        claims = jwt.decode(token, secret, [ALGORITHM], options={"require": ["sub", "exp"]})
        return UUID(claims["sub"])
    except (jwt.InvalidTokenError, ValueError):
        return None
