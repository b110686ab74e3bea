"""The OpenAPI documentation of the routes, which read their bodies themselves."""

from typing import Any

from core.event_types import EventType
from core.events import RejectionCode
from core.limits import (
    COORDINATE_MAXIMUM,
    EVENT_ID_CHARACTERS,
    EVENTS_PER_BATCH,
    SESSION_ID_CHARACTERS,
)
from web.answers import ACCEPTED_ENCODINGS

_INSTANT = {"type": "string", "format": "date-time", "example": "2026-08-01T09:00:00.123Z"}
_UUID = {"type": "string", "format": "uuid"}
_COORDINATE = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": COORDINATE_MAXIMUM,
    "description": "Any other value is left out, and the event stays.",
}
_KEY_IN_BODY = {
    "type": ["string", "null"],
    "description": "An extension user's key, of clients that cannot set headers (`sendBeacon`). Never stored.",
}

_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["sessionId", "ts", "type"],
    "properties": {
        "sessionId": {"type": "string", "minLength": 1, "maxLength": SESSION_ID_CHARACTERS},
        "ts": _INSTANT,
        "type": {"type": "string", "enum": [kind.wire for kind in EventType]},
        "url": {
            "type": ["string", "null"],
            "description": "May be empty. Of a longer one the first 8 KiB are kept.",
            "example": "https://a.com/",
        },
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
_SENT_AT = {
    "type": ["string", "null"],
    "description": "The client's own time when it sends the request, from which the skew of its clock is known. "
    "Anything that is no RFC 3339 time is ignored.",
    "example": "2026-08-01T09:00:00.123Z",
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
        "userName": {"type": ["string", "null"], "description": "Null without an API key."},
        "x": {"type": "integer"},
        "y": {"type": "integer"},
        "urlTruncated": {"type": "boolean", "const": True, "description": "There if the tail of the url was cut off."},
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
_HEADERS = {
    "Retry-After": {"description": "In seconds.", "required": True, "schema": {"type": "integer", "minimum": 1}},
    "Accept-Encoding": {"required": True, "schema": {"type": "string", "const": ACCEPTED_ENCODINGS}},
}
"""The headers of failures, documented for those whose descriptions name them."""
_LIMITS = "There if the request was counted (draft-ietf-httpapi-ratelimit-headers). For each limit that applies: "
LIMIT_HEADERS: dict[str, dict[str, Any]] = {
    "RateLimit-Policy": {
        "description": f"{_LIMITS}`q` of its unit `qu` (requests, if that is not there) in `w` seconds.",
        "schema": {"type": "string"},
        "example": '"ingest-key";q=6000;w=60, "ingest-person-events";q=100000;qu="events";w=3600',
    },
    "RateLimit": {
        "description": f"{_LIMITS}`r` are left, and in `t` seconds there are more.",
        "schema": {"type": "string"},
        "example": '"ingest-key";r=5999;t=1, "ingest-person-events";r=99000;t=1',
    },
}
"""The headers of answers to requests that limits count."""


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    description = (
        "Read as JSON whatever the Content-Type says: `navigator.sendBeacon` sends `text/plain`. It may be compressed "
        "(`Content-Encoding: gzip` or `deflate`)."
    )
    media = {"application/json": {"schema": schema}, "text/plain": {"schema": schema}}
    return {"required": True, "description": description, "content": media}


def _with_client(schema: dict[str, Any]) -> dict[str, Any]:
    """The same, with what a client may tell about itself beside its events."""
    return schema | {"properties": schema["properties"] | {"apiKey": _KEY_IN_BODY, "sentAt": _SENT_AT}}


def _success(data: dict[str, Any], optional: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return _envelope(True, optional, data=data, **more)


def failures(**descriptions: str) -> dict[int, dict[str, Any]]:
    """The failures of a route by their statuses: `s404="…"`."""
    return {int(status.removeprefix("s")): _failure(text) for status, text in descriptions.items()}


def _failure(description: str) -> dict[str, Any]:
    named = {name: documented for name, documented in _HEADERS.items() if f"`{name}`" in description}
    return {
        "description": description,
        "content": _envelope(False, message={"type": "string"}),
        "headers": named | LIMIT_HEADERS,
    }


def _envelope(success: bool, optional: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    properties = {**members, "success": {"type": "boolean", "const": success}}
    schema = {"type": "object", "required": [*properties], "properties": properties | (optional or {})}
    return {"application/json": {"schema": schema}}


TRY_AGAIN = {
    "s429": "Too many requests; `Retry-After` says when to come back.",
    "s503": "The database cannot answer now; `Retry-After` says when to come back.",
}
_COMMON = {
    **TRY_AGAIN,
    "s401": "The API key is unknown, inactive, empty or (where keys are required) missing.",
}
_STORING = {
    **_COMMON,
    "s429": "Too many requests, events or bytes. Nothing was stored; `Retry-After` says when to send it again.",
    "s408": "The body did not arrive within half a minute.",
    "s413": "The body is larger than 5 MiB, inflated.",
    "s415": "The Content-Encoding is not understood; `Accept-Encoding` says which ones are.",
    "s503": "The database cannot store anything now, or there is no room for anonymous events; `Retry-After` says when "
    "to come back. Nothing was stored.",
}

CREATE_BEHAVIOR: dict[str, Any] = {
    "summary": "Store one event",
    "description": "Answers once the event is committed. A `click` needs `x` and `y`. Sending it again adds nothing.",
    "status_code": 201,
    "openapi_extra": {"requestBody": _body(_with_client(_EVENT)), "parameters": [_API_KEY]},
    "responses": {
        201: {"description": "The event, as it is stored.", "content": _success(_BEHAVIOR), "headers": LIMIT_HEADERS},
        **failures(s400="The event breaks a rule, or header and body hold different API keys.", **_STORING),
    },
}

CREATE_BEHAVIORS: dict[str, Any] = {
    "summary": "Store up to 1000 events",
    "description": "Answers once the events are committed. A bad one costs only itself: it is listed under `rejected`.",
    "status_code": 201,
    "openapi_extra": {
        "requestBody": _body(
            _with_client(
                {
                    "type": "object",
                    "required": ["events"],
                    "properties": {
                        "events": {"type": "array", "minItems": 1, "maxItems": EVENTS_PER_BATCH, "items": _EVENT}
                    },
                }
            )
        ),
        "parameters": [_API_KEY],
    },
    "responses": {
        201: {
            "description": "What became of the events.",
            "headers": LIMIT_HEADERS,
            "content": _success(
                {"type": "string", "example": "Successfully created 998 behavior events"},
                accepted={"type": "integer", "description": "How many were stored."},
                duplicates={"type": "integer", "description": "How many were stored before."},
                rejected={"type": "array", "items": _REJECTED},
                optional={
                    "urlTruncated": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "The number of events, stored now or before, whose url lost its tail.",
                    }
                },
            ),
        },
        **failures(**_STORING),
        400: {
            "description": "The body is no list of 1 to 1000 events, header and body hold different API keys, or every "
            "event breaks a rule: then all are listed under `rejected`. Nothing was stored.",
            "headers": LIMIT_HEADERS,
            "content": _envelope(
                False, {"rejected": {"type": "array", "items": _REJECTED}}, message={"type": "string"}
            ),
        },
    },
}

AUTHENTICATE: dict[str, Any] = {
    "summary": "Whose API key this is",
    "openapi_extra": {"parameters": [_API_KEY | {"required": True}]},
    "responses": {
        200: {
            "description": "The holder of the key.",
            "content": _success(_EXTENSION_USER),
            "headers": LIMIT_HEADERS,
        },
        **failures(**_COMMON),
    },
}
