"""The downloads under /api/v1/exports, for signed-in users and for holders of a ticket for the download."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.security import APIKeyQuery, HTTPBearer
from starlette.requests import Request
from starlette.responses import StreamingResponse

from core.errors import InvalidInput
from core.event_types import BY_WIRE_NAME
from core.ids import uuid_of
from core.limits import LIST_INPUT
from db.queries.filters import EventFilter, TextFilter, UrlFilter, domain_filter
from resolvers import exports
from resolvers.caller import Caller
from resolvers.exports import PREFIX, EventExport
from rest.documentation_of_exports import BEHAVIORS_CSV, BEHAVIORS_NDJSON, EXTENSION_USER
from rest.downloads import CSV, NDJSON, TICKET, Download, caller_of, check_names, parameters_of
from rest.records import BYTE_ORDER_MARK, COLUMNS, csv_rows, event_record, lines, person_records

_MARK = "byteOrderMark"
_REPEATED = {"organizationId", "extensionUserId", "teamId", "sessionId", "eventType", "domain"}
_CONDITIONS = {"from", "to", "urlContains"} | _REPEATED

_CREDENTIALS = [  # for the OpenAPI document alone: rest/downloads.py reads them
    Depends(HTTPBearer(auto_error=False, scheme_name="token", description="The token that `login` gives.")),
    Depends(
        APIKeyQuery(
            name=TICKET,
            auto_error=False,
            scheme_name="ticket",
            description="What `exportBehaviors` or `exportExtensionUser` put here.",
        )
    ),
]

router = APIRouter(prefix=PREFIX, tags=["Exports"], dependencies=_CREDENTIALS)


@router.get("/behaviors.ndjson", **BEHAVIORS_NDJSON)
async def export_behaviors_ndjson(request: Request) -> StreamingResponse:
    """Stream the events as lines of JSON."""
    caller, parameters = await _asked(request, _CONDITIONS)
    pages = await exports.begin_behaviors(caller, event_export(parameters), "ndjson")

    async def body() -> AsyncGenerator[bytes]:
        async for page in pages:
            yield lines(event_record(exported) for exported in page)

    return Download(caller, body(), NDJSON, "behaviors.ndjson")


@router.get("/behaviors.csv", **BEHAVIORS_CSV)
async def export_behaviors_csv(request: Request) -> StreamingResponse:
    """Stream the events as CSV, with a line of names first."""
    caller, parameters = await _asked(request, _CONDITIONS | {_MARK})
    starts_with_mark = _is_true(parameters, _MARK)
    pages = await exports.begin_behaviors(caller, event_export(parameters), "csv")

    async def body() -> AsyncGenerator[bytes]:
        yield (BYTE_ORDER_MARK if starts_with_mark else b"") + csv_rows([COLUMNS])
        async for page in pages:
            yield csv_rows(event_record(exported).values() for exported in page)

    return Download(caller, body(), CSV, "behaviors.csv")


# Read from the request: for a declared parameter FastAPI would document a 422 that never occurs.
@router.get("/extension-users/{extension_user_id}.ndjson", **EXTENSION_USER)  # noqa: FAST003
async def export_extension_user(request: Request) -> StreamingResponse:
    """Stream everything held on a person as lines of JSON; the last one says how many came before it."""
    caller = await caller_of(request)
    check_names(parameters_of(request), set())
    pages = await exports.begin_person(caller, uuid_of(request.path_params["extension_user_id"], "ExtensionUser"))

    async def body() -> AsyncGenerator[bytes]:
        count = 0
        async for page in pages:
            records = [record for row in page for record in person_records(row)]
            count += len(records)
            yield lines(records)
        yield lines([{"kind": "end", "records": count}])

    return Download(caller, body(), NDJSON, "extension-user.ndjson")


def event_export(parameters: Mapping[str, list[str]]) -> EventExport:
    """Return the export that a request's parameters ask for. InvalidInput for a bad value.

    An id that the caller may not read matches nothing.
    """
    domains, part = parameters.get("domain"), parameters.get("urlContains")
    where = EventFilter(
        organization_ids=_ids(parameters, "organizationId", "Organization"),
        extension_user_ids=_ids(parameters, "extensionUserId", "ExtensionUser"),
        team_ids=_ids(parameters, "teamId", "Team"),
        session_ids=tuple(parameters["sessionId"]) if "sessionId" in parameters else None,
        event_types=_types(parameters.get("eventType")),
        domain=None if domains is None else domain_filter(TextFilter(one_of=tuple(domains))),
        url=None if part is None else UrlFilter(TextFilter(contains=part[0])),
    )
    return EventExport(_instant(parameters, "from"), _instant(parameters, "to"), where)


async def _asked(request: Request, known: set[str]) -> tuple[Caller, dict[str, list[str]]]:
    """Return who asks for events, and the parameters of the address; InvalidInput if one is not among those known."""
    caller = await caller_of(request)
    parameters: dict[str, list[str]] = {}
    for name, value in parameters_of(request):
        parameters.setdefault(name, []).append(value)
    check_names([(name, "") for name in parameters], known)
    for name, values in parameters.items():
        if len(values) > (LIST_INPUT if name in _REPEATED else 1):
            allowed = f"at most {LIST_INPUT} times" if name in _REPEATED else "once"
            raise InvalidInput(f"`{name}` can be given {allowed}.")
    return caller, parameters


def _is_true(parameters: Mapping[str, list[str]], name: str) -> bool:
    """Return the value of a parameter that is true or false; False if it is not given."""
    [text] = parameters.get(name, ["false"])
    if text not in {"true", "false"}:
        raise InvalidInput(f"`{name}` is true or false.")
    return text == "true"


def _ids(parameters: Mapping[str, list[str]], name: str, type_name: str) -> Any:
    if name not in parameters:
        return None
    found = [uuid_of(text, type_name) for text in parameters[name]]
    return tuple(uuid for uuid in found if uuid is not None)


def _types(words: list[str] | None) -> Any:
    for word in words or ():
        if word not in BY_WIRE_NAME:
            raise InvalidInput(f"`eventType` is one of {', '.join(BY_WIRE_NAME)}.")
    return None if words is None else tuple(BY_WIRE_NAME[word] for word in words)


def _instant(parameters: Mapping[str, list[str]], name: str) -> datetime | None:
    if name not in parameters:
        return None
    try:
        instant = datetime.fromisoformat(parameters[name][0])
        if instant.tzinfo is None:
            raise ValueError("no offset")  # noqa: TRY301 - refused with the same message as any other text
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"`{name}` is an instant with an offset, like 2026-08-01T09:00:00Z.") from error
