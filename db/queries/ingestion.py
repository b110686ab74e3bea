"""Storing a group of submissions in one transaction, step by step. What can be told beforehand: whole_groups.py."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unauthenticated
from core.events import ANONYMOUS, EventRejected, RejectionCode, as_sent
from db.cluster import is_cluster
from db.models import Behavior, ExtensionUser
from db.queries.routed_inserts import insert_routed
from db.submissions import IncomingEvent, Person, Receipt, RejectedEvent, Submission

# Arrays, not rows: one statement with eleven parameters however many events, far from the protocol's 65,535. The rows
# come sorted by key, so that two processes storing the same events wait for one another instead of deadlocking.
_INSERT = text("""
    WITH new AS (
        INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, x, y, session_id, url, domain)
        SELECT user_id, ts, id, organization_id, :received_at, type, x, y, session_id, url, domain
        FROM unnest(
            CAST(:user_id AS uuid[]), CAST(:ts AS timestamptz[]), CAST(:id AS uuid[]),
            CAST(:organization_id AS uuid[]), CAST(:type AS smallint[]), CAST(:x AS smallint[]),
            CAST(:y AS smallint[]), CAST(:session_id AS text[]), CAST(:url AS text[]), CAST(:domain AS text[])
        ) AS event (user_id, ts, id, organization_id, type, x, y, session_id, url, domain)
        ON CONFLICT DO NOTHING
        RETURNING user_id, ts, id
    ), mark AS (
        INSERT INTO dirty_hours (user_id, hour)
        SELECT DISTINCT user_id, date_trunc('hour', ts, 'UTC') FROM new WHERE CAST(:marks AS boolean)
    )
    SELECT id FROM new
""")

_INSERT_REJECTED = text("""
    INSERT INTO rejected_events (received_at, user_id, code, message, payload)
    SELECT :received_at, * FROM unnest(
        CAST(:user_ids AS uuid[]), CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:payloads AS text[])
    )
""")


class _Known(NamedTuple):
    """A person as they are in this transaction."""

    person: Person
    is_active: bool
    key_hash: bytes


async def store(
    connection: AsyncConnection, submissions: Sequence[Submission], received_at: datetime, *, marks: bool = True
) -> list[Receipt | Unauthenticated]:
    """Insert what is new of the submissions' events and say what became of each, in the submissions' order.

    People are read and locked against deletion in this very transaction, so no event is stored for somebody who is
    unknown, inactive or whose key was revoked before it began. The hours that gain an event are marked, so that no
    answer is computed from their old rollups; `marks=False` is for measuring what that costs.
    """
    people = await _people(connection, submissions)
    outcomes = [_sorted_out(submission, people, received_at) for submission in submissions]
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    inserted = await _insert(connection, receipts, received_at, marks=marks)
    for receipt in receipts:
        tell_duplicates(receipt, inserted)
    await _keep_rejected(connection, [event for receipt in receipts for event in receipt.rejected], received_at)
    return outcomes


async def first_received_at(connection: AsyncConnection, event: IncomingEvent) -> datetime | None:
    """When the stored event with this one's identity was received."""
    statement = select(Behavior.received_at).where(
        Behavior.user_id == event.user_id, Behavior.ts == event.event.ts, Behavior.id == event.id
    )
    return await connection.scalar(statement)


async def _people(connection: AsyncConnection, submissions: Iterable[Submission]) -> dict[UUID, _Known]:
    ids = {event.user_id for submission in submissions for event in submission.events}
    ids |= {submission.key.user_id for submission in submissions if submission.key is not None}
    ids.discard(ANONYMOUS)
    if not ids:
        return {}
    statement = (
        select(
            ExtensionUser.id,
            ExtensionUser.organization_id,
            ExtensionUser.username,
            ExtensionUser.is_active,
            ExtensionUser.api_key_hash,
        )
        .where(ExtensionUser.id.in_(ids))
        .order_by(ExtensionUser.id)
        .with_for_update(key_share=True, read=True)
    )
    rows = await connection.execute(statement)
    return {row.id: _Known(Person(*row[:3]), row.is_active, row.api_key_hash) for row in rows}


def _sorted_out(submission: Submission, people: dict[UUID, _Known], received_at: datetime) -> Receipt | Unauthenticated:
    """A receipt with the events that may be stored under `accepted`, or the failure of the whole request."""
    if submission.key is not None:
        holder = people.get(submission.key.user_id)
        if holder is None or not holder.is_active or holder.key_hash != submission.key.key_hash:
            return Unauthenticated("Invalid or inactive API key")
    receipt = Receipt(received_at, rejected=list(submission.rejected))
    for event in submission.events:
        known = people.get(event.user_id)
        if event.user_id != ANONYMOUS and (known is None or not known.is_active):
            receipt.rejected.append(_not_a_user(event, known))
            continue
        if known is not None:
            receipt.people[event.user_id] = known.person
        receipt.accepted.append(event)
    receipt.rejected.sort(key=lambda event: event.index)
    return receipt


def _not_a_user(event: IncomingEvent, known: _Known | None) -> RejectedEvent:
    if known is None:
        reason = EventRejected(RejectionCode.UNKNOWN_USER, "unknown user", str(event.user_id))
    else:
        reason = EventRejected(RejectionCode.INACTIVE_USER, "inactive user", str(event.user_id))
    return RejectedEvent(event.index, reason, None if known is None else event.user_id, as_sent(event.event.raw))


async def _insert(
    connection: AsyncConnection, receipts: Iterable[Receipt], received_at: datetime, *, marks: bool
) -> set[UUID]:
    """Insert the receipts' accepted events; the ids of those that were new."""
    new = {event.id: (event, receipt) for receipt in receipts for event in receipt.accepted}
    if not new:
        return set()
    rows = sorted(new.values(), key=lambda row: (row[0].user_id, row[0].event.ts, row[0].id))
    events = [event for event, _ in rows]
    columns: dict[str, Sequence[object]] = {
        "user_id": [e.user_id for e in events],
        "ts": [e.event.ts for e in events],
        "id": [e.id for e in events],
        "organization_id": [
            None if e.user_id == ANONYMOUS else receipt.people[e.user_id].organization_id for e, receipt in rows
        ],
        "type": [e.event.type.value for e in events],
        "x": [e.event.x for e in events],
        "y": [e.event.y for e in events],
        "session_id": [e.event.session_id for e in events],
        "url": [e.event.url for e in events],
        "domain": [e.event.domain for e in events],
    }
    if is_cluster(connection):
        return await insert_routed(connection, columns, received_at, marks=marks)
    result = await connection.execute(_INSERT, {"received_at": received_at, "marks": marks, **columns})
    return set(result.scalars())


def tell_duplicates(receipt: Receipt, inserted: set[UUID]) -> None:
    """Move the receipt's events that were stored before from `accepted` to `duplicates`.

    An id counts as new for the first event that has it in the group, so it is taken out of `inserted` once claimed.
    """
    accepted = []
    for event in receipt.accepted:
        if event.id in inserted:
            inserted.remove(event.id)
            accepted.append(event)
        else:
            receipt.duplicates.append(event)
    receipt.accepted[:] = accepted


async def _keep_rejected(connection: AsyncConnection, rejected: Sequence[RejectedEvent], received_at: datetime) -> None:
    if not rejected:
        return
    arrays = {
        "user_ids": [event.user_id for event in rejected],
        "codes": [event.reason.code.value for event in rejected],
        "messages": [event.reason.message() for event in rejected],
        "payloads": [event.payload for event in rejected],
    }
    await connection.execute(_INSERT_REJECTED, {"received_at": received_at, **arrays})
