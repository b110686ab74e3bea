"""What a request hands to the event writer, and what it gets back."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from core.events import Event, EventRejected

_EVENT_BYTES = 1500
"""What an event weighs beside its texts: identities, times, and the objects around them."""

Payload = Callable[[], str]
"""Gives the event as the client sent it, as JSON text; called only when it is rejected."""


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """The API key a request came with, as last seen; the writer checks it again in its transaction."""

    user_id: UUID
    key_hash: bytes


class IncomingEvent(msgspec.Struct, frozen=True, gc=False):
    """An event to store: its place in the request, person (nil for anonymous), id and origin."""

    index: int
    user_id: UUID
    id: UUID
    event: Event
    payload: Payload


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """An event that is not stored, and why."""

    index: int
    reason: EventRejected
    user_id: UUID | None
    payload: str


@dataclass(frozen=True, slots=True)
class Submission:
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
        texts = sum(len(event.event.url) + len(event.event.session_id) for event in self.events)
        return _EVENT_BYTES * self.size + 2 * texts + sum(len(event.payload) for event in self.rejected)

    def halves(self) -> tuple["Submission", "Submission"]:
        """The same in two parts; what was rejected already goes with the first."""
        middle = len(self.events) // 2
        return replace(self, events=self.events[:middle]), replace(self, events=self.events[middle:], rejected=[])

    def without_events(self, refused: list[RejectedEvent]) -> "Submission":
        """The same with its events refused."""
        return replace(self, events=[], rejected=self.rejected + refused)


@dataclass(frozen=True, slots=True)
class Person:
    """The extension user an event was stored for."""

    id: UUID
    organization_id: UUID
    username: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request's events, by their index: stored, known already, or rejected."""

    received_at: datetime
    accepted: list[IncomingEvent] = field(default_factory=list)
    duplicates: list[IncomingEvent] = field(default_factory=list)
    rejected: list[RejectedEvent] = field(default_factory=list)
    people: dict[UUID, Person] = field(default_factory=dict)

    def merged(self, other: "Receipt") -> "Receipt":
        """One receipt for two parts of a request."""
        return Receipt(
            self.received_at,
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            sorted(self.rejected + other.rejected, key=lambda event: event.index),
            self.people | other.people,
        )
