"""Requests for exports of usage, and their downloads read back."""

import csv
import io
import json
from typing import Any

import openpyxl
from httpx import Response
from openpyxl.utils.escape import unescape

from tests.rest.export_requests import fetched
from tests.schema.sample_tenants import PERIOD, run
from tests.world import Asker

EXPORT = """mutation ($input: ExportUsageInput!) { exportUsage(input: $input) {
    __typename ... on ExportUsageSuccess { download { url expiresAt } }
    ... on InvalidInput { message field } ... on NotFound { message }
} }"""
Table = list[dict[str, Any]]


async def address_of(asker: Asker, **wanted: Any) -> str:
    """The address that `exportUsage` gives; without other wishes of CSV, and of a day."""
    answer = await run(asker, EXPORT, **{"format": "CSV", "period": PERIOD} | wanted)
    assert answer["__typename"] == "ExportUsageSuccess", answer
    address: str = answer["download"]["url"]
    return address


async def downloaded(asker: Asker, **wanted: Any) -> Response:
    """The download of an export that must succeed, as a stranger with the address gets it."""
    response = await fetched(Asker(asker.http), await address_of(asker, **wanted))
    assert response.status_code == 200, response.text
    return response


async def refused(asker: Asker, **wanted: Any) -> str:
    """The message of the refusal of an export."""
    answer = await run(asker, EXPORT, **{"format": "CSV", "period": PERIOD} | wanted)
    assert answer["__typename"] == "InvalidInput", answer
    message: str = answer["message"]
    return message


def of_csv(response: Response) -> Table:
    """The rows of a CSV by the names of the columns."""
    return list(csv.DictReader(io.StringIO(response.content.decode(), newline="")))


def of_ndjson(response: Response) -> Table:
    """The lines of JSON."""
    return [json.loads(line) for line in response.text.splitlines()]


def of_xlsx(response: Response, name: str = "usage") -> list[list[Any]]:
    """The rows of a sheet; a text's escapes undone, as Excel does; a formula would be one of openpyxl's own types."""
    sheet = openpyxl.load_workbook(io.BytesIO(response.content))[name]
    assert all(cell.data_type in {"s", "n", "d"} for row in sheet.iter_rows() for cell in row)
    return [
        [unescape(cell.value) if isinstance(cell.value, str) else cell.value for cell in row]
        for row in sheet.iter_rows()
    ]
