"""Liveness and readiness of the process.

`/health` answers as the previous service did: existing monitors expect `healthy` and Unix seconds.
"""

import asyncio
import time
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from core.clock import now
from core.errors import AppError
from db.timeout import database_timeout
from resolvers.schema_version import SchemaVersion
from resolvers.services import Services
from web.answers import Json
from web.graceful_shutdown import GracefulShutdown

SERVICE = "web-behavior"

_UNIX_SECONDS = {"type": "integer", "description": "Unix time, in seconds.", "example": 1785574800}
_INSTANT = {"type": "string", "format": "date-time"}

router = APIRouter(tags=["Health"])


def _documented(status: str, timestamp: dict[str, Any], **more: Any) -> dict[str, Any]:
    properties = {
        "status": {"type": "string", "const": status},
        "timestamp": timestamp,
        "service": {"type": "string", "const": SERVICE},
        **more,
    }
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"description": f"`{status}`", "content": {"application/json": {"schema": schema}}}


@router.head("/health", include_in_schema=False)
@router.get("/health", summary="The process is alive", responses={200: _documented("healthy", _UNIX_SECONDS)})
async def health() -> Response:
    """Answer at once, without checking any dependency."""
    return Json({"status": "healthy", "timestamp": int(time.time()), "service": SERVICE})


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready",
    summary="The database answers, its schema is not too old, and the process is not about to stop",
    responses={
        200: _documented("ok", _INSTANT),
        503: _documented("unavailable", _INSTANT, message={"type": "string"}),
    },
)
async def ready(request: Request) -> Response:
    """Answer once the revision of the database's schema is known, unless the process is about to stop."""
    graceful_shutdown: GracefulShutdown = request.app.state.graceful_shutdown
    if graceful_shutdown.has_begun:
        return _readiness("unavailable", 503, message="The process is about to stop.")
    problem = await _shared_problem(request)
    return _readiness("unavailable", 503, message=problem) if problem else _readiness("ok", 200)


async def _shared_problem(request: Request) -> str | None:
    """Check the database once for all simultaneous requests, since no limit on requests applies to this route."""
    state = request.app.state
    check: asyncio.Task[str | None] | None = getattr(state, "readiness_check", None)
    if check is None or check.done():
        check = state.readiness_check = asyncio.create_task(_problem(state.services, state.schema_version))
    return await asyncio.shield(check)


async def _problem(services: Services, schema_version: SchemaVersion) -> str | None:
    """Return the reason why the process cannot work; None if it can."""
    try:
        with database_timeout():
            return await schema_version.problem(services.database)
    except AppError as error:
        return error.message


def _readiness(status: str, code: int, **more: Any) -> Response:
    return Json({"status": status, "timestamp": now(), "service": SERVICE, **more}, code)
