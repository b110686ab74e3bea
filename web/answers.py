"""The envelopes of the REST routes' answers, success and failure."""

from typing import Any
from uuid import UUID

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import AppError, RetryLater, UnsupportedEncoding

ACCEPTED_ENCODINGS = "gzip, deflate"
"""The encodings of bodies that are understood."""


class Json(Response):
    """A JSON answer, encoded by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content, default=_subclassed, option=orjson.OPT_UTC_Z)


def _subclassed(value: object) -> str:
    """Return a UUID of the database driver as text: it is of a subclass, which orjson does not encode."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError


def success(data: Any, status: int = 200, **more: Any) -> Json:
    """Return the envelope `{"data": …, "success": true}` with further members."""
    return Json({"data": data, "success": True, **more}, status)


def failure(message: str, status: int, headers: dict[str, str] | None = None, **more: Any) -> Json:
    """Return the envelope `{"message": …, "success": false}` with further members."""
    return Json({"message": message, "success": False, **more}, status, headers)


def failure_of(error: AppError | HTTPException) -> Json:
    """Return the envelope of an error, with `Retry-After` if the request may be retried later."""
    if isinstance(error, HTTPException):
        return failure(error.detail, error.status_code, dict(error.headers or {}))
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, RetryLater) else None
    if isinstance(error, UnsupportedEncoding):
        headers = {"Accept-Encoding": ACCEPTED_ENCODINGS}
    return failure(error.message, error.status, headers)
