"""Alerts: the times that an organization's rules fired."""

from core.limits import PAGE
from db.queries import alerts
from db.queries.alerts import NEWEST_FIRST, AlertList, AlertRow
from resolvers.caller import Caller
from resolvers.pages import ConnectionRow, forward


async def list_page(caller: Caller, wanted: AlertList, first: int, after: str | None) -> ConnectionRow[AlertRow]:
    """Return a page of a list of alerts, the newest first.

    Forbidden for leads; InvalidInput unless `first` is 1 to 100.
    """
    caller.viewer.require_whole(wanted.organization_id)
    request = forward(NEWEST_FIRST.parse, first, after, most=PAGE)
    page = await caller.batches.load(alerts.pages, wanted, request)
    assert page is not None  # noqa: S101 - the query answers for every list it is asked about
    return ConnectionRow(page)
