"""The downloads of usage under /api/v1/exports, for holders of the ticket that `exportUsage` gives."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends
from fastapi.security import APIKeyQuery
from starlette.requests import Request
from starlette.responses import StreamingResponse

from core.errors import InvalidInput
from core.limits import USAGE_EXPORT_GROUPS
from resolvers import usage_exports
from resolvers.exports import PREFIX
from resolvers.usage_exports import UsageExport, UsageTable
from rest.documentation_of_exports import USAGE_CSV, USAGE_NDJSON, USAGE_XLSX
from rest.downloads import CSV, NDJSON, TICKET, Download, caller_by_ticket, check_names, parameters_of
from rest.records import BYTE_ORDER_MARK, csv_rows, lines
from rest.workbooks import Sheet, StreamedWorkbook, Value

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_QUESTION, _MARK = "question", "byteOrderMark"
_ROWS_AT_ONCE = 250
"""Few enough that encoding them takes some milliseconds."""
_WORKBOOKS = ThreadPoolExecutor(1, thread_name_prefix="workbooks")
"""Makes the rows of all workbooks, a piece of each in turn: Python can run one thread at a time, and the event loop is
another. A download has one piece here at most."""

_CREDENTIALS = [  # for the OpenAPI document alone: rest/downloads.py reads them
    Depends(
        APIKeyQuery(
            name=TICKET, auto_error=False, scheme_name="usageTicket", description="What `exportUsage` put here."
        )
    )
]
Piece = TypeVar("Piece")

router = APIRouter(prefix=PREFIX, tags=["Exports"], dependencies=_CREDENTIALS)


@router.get("/usage.csv", **USAGE_CSV)
async def export_usage_csv(request: Request) -> StreamingResponse:
    """Stream the rows as CSV, with a line of names and units first."""
    return await _download(request, "csv", CSV, _csv)


@router.get("/usage.ndjson", **USAGE_NDJSON)
async def export_usage_ndjson(request: Request) -> StreamingResponse:
    """Stream the rows as lines of JSON."""
    return await _download(request, "ndjson", NDJSON, _ndjson)


@router.get("/usage.xlsx", **USAGE_XLSX)
async def export_usage_xlsx(request: Request) -> StreamingResponse:
    """Stream the rows as a workbook."""
    return await _download(request, "xlsx", XLSX, _xlsx)


async def _download(
    request: Request, suffix: str, media_type: str, encode: Callable[[UsageTable, bool], AsyncGenerator[bytes]]
) -> StreamingResponse:
    caller = await caller_by_ticket(request, "Use an address that `exportUsage` gives.")
    parameters = parameters_of(request)
    check_names(parameters, {_QUESTION, _MARK})
    given = dict(parameters)
    if _QUESTION not in given:
        raise InvalidInput("The address lacks its `question`. Use one that `exportUsage` gives.")
    table = await usage_exports.begin(caller, UsageExport.unpacked(given[_QUESTION]), suffix)
    name, headers = "usage", {}
    if table.total is not None:
        headers["X-Total-Count"] = str(table.total)
        if table.is_cut:
            name = f"usage-first-{USAGE_EXPORT_GROUPS}-of-{table.total}"
    return Download(caller, encode(table, _MARK in given), media_type, f"{name}.{suffix}", headers)


async def _csv(table: UsageTable, with_mark: bool) -> AsyncGenerator[bytes]:
    zone = ZoneInfo(table.export.timezone)
    yield (BYTE_ORDER_MARK if with_mark else b"") + csv_rows([[column.header for column in table.columns]])
    async for rows in _pieces(table):
        yield csv_rows([_plain(value, zone) for value in row] for row in rows)


async def _ndjson(table: UsageTable, _: bool) -> AsyncGenerator[bytes]:
    zone, names = ZoneInfo(table.export.timezone), [column.name for column in table.columns]
    async for rows in _pieces(table):
        yield lines(dict(zip(names, (_plain(value, zone) for value in row), strict=True)) for row in rows)


async def _xlsx(table: UsageTable, _: bool) -> AsyncGenerator[bytes]:
    export, zone = table.export, ZoneInfo(table.export.timezone)
    about: dict[str, Value] = {
        "start": _plain(export.time_range.start, zone),
        "end": _plain(export.time_range.end, zone),
        "timezone": export.timezone,
    }
    if table.total is not None:
        about |= {"groups": table.total, "groups on the sheet": min(table.total, USAGE_EXPORT_GROUPS)}
    sheet = Sheet([column.header for column in table.columns], zone, about)
    workbook = StreamedWorkbook(sheet)
    try:
        yield await _made(workbook.begin)
        async for rows in _pieces(table):
            yield await _made(partial(workbook.rows, rows))
        yield await _made(workbook.end)
    finally:
        _WORKBOOKS.submit(workbook.close)  # behind the piece that may be made yet, of one that is given up


async def _made(make: Callable[[], Piece]) -> Piece:
    """Return a piece of a workbook, made in the thread for these."""
    return await asyncio.get_running_loop().run_in_executor(_WORKBOOKS, make)


async def _pieces(table: UsageTable) -> AsyncIterator[list[list[Value]]]:
    """The rows, a few at a time."""
    async for page in table.pages:
        for first in range(0, len(page), _ROWS_AT_ONCE):
            yield page[first : first + _ROWS_AT_ONCE]


def _plain(value: Value, zone: ZoneInfo) -> str | int | float | None:
    """A value of text or JSON. An instant is in the zone; in UTC where its offset has seconds, unlike in RFC 3339."""
    if not isinstance(value, datetime):
        return value
    local = value.astimezone(zone)
    if (local.utcoffset() or timedelta()) % timedelta(minutes=1):
        local = value.astimezone(UTC)
    return local.isoformat().replace("+00:00", "Z")
