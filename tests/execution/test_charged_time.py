"""A query pays for the time that the database really took, whatever its price was: after it has failed, too."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from limits import parse

from auth.budget import Budget
from auth.meter import Meter
from auth.throttle import Counters
from tests.conftest import make_settings
from tests.resolvers.test_concurrency import CHEAP, RULES, SLOW, running, with_an_event
from tests.servers import RedisServer, own_world
from tests.web.test_request_timeout import held
from tests.world import World

YEAR = parse("1/year").get_expiry()
pytestmark = pytest.mark.usefixtures("world")  # it is emptied afterwards


@asynccontextmanager
async def thrifty(
    data_dir: Path, database_url: str, redis: RedisServer | None = None, **settings: Any
) -> AsyncIterator[World]:
    """An application where everybody has 5000 points, and as good as none flow in while a test goes on."""
    settings = {
        "rate_limit_enabled": True,
        "query_max_cost": 5000,
        "query_budget_per_viewer": "5000/year",
        "redis_url": redis.url if redis else None,
    } | settings
    async with own_world(make_settings(data_dir, jwt_secret="s" * 32, **settings), database_url) as own:
        yield own


async def test_a_statement_that_timed_out_is_charged_and_the_next_query_must_wait(
    data_dir: Path, database_url: str, redis: RedisServer | None
):
    async with thrifty(data_dir, database_url, redis) as world:
        asker = await world.member(await with_an_event(world))
        async with held(database_url, RULES):
            late = await asker.post(SLOW)
        refused = await asker.refused(CHEAP)
        colleague = await (await world.member(await with_an_event(world))).post(CHEAP)

    cost = late["extensions"]["cost"]
    assert late["errors"][0]["extensions"]["code"] == "QUERY_TIMEOUT"
    assert cost["requested"] == 55
    assert 55 + 4 * 2000 <= cost["charged"] <= 55 + 5 * 2000  # for five seconds and a little, of which one is included
    assert cost["remaining"] == pytest.approx(5000 - cost["charged"], abs=3)
    assert refused["extensions"]["code"] == "TOO_MANY_REQUESTS"
    # What is owed must have flowed in again, at 5000 points a year.
    owed = -cost["remaining"]
    assert refused["extensions"]["retryAfterSeconds"] == pytest.approx((owed + 4) * YEAR / 5000, rel=0.01)
    assert f"the budget is {owed} points in debt" in refused["message"]
    assert "errors" not in colleague, "nobody else pays for it"


async def test_a_query_whose_time_was_over_is_charged(data_dir: Path, database_url: str, redis: RedisServer | None):
    async with thrifty(data_dir, database_url, redis, request_timeout_seconds=3) as world:
        asker = await world.member(await with_an_event(world))
        async with held(database_url, RULES):
            late = await asker.post(SLOW)
        await running(world, 0)
        after = await asker.post(CHEAP)

    assert late["errors"][0]["extensions"]["code"] == "QUERY_TIMEOUT"
    # A request has three seconds in all; its statement, of which a second is included, begins when the machine lets it.
    assert 5000 - 3 * 2000 < after["extensions"]["cost"]["remaining"] < 5000 - 55 - 100


async def test_what_took_no_longer_than_its_price_is_charged_no_more(data_dir: Path, database_url: str):
    async with thrifty(data_dir, database_url) as world:
        asker = await world.member(await with_an_event(world))

        answer = await asker.post(CHEAP)

    # The document was new: a point for each hundred characters.
    cost = answer["extensions"]["cost"]
    assert (cost["requested"], cost["remaining"], "charged" in cost) == (4, 4994, False)


async def test_without_limits_nothing_is_charged(data_dir: Path, database_url: str):
    async with thrifty(data_dir, database_url, rate_limit_enabled=False, request_timeout_seconds=60) as world:
        asker = await world.member(await with_an_event(world))
        async with held(database_url, RULES):
            late = await asker.post(SLOW)

        cost = late["extensions"]["cost"]
        assert (cost["requested"], cost["remaining"], "charged" in cost) == (55, None, False)
        assert "errors" not in await asker.post(CHEAP)


async def test_debts_are_bounded_and_shrink(redis: RedisServer | None):
    counters = Counters(redis.url if redis else None)
    budget = Budget(counters, "test", "1000/hour")

    left = [await budget.charge("ada", points) for points in (400, 1000, 10**9, 10**9)]
    refused, other = await budget.spend("ada", 1), await budget.spend("grace", 1)
    await counters.close()

    assert left == pytest.approx([600, -400, -1000, -1000], abs=2)  # a point flows in every 3.6 s
    assert refused
    assert other
    assert refused.remaining == pytest.approx(-1000, abs=2)
    assert refused.retry_after == pytest.approx(3604, abs=10)
    assert (other.remaining, other.retry_after) == (999, None)


async def test_a_debt_is_paid_by_what_flows_in(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.budget.time.monotonic", lambda: instant)
    budget = Budget(Counters(), "test", "60/minute")
    await budget.charge("ada", 90)

    instant += 40
    after = await budget.spend("ada", 10)
    instant += 3600
    full = await budget.spend("ada", 0)

    assert after
    assert full
    assert (after.remaining, after.retry_after, full.remaining) == (0, None, 60)


async def test_a_second_of_each_statement_is_included_in_the_price():
    request = Meter(Budget(Counters(), "test", "100000/hour"))
    request.pay("ada", 41)

    owed = []
    for seconds in (0.1, 1, 1, 1, 1.5, 5):
        request.add(seconds)
        owed.append(request.owed)
    await request.settle()

    assert owed == [0, 0, 0, 0, 1000, 9000]
    assert (request.paid, request.remaining, request.owed) == (9041, 91_000, 0)
