"""A client that asks over GraphQL and polls `/ready` while an experiment runs."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from torture.http import client

QUESTION = '{ organizations(first: 5) { nodes { name usage(period: {last: "P1D"}) { total { events } } } } }'
_PAUSE_SECONDS = 0.05
_TIMEOUT_SECONDS = 20
_UNAVAILABLE = {"SERVICE_UNAVAILABLE", "QUERY_TIMEOUT"}


@dataclass
class QuestionOutcomes:
    """The outcomes of questions: `answers` by `OK` or the error's code, `slowest` in seconds, and faults.

    `ready` counts the statuses of `/ready`.
    """

    answers: Counter[str] = field(default_factory=Counter)
    ready: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    slowest_ready: float = 0.0
    faults: list[str] = field(default_factory=list)
    last_refused: float = 0.0

    def note(self, answer: Any) -> None:
        """Record the answer to a question."""
        errors = answer.get("errors", [])
        code = errors[0].get("extensions", {}).get("code", "none") if errors else "OK"
        self.answers[code] += 1
        if errors:
            self.last_refused = time.monotonic()
        if errors and (code not in _UNAVAILABLE or "retryAfterSeconds" not in errors[0]["extensions"]):
            self.faults.append(str(errors[0])[:300])


@asynccontextmanager
async def asking(url: str, token: str, asked: QuestionOutcomes) -> AsyncIterator[None]:
    """Ask, and look at `/ready`, until the end."""
    async with (
        client(url, token, timeout=_TIMEOUT_SECONDS) as http,
        asyncio.TaskGroup() as group,
    ):
        stop = asyncio.Event()
        group.create_task(_ask(http, asked, stop))
        group.create_task(_look(http, asked, stop))
        try:
            yield
        finally:
            stop.set()


async def _ask(http: httpx.AsyncClient, asked: QuestionOutcomes, stop: asyncio.Event) -> None:
    while not stop.is_set():
        began = time.perf_counter()
        response = await http.post("/graphql", json={"query": QUESTION})
        asked.slowest = max(asked.slowest, time.perf_counter() - began)
        asked.note(response.json())
        await asyncio.sleep(_PAUSE_SECONDS)


async def _look(http: httpx.AsyncClient, asked: QuestionOutcomes, stop: asyncio.Event) -> None:
    while not stop.is_set():
        began = time.perf_counter()
        response = await http.get("/ready")
        asked.slowest_ready = max(asked.slowest_ready, time.perf_counter() - began)
        asked.ready[response.status_code] += 1
        await asyncio.sleep(_PAUSE_SECONDS)
