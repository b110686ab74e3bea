"""A month's events in no order of time, and posting them."""

import asyncio
import json
import random
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from bench.events import DAYS, browsing, until
from torture.client import BATCH
from torture.http import client
from torture.people import Person

CALM_HOURS = 5
FLOOD_DAYS = DAYS - 2
_BATCH = 1000
_POSTERS = 4
_REFUSALS = {429, 503}
_SEED = 7


def flood(person: Person, count: int, end: datetime) -> Iterable[dict[str, Any]]:
    """Events of one person in no order of time; no two that follow one another have the same domain."""
    rng = random.Random(_SEED)  # noqa: S311 - made-up data, repeatable on purpose
    span = FLOOD_DAYS * 86_400_000
    for number in range(count):
        yield {
            "sessionId": f"flood-{number % 50}",
            "ts": (end - timedelta(milliseconds=1 + rng.randrange(span))).isoformat(),
            "type": "focus",
            "url": f"https://site-{rng.randrange(300):03}.example/{number}",
            "userId": str(person.user_id),
            "eventId": f"flood-{number}",
        }


def calm(person: Person, end: datetime) -> Iterable[dict[str, Any]]:
    """An event of one person in each of a few late hours."""
    for hour in range(CALM_HOURS):
        ts = (end - timedelta(hours=24 * (hour + 1))).isoformat()
        yield {
            "sessionId": "calm",
            "ts": ts,
            "type": "focus",
            "url": "https://calm.example/",
            "userId": str(person.user_id),
        }


def company(people: Sequence[Person], count: int) -> Iterable[dict[str, Any]]:
    """A month of these people, in no order of time."""
    made = [*browsing([person.user_id for person in people], count, until())]
    random.Random(_SEED).shuffle(made)  # noqa: S311 - made-up data, repeatable on purpose
    for raw in made:
        yield {"sessionId": raw.session_id, "ts": raw.ts, "type": raw.type, "url": raw.url, "userId": str(raw.user_id)}


async def post(url: str, events: Iterable[dict[str, Any]]) -> float:
    """Post all events, some requests at a time; how long it took. Whoever is told to come back does."""
    source, began = iter(events), time.monotonic()

    async def post_some() -> None:
        async with client(url, timeout=60) as http:
            while batch := list(islice(source, _BATCH)):
                body = json.dumps({"events": batch})
                while (answer := await http.post(BATCH, content=body)).status_code in _REFUSALS:  # noqa: ASYNC110
                    await asyncio.sleep(float(answer.headers["Retry-After"]))
                answer.raise_for_status()

    await asyncio.gather(*(post_some() for _ in range(_POSTERS)))
    return time.monotonic() - began
