"""Taking over events: pages of them, with the same marks, duplicates and refusals as those that clients post."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.models import ExtensionUser, LegacyDay
from db.models.behavior import EVENT_COLUMNS

_ARRAYS = """
    CAST(:user_ids AS uuid[]), CAST(:ts AS timestamptz[]), CAST(:ids AS uuid[]), CAST(:received_ats AS timestamptz[]),
    CAST(:types AS smallint[]), CAST(:xs AS smallint[]), CAST(:ys AS smallint[]),
    CAST(:session_ids AS text[]), CAST(:urls AS text[]), CAST(:domains AS text[])
"""

# In the order of the key, like the event writer's: two that store the same events wait instead of deadlocking.
_INSERT = text(f"""
    WITH new AS (
        INSERT INTO behaviors ({EVENT_COLUMNS})
        SELECT user_id, ts, event.id, organization_id, received_at, type, x, y, session_id, url, domain
        FROM unnest({_ARRAYS})
            AS event (user_id, ts, id, received_at, type, x, y, session_id, url, domain)
        LEFT JOIN unnest(CAST(:people AS uuid[]), CAST(:organization_ids AS uuid[]))
            AS person (id, organization_id) ON person.id = user_id
        ORDER BY user_id, ts, event.id
        ON CONFLICT DO NOTHING
        RETURNING user_id, ts
    ), mark AS (
        INSERT INTO dirty_hours (user_id, hour, events)
        SELECT user_id, date_trunc('hour', ts, 'UTC'), count(*) FROM new
        GROUP BY 1, 2
    )
    SELECT count(*) FROM new
""")

_INSERT_REJECTED = text("""
    INSERT INTO rejected_events (received_at, user_id, code, message, payload)
    SELECT :received_at, * FROM unnest(
        CAST(:user_ids AS uuid[]), CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:payloads AS text[])
    )
""")


class TakenEvent(NamedTuple):
    """An event to store, in the order of the statement's columns. `type` is an EventType's value."""

    user_id: UUID
    ts: datetime
    id: UUID
    received_at: datetime
    type: int
    x: int | None
    y: int | None
    session_id: str
    url: str
    domain: str | None


class RefusedEvent(NamedTuple):
    """An event that breaks a rule. `key` tells it from others, so that it is kept once however often it is met."""

    key: UUID
    user_id: UUID | None
    code: str
    message: str
    payload: str


async def lock_people(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """The organizations of those of these people whom we have, locked against deletion. Inactive ones count, too."""
    statement = (
        select(ExtensionUser.id, ExtensionUser.organization_id)
        .where(ExtensionUser.id.in_(ids))
        .order_by(ExtensionUser.id)
        .with_for_update(key_share=True, read=True)
    )
    return {row.id: row.organization_id for row in await connection.execute(statement)}


async def store(connection: AsyncConnection, events: Sequence[TakenEvent], people: dict[UUID, UUID]) -> int:
    """Insert the new ones of these events, and mark their hours; return how many were new."""
    organizations = {"people": list(people), "organization_ids": list(people.values())}
    return await connection.scalar(_INSERT, _arrays(events) | organizations) or 0


async def count_stored(connection: AsyncConnection, events: Sequence[TakenEvent]) -> int:
    """Return how many of these events are stored already."""
    statement = text("""
        SELECT count(*) FROM unnest(CAST(:user_ids AS uuid[]), CAST(:ts AS timestamptz[]), CAST(:ids AS uuid[]))
            AS event (user_id, ts, id) JOIN behaviors USING (user_id, ts, id)
    """)
    names = ("user_ids", "ts", "ids")
    arrays = _arrays(events)
    return await connection.scalar(statement, {name: arrays[name] for name in names}) or 0


async def keep_refused(connection: AsyncConnection, events: Sequence[RefusedEvent], received_at: datetime) -> None:
    """Keep these events where an operator finds those that broke a rule."""
    arrays = {
        "user_ids": [event.user_id for event in events],
        "codes": [event.code for event in events],
        "messages": [event.message for event in events],
        "payloads": [event.payload for event in events],
    }
    await connection.execute(_INSERT_REJECTED, {"received_at": received_at, **arrays})


async def finished_days(connection: AsyncConnection) -> set[tuple[date, int, str]]:
    """Days that were taken completely, with what they held."""
    statement = select(LegacyDay.day, LegacyDay.events, LegacyDay.fingerprint)
    return {(row.day, row.events, row.fingerprint) for row in await connection.execute(statement)}


async def finish_days(connection: AsyncConnection, days: Collection[tuple[date, int, str]]) -> None:
    """Remember these days as taken completely."""
    statement = text("""
        INSERT INTO legacy_days (day, events, fingerprint)
        SELECT * FROM unnest(CAST(:days AS date[]), CAST(:events AS bigint[]), CAST(:fingerprints AS text[]))
        ON CONFLICT DO NOTHING
    """)
    columns = zip(*days, strict=True)
    arrays = dict(zip(("days", "events", "fingerprints"), map(list, columns), strict=True))
    await connection.execute(statement, arrays)


def _arrays(events: Sequence[TakenEvent]) -> dict[str, list[object]]:
    names = ("user_ids", "ts", "ids", "received_ats", "types", "xs", "ys", "session_ids", "urls", "domains")
    columns = zip(*events, strict=True) if events else ([] for _ in names)
    return dict(zip(names, map(list, columns), strict=True))
