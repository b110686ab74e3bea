"""A client that posts events, and a ledger of the answers.

Every event has a url of its own, so what is stored can be told apart event by event.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from core.clock import now
from torture.http import client

SINGLE, BATCH = "/api/v1/inayla/behaviors", "/api/v1/inayla/behaviors/batch"
CUT_OFF, REFUSED = 0, -1
"""What stands for a status where the connection broke after something was sent, and where there was none."""
_LONGEST_PAUSE = 0.3
"""A client keeps to `Retry-After`. Here it comes back sooner, so that more requests meet the trouble."""
_TIMEOUT_SECONDS = 15
_REFUSALS = {429, 503}
_number = count(1)


@dataclass(frozen=True, slots=True)
class Parcel:
    """The events of one request."""

    events: list[dict[str, Any]]

    @property
    def urls(self) -> list[str]:
        """The urls that tell its events apart."""
        return [event["url"] for event in self.events]


@dataclass
class Ledger:
    """The requests of clients and their answers. Times in seconds, instants of `time.monotonic()`.

    `given_up` were never acknowledged, and not sent again; `faults` are answers that no client should ever get.
    """

    acknowledged: list[Parcel] = field(default_factory=list)
    given_up: list[Parcel] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    slowest: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    faults: list[str] = field(default_factory=list)
    last_acknowledged: float = 0.0
    last_refused: float = 0.0

    @property
    def events(self) -> int:
        """The number of acknowledged events."""
        return sum(len(parcel.events) for parcel in self.acknowledged)

    @property
    def refusals(self) -> int:
        """The number of requests that were told to come back."""
        return sum(self.answers[status] for status in _REFUSALS)

    @property
    def slowest_refusal(self) -> float:
        """The longest that a request waited to be told so."""
        return max((self.slowest[status] for status in _REFUSALS), default=0.0)

    def note(self, answer: httpx.Response | int, seconds: float) -> bool:
        """Record an answer, or why there was none; return whether it acknowledges the events."""
        status = answer if isinstance(answer, int) else answer.status_code
        self.answers[status] += 1
        self.slowest[status] = max(self.slowest[status], seconds)
        if status == httpx.codes.CREATED:
            self.last_acknowledged = time.monotonic()
            return True
        self.last_refused = time.monotonic()
        if not isinstance(answer, int) and (status not in _REFUSALS or "Retry-After" not in answer.headers):
            self.faults.append(f"{status} {answer.text[:200]}")
        return False


class Client:
    """Posts parcels of `size` events, one after the other. One without patience never sends anything twice."""

    def __init__(self, url: str, ledger: Ledger, *, size: int, key: str | None = None, patient: bool = True) -> None:
        self._url = url
        self._ledger = ledger
        self._size = size
        self._headers = {} if key is None else {"X-API-Key": key}
        self._patient = patient

    async def run(self, stop: asyncio.Event) -> None:
        """Post until told to stop; requests already begun are completed."""
        limits = httpx.Limits(max_connections=1)
        async with client(self._url, timeout=_TIMEOUT_SECONDS, limits=limits) as http:
            http.headers.update(self._headers)
            while not stop.is_set():
                await self._deliver(http, new_parcel(self._size))

    async def _deliver(self, http: httpx.AsyncClient, parcel: Parcel) -> None:
        while True:
            began = time.perf_counter()
            answer = await self._post(http, parcel)
            if self._ledger.note(answer, time.perf_counter() - began):
                self._ledger.acknowledged.append(parcel)
                return
            await asyncio.sleep(_pause(answer))
            if not self._patient:
                self._ledger.given_up.append(parcel)
                return

    async def _post(self, http: httpx.AsyncClient, parcel: Parcel) -> httpx.Response | int:
        try:
            if self._size == 1:
                return await http.post(SINGLE, json=parcel.events[0])
            return await http.post(BATCH, json={"events": parcel.events})
        except httpx.ConnectError:
            return REFUSED
        except httpx.TransportError:
            return CUT_OFF


def new_parcel(size: int) -> Parcel:
    """Events that nobody has sent before."""
    return Parcel([_event(next(_number)) for _ in range(size)])


@asynccontextmanager
async def posting(url: str, ledger: Ledger, key: str | None = None) -> AsyncIterator[None]:
    """Clients of every kind at work: single events and batches, with a key and without, patient and not."""
    clients = [
        *[Client(url, ledger, size=1, key=key) for _ in range(4)],
        *[Client(url, ledger, size=1, patient=False) for _ in range(2)],
        *[Client(url, ledger, size=20) for _ in range(2)],
        *[Client(url, ledger, size=50, key=key, patient=False) for _ in range(2)],
    ]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for each in clients:
            group.create_task(each.run(stop))
        try:
            yield
        finally:
            stop.set()


def _event(number: int) -> dict[str, Any]:
    return {
        "sessionId": f"session-{number % 50}",
        "ts": now().isoformat(),
        "type": "focus",
        "url": f"https://torture.example/{number}",
        "eventId": f"event-{number}",
    }


def _pause(answer: httpx.Response | int) -> float:
    after = None if isinstance(answer, int) else answer.headers.get("Retry-After")
    return _LONGEST_PAUSE if after is None else min(float(after), _LONGEST_PAUSE)
