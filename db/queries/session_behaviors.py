"""Pages of the events of browsing sessions."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.scope import Scope
from db.keyset import Ordering, PageRequest, RowPage, condition, order_by, paginate_rows
from db.models import Behavior
from db.queries.behaviors import COLUMNS, BehaviorRow, rows_of
from db.queries.sessions import SessionKey, SessionQuery, counted_events


class SessionSpan(NamedTuple):
    """A session, and its first and last event."""

    key: SessionKey
    start: datetime
    end: datetime


async def pages(
    connection: AsyncConnection,
    scope: Scope,
    spans: Collection[SessionSpan],
    query: SessionQuery,
    ordering: Ordering[BehaviorRow],
    request: PageRequest,
) -> dict[SessionSpan, RowPage[BehaviorRow]]:
    """The same page of each session's counted events."""
    found: dict[SessionKey, list[BehaviorRow]] = {span.key: [] for span in spans}
    # No wider than the sessions are: the events of a person are found by time.
    conditions = [
        *counted_events(connection, scope, found, query),
        Behavior.ts.between(min(span.start for span in spans), max(span.end for span in spans)),
    ]
    bound = condition(ordering, request)
    if bound is not None:
        conditions.append(bound)
    partition = [Behavior.user_id, Behavior.session_id]
    place = func.row_number().over(partition_by=partition, order_by=order_by(ordering, request)).label("place")
    ranked = select(*COLUMNS, place).where(*conditions).subquery("ranked")
    statement = (
        select(*(ranked.c[column.key] for column in COLUMNS))
        .where(ranked.c.place <= request.limit + 1)
        .order_by(ranked.c.user_id, ranked.c.session_id, ranked.c.place)
    )
    for row in rows_of(await connection.execute(statement)):
        found[SessionKey(row.user_id, row.session_id)].append(row)
    return {span: paginate_rows(found[span.key], ordering, request) for span in spans}
