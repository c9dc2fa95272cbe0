"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter, Response, status

from app.dependencies import ServicesDep

log = logging.getLogger(__name__)
router = APIRouter(prefix="/health")


@router.get("/live")
async def live() -> dict[str, str]:
    """The process answers; nothing else is asked."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(shared: ServicesDep, response: Response) -> dict[str, Any]:
    """The database answers; 503 and the reason when it does not."""
    reason = await shared.database.trouble()
    if reason is None:
        return {"status": "ok"}
    log.warning("Not ready: %s", reason)
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return {"status": "unavailable", "reason": reason}
