"""The cache of answers: equal questions, at the same time and later on, are asked once."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from redis import Redis

from ai.call_counters import Skip
from ai.memory import Memory
from ai.writer import InsightWriter
from core.insight import Insight, WorkPattern
from tests.ai.conftest import MakeWriter
from tests.ai.model_server import ModelServer, completion
from tests.ai.sample_insights import ENGLISH, EVIDENCE, RUSSIAN, of_domain, with_value
from tests.servers import RedisServer, redis_server

OURS = uuid4()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["in process", "in Redis"])
def redis_url(request: pytest.FixtureRequest, redis: RedisServer) -> str | None:
    """The Redis that keeps answers; None if the process keeps them."""
    if request.param == "in process":
        return None
    with Redis.from_url(redis.url) as client:
        client.flushall()
    return redis.url


async def is_worded(writer: InsightWriter, insight: Insight = ENGLISH, organization_id: UUID = OURS) -> bool:
    return await writer.written(insight, organization_id) is not None


async def test_equal_questions_at_the_same_time_are_one_call(model: ModelServer, make_writer: MakeWriter):
    model.open.clear()
    writer = make_writer(model.url)
    asked = [asyncio.create_task(writer.written(ENGLISH, OURS)) for _ in range(10)]
    await model.has_received(1)
    model.open.set()

    written = await asyncio.gather(*asked)

    assert len(model.received) == 1
    assert written[0] is not None
    assert written == [written[0]] * 10
    assert (writer.status.counters.calls, writer.status.counters.shared) == (1, 9)


async def test_who_stops_waiting_does_not_end_it_for_the_others(model: ModelServer, make_writer: MakeWriter):
    model.open.clear()
    writer = make_writer(model.url)
    first = asyncio.create_task(writer.written(ENGLISH, OURS))
    second = asyncio.create_task(writer.written(ENGLISH, OURS))
    await model.has_received(1)

    first.cancel()
    model.open.set()

    assert await second is not None
    assert first.cancelled()


async def test_an_answer_is_remembered(model: ModelServer, make_writer: MakeWriter, redis_url: str | None):
    writer = make_writer(model.url, redis_url=redis_url)

    first, second = await writer.written(ENGLISH, OURS), await writer.written(ENGLISH, OURS)

    assert first is not None
    assert first == second
    assert (len(model.received), writer.status.counters.remembered) == (1, 1)


async def test_processes_share_what_redis_remembers(model: ModelServer, make_writer: MakeWriter, redis: RedisServer):
    one, two = make_writer(model.url, redis_url=redis.url), make_writer(model.url, redis_url=redis.url)
    organization_id = uuid4()

    assert await one.written(ENGLISH, organization_id) == await two.written(ENGLISH, organization_id)
    assert len(model.received) == 1


@pytest.mark.parametrize(
    "other",
    [with_value(1235), RUSSIAN, of_domain("gitlab.com"), replace(ENGLISH, focus_level=None)],
    ids=["new events", "another language", "another domain", "another level"],
)
async def test_another_state_of_the_data_is_another_question(
    model: ModelServer, make_writer: MakeWriter, redis_url: str | None, other: Insight
):
    writer = make_writer(model.url, redis_url=redis_url)

    assert await is_worded(writer)
    assert await is_worded(writer, other)

    assert len(model.received) == 2


async def test_a_change_too_small_to_be_written_is_another_question_too(model: ModelServer, make_writer: MakeWriter):
    writer = make_writer(model.url)
    later = replace(ENGLISH, evidence=(*EVIDENCE[:2], replace(EVIDENCE[2], value=45.26), *EVIDENCE[3:]))

    assert [await is_worded(writer), await is_worded(writer, later)] == [True, True]

    assert len(model.received) == 2
    assert model.received[0].data == model.received[1].data


async def test_so_is_another_model_and_another_organization(
    model: ModelServer, make_writer: MakeWriter, redis: RedisServer
):
    organization_id = uuid4()

    assert await is_worded(make_writer(model.url, redis_url=redis.url), ENGLISH, organization_id)
    assert await is_worded(make_writer(model.url, redis_url=redis.url, model="other"), ENGLISH, organization_id)
    assert await is_worded(make_writer(model.url, redis_url=redis.url), ENGLISH, uuid4())

    assert len(model.received) == 3


async def test_a_refusal_is_remembered_for_a_while(model: ModelServer, make_writer: MakeWriter, redis_url: str | None):
    model.answers = [completion("nonsense")]
    writer = make_writer(model.url, redis_url=redis_url)

    assert [await is_worded(writer), await is_worded(writer)] == [False, False]
    assert len(model.received) == 1


async def test_it_is_forgotten_in_time(model: ModelServer, make_writer: MakeWriter):
    writer = make_writer(model.url, keep_answers=timedelta(0))

    assert [await is_worded(writer), await is_worded(writer)] == [True, True]
    assert len(model.received) == 2


async def test_calls_of_an_organization_are_limited(model: ModelServer, make_writer: MakeWriter, redis_url: str | None):
    writer = make_writer(model.url, redis_url=redis_url, calls_per_hour=2)

    worded = [await is_worded(writer, with_value(value)) for value in range(3)]

    assert worded == [True, True, False]
    assert writer.status.counters.skips == {Skip.BUDGET_SPENT: 1}
    assert await is_worded(writer, with_value(0)), "what is remembered costs nothing"
    assert await is_worded(writer, with_value(3), uuid4()), "another organization has calls of its own"


async def test_too_little_data_is_no_question(model: ModelServer, make_writer: MakeWriter):
    writer = make_writer(model.url)

    assert not await is_worded(writer, replace(ENGLISH, work_pattern=WorkPattern.INSUFFICIENT_DATA))
    assert not await is_worded(writer, replace(ENGLISH, evidence=()))
    assert model.received == []


@pytest.mark.parametrize("state", ["gone", "frozen"])
async def test_without_its_redis_it_goes_on_in_process(model: ModelServer, make_writer: MakeWriter, state: str):
    with redis_server() as server:
        writer = make_writer(model.url, redis_url=server.url)
        assert await is_worded(writer)
        if state == "gone":
            server.kill()
        else:
            server.freeze()

        assert [await is_worded(writer, with_value(1)), await is_worded(writer, with_value(1))] == [True, True]

    assert len(model.received) == 2


async def test_what_redis_holds_is_believed_only_if_it_can_be_read(
    model: ModelServer, make_writer: MakeWriter, redis: RedisServer
):
    writer = make_writer(model.url, redis_url=redis.url)
    organization_id = uuid4()
    assert await is_worded(writer, ENGLISH, organization_id)
    with Redis.from_url(redis.url) as client:
        for key in client.scan_iter("insight:*"):
            client.set(key, b'{"written": 5}')

    assert await is_worded(writer, ENGLISH, organization_id)
    assert len(model.received) == 2


class Clock:
    """Time that passes when told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_memory_in_process_is_bounded_in_time_and_number():
    clock = Clock()
    memory = Memory(most=2, clock=clock)
    await memory.keep("a", b"1", 10)
    await memory.keep("b", b"2", 20)
    assert await memory.recall("a") == b"1"  # so that b is the one that was used least lately
    await memory.keep("c", b"3", 30)

    assert [await memory.recall(key) for key in "abc"] == [b"1", None, b"3"]
    clock.now += 10
    assert [await memory.recall(key) for key in "abc"] == [None, None, b"3"]


async def test_a_redis_that_failed_is_asked_again_later():
    clock, server = Clock(), RedisServer()
    memory = Memory(server.url, clock=clock)
    try:
        await memory.keep("a", b"in process", 60)
        server.start()
        assert await memory.recall("a") == b"in process"
        clock.now += 6
        await memory.keep("b", b"in Redis", 60)
        with Redis(port=server.port) as client:
            kept = (client.get("insight:a"), client.get("insight:b"), client.ttl("insight:b"))
    finally:
        await memory.close()
        server.kill()
    assert kept == (None, b"in Redis", 60)
