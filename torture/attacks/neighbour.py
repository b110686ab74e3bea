"""An innocent neighbour: posts events with a key, asks questions, and polls the service's health.

In a second: five single events, two batches of twenty, a question, and `/health` and `/ready` five times each on
connections of their own. What is due is sent, whether or not anything else was answered.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import quantiles

import asyncpg
import httpx

from torture.asking import QUESTION
from torture.client import BATCH, SINGLE, new_parcel
from torture.http import client

ADDRESS = "127.0.0.2"
_TIMEOUT_SECONDS = 15
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Sample:
    """A request: `kind` is post, health, ready or question; `refusal` is empty when it was answered well."""

    kind: str
    began: float
    seconds: float
    refusal: str

    @property
    def ended(self) -> float:
        """The instant of its answer."""
        return self.began + self.seconds


@dataclass(frozen=True, slots=True)
class Samples:
    """Requests of one stretch of time."""

    samples: list[Sample]

    def slowest(self, kind: str) -> float:
        """The longest that an answer of that kind took."""
        return max((each.seconds for each in self.samples if each.kind == kind), default=0.0)

    def p99(self, kind: str) -> float:
        """Return the 99th percentile of the times of that kind."""
        seconds = [each.seconds for each in self.samples if each.kind == kind]
        return quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else self.slowest(kind)

    def number(self, kind: str) -> int:
        """Return the number of requests of that kind."""
        return sum(each.kind == kind for each in self.samples)

    @property
    def refusals(self) -> list[str]:
        """The requests that got no answer, or not the right one: `post 503`, `health ConnectError`."""
        return [f"{each.kind} {each.refusal}" for each in self.samples if each.refusal]


class Neighbour:
    """Somebody with a key and a sign-in. `samples` are of all requests, `acknowledged` urls of events."""

    def __init__(self, url: str, key: str, token: str) -> None:
        self._url = url
        self._key = key
        self._token = token
        self.samples: list[Sample] = []
        self.acknowledged: list[str] = []

    def between(self, began: float, ended: float) -> Samples:
        """The requests under way at some time between two instants."""
        return Samples([each for each in self.samples if each.ended >= began and each.began <= ended])

    async def lost(self, database_url: str) -> int:
        """Return the number of acknowledged events that are not stored exactly once."""
        connection = await asyncpg.connect(database_url)
        try:
            statement = "SELECT url FROM behaviors WHERE url = ANY($1) GROUP BY url HAVING count(*) = 1"
            return len(self.acknowledged) - len(await connection.fetch(statement, self.acknowledged))
        finally:
            await connection.close()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Send requests until the end, and wait for the answers of all."""
        # One client for each: httpx's pool walks through all of its connections whenever it is used.
        async with self._client() as single, self._client() as batch, self._client(self._token) as asking:
            single.headers["X-API-Key"] = batch.headers["X-API-Key"] = self._key
            async with asyncio.TaskGroup() as group:
                ticking = [
                    group.create_task(_every(seconds, group, action))
                    for seconds, action in (
                        (0.2, lambda: self._post(single, SINGLE, 1)),
                        (0.5, lambda: self._post(batch, BATCH, _BATCH)),
                        (0.2, lambda: self._look("health")),
                        (0.2, lambda: self._look("ready")),
                        (1.0, lambda: self._ask(asking)),
                    )
                ]
                try:
                    yield
                finally:
                    for each in ticking:
                        each.cancel()

    def _client(self, token: str | None = None) -> httpx.AsyncClient:
        return client(self._url, token, ADDRESS, timeout=_TIMEOUT_SECONDS)

    async def _post(self, http: httpx.AsyncClient, path: str, size: int) -> None:
        parcel = new_parcel(size)
        body = parcel.events[0] if path == SINGLE else {"events": parcel.events}
        if await self._sample("post", http.post(path, json=body), httpx.codes.CREATED):
            self.acknowledged += parcel.urls

    async def _look(self, name: str) -> None:
        async with self._client() as http:
            await self._sample(name, http.get(f"/{name}"))

    async def _ask(self, http: httpx.AsyncClient) -> None:
        await self._sample("question", http.post("/graphql", json={"query": QUESTION}))

    async def _sample(self, kind: str, request: Awaitable[httpx.Response], status: int = httpx.codes.OK) -> bool:
        began = time.monotonic()
        try:
            answer = await request
        except httpx.TransportError as error:
            refusal = type(error).__name__
        else:
            refusal = _refusal(kind, answer, status)
        self.samples.append(Sample(kind, began, time.monotonic() - began, refusal))
        return not refusal


def _refusal(kind: str, answer: httpx.Response, status: int) -> str:
    if answer.status_code != status:
        return str(answer.status_code)
    errors = answer.json().get("errors") if kind == "question" else None
    return str(errors[0]["extensions"]["code"]) if errors else ""


async def _every(seconds: float, group: asyncio.TaskGroup, action: Callable[[], Awaitable[None]]) -> None:
    due = time.monotonic()
    while True:
        group.create_task(_done(action))
        due += seconds
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def _done(action: Callable[[], Awaitable[None]]) -> None:
    await action()
