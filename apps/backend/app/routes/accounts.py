"""Sign-up, sign-in, sign-out and the signed-in user."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, HTTPException, Response, status
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from app.dependencies import Services, ServicesDep, SessionDep, SessionTokenDep, UserDep
from app.models import EndedSession, User
from app.schemas import Credentials, SessionOut, UserOut
from app.security import SESSION_COOKIE, SESSION_LIFE, issue_token

router = APIRouter(prefix="/api")


@router.post("/auth/sign-up", status_code=status.HTTP_201_CREATED)
async def sign_up(credentials: Credentials, shared: ServicesDep, rows: SessionDep, response: Response) -> SessionOut:
    """Make an account and open its first session."""
    user = User(email=credentials.email, password_hash=await shared.passwords.hash(credentials.password))
    rows.add(user)
    try:
        await rows.commit()
    except IntegrityError:
        raise HTTPException(status.HTTP_409_CONFLICT, "An account with this email exists already; sign in.") from None
    return _open_session(user, shared, response)


@router.post("/auth/sign-in")
async def sign_in(credentials: Credentials, shared: ServicesDep, rows: SessionDep, response: Response) -> SessionOut:
    """Open a session; 429 for an email that failed too often."""
    shared.sign_ins.check(credentials.email)
    user = await rows.scalar(select(User).where(User.email == credentials.email))
    await rows.commit()  # hashing takes a while and needs no connection
    if not await shared.passwords.matches(credentials.password, user.password_hash if user else None) or user is None:
        shared.sign_ins.failed(credentials.email)
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "The email or the password is wrong.")
    shared.sign_ins.succeeded(credentials.email)
    return _open_session(user, shared, response)


@router.post("/auth/sign-out", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(token: SessionTokenDep, rows: SessionDep, response: Response) -> None:
    """End the session, here and in the browser."""
    if token:
        await rows.execute(delete(EndedSession).where(EndedSession.expires_at < datetime.now(UTC)))
        ended = insert(EndedSession).values(id=token.id, expires_at=token.expires_at)
        await rows.execute(ended.on_conflict_do_nothing())
        await rows.commit()
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")


@router.get("/me")
async def me(user: UserDep) -> UserOut:
    """The signed-in user."""
    return UserOut.model_validate(user)


@router.delete("/me", status_code=status.HTTP_204_NO_CONTENT)
async def delete_me(user: UserDep, rows: SessionDep, response: Response) -> None:
    """Delete the account with all its rows."""
    await rows.delete(user)
    await rows.commit()
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")


def _open_session(user: User, shared: Services, response: Response) -> SessionOut:
    token = issue_token(user.id, shared.settings.session_secret.get_secret_value())
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=shared.settings.session_cookie_secure,
    )
    return SessionOut(token=token, user=UserOut.model_validate(user))
