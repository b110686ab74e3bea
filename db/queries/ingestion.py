"""Storing a group of submissions in one transaction, step by step. What can be told beforehand: store_group_fast.py."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import INVALID_KEY, Unauthenticated
from core.events import ANONYMOUS, EventRejected, RejectionCode, as_sent, user_named_in
from core.rejected_event_quota import Admission
from db.cluster import topology_of
from db.models import Behavior
from db.models.behavior import EVENT_COLUMNS
from db.queries.citus_inserts import insert_routed
from db.queries.posted_people import KnownPerson, known_people
from db.submissions import IncomingEvent, Person, Receipt, RejectedEvent, Submission

# Arrays, not rows: one statement with eleven parameters however many events, far from the protocol's 65,535. The rows
# come sorted by key, so that two processes storing the same events wait for one another instead of deadlocking.
_INSERT = text(f"""
    WITH new AS (
        INSERT INTO behaviors ({EVENT_COLUMNS})
        SELECT user_id, ts, id, organization_id, :received_at, type, x, y, session_id, url, domain
        FROM unnest(
            CAST(:user_id AS uuid[]), CAST(:ts AS timestamptz[]), CAST(:id AS uuid[]),
            CAST(:organization_id AS uuid[]), CAST(:type AS smallint[]), CAST(:x AS smallint[]),
            CAST(:y AS smallint[]), CAST(:session_id AS text[]), CAST(:url AS text[]), CAST(:domain AS text[])
        ) AS event (user_id, ts, id, organization_id, type, x, y, session_id, url, domain)
        ON CONFLICT DO NOTHING
        RETURNING user_id, ts, id
    ), mark AS (
        INSERT INTO dirty_hours (user_id, hour, events)
        SELECT user_id, date_trunc('hour', ts, 'UTC'), count(*) FROM new WHERE CAST(:marks AS boolean)
        GROUP BY 1, 2
    )
    SELECT id FROM new
""")  # noqa: S608 - a constant

_INSERT_REJECTED = text("""
    INSERT INTO rejected_events (received_at, user_id, named_user_id, code, message, payload)
    SELECT :received_at, * FROM unnest(
        CAST(:user_ids AS uuid[]), CAST(:named_user_ids AS uuid[]),
        CAST(:codes AS text[]), CAST(:messages AS text[]), CAST(:payloads AS text[])
    )
""")


class _Kept(NamedTuple):
    """A rejected event to keep, and whom it names, if it came without a key."""

    event: RejectedEvent
    named_user_id: UUID | None


async def store(
    connection: AsyncConnection,
    submissions: Sequence[Submission],
    received_at: datetime,
    admission: Admission,
    *,
    marks: bool = True,
) -> list[Receipt | Unauthenticated]:
    """Insert the new ones of the submissions' events and return the outcomes, in the submissions' order.

    People are read and locked against deletion in this very transaction, so no event is stored for somebody who is
    unknown or inactive, whose key was revoked before it began, or whose organization required a key that is missing.
    The hours that gain an event are marked, so that no answer is computed from their old rollups; `marks=False` is for
    benchmarks. Only those rejected events are kept that `admission` admits; the outcomes do not depend on it.
    """
    people = await known_people(connection, submissions)
    outcomes = [_sorted_out(submission, people, received_at) for submission in submissions]
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    inserted = await _insert(connection, receipts, received_at, marks=marks)
    for receipt in receipts:
        tell_duplicates(receipt, inserted)
    kept = [
        rejected
        for submission, outcome in zip(submissions, outcomes, strict=True)
        if isinstance(outcome, Receipt) and outcome.rejected
        for rejected in _admitted(submission, outcome.rejected, people, admission)
    ]
    await _keep_rejected(connection, kept, received_at)
    return outcomes


async def first_received_at(connection: AsyncConnection, event: IncomingEvent) -> datetime | None:
    """Return the time at which the stored event with this one's identity was received."""
    statement = select(Behavior.received_at).where(
        Behavior.user_id == event.user_id, Behavior.ts == event.event.ts, Behavior.id == event.id
    )
    return await connection.scalar(statement)


def _sorted_out(
    submission: Submission, people: dict[UUID, KnownPerson], received_at: datetime
) -> Receipt | Unauthenticated:
    """A receipt with the events that may be stored under `accepted`, or the failure of the whole request."""
    if submission.key is not None:
        holder = people.get(submission.key.user_id)
        if holder is None or not holder.is_active or holder.key_hash != submission.key.key_hash:
            return Unauthenticated(INVALID_KEY)
    receipt = Receipt(received_at, rejected=list(submission.rejected))
    for event in submission.events:
        known = people.get(event.user_id)
        if event.user_id != ANONYMOUS and (known is None or not known.is_active):
            receipt.rejected.append(_not_a_user(event, known))
            continue
        if known is not None and known.requires_key and not _may_do_without(submission, known.person):
            receipt.rejected.append(_lacks_key(event))
            continue
        if known is not None:
            receipt.people[event.user_id] = known.person
        receipt.accepted.append(event)
    receipt.rejected.sort(key=lambda event: event.index)
    return receipt


def _may_do_without(submission: Submission, person: Person) -> bool:
    """True if the submission may carry events of somebody whose organization requires keys."""
    return submission.key is not None or submission.trusted_for.covers(person.organization_id)


def _lacks_key(event: IncomingEvent) -> RejectedEvent:
    """An event whose person's organization requires keys. The client is told as if there was nobody of that id."""
    id_ = str(event.user_id)
    told = EventRejected(RejectionCode.UNKNOWN_USER, "unknown user", id_)
    kept = EventRejected(RejectionCode.UNKNOWN_USER, "API key required by the organization", id_)
    return RejectedEvent(event.index, told, event.user_id, as_sent(event.event.raw), kept)


def _not_a_user(event: IncomingEvent, known: KnownPerson | None) -> RejectedEvent:
    if known is None:
        reason = EventRejected(RejectionCode.UNKNOWN_USER, "unknown user", str(event.user_id))
    else:
        reason = EventRejected(RejectionCode.INACTIVE_USER, "inactive user", str(event.user_id))
    return RejectedEvent(event.index, reason, None if known is None else event.user_id, as_sent(event.event.raw))


async def _insert(
    connection: AsyncConnection, receipts: Iterable[Receipt], received_at: datetime, *, marks: bool
) -> set[UUID]:
    """Insert the receipts' accepted events; return the ids of those that were new."""
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
    if not topology_of(connection).stores_in_one_statement:
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


def _admitted(
    submission: Submission, rejected: Sequence[RejectedEvent], people: dict[UUID, KnownPerson], admission: Admission
) -> list[_Kept]:
    """The first of a request's rejected events, as many as its source may have kept."""
    if submission.key is None:
        admitted = rejected[: admission.keyless(submission.network, len(rejected))]
        return [_Kept(event, user_named_in(event.payload)) for event in admitted]
    person = people[submission.key.user_id].person
    admitted = rejected[: admission.with_key(person.id, person.organization_id, len(rejected))]
    return [_Kept(event, None) for event in admitted]


async def _keep_rejected(connection: AsyncConnection, rejected: Sequence[_Kept], received_at: datetime) -> None:
    if not rejected:
        return
    arrays = {
        "user_ids": [event.user_id for event, _ in rejected],
        "named_user_ids": [named_user_id for _, named_user_id in rejected],
        "codes": [(event.kept_reason or event.reason).code.value for event, _ in rejected],
        "messages": [(event.kept_reason or event.reason).message() for event, _ in rejected],
        "payloads": [event.payload for event, _ in rejected],
    }
    await connection.execute(_INSERT_REJECTED, {"received_at": received_at, **arrays})
