"""Collection: the one path that events take into the database, whether they came over REST or GraphQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from core.clock import now
from core.errors import Unauthenticated
from core.event_types import EventType
from core.events import ANONYMOUS, EventRejected, RawEvent, RejectionCode, as_sent
from core.identity import OccurrenceCounter
from core.scope import Scope
from db.queries import organization as organizations
from db.queries.extension_user import ExtensionUserRow
from db.queries.ingestion import first_received_at
from db.queries.organization import OrganizationRow
from db.submissions import IncomingEvent, KeyClaim, Receipt, RejectedEvent, Submission
from resolvers.caller import Client
from resolvers.services import Services

INVALID_KEY = "Invalid or inactive API key"
KEY_REQUIRED = "X-API-Key header is required"
_TOO_MANY = "Too many requests. Please slow down."
_CLICK = EventType.CLICK.wire


class Refused(msgspec.Struct, frozen=True):
    """An event of a request that is not even looked at: why, and what the client sent."""

    reason: EventRejected
    payload: str


Candidate = RawEvent | Refused
"""An event of a request."""


async def authorize(services: Services, client: Client) -> KeyClaim | None:
    """Who posts: the key's claim, or None for a request without one. Counts it against the key, else the address.

    Comes before anything is read or parsed. Raises Unauthenticated for a bad (or required and missing) API key,
    TooManyAttempts.
    """
    throttles = services.throttles
    if client.api_key is None:
        await throttles.ingest_per_address.attempt(client.network, _TOO_MANY)
        if services.require_api_key:
            raise Unauthenticated(KEY_REQUIRED)
        return None
    try:
        claim = await services.key_ring.claim(client.api_key)
    except Unauthenticated:
        await throttles.ingest_per_address.attempt(client.network, _TOO_MANY)
        raise
    await throttles.ingest_per_key.attempt(claim.user_id.hex, _TOO_MANY)
    return claim


async def store(services: Services, candidates: Sequence[Candidate], claim: KeyClaim | None = None) -> Receipt:
    """Store the events of one request; what became of each, once that is committed.

    `claim` is what `authorize` made of the request; None for one without a key, and for the service's own. Raises
    Unauthenticated when the key was revoked meanwhile, Unavailable.
    """
    return await services.writer.write(_submission(services, claim, candidates))


async def first_received(services: Services, receipt: Receipt, event: IncomingEvent) -> datetime:
    """When an event of the receipt was received: for a duplicate, the time its first copy was."""
    if event not in receipt.duplicates:
        return receipt.received_at
    async with services.database.read() as db:
        return await first_received_at(db, event) or receipt.received_at


async def key_holder(services: Services, client: Client) -> tuple[ExtensionUserRow, OrganizationRow, datetime]:
    """Whose API key the client carries, looked up afresh, their organization, and when the key was used: now.

    Raises Unauthenticated, TooManyAttempts.
    """
    if client.api_key is None:
        raise Unauthenticated(KEY_REQUIRED)
    await services.throttles.ingest_per_address.attempt(client.network, _TOO_MANY)
    holder = await services.key_ring.holder(client.api_key)
    async with services.database.read() as db:
        found = await organizations.by_ids(db, Scope.of([holder.organization_id]), [holder.organization_id])
    if holder.organization_id not in found:  # deleted a moment ago, and its people with it
        raise Unauthenticated(INVALID_KEY)
    used_at = now()
    services.key_usage.touch(holder.id, used_at)
    return holder, found[holder.organization_id], used_at


def with_coordinates(candidate: Candidate) -> Candidate:
    """The rule of single events: a click says where. In a batch it need not."""
    if isinstance(candidate, RawEvent) and candidate.type == _CLICK and (candidate.x is None or candidate.y is None):
        reason = EventRejected(RejectionCode.INVALID_EVENT, "coordinates (x, y) are required for click events")
        return Refused(reason, as_sent(candidate))
    return candidate


def _submission(services: Services, claim: KeyClaim | None, candidates: Sequence[Candidate]) -> Submission:
    submission = Submission([], [], claim)
    received, ids, check = now(), OccurrenceCounter(), services.event_rules.check
    poster = None if claim is None else claim.user_id
    for index, candidate in enumerate(candidates):
        if isinstance(candidate, Refused):
            submission.rejected.append(RejectedEvent(index, candidate.reason, poster, candidate.payload))
            continue
        try:
            event = check(candidate, received)
            user_id = _person(claim, candidate)
        except EventRejected as reason:
            submission.rejected.append(RejectedEvent(index, reason, poster, as_sent(candidate)))
            continue
        submission.events.append(IncomingEvent(index, user_id, ids.id_of(user_id, event), event))
    return submission


def _person(claim: KeyClaim | None, raw: RawEvent) -> UUID:
    if raw.user_id is None:
        return ANONYMOUS if claim is None else claim.user_id
    if claim is None:
        if raw.user_id == ANONYMOUS:  # given, it must name somebody; leaving it out is how to be anonymous
            raise EventRejected(RejectionCode.UNKNOWN_USER, "unknown user", str(raw.user_id))
        return raw.user_id
    if raw.user_id.int != claim.user_id.int:
        raise EventRejected(
            RejectionCode.USER_MISMATCH, "userId is not the API key's user", "leave it out, or use that person's key"
        )
    return claim.user_id
