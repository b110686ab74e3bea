"""What a request hands to the event writer, and what it gets back."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from core.events import Event, EventRejected

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
    """An event that is not stored, and why."""

    index: int
    reason: EventRejected
    user_id: UUID | None
    payload: str


class Submission(msgspec.Struct, frozen=True):
    """One request's events: those to store, and those refused already."""

    events: list[IncomingEvent]
    rejected: list[RejectedEvent]
    key: KeyClaim | None

    @property
    def size(self) -> int:
        """How many events it carries."""
        return len(self.events) + len(self.rejected)

    @property
    def bytes(self) -> int:
        """About how much memory it holds while it waits."""
        weight = _EVENT_BYTES * self.size
        for incoming in self.events:
            weight += 2 * (len(incoming.event.url) + len(incoming.event.session_id))
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
    """What became of a request's events, by their index: stored, known already, or rejected."""

    received_at: datetime
    accepted: list[IncomingEvent] = []
    duplicates: list[IncomingEvent] = []
    rejected: list[RejectedEvent] = []
    people: dict[UUID, Person] = {}

    def merged(self, other: "Receipt") -> "Receipt":
        """One receipt for two parts of a request."""
        return Receipt(
            self.received_at,
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            sorted(self.rejected + other.rejected, key=lambda event: event.index),
            self.people | other.people,
        )
