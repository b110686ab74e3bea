"""The downloads under /api/v1/exports: for whoever is signed in, or has a ticket for the one download."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.security import APIKeyQuery, HTTPBearer
from starlette.requests import Request
from starlette.responses import StreamingResponse

from core.errors import InvalidInput, Unauthenticated
from core.event_types import BY_WIRE_NAME
from core.ids import uuid_of
from core.limits import LIST_INPUT
from db.queries.filters import EventFilter, TextFilter
from resolvers import exports
from resolvers.batches import Batches
from resolvers.caller import Caller
from resolvers.exports import PREFIX, EventExport, ExportedEvent
from resolvers.services import Services
from resolvers.sign_in import authenticate, authenticate_by_ticket
from rest.documentation_of_exports import BEHAVIORS_CSV, BEHAVIORS_NDJSON, EXTENSION_USER
from rest.records import COLUMNS, csv_rows, event_record, lines, person_records

_TICKET = "ticket"
_ONCE = {"from", "to", "urlContains"}
_REPEATED = {"organizationId", "extensionUserId", "sessionId", "eventType", "domain"}

_CREDENTIALS = [  # for the OpenAPI document alone: `_caller` reads them
    Depends(HTTPBearer(auto_error=False, scheme_name="token", description="The token that `login` gives.")),
    Depends(
        APIKeyQuery(
            name=_TICKET,
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
    pages = await _behaviors(request, "ndjson")

    async def body() -> AsyncIterator[bytes]:
        async for page in pages:
            yield lines(event_record(exported) for exported in page)

    return _download(body(), "application/x-ndjson", "behaviors.ndjson")


@router.get("/behaviors.csv", **BEHAVIORS_CSV)
async def export_behaviors_csv(request: Request) -> StreamingResponse:
    """Stream the events as CSV, with a line of names first."""
    pages = await _behaviors(request, "csv")

    async def body() -> AsyncIterator[bytes]:
        yield csv_rows([COLUMNS])
        async for page in pages:
            yield csv_rows(event_record(exported).values() for exported in page)

    return _download(body(), "text/csv; charset=utf-8", "behaviors.csv")


# Read off the request: a declared parameter would have FastAPI document a 422 that never comes.
@router.get("/extension-users/{extension_user_id}.ndjson", **EXTENSION_USER)  # noqa: FAST003
async def export_extension_user(request: Request) -> StreamingResponse:
    """Stream everything held on a person as lines of JSON; the last one says how many came before it."""
    caller = await _caller(request)
    _check_names(_parameters(request), set())
    pages = await exports.begin_person(caller, uuid_of(request.path_params["extension_user_id"], "ExtensionUser"))

    async def body() -> AsyncIterator[bytes]:
        count = 0
        async for page in pages:
            records = [record for row in page for record in person_records(row)]
            count += len(records)
            yield lines(records)
        yield lines([{"kind": "end", "records": count}])

    return _download(body(), "application/x-ndjson", "extension-user.ndjson")


def event_export(parameters: Mapping[str, list[str]]) -> EventExport:
    """The events that a request's parameters ask for. InvalidInput for a name or value that makes no sense.

    An id of something that the caller may not see matches nothing.
    """
    _check_names([(name, value) for name, values in parameters.items() for value in values], _ONCE | _REPEATED)
    for name, values in parameters.items():
        if len(values) > (1 if name in _ONCE else LIST_INPUT):
            allowed = "once" if name in _ONCE else f"at most {LIST_INPUT} times"
            raise InvalidInput(f"`{name}` can be given {allowed}.")
    domains, part = parameters.get("domain"), parameters.get("urlContains")
    where = EventFilter(
        organization_ids=_ids(parameters, "organizationId", "Organization"),
        extension_user_ids=_ids(parameters, "extensionUserId", "ExtensionUser"),
        session_ids=tuple(parameters["sessionId"]) if "sessionId" in parameters else None,
        event_types=_types(parameters.get("eventType")),
        domain=None if domains is None else TextFilter(one_of=tuple(domains)),
        url=None if part is None else TextFilter(contains=part[0]),
    )
    return EventExport(_instant(parameters, "from"), _instant(parameters, "to"), where)


async def _behaviors(request: Request, file_format: str) -> AsyncIterator[list[ExportedEvent]]:
    caller = await _caller(request)
    parameters: dict[str, list[str]] = {}
    for name, value in _parameters(request):
        parameters.setdefault(name, []).append(value)
    return await exports.begin_behaviors(caller, event_export(parameters), file_format)


async def _caller(request: Request) -> Caller:
    """Who asks: by an access token, or by a ticket for just this download. Cookies do not count here."""
    services: Services = request.app.state.services
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    ticket = request.query_params.get(_TICKET)
    if scheme.lower() == "bearer":
        viewer, _ = await authenticate(services, bearer.strip())
    elif ticket:
        # The path that was routed, not that of `request.url`, into which goes what the client says of the host.
        resource = exports.resource(request.scope["path"].removeprefix(PREFIX), _parameters(request))
        viewer, _ = await authenticate_by_ticket(services, ticket, resource)
    else:
        raise Unauthenticated("Send `Authorization: Bearer …`, or use an address that exportBehaviors or "
                              "exportExtensionUser gives.")  # fmt: skip
    return Caller(viewer, services, Batches(services.database, viewer.readable))


def _parameters(request: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query_params.multi_items() if name != _TICKET]


def _check_names(parameters: list[tuple[str, str]], known: set[str]) -> None:
    """Refuse what is not known: a misspelt condition must not export everything."""
    for name, _ in parameters:
        if name not in known:
            allowed = ", ".join(sorted(known)) or "none"
            raise InvalidInput(f"There is no parameter `{name[:50]}` here. Allowed: {allowed}.")


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
            raise ValueError("no offset")  # noqa: TRY301 - refused in the words for all that are no instants
        return instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(f"`{name}` is an instant with an offset, like 2026-08-01T09:00:00Z.") from error


def _download(body: AsyncIterator[bytes], media_type: str, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(body, media_type=media_type, headers=headers)
