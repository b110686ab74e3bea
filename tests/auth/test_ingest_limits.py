from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from app.settings import Settings
from auth.ingest_limits import IngestLimits, IngestRates, Poster
from auth.throttle import Counters
from core.errors import TooManyAttempts
from core.limits import EVENTS_PER_BATCH, INGEST_BODY_BYTES
from tests.servers import RedisServer, redis_server

ADA = uuid4().hex
KEYED, KEYLESS = Poster(ADA, True, []), Poster("10.0.0.1", False, [])
PLENTY = IngestRates(*["1000000000/hour"] * 6)
TINY = IngestRates(
    requests_per_key="10/hour",
    requests_per_address="10/hour",
    events_per_address="100/hour",
    bytes_per_address="10000/hour",
    events_per_person="60/hour",
    bytes_per_person="6000/hour",
)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["in process", "in Redis"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[IngestLimits]:
    """The tiny limits, counted either way."""
    url = request.getfixturevalue("redis").url if request.param == "in Redis" else None
    async with limits_on(url, TINY) as made:
        yield made


@asynccontextmanager
async def limits_on(redis_url: str | None, rates: IngestRates) -> AsyncIterator[IngestLimits]:
    """Limits of a process of their own."""
    counters = Counters(redis_url)
    yield IngestLimits(counters, rates)
    await counters.close()


async def refused(limits: IngestLimits, poster: Poster, *counts: Any) -> str | None:
    """Return the limit that refuses a request; None if it passes."""
    before = [limit.refusals for limit in limits.limits]
    try:
        await limits.count(poster, *counts)
    except TooManyAttempts:
        [name] = [limit.name for limit, count in zip(limits.limits, before, strict=True) if limit.refusals == count + 1]
        return name
    return None


async def test_a_request_weighs_as_much_as_it_has_events(limits: IngestLimits):
    assert await refused(limits, KEYED, 40, 1, {}) is None
    assert await refused(limits, KEYED, 21, 1, {}) == "ingest-person-events"
    assert await refused(limits, KEYED, 20, 1, {}) is None, "what was refused took nothing of the limit"
    assert await refused(limits, KEYED, 1, 1, {}) == "ingest-person-events"


async def test_and_as_much_as_it_has_bytes(limits: IngestLimits):
    assert await refused(limits, KEYED, 1, 6000, {}) is None
    assert await refused(limits, KEYED, 1, 100, {}) == "ingest-person-bytes"


async def test_without_a_key_the_address_pays_and_whoever_is_named(limits: IngestLimits):
    ben = uuid4().hex

    assert await refused(limits, KEYLESS, 60, 60, {ADA: 60}) is None
    assert await refused(limits, KEYLESS, 1, 1, {ADA: 1}) == "ingest-named-person-events"
    assert await refused(limits, KEYLESS, 30, 30, {ben: 30}) is None
    assert await refused(limits, KEYLESS, 11, 11, {}) == "ingest-address-events"
    assert await refused(limits, KEYLESS, 10, 10, {}) is None
    assert await refused(limits, Poster("10.0.0.2", False, []), 100, 100, {}) is None


async def test_bytes_of_a_keyless_request_are_divided_among_the_people_it_names(limits: IngestLimits):
    ben = uuid4().hex

    assert await refused(limits, KEYLESS, 4, 8000, {ADA: 3, ben: 1}) is None
    elsewhere = Poster("10.0.0.2", False, [])
    assert await refused(limits, elsewhere, 1, 100, {ADA: 1}) == "ingest-named-person-bytes"
    assert await refused(limits, elsewhere, 1, 4000, {ben: 1}) is None


async def test_a_flood_in_somebodys_name_takes_nothing_from_what_they_post_with_their_key(limits: IngestLimits):
    flood = [await refused(limits, KEYLESS, 20, 20, {ADA: 20}) for _ in range(4)]

    assert flood == [None] * 3 + ["ingest-named-person-events"]
    assert await refused(limits, KEYED, 60, 60, {}) is None


async def test_a_refused_request_counts_as_a_request_still(limits: IngestLimits):
    refusals = [await refused(limits, KEYED, 61, 1, {}) for _ in range(11)]

    assert refusals == ["ingest-person-events"] * 10 + ["ingest-key"]


async def test_whoever_comes_back_too_soon_is_refused_before_anything_is_read(limits: IngestLimits):
    for _ in range(10):
        limits.check(KEYED)
        await limits.count_request(KEYED)
    limits.check(KEYED)  # nobody has been refused yet

    with pytest.raises(TooManyAttempts, match=r"Too many requests\. Please slow down\."):
        await limits.count_request(KEYED)
    with pytest.raises(TooManyAttempts):
        limits.check(KEYED)
    limits.check(KEYLESS)


async def test_what_is_too_much_is_said(limits: IngestLimits):
    with pytest.raises(TooManyAttempts) as told:
        await limits.count(KEYLESS, 61, 1, {ADA: 61})

    assert told.value.message == (
        "Too many events without an API key of one userId (limit: 60/hour). Nothing was stored; "
        f"send the same request again after {told.value.retry_after} seconds."
    )


async def test_a_sender_is_told_what_is_left_of_its_own_limits(limits: IngestLimits):
    await limits.count(KEYED, 20, 4800, {})
    assert [(quota.policy.name, quota.remaining) for quota in KEYED.quotas] == [
        ("ingest-key", 9),
        ("ingest-person-events", 40),
        ("ingest-person-bytes", 1200),
    ]
    assert [quota.policy.unit for quota in KEYED.quotas] == [None, "events", "content-bytes"]
    assert KEYED.quotas[0].seconds in {359, 360}, "a tenth of an hour until there is one more"

    await refused(limits, KEYED, 41, 1, {})
    assert [quota.remaining for quota in KEYED.quotas] == [8, 40, 1200], "only the request was counted"

    await limits.count_request(KEYED)
    assert [(quota.policy.name, quota.remaining) for quota in KEYED.quotas] == [("ingest-key", 7)]


async def test_and_nothing_of_those_of_the_people_it_names(limits: IngestLimits):
    await limits.count(KEYLESS, 60, 60, {ADA: 60})

    assert [quota.policy.name for quota in KEYLESS.quotas] == [
        "ingest-address",
        "ingest-address-events",
        "ingest-address-bytes",
    ]


async def test_who_is_refused_is_told_the_time_to_wait(limits: IngestLimits):
    for _ in range(10):
        await limits.count_request(KEYED)
    with pytest.raises(TooManyAttempts) as refusal:
        await limits.count_request(KEYED)
    counted = list(KEYED.quotas)
    with pytest.raises(TooManyAttempts):
        limits.check(KEYED)

    for quotas in (counted, KEYED.quotas):
        [quota] = quotas
        assert quota.remaining == 0
        assert quota.seconds in {refusal.value.retry_after - 1, refusal.value.retry_after}


async def test_limits_refill_all_the_time(monkeypatch: pytest.MonkeyPatch):
    instant = 1000.0
    monkeypatch.setattr("auth.ingest_limits.time.monotonic", lambda: instant)
    async with limits_on(None, TINY) as limits:
        assert await refused(limits, KEYED, 60, 1, {}) is None
        assert await refused(limits, KEYED, 5, 1, {}) == "ingest-person-events"
        instant += 5 * 60

        assert await refused(limits, KEYED, 5, 1, {}) is None
        assert await refused(limits, KEYED, 1, 1, {}) == "ingest-person-events"


async def test_processes_share_the_counts_in_redis(redis: RedisServer):
    async with limits_on(redis.url, TINY) as one, limits_on(redis.url, TINY) as two:
        assert await refused(one, KEYLESS, 50, 50, {ADA: 50}) is None
        assert await refused(two, KEYLESS, 20, 20, {ADA: 20}) == "ingest-named-person-events"
        assert await refused(two, KEYLESS, 10, 10, {ADA: 10}) is None


async def test_a_request_is_one_round_trip_to_redis_whomever_it_names(redis: RedisServer):
    async with limits_on(redis.url, PLENTY) as limits:
        await limits.count(KEYLESS, 1, 1, {ADA: 1})  # loads the script
        with Redis(port=redis.port) as client:
            client.config_resetstat()
            await limits.count(KEYLESS, 1000, 100_000, {uuid4().hex: 1 for _ in range(1000)})

            asked = client.info("commandstats")

    scripts = {
        name: stats["calls"] for name, stats in asked.items() if name.startswith(("cmdstat_eval", "cmdstat_scr"))
    }
    assert scripts == {"cmdstat_evalsha": 1}


async def test_redis_forgets_each_count_as_soon_as_it_is_nothing(redis: RedisServer):
    async with limits_on(redis.url, TINY) as limits:
        await limits.count(KEYLESS, 30, 5000, {ADA: 30})

        with Redis(port=redis.port) as client:
            times = {key.decode(): client.pttl(key) / 60_000 for key in client.scan_iter()}

    assert {name.split("/")[1]: round(minutes) for name, minutes in times.items()} == {
        "ingest-address": 6,
        "ingest-address-events": 18,
        "ingest-address-bytes": 30,
        "ingest-named-person-events": 30,
        "ingest-named-person-bytes": 50,
    }


async def test_counting_goes_on_in_process_without_redis(redis: RedisServer):
    async with limits_on(redis.url, TINY) as limits:
        assert await refused(limits, KEYED, 60, 1, {}) is None
        redis.kill()

        assert await refused(limits, KEYED, 60, 1, {}) is None
        assert await refused(limits, KEYED, 1, 1, {}) == "ingest-person-events"


@pytest.mark.parametrize(("poster", "named"), [(KEYED, {}), (KEYLESS, {ADA: EVENTS_PER_BATCH})])
async def test_an_offline_week_passes_at_once_by_the_limits_that_are_set_unless_told_otherwise(
    poster: Poster, named: dict[str, int]
):
    """50,000 events in batches of 1000, each as large as a request may be."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings adds it
    async with limits_on(None, settings.ingest_rates) as limits:
        outcomes = [await refused(limits, poster, EVENTS_PER_BATCH, INGEST_BODY_BYTES, named) for _ in range(50)]

        assert outcomes == [None] * 50


async def test_a_company_behind_one_address_is_not_limited():
    """2000 people without keys, each with an event every two seconds, for five minutes."""
    settings = Settings(_env_file=None)  # type: ignore[call-arg]  # pydantic-settings adds it
    people = [uuid4().hex for _ in range(2000)]
    async with limits_on(None, settings.ingest_rates) as limits:
        for _ in range(5):
            for person in people:
                assert await refused(limits, KEYLESS, 30, 30 * 400, {person: 30}) is None
