"""Whether the process is alive, and whether it can do its work."""

from typing import Any

from fastapi import APIRouter
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import Response

from app.leaving import Leaving
from core.clock import now
from core.errors import AppError
from db.patience import patience
from resolvers.services import Services
from rest.answers import Json

SERVICE = "web-behavior"

router = APIRouter(tags=["Health"])


def _documented(status: str, **more: Any) -> dict[str, Any]:
    properties = {
        "status": {"type": "string", "const": status},
        "timestamp": {"type": "string", "format": "date-time"},
        "service": {"type": "string", "const": SERVICE},
        **more,
    }
    schema = {"type": "object", "required": [*properties], "properties": properties}
    return {"description": f"`{status}`", "content": {"application/json": {"schema": schema}}}


@router.get("/health", summary="The process is alive", responses={200: _documented("ok")})
async def health() -> Response:
    """Answer without looking at anything else."""
    return _status("ok", 200)


@router.get(
    "/ready",
    summary="The database answers, and the process is not about to stop",
    responses={200: _documented("ok"), 503: _documented("unavailable", message={"type": "string"})},
)
async def ready(request: Request) -> Response:
    """Answer once the database has, unless the process is about to stop."""
    services: Services = request.app.state.services
    leaving: Leaving = request.app.state.leaving
    if leaving.has_begun:
        return _status("unavailable", 503, message="The process is about to stop.")
    try:
        with patience():
            async with services.database.read() as connection:
                await connection.execute(text("SELECT 1"))
    except AppError as error:
        return _status("unavailable", 503, message=error.message)
    return _status("ok", 200)


def _status(status: str, code: int, **more: Any) -> Response:
    return Json({"status": status, "timestamp": now(), "service": SERVICE, **more}, code)
