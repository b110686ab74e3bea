"""The memory of a running service: when it has nothing to do, and while more comes than it can answer."""

import asyncio
import http.client
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from uuid import UUID, uuid4

import httpx
import msgspec

from bench import memory
from bench.events import browsing, until
from bench.memory import Memory
from bench.servers import Server
from core.events import RawEvent
from core.limits import EVENTS_PER_BATCH
from tests.rest_requests import BATCH, BEHAVIORS

GRAPHQL = "/graphql"
POSTERS, BATCH_POSTERS, ASKERS = 48, 16, 8
"""Connections that post single events, that post a thousand at a time, that ask for dashboards; none pauses."""
_SETTLE_SECONDS = 3.0
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A request for a dashboard: its body, and its headers."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MemoryUnderLoad:
    """Memory when ready, the most in a load's first half and in its second, and afterwards; requests by route."""

    idle: Memory
    first: Memory
    second: Memory
    after: Memory
    answered: Counter[str]


async def hold(
    service: Server, database: str, seconds: float, dashboard: Dashboard, people: Sequence[UUID]
) -> MemoryUnderLoad:
    """Watch the memory of a service and of its connections to the database while it is under load for so long.

    A little before and after, too.
    """
    assert service.pid is not None  # noqa: S101 - it is one of ours
    await asyncio.sleep(_SETTLE_SECONDS)
    idle = memory.now(service.pid, database)
    with memory.watching(service.pid, database) as watch:
        answered = await _load(f"http://{service.host}:{service.port}", seconds, dashboard, people)
    await asyncio.sleep(_SETTLE_SECONDS)
    first, second = watch.halves()
    return MemoryUnderLoad(idle, first, second, memory.now(service.pid, database), answered)


async def _load(address: str, seconds: float, dashboard: Dashboard, people: Sequence[UUID]) -> Counter[str]:
    deadline, answered = time.monotonic() + seconds, Counter[str]()

    async def post(path: str, bodies: Iterator[bytes], headers: Mapping[str, str]) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            while time.monotonic() < deadline:
                response = await client.post(path, content=next(bodies), headers=_JSON | dict(headers))
                answered[path] += response.status_code < http.client.MULTIPLE_CHOICES

    singles, batches = _bodies(people, 1), _bodies(people, EVENTS_PER_BATCH)
    await asyncio.gather(
        *(post(BEHAVIORS, singles, {}) for _ in range(POSTERS)),
        *(post(BATCH, batches, {}) for _ in range(BATCH_POSTERS)),
        *(post(GRAPHQL, cycle([dashboard.body]), dashboard.headers) for _ in range(ASKERS)),
    )
    return answered


def _bodies(people: Sequence[UUID], size: int) -> Iterator[bytes]:
    """Requests with so many events each, none like another."""
    events = cycle(list(browsing(list(people), 20 * EVENTS_PER_BATCH, until())))
    while True:
        session = str(uuid4())
        fresh = [msgspec.structs.replace(event, session_id=session, x=0, y=0) for event in islice(events, size)]
        yield _encoded(fresh)


def _encoded(events: Sequence[RawEvent]) -> bytes:
    return msgspec.json.encode(events[0] if len(events) == 1 else {"events": events})
