"""Errors as the client sees them: {"detail": one sentence}, never a stack trace."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from app.database import cause, is_outage
from app.security import TooManyRequestsError

log = logging.getLogger(__name__)

OUTAGE = "The database is unavailable at the moment. Try again shortly."
UNEXPECTED = "Something went wrong on our side. Try again shortly."
BUSY = "Too many tries at the moment. Try again later."


def answer(status_code: int, detail: str) -> JSONResponse:
    """The one shape of errors."""
    return JSONResponse({"detail": detail}, status_code)


async def malformed_request(request: Request, error: Exception) -> JSONResponse:
    """422 with each problem and its place; what was sent is not repeated, for it may be a password."""
    assert isinstance(error, RequestValidationError)
    problems = [f"{'.'.join(str(part) for part in item['loc'][1:])}: {item['msg']}" for item in error.errors()]
    return answer(status.HTTP_422_UNPROCESSABLE_CONTENT, "; ".join(problem.removeprefix(": ") for problem in problems))


async def database_error(request: Request, error: Exception) -> JSONResponse:
    """503 while the database is away; 500 and a stack trace in the log for anything else."""
    if is_outage(error):
        log.error("%s", cause(error))
        return answer(status.HTTP_503_SERVICE_UNAVAILABLE, OUTAGE)
    log.error("Unexpected database error", exc_info=error)
    return answer(status.HTTP_500_INTERNAL_SERVER_ERROR, UNEXPECTED)


async def too_many_requests(request: Request, error: Exception) -> JSONResponse:
    """429, with the seconds to wait in Retry-After."""
    assert isinstance(error, TooManyRequestsError)
    response = answer(status.HTTP_429_TOO_MANY_REQUESTS, BUSY)
    response.headers["Retry-After"] = str(error.seconds)
    return response


def install(app: FastAPI) -> None:
    """Answer these errors in ``app``."""
    app.add_exception_handler(RequestValidationError, malformed_request)
    app.add_exception_handler(SQLAlchemyError, database_error)
    app.add_exception_handler(TooManyRequestsError, too_many_requests)
