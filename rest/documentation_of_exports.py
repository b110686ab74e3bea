"""The OpenAPI documentation of the exports, which read their parameters themselves."""

from typing import Any

from core.event_types import EventType
from core.limits import USAGE_EXPORT_GROUPS
from rest.documentation import LIMIT_HEADERS, TRY_AGAIN, failures


def _parameter(name: str, description: str, schema: dict[str, Any], *, repeated: bool = False) -> dict[str, Any]:
    if repeated:
        schema, description = {"type": "array", "items": schema}, f"{description} May be given several times."
    return {"name": name, "in": "query", "description": description, "schema": schema}


_TEXT, _INSTANT = {"type": "string"}, {"type": "string", "format": "date-time"}
_FILTER = [
    _parameter("from", "Events from this instant on.", _INSTANT),
    _parameter("to", "Events before this instant.", _INSTANT),
    _parameter("organizationId", "Events of this organization.", _TEXT, repeated=True),
    _parameter("extensionUserId", "Events of this extension user.", _TEXT, repeated=True),
    _parameter("teamId", "Events of those who are in this team now.", _TEXT, repeated=True),
    _parameter("sessionId", "Events of this browsing session.", _TEXT, repeated=True),
    _parameter(
        "eventType",
        "Events of this type.",
        {"type": "string", "enum": [kind.wire for kind in EventType]},
        repeated=True,
    ),
    _parameter("domain", "Events of this domain.", _TEXT, repeated=True),
    _parameter("urlContains", "Events whose url contains this, whatever the case.", _TEXT),
]
_BYTE_ORDER_MARK = _parameter(
    "byteOrderMark",
    "Begin with a byte order mark, by which Excel tells that the file is in UTF-8.",
    {"type": "boolean", "default": False},
)
_EXTENSION_USER_ID = {
    "name": "extension_user_id",
    "in": "path",
    "required": True,
    "description": "The person's `id` or `uuid`.",
    "schema": _TEXT,
}
EXPORT_LIMIT_HEADERS = {
    name: header | {"example": example}
    for (name, header), example in zip(
        LIMIT_HEADERS.items(),
        (
            '"exports-account";q=30;w=60, "exports-under-way";q=20;qu="concurrent-requests"',
            '"exports-account";r=29;t=60, "exports-under-way";r=19',
        ),
        strict=True,
    )
}
_REFUSALS = {"s400": "A parameter makes no sense.", "s401": "No token or ticket, or one that does not hold any more."}


def _route(
    summary: str, description: str, media: str, parameters: list[dict[str, Any]], **refusals: str
) -> dict[str, Any]:
    ok = {
        "description": "The download.",
        "content": {media: {"schema": {"type": "string"}}},
        "headers": EXPORT_LIMIT_HEADERS,
    }
    return {
        "summary": summary,
        "description": description,
        "openapi_extra": {"parameters": parameters},
        "responses": {200: ok, **failures(**_REFUSALS, **refusals, **TRY_AGAIN)},
        "response_model": None,
    }


_EVENTS = (
    "The events that the caller may read, person by person, each person's from the oldest to the newest. Whatever its "
    "length, it is whole when the transfer ends as it should."
)

_GUARD = (
    "A text that begins with `=`, `+`, `-`, `@` (full-width ones included, also after space or control characters), a "
    "tab or a line break has an apostrophe before it, so that no spreadsheet takes it for a formula."
)

BEHAVIORS_NDJSON = _route("Events as lines of JSON", _EVENTS, "application/x-ndjson", _FILTER)
BEHAVIORS_CSV = _route(
    "Events as CSV",
    f"{_EVENTS} {_GUARD}",
    "text/csv",
    [*_FILTER, _BYTE_ORDER_MARK],
)
EXTENSION_USER = _route(
    "Everything held on an extension user",
    "For admins of the organization. Lines of JSON, each with its `kind`: `extensionUser`, `apiKey`, `organization`, "
    "`behavior`, `rejectedEvent`, `auditEntry`; the last is `end`, with the number of those before it.",
    "application/x-ndjson",
    [_EXTENSION_USER_ID],
    s403="The caller is no admin of the person's organization.",
    s404="There is no such person, or none that the caller may know of.",
)

_QUESTION = {
    "name": "question",
    "in": "query",
    "required": True,
    "description": "The question, as `exportUsage` put it here.",
    "schema": _TEXT,
}
_USAGE = (
    "The series or groups of the question that `exportUsage` was given; the ticket opens this one download. Of more "
    f"than {USAGE_EXPORT_GROUPS:,} groups it holds the first, and its file's name tells so; `X-Total-Count` has the "
    "number of all groups."
)
_USAGE_REFUSALS = {"s404": "The organization or person asked about is not there any more, or not for the caller."}
USAGE_CSV = _route(
    "Usage as CSV",
    f"{_USAGE} The first line has the names of the columns, with the units of measures. {_GUARD}",
    "text/csv",
    [_QUESTION, _BYTE_ORDER_MARK],
    **_USAGE_REFUSALS,
)
USAGE_NDJSON = _route("Usage as lines of JSON", _USAGE, "application/x-ndjson", [_QUESTION], **_USAGE_REFUSALS)
USAGE_XLSX = _route(
    "Usage as a workbook",
    f"{_USAGE} Numbers are numbers, instants are dates of the time zone asked for, and no text is a formula.",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    [_QUESTION],
    **_USAGE_REFUSALS,
)
