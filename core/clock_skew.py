"""How far a client's clock is ahead of the server's, by what the client says it is."""

from datetime import datetime

from core.events import EventRejected, parse_timestamp

_LONGEST = 64


def clock_skew_seconds(sent_at: object, received_at: datetime) -> float | None:
    """Return the seconds that a client's clock is ahead (negative: behind), to the millisecond.

    `sent_at` is the client's time when it sent the request; the way here is part of the difference. None when that is
    no RFC 3339 time with an offset: a clock is never a reason to refuse events.
    """
    if not isinstance(sent_at, str) or len(sent_at) > _LONGEST:
        return None
    try:
        return round((parse_timestamp(sent_at) - received_at).total_seconds(), 3)
    except EventRejected:
        return None
