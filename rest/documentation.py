"""What Swagger UI and OpenAPI clients are told of the routes, which read their bodies themselves."""

from typing import Any

from core.event_types import EventType
from core.events import RejectionCode
from core.limits import (
    COORDINATE_MAXIMUM,
    EVENT_ID_CHARACTERS,
    EVENTS_PER_BATCH,
    SESSION_ID_CHARACTERS,
)

_INSTANT = {"type": "string", "format": "date-time", "example": "2026-08-01T09:00:00.123Z"}
_UUID = {"type": "string", "format": "uuid"}
_COORDINATE = {"type": ["integer", "null"], "minimum": 0, "maximum": COORDINATE_MAXIMUM}

_EVENT = {
    "type": "object",
    "required": ["sessionId", "ts", "type"],
    "properties": {
        "sessionId": {"type": "string", "minLength": 1, "maxLength": SESSION_ID_CHARACTERS},
        "ts": _INSTANT,
        "type": {"type": "string", "enum": [kind.wire for kind in EventType]},
        "url": {"type": ["string", "null"], "description": "At most 8 KiB; may be empty.", "example": "https://a.com/"},
        "userId": {"type": ["string", "null"], "format": "uuid", "description": "The API key's person, when left out."},
        "x": _COORDINATE,
        "y": _COORDINATE,
        "key": {"type": ["string", "null"], "description": "Accepted and never stored."},
        "eventId": {
            "type": ["string", "null"],
            "maxLength": EVENT_ID_CHARACTERS,
            "description": "The client's own id of the event, for exact deduplication.",
        },
    },
}
_BEHAVIOR = {
    "type": "object",
    "required": ["id", "sessionId", "ts", "type", "url", "userId", "userName", "createdAt", "updatedAt"],
    "properties": {
        "id": _UUID,
        "sessionId": {"type": "string"},
        "ts": _INSTANT,
        "type": {"type": "string"},
        "url": {"type": "string"},
        "userId": {"type": ["string", "null"], "format": "uuid"},
        "userName": {"type": ["string", "null"]},
        "x": {"type": "integer"},
        "y": {"type": "integer"},
        "createdAt": _INSTANT,
        "updatedAt": _INSTANT,
    },
}
_EXTENSION_USER = {
    "type": "object",
    "required": ["id", "username", "isActive", "createdAt", "updatedAt", "lastUsedAt", "organization"],
    "properties": {
        "id": _UUID,
        "username": {"type": "string"},
        "isActive": {"type": "boolean"},
        "createdAt": _INSTANT,
        "updatedAt": _INSTANT,
        "lastUsedAt": _INSTANT,
        "organization": {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": _UUID, "name": {"type": "string"}},
        },
    },
}
_REJECTED = {
    "type": "object",
    "required": ["index", "code", "message"],
    "properties": {
        "index": {"type": "integer", "description": "The event's place in `events`, counted from 0."},
        "code": {"type": "string", "enum": [code.value for code in RejectionCode]},
        "message": {"type": "string"},
    },
}
_API_KEY = {
    "name": "X-API-Key",
    "in": "header",
    "description": "An extension user's key. The name API-Key is accepted, too.",
    "schema": {"type": "string"},
}
_RETRY_AFTER = {
    "Retry-After": {"description": "In seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}}
}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    description = "Read as JSON whatever the Content-Type says: `navigator.sendBeacon` sends `text/plain`."
    media = {"application/json": {"schema": schema}, "text/plain": {"schema": schema}}
    return {"required": True, "description": description, "content": media}


def _success(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return _envelope(True, data=data, **more)


def failures(**descriptions: str) -> dict[int, dict[str, Any]]:
    """The failures of a route by their statuses: `s404="…"`."""
    return {int(status.removeprefix("s")): _failure(text) for status, text in descriptions.items()}


def _failure(description: str) -> dict[str, Any]:
    failure = {"description": description, "content": _envelope(False, message={"type": "string"})}
    return failure | {"headers": _RETRY_AFTER} if "`Retry-After`" in description else failure


def _envelope(success: bool, **members: Any) -> dict[str, Any]:
    properties = {**members, "success": {"type": "boolean", "const": success}}
    return {"application/json": {"schema": {"type": "object", "required": [*properties], "properties": properties}}}


TRY_AGAIN = {
    "s429": "Too many requests; `Retry-After` says when to come back.",
    "s503": "The database cannot answer now; `Retry-After` says when to come back.",
}
_COMMON = {
    **TRY_AGAIN,
    "s401": "The API key is unknown, inactive or (where keys are required) missing.",
}
_STORING = {
    **_COMMON,
    "s408": "The body did not arrive within half a minute.",
    "s413": "The body is larger than 5 MiB.",
    "s503": "The database cannot store anything now; `Retry-After` says when to come back. Nothing was stored.",
}

CREATE_BEHAVIOR: dict[str, Any] = {
    "summary": "Store one event",
    "description": "Answers once the event is committed. A `click` needs `x` and `y`. Sending it again adds nothing.",
    "status_code": 201,
    "openapi_extra": {"requestBody": _body(_EVENT), "parameters": [_API_KEY]},
    "responses": {
        201: {"description": "The event, as it is stored.", "content": _success(_BEHAVIOR)},
        **failures(s400="The event breaks a rule.", **_STORING),
    },
}

CREATE_BEHAVIORS: dict[str, Any] = {
    "summary": "Store up to 1000 events",
    "description": "Answers once the events are committed. A bad one costs only itself: it is listed under `rejected`.",
    "status_code": 201,
    "openapi_extra": {
        "requestBody": _body(
            {
                "type": "object",
                "required": ["events"],
                "properties": {
                    "events": {"type": "array", "minItems": 1, "maxItems": EVENTS_PER_BATCH, "items": _EVENT}
                },
            }
        ),
        "parameters": [_API_KEY],
    },
    "responses": {
        201: {
            "description": "What became of the events.",
            "content": _success(
                {"type": "string", "example": "Successfully created 998 behavior events"},
                accepted={"type": "integer", "description": "How many were stored."},
                duplicates={"type": "integer", "description": "How many were stored before."},
                rejected={"type": "array", "items": _REJECTED},
            ),
        },
        **failures(
            s400="The body is no list of 1 to 1000 events, or every one of them breaks a rule. Nothing was stored.",
            **_STORING,
        ),
    },
}

AUTHENTICATE: dict[str, Any] = {
    "summary": "Whose API key this is",
    "openapi_extra": {"parameters": [_API_KEY | {"required": True}]},
    "responses": {
        200: {"description": "The holder of the key.", "content": _success(_EXTENSION_USER)},
        **failures(**_COMMON),
    },
}
