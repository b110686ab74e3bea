"""An event's identity: what makes a retried request free and a replay add nothing.

The id is derived, never drawn. It hashes the person and either the client's own `eventId` with the instant it names,
or, without one, the raw members together with the event's occurrence number among equal events of the same request
(so that two honest, identical key presses of one millisecond both count, and a replay of that request adds nothing).

The pressed key is no part of it: it is never stored, and an id hashed from it would let a reader of the database guess
it.
"""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID

# The driver's own class is made, and sent to PostgreSQL, in a fraction of the time of the standard library's.
from asyncpg.pgproto.pgproto import UUID as DriverUUID  # noqa: N811 - a class

from core.events import Event

_VERSION_AND_VARIANT = 0x8 << 76 | 0x2 << 62  # RFC 9562, version 8: a custom, here content-derived, UUID
_FREE_BITS = ~(0xF << 76) & ~(0x3 << 62)


class OccurrenceCounter:
    """Derives the ids of one request's events, in order."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}
        self._person: UUID | None = None
        self._hex = ""

    def id_of(self, user_id: UUID, event: Event) -> UUID:
        """The id of the next event. `user_id` is the person it is stored under."""
        raw = event.raw
        if raw.event_id:
            return id_from(user_id.hex, "eventId", raw.event_id, event.ts.isoformat())
        if user_id is not self._person:  # nearly all events of a request are of one
            self._person, self._hex = user_id, user_id.hex
        digest = _digest((self._hex, raw.session_id, raw.ts, raw.type, event.url, str(raw.x), str(raw.y)))
        occurrence = self._seen.get(digest, 0)
        self._seen[digest] = occurrence + 1
        return id_from(digest.hex(), str(occurrence)) if occurrence else _uuid(digest)


def id_from(*parts: str) -> UUID:
    """An id derived from these texts: the same ones give the same id."""
    return _uuid(_digest(parts))


def _digest(parts: Iterable[str]) -> bytes:
    # No part holds a NUL (the rules refuse it, and PostgreSQL has none), so it keeps ("ab", "c") and ("a", "bc") apart.
    return blake2b("\0".join(parts).encode(), digest_size=16).digest()


def _uuid(digest: bytes) -> UUID:
    uuid: UUID = DriverUUID((int.from_bytes(digest) & _FREE_BITS | _VERSION_AND_VARIANT).to_bytes(16))
    return uuid
