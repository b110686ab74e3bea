"""An event's identity: what makes a retried request free and a replay add nothing.

The id is derived, never drawn. It hashes the person and either the client's own `eventId` with the instant it names,
or, without one, the raw members together with the event's occurrence number among equal events of the same request
(so that two honest, identical key presses of one millisecond both count, and a replay of that request adds nothing).

The pressed key is no part of it: it is never stored, and an id hashed from it would let a reader of the database guess
it.
"""

from collections.abc import Iterable
from hashlib import blake2b
from uuid import UUID, SafeUUID

from core.events import Event

_VERSION_8 = 0x8 << 76  # RFC 9562: a custom, here content-derived, UUID
_VARIANT = 0x2 << 62
_FREE_BITS = ~(0xF << 76) & ~(0x3 << 62)


class OccurrenceCounter:
    """Derives the ids of one request's events, in order."""

    def __init__(self) -> None:
        self._seen: dict[bytes, int] = {}

    def id_of(self, user_id: UUID, event: Event) -> UUID:
        """The id of the next event. `user_id` is the person it is stored under."""
        raw = event.raw
        if raw.event_id:
            return _uuid(_digest((user_id.hex, "eventId", raw.event_id, event.ts.isoformat())))
        # `_digest` of the person and the members in order, written out: this is done for every event.
        session, ts, kind, url, x, y = raw.session_id, raw.ts, raw.type, event.url, str(raw.x), str(raw.y)
        digest = _hash(
            f"32:{user_id.hex}{len(session)}:{session}{len(ts)}:{ts}{len(kind)}:{kind}{len(url)}:{url}"
            f"{len(x)}:{x}{len(y)}:{y}"
        )
        occurrence = self._seen.get(digest, 0)
        self._seen[digest] = occurrence + 1
        return _uuid(_digest((digest.hex(), str(occurrence))) if occurrence else digest)


def id_from(*parts: str) -> UUID:
    """An id derived from these texts: the same ones give the same id."""
    return _uuid(_digest(parts))


def _digest(parts: Iterable[str]) -> bytes:
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return _hash("".join(f"{len(part)}:{part}" for part in parts))


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def _uuid(digest: bytes) -> UUID:
    # What `UUID(int=…)` does, less its checks of arguments, which take longer than the hash.
    uuid = object.__new__(UUID)
    object.__setattr__(uuid, "int", int.from_bytes(digest) & _FREE_BITS | _VERSION_8 | _VARIANT)
    object.__setattr__(uuid, "is_safe", SafeUUID.unknown)
    return uuid
