"""Bodies that nobody would send in good faith: random events, alone and beside good ones, and random bytes."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rest.test_random_events import EVENTS, JSON
from tests.servers import Postgres15
from torture.bookkeeping import balance
from torture.client import BATCH, SINGLE, Ledger, Parcel, new_parcel
from torture.findings import Finding
from torture.service import running

EXAMPLES = 2_000
_ANSWERS = {httpx.codes.CREATED, httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE}
_NEIGHBOURS = 4
_DEEP = 100_000

_GOOD = json.dumps({"events": [{"sessionId": "s", "ts": "2026-08-03T09:00:00Z", "type": "focus"}]}).encode()
_NASTY = [
    b"",
    b"\x00",
    b"\xff\xfe{}",
    b"\xef\xbb\xbf" + _GOOD,
    b"[" * _DEEP,
    b'{"events":' * _DEEP,
    b'{"events": [' + b"{}," * 999 + b"{}]}",
    b'{"events": [' + b"1e999," * 10 + b"-0]}",
    b'{"sessionId": "\xed\xa0\x80", "ts": "2026-08-03T09:00:00Z", "type": "focus"}',
    b'{"sessionId": "s", "sessionId": "t", "ts": "2026-08-03T09:00:00Z", "type": "focus"}',
    b'{"x": ' + b"9" * 10_000 + b"}",
    b"\x1f\x8b\x08" + bytes(100),
]


def _damaged(place: int, inserted: bytes, taken: int) -> bytes:
    place %= len(_GOOD)
    return _GOOD[:place] + inserted + _GOOD[place + taken :]


BODIES = (
    st.binary(max_size=200)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.builds(_damaged, st.integers(0, 200), st.binary(max_size=4), st.integers(0, 4))
    | st.sampled_from(_NASTY)
)


@dataclass
class Poisoned:
    """The observations: how many bodies were answered how, and answers that nobody should get."""

    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    neighbours: list[Parcel] = field(default_factory=list)
    lost: int = 0

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(self.statuses.items()))
        return [
            Finding(
                f"{self.statuses.total():,} random bodies: events, batches with good events among them, bytes",
                "never a 500, never a neighbour lost",
                f"answers: {statuses}; {len(self.faults)} of them wrong; of {len(self.neighbours):,} good neighbours "
                f"{self.lost} lost",
                not self.faults and not self.lost,
            )
        ]

    def note(self, answer: httpx.Response, *, well: bool = True) -> None:
        """Write an answer down."""
        self.statuses[answer.status_code] += 1
        if answer.status_code not in _ANSWERS or not well or answer.json()["success"] is not answer.is_success:
            self.faults.append(f"{answer.status_code} {answer.text[:200]} for {answer.request.content[:200]!r}")


async def poison(server: Postgres15, folder: Path, examples: int = EXAMPLES) -> Poisoned:
    """Send so many bodies of each kind."""
    seen = Poisoned()
    async with running(folder, server.url) as service:
        await asyncio.to_thread(_post_all, service.url, seen, examples)
    stored = await balance(server.url, [Ledger(acknowledged=seen.neighbours)])
    seen.lost = len(stored.lost)
    return seen


def _post_all(url: str, seen: Poisoned, examples: int) -> None:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as http:

        def alone(event: Any) -> None:
            seen.note(http.post(SINGLE, content=json.dumps(event)))

        def among_neighbours(events: list[Any], place: int) -> None:
            neighbour = new_parcel(1)
            answer = http.post(
                BATCH, content=json.dumps({"events": [*events[:place], *neighbour.events, *events[place:]]})
            )
            seen.neighbours.append(neighbour)
            seen.note(answer, well=answer.status_code == httpx.codes.CREATED)

        def bytes_alone(body: bytes) -> None:
            for route in (SINGLE, BATCH):
                seen.note(http.post(route, content=body))

        _try(examples, alone, EVENTS)
        _try(examples, among_neighbours, st.lists(EVENTS, max_size=_NEIGHBOURS), st.integers(0, _NEIGHBOURS))
        _try(examples, bytes_alone, BODIES)


def _try(examples: int, check: Callable[..., None], *strategies: st.SearchStrategy[Any]) -> None:
    limits = settings(
        max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    limits(given(*strategies)(check))()
