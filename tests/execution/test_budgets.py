"""The price of a query, and the budgets that it is paid from: of viewers, and of addresses."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from auth.budget import Budget
from auth.throttle import Counters
from tests.conftest import StatementCounter
from tests.execution.policy_applications import another, code
from tests.servers import RedisServer, redis_server
from tests.world import Asker, World

NO_BUDGET = dict.fromkeys(["remaining", "restoreRate", "resetAt"])
PEOPLE = "{ extensionUsers(first: 100) { nodes { __typename } } }"  # 101 points


async def test_what_a_query_costs_is_told(world: World):
    admin = await world.super_admin()

    answer = await admin.post(PEOPLE)

    assert answer["extensions"] == {"cost": {"requested": 101, "limit": 1_000_000} | NO_BUDGET}


async def test_what_costs_too_much_is_not_run(
    world: World, data_dir: Path, database_url: str, statements: StatementCounter
):
    admin = await world.super_admin()
    async with another(data_dir, database_url, query_max_cost=100) as frugal:
        asker = Asker(frugal.http, token=admin.token)
        statements.clear()

        answer = await asker.post(f"query ($size: Int!) {PEOPLE.replace('100', '$size')}", size=100)

        assert code(answer) == "QUERY_TOO_COSTLY"
        assert answer["extensions"]["cost"] == {"requested": 101, "limit": 100} | NO_BUDGET
        assert answer["errors"][0]["message"] == (
            "This query costs 101 points; at most 100 are allowed. The largest part, 100, is for "
            "`extensionUsers.nodes`: ask for a shorter period, smaller pages, longer buckets or fewer measures."
        )
        assert "extensionUsers" in (await asker.ask(PEOPLE.replace("100", "99")))


async def test_each_viewer_has_a_budget(world: World, data_dir: Path, database_url: str, redis: RedisServer | None):
    first, second = await world.super_admin(), await world.super_admin()
    settings: dict[str, Any] = {
        "rate_limit_enabled": True,
        "query_max_cost": 250,
        "query_budget_per_viewer": "250/hour",
        "redis_url": redis.url if redis else None,
    }
    async with another(data_dir, database_url, **settings) as busy:
        one, other = (Asker(busy.http, token=asker.token) for asker in (first, second))

        answers = [await one.post(PEOPLE) for _ in range(3)]

        # the document was new to the process once: a point for each hundred characters
        assert [answer["extensions"]["cost"]["remaining"] for answer in answers] == [148, 47, 47]
        costs = [answer["extensions"]["cost"] for answer in answers]
        assert [cost["restoreRate"] for cost in costs] == [pytest.approx(250 / 3600, abs=0.001)] * 3
        refilled = [datetime.fromisoformat(cost["resetAt"]) - datetime.now(UTC) for cost in costs]
        assert [wait.total_seconds() for wait in refilled] == [
            pytest.approx((250 - left) / 250 * 3600, abs=60) for left in (148, 47, 47)
        ]
        assert code(answers[2]) == "TOO_MANY_REQUESTS"
        assert 100 < answers[2]["errors"][0]["extensions"]["retryAfterSeconds"] <= 3600
        assert "47 are left of the budget" in answers[2]["errors"][0]["message"]
        assert (await one.post("{ __typename }"))["extensions"]["cost"]["remaining"] == 45
        assert "errors" not in await other.post(PEOPLE)
        assert busy.services.throttles.query_budget.refusals == 1


async def test_strangers_have_one_budget_for_each_address(data_dir: Path, database_url: str):
    settings: dict[str, Any] = {
        "rate_limit_enabled": True, "query_max_cost": 10, "query_budget_per_viewer": "10/hour",
    }  # fmt: skip
    async with another(data_dir, database_url, **settings) as busy:
        answers = [await busy.stranger.post(f"{{ a{number}: __typename }}") for number in range(6)]

    assert [answer.get("data") is not None for answer in answers] == [True] * 5 + [False]
    assert code(answers[5]) == "TOO_MANY_REQUESTS"  # before the document was read


async def test_a_budget_refills_all_the_time(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.budget.time.monotonic", lambda: instant)
    budget = Budget(Counters(), "test", "60/minute")

    async def left(points: float) -> tuple[int, int | None]:
        balance = await budget.spend("ada", points)
        assert balance
        return balance.remaining, balance.retry_after

    assert await left(50) == (10, None)
    assert await left(40) == (10, 30)  # nothing was taken
    instant += 29
    assert await left(40) == (39, 1)
    instant += 1
    assert await left(40) == (0, None)
    instant += 3600
    assert await left(0) == (60, None)  # and is never more than full


async def test_a_process_forgets_the_budgets_that_are_full(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.budget.time.monotonic", lambda: instant)
    monkeypatch.setattr("auth.budget._REMEMBERED", 10)
    budget = Budget(Counters(), "test", "60/minute")
    for number in range(10):
        await budget.spend(f"early {number}", 1)
    instant += 10

    await budget.spend("late", 1)

    assert list(budget._full_at._instants) == ["late"]


async def test_budgets_go_on_in_process_while_redis_is_away():
    with redis_server() as server:
        budget = Budget(counters := Counters(server.url), "test", "60/minute")
        await budget.spend("ada", 50)
        server.kill()

        balance = await budget.spend("ada", 50)
        again = await budget.spend("ada", 50)
        await counters.close()

    assert balance
    assert again
    assert (balance.remaining, balance.retry_after) == (10, None)
    assert again.retry_after == 40
