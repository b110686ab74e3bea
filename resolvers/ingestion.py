"""Ingestion: the one path of events into the database, from REST and GraphQL alike."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from auth.ingest_limits import IngestLimits, Poster
from auth.viewer import Viewer
from core.clock import now
from core.clock_skew import clock_skew_seconds
from core.domains import domain_of, is_slow
from core.errors import INVALID_KEY, Unauthenticated
from core.event_types import EventType
from core.events import ANONYMOUS, EventRejected, RawEvent, RejectionCode, as_sent, usable_coordinate
from core.identity import OccurrenceCounter
from core.scope import NO_ORGANIZATION, Scope
from db.anonymous_events import NO_ROOM
from db.queries import organizations
from db.queries.extension_users import ExtensionUserRow
from db.queries.ingestion import first_received_at
from db.queries.organizations import OrganizationRow
from db.submissions import IncomingEvent, KeyClaim, Receipt, RejectedEvent, Submission
from resolvers.caller import Client
from resolvers.ingest_refusals import hide_inactive_people
from resolvers.services import Services

KEY_REQUIRED = "X-API-Key header is required"
KEY_EMPTY = "the API key is empty: send the extension user's key, or leave X-API-Key (or apiKey) out"
_CLICK = EventType.CLICK.wire
_NAMES_AT_ONCE = 50
"""How many international names are read without letting others go on: half a millisecond each at the most."""


class RefusedCandidate(msgspec.Struct, frozen=True):
    """An event that was refused before the rules of events were applied: the reason, and what the client sent."""

    reason: EventRejected
    payload: str


Candidate = RawEvent | RefusedCandidate
"""An event of a request."""


async def authorize(services: Services, client: Client) -> KeyClaim | None:
    """Return the claim of the client's API key; None for a request without a key.

    Called before the body is read, unless that may hold the key. The request is counted by `store`, by
    `count_request`, or here if it is refused.
    Raises Unauthenticated for a bad, empty (or required and missing) API key, TooManyAttempts.
    """
    limits = services.ingest_limits
    if client.api_key is None:
        if services.require_api_key:
            await limits.count_request(_poster(client, None))
            raise Unauthenticated(KEY_REQUIRED)
        limits.check(_poster(client, None))
        return None
    if not client.api_key:
        await limits.count_request(_poster(client, None))
        raise Unauthenticated(KEY_EMPTY)
    if not services.api_key_cache.has_seen(client.api_key):
        limits.check_unknown_key(_poster(client, None))
    try:
        claim = await services.api_key_cache.claim(client.api_key)
    except Unauthenticated:
        await limits.count_unknown_key(_poster(client, None))
        raise
    limits.check(_poster(client, claim))
    return claim


async def count_request(services: Services, client: Client, claim: KeyClaim | None = None) -> None:
    """Count a request that stores nothing. Raises TooManyAttempts."""
    await services.ingest_limits.count_request(_poster(client, claim))


async def store(
    services: Services,
    candidates: Sequence[Candidate],
    claim: KeyClaim | None = None,
    client: Client | None = None,
    size: int = 0,
    viewer: Viewer | None = None,
    sent_at: object = None,
) -> Receipt:
    """Store the events of one request; return the receipt with the outcome of each once they are committed.

    `claim` is the result of `authorize` for `client`; None for a request without a key. Both are None for events
    of the service itself. `size` is that of the request in bytes. A signed-in `viewer` needs no key for people of
    organizations that they may change, even if these require keys, and is told about inactive people whom they may
    read. `sent_at` is the client's time when it sent the request, or anything else. Raises TooManyAttempts beyond the
    limits, Unauthenticated if the key was revoked meanwhile, Unavailable.
    """
    if client is None:
        submission = _submission(services, claim, "", candidates, no_room=False)
        return await services.writer.write(replace(submission, trusted_for=Scope.everything()))
    skew = None if sent_at is None else clock_skew_seconds(sent_at, now())
    await _count(services.ingest_limits, candidates, _poster(client, claim), size)
    await _read_names(services, candidates, client.network if claim is None else str(claim.user_id))
    trusted_for = NO_ORGANIZATION if viewer is None else viewer.manageable
    if claim is not None:
        submission = _submission(services, claim, "", candidates, no_room=False)
        return await services.writer.write(replace(submission, trusted_for=trusted_for, clock_skew_seconds=skew))
    no_room = services.anonymous_events.is_full
    submission = _submission(services, None, client.network, candidates, no_room=no_room)
    if no_room and not submission.events and any(map(_is_over_quota, submission.rejected)):
        raise services.anonymous_events.refusal()
    receipt = await services.writer.write(replace(submission, trusted_for=trusted_for, clock_skew_seconds=skew))
    if not receipt.rejected:
        return receipt
    return await hide_inactive_people(services, receipt, None if viewer is None else viewer.readable)


async def first_received(services: Services, receipt: Receipt, event: IncomingEvent) -> datetime:
    """Return the time at which an event of the receipt was received; for a duplicate, that of its first copy."""
    if event not in receipt.duplicates:
        return receipt.received_at
    async with services.database.read() as db:
        return await first_received_at(db, event) or receipt.received_at


async def key_holder(services: Services, client: Client) -> tuple[ExtensionUserRow, OrganizationRow, datetime]:
    """Return the holder of the client's API key, read from the database, their organization, and the time of this use.

    Raises Unauthenticated, TooManyAttempts.
    """
    if not client.api_key:
        raise Unauthenticated(KEY_REQUIRED)
    await count_request(services, client)
    holder = await services.api_key_cache.holder(client.api_key)
    async with services.database.read() as db:
        found = await organizations.by_ids(db, Scope.of([holder.organization_id]), [holder.organization_id])
    if holder.organization_id not in found:  # deleted a moment ago, and its people with it
        raise Unauthenticated(INVALID_KEY)
    used_at = now()
    services.key_usage.touch(holder.id, used_at)
    return holder, found[holder.organization_id], used_at


def with_coordinates(candidate: Candidate) -> Candidate:
    """Return the candidate, refused if it is a click without coordinates; only single events must have them.

    Of two coordinates that were sent one must be usable.
    """
    if isinstance(candidate, RawEvent) and candidate.type == _CLICK and not _has_coordinates(candidate.x, candidate.y):
        reason = EventRejected(RejectionCode.INVALID_EVENT, "coordinates (x, y) are required for click events")
        return RefusedCandidate(reason, as_sent(candidate))
    return candidate


def _has_coordinates(x: int | None, y: int | None) -> bool:
    was_sent = x is not None and y is not None
    return was_sent and (usable_coordinate(x), usable_coordinate(y)) != (None, None)


def _poster(client: Client, claim: KeyClaim | None) -> Poster:
    name = client.network if claim is None else claim.user_id.hex
    return Poster(name, claim is not None, client.quotas)


async def _count(limits: IngestLimits, candidates: Sequence[Candidate], poster: Poster, size: int) -> None:
    """Count a request and all its events: refusing one takes as much work as storing it."""
    if not limits.enabled:
        return
    named: Mapping[str, int] = {}
    if not poster.has_key:  # with a key every event is its holder's, or refused
        # Counted as integers, which hash faster than UUIDs.
        users = Counter(
            [raw.user_id.int for raw in candidates if isinstance(raw, RawEvent) and raw.user_id is not None]
        )
        named = {f"{user:032x}": number for user, number in users.items()}
    await limits.count(poster, len(candidates), max(size, 1), named)


async def _read_names(services: Services, candidates: Sequence[Candidate], source: str) -> None:
    """Find the domains of urls with international names, if they are many, in the source's turns of the event loop.

    They are remembered for when the events are checked.
    """
    urls = [raw.url for raw in candidates if isinstance(raw, RawEvent) and raw.url and not raw.url.isascii()]
    if len(urls) <= _NAMES_AT_ONCE:
        return
    slow = list(filter(is_slow, dict.fromkeys(urls)))
    for first in range(_NAMES_AT_ONCE, len(slow), _NAMES_AT_ONCE):
        await services.heavy_work.turn(source)
        for url in slow[first : first + _NAMES_AT_ONCE]:
            domain_of(url)


def _is_over_quota(event: RejectedEvent) -> bool:
    return event.reason.code is RejectionCode.OVER_QUOTA


def _submission(
    services: Services, claim: KeyClaim | None, network: str, candidates: Sequence[Candidate], *, no_room: bool
) -> Submission:
    """Return the request's events after applying the rules of one event; with `no_room`, anonymous ones are refused."""
    received, ids, check = now(), OccurrenceCounter(), services.event_rules.check
    submission = Submission([], [], claim, network, former_ids=ids.former_ids)
    poster = None if claim is None else claim.user_id
    for index, candidate in enumerate(candidates):
        if isinstance(candidate, RefusedCandidate):
            submission.rejected.append(RejectedEvent(index, candidate.reason, poster, candidate.payload))
            continue
        try:
            event = check(candidate, received)
            user_id = _person(claim, candidate)
            if no_room and user_id == ANONYMOUS:
                raise EventRejected(RejectionCode.OVER_QUOTA, NO_ROOM)  # noqa: TRY301 - like any rule of one event
        except EventRejected as reason:
            submission.rejected.append(RejectedEvent(index, reason, poster, as_sent(candidate)))
            continue
        submission.events.append(IncomingEvent(index, user_id, ids.id_of(user_id, event), event))
    return submission


def _person(claim: KeyClaim | None, raw: RawEvent) -> UUID:
    if raw.user_id is None:
        return ANONYMOUS if claim is None else claim.user_id
    if claim is None:
        if raw.user_id == ANONYMOUS:  # a given userId must name a person; anonymous events leave it out
            raise EventRejected(RejectionCode.UNKNOWN_USER, "unknown user", str(raw.user_id))
        return raw.user_id
    if raw.user_id.int != claim.user_id.int:
        raise EventRejected(
            RejectionCode.USER_MISMATCH, "userId is not the API key's user", "leave it out, or use that person's key"
        )
    return claim.user_id
