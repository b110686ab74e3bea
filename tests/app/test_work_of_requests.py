"""The work of the hottest requests, counted instead of timed: SQL statements, rows read, Python calls.

When a test here fails, something does more, or less, than it did. If that is meant, run

    pytest tests/app/test_work_of_requests.py

put the numbers it reports into EXPECTED, and say in the commit's message what they bought. Statements and rows are
exact. Calls may differ by a tenth, as they do when a library's patch release moves something. They were counted on
Python 3.11 and are compared there alone.
"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from bench.dashboard import QUERY
from core.months import month_of
from db.partitions import ensure
from db.rollups import refresh_all
from tests.call_counts import fewest_calls
from tests.conftest import StatementCounter
from tests.rest_requests import BATCH, BEHAVIORS, event, with_key
from tests.statement_costs import work_of
from tests.world import Asker, Recorded, World, at, raw

COUNTED_ON = (3, 11)
CALLS_MAY_DIFFER = 0.1


@dataclass(frozen=True)
class Cost:
    """The cost of one request."""

    statements: int
    rows: int
    calls: int


EXPECTED = {
    "a single event": Cost(statements=1, rows=1, calls=173),
    "a batch of 100 events": Cost(statements=1, rows=1, calls=1141),
    "a small query": Cost(statements=1, rows=2, calls=561),
    "1000 behaviors": Cost(statements=2, rows=1012, calls=4977),
    "a dashboard": Cost(statements=12, rows=59, calls=6541),
}

SMALL = "{ viewer { username } }"
BEHAVIORS_QUERY = """{
    behaviors(first: 1000) { nodes { id ts type sessionId url domain x y } }
}"""
PERIOD = {"between": {"start": at("00:00:00"), "end": at("00:00:00", "2026-08-04")}}

AS_SENT = at("09:00:00.000")
"""An instant as the extension writes it: with milliseconds."""

Ask = Callable[[], Awaitable[object]]


@pytest.fixture
async def people(world: World) -> list[Recorded]:
    """Ten people of one organization with 100 events each, minute by minute, on ten domains; and their rollups."""
    await ensure(world.services.database, {month_of(datetime.fromisoformat(at("00:00:00")))})
    organization = await world.organization()
    recorded = [await world.recorded(organization) for _ in range(10)]
    for person in recorded:
        await world.browse(
            person,
            *(
                raw(
                    f"{9 + place // 60:02}:{place % 60:02}:00",
                    "keydown",
                    f"https://{'abcdefghij'[place // 3 % 10]}.com/",
                )
                for place in range(100)
            ),
        )
    await refresh_all(world.services.database)
    return recorded


@pytest.fixture
async def asker(world: World) -> Asker:
    return await world.super_admin()


async def test_a_single_event(world: World, people: list[Recorded], statements: StatementCounter):
    headers, number = with_key(people[0]), count()

    async def post() -> None:
        response = await world.http.post(
            BEHAVIORS, json=event(sessionId=f"{next(number)}", ts=AS_SENT), headers=headers
        )
        assert response.status_code == 201

    await _check("a single event", world, statements, post)


async def test_a_batch(world: World, people: list[Recorded], statements: StatementCounter):
    headers, number = with_key(people[0]), count()

    async def post() -> None:
        events = [event(sessionId=f"{next(number)}", ts=AS_SENT) for _ in range(100)]
        response = await world.http.post(BATCH, json={"events": events}, headers=headers)
        assert response.status_code == 201

    await _check("a batch of 100 events", world, statements, post)


async def test_a_small_query(world: World, asker: Asker, statements: StatementCounter):
    await _check("a small query", world, statements, lambda: asker.ask(SMALL))


@pytest.mark.usefixtures("people")
async def test_1000_behaviors(world: World, asker: Asker, statements: StatementCounter):
    await _check("1000 behaviors", world, statements, lambda: asker.ask(BEHAVIORS_QUERY))


async def test_a_dashboard(world: World, people: list[Recorded], asker: Asker, statements: StatementCounter):
    question: Any = QUERY % "extensionUser"
    person_id = str(people[0].id)

    await _check("a dashboard", world, statements, lambda: asker.ask(question, id=person_id, period=PERIOD))


async def _check(name: str, world: World, statements: StatementCounter, ask: Ask) -> None:
    """Compare a request's cost with what is expected of it."""
    calls, expected = await fewest_calls(ask), EXPECTED[name]
    statements.clear()
    await ask()
    work = await work_of(world.services.database, statements, small=True)
    found = Cost(work.statements, work.rows, calls)
    if sys.version_info[:2] != COUNTED_ON or abs(calls - expected.calls) <= CALLS_MAY_DIFFER * expected.calls:
        found = Cost(work.statements, work.rows, expected.calls)

    assert found == expected, f"{name} costs {found}, with {calls} calls"
