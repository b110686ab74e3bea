"""The REST routes' envelopes, success and failure."""

from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from core.errors import AppError, RetryLater


class Json(Response):
    """A JSON answer, encoded by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=_subclassed, option=orjson.OPT_UTC_Z)


def _subclassed(value: object) -> str:
    """The database driver's UUIDs are of a subclass, which orjson leaves to us."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def success(data: Any, status: int = 200, **more: Any) -> Json:
    """`{"data": …, "success": true}`, and whatever is added to it."""
    return Json({"data": data, "success": True, **more}, status)


def failure(message: str, status: int, headers: dict[str, str] | None = None) -> Json:
    """`{"message": …, "success": false}`."""
    return Json({"message": message, "success": False}, status, headers)


def failure_of(error: AppError) -> Json:
    """The failure that one of our own errors stands for, with `Retry-After` where waiting helps."""
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RetryLater) else None
    return failure(error.message, error.status, headers)
