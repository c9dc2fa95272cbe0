"""What routes ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException, Request, status
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.assistant import Assistant
from app.database import Database
from app.models import EndedSession, User
from app.security import SESSION_COOKIE, Passwords, SessionToken, SignIns, read_token
from app.settings import Settings


@dataclass(frozen=True)
class Services:
    """What lives as long as the application."""

    settings: Settings
    database: Database
    assistant: Assistant
    passwords: Passwords
    sign_ins: SignIns


def services(request: Request) -> Services:
    """The application's services."""
    found: Services = request.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]


async def session(request: Request, shared: ServicesDep) -> AsyncIterator[AsyncSession]:
    """A database session; whoever changes rows commits. GET changes none and opens no transaction."""
    opens = shared.database.reading if request.method == "GET" else shared.database.sessions
    async with opens() as opened:
        yield opened


SessionDep = Annotated[AsyncSession, Depends(session)]


def session_token(request: Request, shared: ServicesDep) -> SessionToken | None:
    """The session that the request carries; None when there is none, or when it is expired, forged or malformed."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer if scheme.lower() == "bearer" else request.cookies.get(SESSION_COOKIE, "")
    return read_token(token, shared.settings.session_secret.get_secret_value())


SessionTokenDep = Annotated[SessionToken | None, Depends(session_token)]


async def current_user(token: SessionTokenDep, rows: SessionDep) -> User:
    """The signed-in user; 401 without one."""
    user = None
    if token:
        has_ended = select(EndedSession).where(EndedSession.id == token.id).exists()
        user = await rows.scalar(select(User).where(User.id == token.user_id, ~has_ended))
    if user is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Sign in first.", {"WWW-Authenticate": "Bearer"})
    return user


UserDep = Annotated[User, Depends(current_user)]
