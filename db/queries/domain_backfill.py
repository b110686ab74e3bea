"""Bringing stored domains to today's spelling: whose turn it is, and a portion of somebody's events."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.domains import domain_of
from core.turns import Person
from db.models import DomainBackfill
from db.queries.event_ranges import FIRST, Position

CORRECTIONS_AT_ONCE = 1_000
"""How many events of a person a portion looks at one by one at most, however many it passes over."""


class ReadEvents(NamedTuple):
    """The number of events read, and the position after which there may be more (None: there are none)."""

    number: int
    position: Position | None


async def count(connection: AsyncConnection) -> int:
    """Return the number of people of whom some domains may be of the old spelling."""
    return await connection.scalar(select(func.count()).select_from(DomainBackfill)) or 0


async def due(connection: AsyncConnection, of_an_organization: int, limit: int) -> list[Person]:
    """Some people whose events can be worked on, at most so many of each organization."""
    statement = text("""
        SELECT user_id, organization_id FROM (
            SELECT user_id, organization_id,
                   row_number() OVER (PARTITION BY organization_id ORDER BY user_id) AS place
            FROM domain_backfill WHERE due_at <= now()
        ) AS person
        WHERE place <= :of_an_organization ORDER BY place, organization_id LIMIT :limit
    """)
    values = {"of_an_organization": of_an_organization, "limit": limit}
    return [Person(*row) for row in await connection.execute(statement, values)]


async def use_keys(connection: AsyncConnection) -> None:
    """Have this transaction look each event up by key, however many share an instant, and whatever statistics say."""
    settings = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    off = ", ".join(f"set_config('{setting}', 'off', true)" for setting in settings)
    await connection.execute(text(f"SELECT {off}"))


async def lock(connection: AsyncConnection, user_ids: Collection[UUID]) -> dict[UUID, Position]:
    """Lock those of these people whom no other process holds; return how far each of them is done."""
    statement = (
        select(DomainBackfill.user_id, DomainBackfill.position_ts, DomainBackfill.position_id)
        .where(DomainBackfill.user_id.in_(user_ids))
        .with_for_update(skip_locked=True)
    )
    rows = await connection.execute(statement)
    return {row.user_id: Position(row.position_ts, row.position_id) if row.position_ts else FIRST for row in rows}


async def remember(connection: AsyncConnection, user_id: UUID, position: Position) -> None:
    """Write down up to where a person's events are done, in the transaction that did them."""
    statement = update(DomainBackfill).where(DomainBackfill.user_id == user_id)
    await connection.execute(statement.values(position_ts=position.ts, position_id=position.id))


async def finish(connection: AsyncConnection, user_ids: Collection[UUID]) -> None:
    """Strike off people of whom every event is done."""
    await connection.execute(delete(DomainBackfill).where(DomainBackfill.user_id.in_(user_ids)))


async def correct_some(connection: AsyncConnection, user_id: UUID, limit: int, after: Position) -> ReadEvents:
    """Correct the domains of a person's next events, at most `limit`, and mark their hours.

    Only domains that may be of the old spelling are looked at one by one; the others are passed over.
    """
    values = {"user_id": user_id, "after_ts": after.ts, "after_id": after.id, "limit": limit}
    found = (await connection.execute(_NEXT, values | {"most": CORRECTIONS_AT_ONCE})).all()
    wrong = [(row.ts, row.id, domain_of(row.url)) for row in found if row.url is not None]
    stored = {row.id: row.domain for row in found}
    wrong = [each for each in wrong if each[2] != stored[each[1]]]
    if wrong:
        instants, ids, domains = zip(*wrong, strict=True)
        corrections = {"ts": list(instants), "ids": list(ids), "domains": list(domains)}
        ends = {"first_ts": instants[0], "last_ts": instants[-1]}
        await connection.execute(_CORRECT, {"user_id": user_id, **corrections, **ends})
    if not found:
        return ReadEvents(0, None)
    last = found[-1]
    is_end = last.place == last.number < limit
    return ReadEvents(last.place, None if is_end else Position(last.ts, last.id))


# The last event that was read comes in any case. A domain may be of the old spelling if it ends with a dot, is
# international, or is the scheme of a url that holds another.
_NEXT = text("""
    SELECT ts, id, url, domain, place, number FROM (
        SELECT ts, id, url, domain, row_number() OVER (ORDER BY ts, id) AS place, count(*) OVER () AS number
        FROM (
            SELECT ts, id, domain, CASE WHEN
                domain LIKE '%.' OR domain LIKE '%.:%' OR octet_length(domain) <> char_length(domain)
                OR domain IN ('blob:', 'filesystem:', 'view-source:')
            THEN url END AS url
            FROM behaviors
            WHERE user_id = :user_id AND ts >= :after_ts AND (ts, id) > (:after_ts, :after_id)
            ORDER BY ts, id LIMIT :limit
        ) AS next
    ) AS event
    WHERE url IS NOT NULL OR place = number
    ORDER BY place LIMIT :most
""")
_CORRECT = text("""
    WITH corrected AS (
        UPDATE behaviors SET domain = correction.domain
        FROM unnest(CAST(:ts AS timestamptz[]), CAST(:ids AS uuid[]), CAST(:domains AS text[]))
            AS correction (ts, id, domain)
        WHERE behaviors.user_id = :user_id AND behaviors.ts >= :first_ts AND behaviors.ts <= :last_ts
            AND behaviors.ts = correction.ts AND behaviors.id = correction.id
        RETURNING behaviors.ts
    )
    INSERT INTO dirty_hours (user_id, hour)
    SELECT DISTINCT CAST(:user_id AS uuid), date_trunc('hour', ts, 'UTC') FROM corrected
""")
