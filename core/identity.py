"""An event's identity: what makes a retried request free and a replay add nothing.

The id is derived, never drawn. It hashes the person and either the client's own `eventId` with the instant it names,
or, without one, the values of the event together with its occurrence number among equal events of the same request (so
that two honest, identical key presses of one millisecond both count, and a replay of that request adds nothing).

Values, not spellings: an instant counts however it was written, and by whichever door the event came. It is hashed as
JavaScript writes it, `2026-08-01T09:00:00.123Z`, since the extension always did. Until 0.3.0 it was hashed as it was
written; `OccurrenceCounter.former_ids` has the ids of then.

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
_BYTES = 16
_UTC_OFFSET = len("+00:00")


class OccurrenceCounter:
    """Derives the ids of one request's events, in order.

    `former_ids`: the ids that events had until 0.3.0, by their ids, where these are others.
    """

    def __init__(self) -> None:
        self.former_ids: dict[UUID, UUID] = {}
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
        ts = event.ts.isoformat(timespec="microseconds" if event.ts.microsecond % 1000 else "milliseconds")
        ts = ts[:-_UTC_OFFSET] + "Z"
        others = raw.type, raw.url or "", str(event.x), str(event.y)
        id_ = self._numbered((self._hex, raw.session_id, ts, *others))
        if ts != raw.ts:
            self.former_ids[id_] = self._numbered((self._hex, raw.session_id, raw.ts, *others))
        return id_

    def _numbered(self, parts: Iterable[str]) -> UUID:
        """The id of the next event with these parts."""
        digest = blake2b("\0".join(parts).encode(), digest_size=_BYTES).digest()
        occurrence = self._seen.get(digest, 0)
        self._seen[digest] = occurrence + 1
        return id_from(digest.hex(), str(occurrence)) if occurrence else _uuid(digest)


def id_from(*parts: str) -> UUID:
    """An id derived from these texts: the same ones give the same id."""
    # No part holds a NUL (the rules refuse it, and PostgreSQL has none), so it keeps ("ab", "c") and ("a", "bc") apart.
    return _uuid(blake2b("\0".join(parts).encode(), digest_size=_BYTES).digest())


def _uuid(digest: bytes) -> UUID:
    uuid: UUID = DriverUUID((int.from_bytes(digest) & _FREE_BITS | _VERSION_AND_VARIANT).to_bytes(16))
    return uuid
