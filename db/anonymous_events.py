"""The limit on what anonymous events take on disk: everybody may post them, so nothing else bounds them."""

import random
from datetime import timedelta
from statistics import fmean

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Unavailable
from db.background_jobs import LONGEST_SECONDS, BackgroundJob
from db.queries import anonymous_events

log = structlog.get_logger()

NO_ROOM = "there is no room for further anonymous events at the moment"
_PLACES = 10
_EVENTS_AT_A_PLACE = 100
_KEY_BYTES = 80
"""What the key of an event takes beside its row."""
_AN_HOUR = timedelta(hours=1)
_RETRY_SECONDS = (300, 600)
"""Room comes with retention, every hour, or by an operator: not within seconds."""


class AnonymousEvents:
    """Measures about how many bytes anonymous events take, and whether they are as many as they may be.

    `bytes`: as measured last. `limit_bytes`: 0 for no limit.
    """

    def __init__(self, limit_bytes: int = 0) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self.is_full = False

    async def measure(self, job: BackgroundJob) -> None:
        """Measure anew. When it fails, what was measured before stands."""
        self.bytes = await job.work(_measured, LONGEST_SECONDS)
        is_full = 0 < self.limit_bytes <= self.bytes
        if is_full != self.is_full:
            event = "anonymous events refused: they are as many as allowed" if is_full else "anonymous events accepted"
            log.warning(event, bytes=self.bytes, limit_bytes=self.limit_bytes)
        self.is_full = is_full

    def refusal(self) -> Unavailable:
        """The failure of a request of nothing but anonymous events when there is no room for them."""
        message = f"{NO_ROOM}: nothing was stored; send it again later, or with an API key or a userId"
        return Unavailable(message, random.randint(*_RETRY_SECONDS))  # noqa: S311 - jitter, not a secret


async def _measured(connection: AsyncConnection, _size: int) -> int:
    known = await anonymous_events.count(connection, _PLACES)
    means: list[float] = []
    for hour in known.sample:
        # Within the hour, so that nobody can hide large events behind some small ones.
        since = hour + random.random() * _AN_HOUR  # noqa: S311 - a sample, not a secret
        sizes = await anonymous_events.sizes(connection, since, _EVENTS_AT_A_PLACE)
        sizes = sizes or await anonymous_events.sizes(connection, hour, _EVENTS_AT_A_PLACE)
        if sizes:  # else they were deleted meanwhile
            means.append(fmean(sizes))
    return int(known.events * (fmean(means) + _KEY_BYTES)) if means else 0
