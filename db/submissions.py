"""Submissions, which requests hand to the event writer, and the receipts they get back."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from core.events import ANONYMOUS, Event, EventRejected
from core.scope import NO_ORGANIZATION, Scope

_EVENT_BYTES = 1500
"""What an event weighs beside its texts: identities, times, and the objects around them."""


class KeyClaim(msgspec.Struct, frozen=True, gc=False):
    """The API key a request came with, as last seen; the writer checks it again in its transaction."""

    user_id: UUID
    key_hash: bytes


class IncomingEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to store: its place in the request, person (nil for anonymous), id and origin."""

    index: int
    user_id: UUID
    id: UUID
    event: Event


class RejectedEvent(msgspec.Struct, frozen=True):
    """An event that is not stored, and why.

    `kept_reason` is what operators find in `rejected_events` where the client must not be told as much as that.
    """

    index: int
    reason: EventRejected
    user_id: UUID | None
    payload: str
    kept_reason: EventRejected | None = None


class Submission(msgspec.Struct, frozen=True):
    """One request's events: those to store, and those refused already.

    `network`: the source of a submission without a key, an address or an IPv6 network. It is never stored.
    `trusted_for`: the organizations for whose people it may carry events without a key, even if they require keys.
    `former_ids`: the ids that events of it may be stored under since before 0.3.0, by their ids (core/identity.py).
    `clock_skew_seconds`: how far its client's clock is ahead, if it told.
    """

    events: list[IncomingEvent]
    rejected: list[RejectedEvent]
    key: KeyClaim | None
    network: str = ""
    trusted_for: Scope = NO_ORGANIZATION
    former_ids: dict[UUID, UUID] = {}
    clock_skew_seconds: float | None = None

    @property
    def size(self) -> int:
        """The number of events it carries."""
        return len(self.events) + len(self.rejected)

    @property
    def keyless_user_ids(self) -> set[UUID]:
        """The people whose events it carries without a key; empty if it may carry them for every organization."""
        if self.key is not None or self.trusted_for.is_everything:
            return set()
        return {event.user_id for event in self.events} - {ANONYMOUS}

    @property
    def bytes(self) -> int:
        """About how much memory it holds while it waits."""
        weight = _EVENT_BYTES * self.size
        for incoming in self.events:
            weight += 2 * (len(incoming.event.raw.url or "") + len(incoming.event.session_id))
        for rejected in self.rejected:
            weight += len(rejected.payload)
        return weight

    def halves(self) -> tuple["Submission", "Submission"]:
        """The same in two parts; what was rejected already goes with the first."""
        middle = len(self.events) // 2
        return replace(self, events=self.events[:middle]), replace(self, events=self.events[middle:], rejected=[])

    def without_events(self, refused: list[RejectedEvent]) -> "Submission":
        """The same with its events refused."""
        return replace(self, events=[], rejected=self.rejected + refused)


class Person(msgspec.Struct, frozen=True, gc=False):
    """The extension user an event was stored for."""

    id: UUID
    organization_id: UUID
    username: str


class Receipt(msgspec.Struct, frozen=True):
    """The outcome of a request's events, by their index: stored, known already, or rejected."""

    received_at: datetime
    accepted: list[IncomingEvent] = []
    duplicates: list[IncomingEvent] = []
    rejected: list[RejectedEvent] = []
    people: dict[UUID, Person] = {}

    @property
    def user_ids(self) -> set[UUID]:
        """The people whose events are stored, now or before."""
        return {event.user_id for events in (self.accepted, self.duplicates) for event in events}

    @property
    def url_truncated(self) -> int:
        """The number of events, stored now or before, whose url was too long, and lost its tail."""
        return sum([event.event.url_truncated for events in (self.accepted, self.duplicates) for event in events])

    def merged(self, other: "Receipt") -> "Receipt":
        """One receipt for two parts of a request."""
        return Receipt(
            self.received_at,
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            sorted(self.rejected + other.rejected, key=lambda event: event.index),
            self.people | other.people,
        )
