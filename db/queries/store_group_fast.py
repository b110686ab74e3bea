"""Storing a group of submissions by one statement, which is how nearly all of them are stored.

What db/queries/ingestion.py does step by step in a transaction is done here at once: one round trip instead of five. It
stores either the whole group or nothing: nothing if a person is unknown or inactive, a key was revoked or is required
and missing, or events were refused already. In such a group each event has its own outcome, so db/queries/ingestion.py
stores it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from core.events import ANONYMOUS
from db.models.behavior import EVENT_COLUMNS
from db.queries.ingestion import tell_duplicates
from db.queries.posted_people import keyless_user_ids
from db.submissions import IncomingEvent, Person, Receipt, Submission

# Arrays, not rows: fourteen parameters however many events. They are stored sorted by key, so that two processes which
# store the same events wait for one another instead of deadlocking. People are locked against deletion, in order, too.
# Organizations are looked up only for people whose events come without a key.
_STORE = f"""
    WITH asked AS (
        SELECT * FROM unnest($1::uuid[], $2::bytea[], $14::boolean[]) AS asked (id, key_hash, is_keyless)
    ), person AS (
        SELECT id, organization_id, username, is_active, api_key_hash
        FROM extension_users WHERE id = ANY($1::uuid[]) ORDER BY id FOR KEY SHARE
    ), expected AS (
        SELECT count(*) = cardinality($1::uuid[]) AS met FROM person JOIN asked USING (id)
        WHERE is_active AND (key_hash IS NULL OR key_hash = api_key_hash) AND (
            NOT is_keyless OR NOT (SELECT requires_api_key FROM organizations WHERE id = person.organization_id)
        )
    ), new AS (
        INSERT INTO behaviors ({EVENT_COLUMNS})
        SELECT user_id, ts, event.id, organization_id, $3::timestamptz, type, x, y, session_id, url, domain
        FROM unnest(
            $4::uuid[], $5::timestamptz[], $6::uuid[], $7::smallint[], $8::smallint[], $9::smallint[],
            $10::text[], $11::text[], $12::text[]
        ) AS event (user_id, ts, id, type, x, y, session_id, url, domain)
        LEFT JOIN person ON person.id = event.user_id
        WHERE (SELECT met FROM expected)
        ORDER BY user_id, ts, event.id
        ON CONFLICT DO NOTHING
        RETURNING user_id, ts, id
    ), mark AS (
        INSERT INTO dirty_hours (user_id, hour, events)
        SELECT user_id, date_trunc('hour', ts, 'UTC'), count(*) FROM new WHERE $13::boolean
        GROUP BY 1, 2
    )
    SELECT
        (SELECT met FROM expected),
        ARRAY(SELECT organization_id FROM person), ARRAY(SELECT username FROM person),
        CASE WHEN (SELECT count(*) FROM new) < cardinality($6::uuid[]) THEN ARRAY(SELECT id FROM new) END
"""  # noqa: S608 - a constant


async def store_whole(
    driver: asyncpg.Connection, submissions: Sequence[Submission], received_at: datetime, *, marks: bool = True
) -> list[Receipt] | None:
    """Insert the new ones of the submissions' events and return the receipts; None if nothing was stored.

    `driver` is what `Database.driver` lends. A cluster cannot lock people in a statement that inserts.
    Otherwise the same as `db.queries.ingestion.store`.
    """
    keys = _keys(submissions)
    if keys is None:
        return None
    ids, keyless = sorted(keys), keyless_user_ids(submissions)
    events = {event.id: event for submission in submissions for event in submission.events}
    columns = _columns(list(events.values()))
    met, organization_ids, usernames, inserted = await driver.fetchrow(
        _STORE, ids, [keys[id_] for id_ in ids], received_at, *columns, marks, [id_ in keyless for id_ in ids]
    )
    if not met:
        return None
    people = {
        id_: Person(id_, organization_id, username)
        for id_, organization_id, username in zip(ids, organization_ids, usernames, strict=True)
    }
    total = sum(len(submission.events) for submission in submissions)
    receipts = [Receipt(received_at, list(submission.events), people=people) for submission in submissions]
    if inserted is None and len(events) == total:
        return receipts
    new = set(events if inserted is None else inserted)
    for receipt in receipts:
        tell_duplicates(receipt, new)
    return receipts


def _keys(submissions: Sequence[Submission]) -> dict[UUID, bytes | None] | None:
    """Return the events' people, each with the key that came, if any; None if keys conflict or events were rejected."""
    keys: dict[UUID, bytes | None] = {}
    for submission in submissions:
        if submission.rejected:
            return None
        for user_id in {event.user_id for event in submission.events}:
            keys.setdefault(user_id, None)
        claim = submission.key
        if claim is not None:
            if keys.get(claim.user_id) not in {claim.key_hash, None}:
                return None
            keys[claim.user_id] = claim.key_hash
    keys.pop(ANONYMOUS, None)
    return keys


def _columns(events: Sequence[IncomingEvent]) -> tuple[list[object], ...]:
    return (
        [e.user_id for e in events],
        [e.event.ts for e in events],
        [e.id for e in events],
        [e.event.type for e in events],
        [e.event.x for e in events],
        [e.event.y for e in events],
        [e.event.session_id for e in events],
        [e.event.url for e in events],
        [e.event.domain for e in events],
    )
