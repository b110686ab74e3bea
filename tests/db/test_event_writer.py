import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from core.errors import Unauthenticated, Unavailable
from core.events import ANONYMOUS, RawEvent
from db.event_writer import GROUP_EVENTS, PLENTY_EVENTS, QUEUE_BYTES, EventWriter
from db.key_usage import KeyUsage
from db.partitions import ensure
from db.queries import partitions
from db.submissions import KeyClaim, Receipt
from resolvers import ingestion
from resolvers.caller import Client
from resolvers.services import Services
from tests.conftest import StatementCounter
from tests.rest_requests import BEHAVIORS, event, execute, post_batch, rejected, stored, unreadable
from tests.world import World, raw


class Waiting:
    """Requests that have handed their events to a writer that is not running yet."""

    def __init__(self, services: Services) -> None:
        database = services.database
        self.writer = EventWriter(database, KeyUsage(database))
        self._services = replace(services, writer=self.writer)
        self.requests: list[asyncio.Task[Receipt]] = []

    async def request(
        self, *events: RawEvent, claim: KeyClaim | None = None, client: Client | None = None
    ) -> asyncio.Task[Receipt]:
        task = asyncio.create_task(ingestion.store(self._services, events, claim, client))
        await asyncio.sleep(0)  # it runs up to where it waits for the writer
        self.requests.append(task)
        return task

    async def store(self) -> Sequence[Receipt | BaseException]:
        """Let the writer do what is queued, and return what became of each request."""
        self.writer.close()
        await self.writer.run()
        return await asyncio.gather(*self.requests, return_exceptions=True)


@pytest.fixture
def waiting(world: World) -> Waiting:
    return Waiting(world.services)


@pytest.fixture
async def poison(world: World) -> AsyncIterator[None]:
    """A database that refuses urls with `poison` in them."""
    await ensure(world.services.database, [date(2026, 8, 1)])
    check = "ADD CONSTRAINT no_poison CHECK (url NOT LIKE '%poison%') NOT VALID"
    await execute(world.services, f"ALTER TABLE behaviors {check}")
    yield
    await execute(world.services, "ALTER TABLE behaviors DROP CONSTRAINT no_poison")


def inserts(statements: StatementCounter) -> int:
    return sum("INSERT INTO behaviors " in statement for statement in statements.statements)


def counts(receipt: Receipt | BaseException) -> tuple[int, int, int]:
    assert isinstance(receipt, Receipt), receipt
    return len(receipt.accepted), len(receipt.duplicates), len(receipt.rejected)


async def test_requests_that_come_together_share_a_commit(world: World, statements: StatementCounter):
    posts = [world.http.post(BEHAVIORS, json=event(eventId=str(number))) for number in range(200)]

    answers = await asyncio.gather(*posts)

    assert {answer.status_code for answer in answers} == {201}
    assert len(await stored(world.services)) == 200
    assert 1 <= inserts(statements) <= 20


async def test_a_usual_group_is_stored_by_one_statement(world: World, waiting: Waiting, statements: StatementCounter):
    ada = await world.recorded(await world.organization())
    await waiting.request(raw("09:00:00.000", user_id=ada.id), raw("09:00:00.000"))
    await waiting.store()
    again = Waiting(world.services)
    await again.request(raw("09:00:01.000", user_id=ada.id), raw("09:00:01.000"))
    await again.request(raw("09:00:02.000"))
    statements.clear()

    receipts = await again.store()

    assert [len(receipt.accepted) for receipt in receipts if isinstance(receipt, Receipt)] == [2, 1]
    assert len(statements) == 1
    assert len(await stored(world.services)) == 5


async def test_a_person_known_by_two_keys_is_stored_for_by_the_right_one(world: World, waiting: Waiting):
    ada = await world.recorded(await world.organization())
    right, wrong = KeyClaim(ada.id, ada.key.hash), KeyClaim(ada.id, b"revoked")

    stays = await waiting.request(raw("09:00:00"), claim=right)
    goes = await waiting.request(raw("09:00:01"), claim=wrong)
    await waiting.store()

    assert len(stays.result().accepted) == 1
    assert isinstance(goes.exception(), Unauthenticated)
    assert len(await stored(world.services)) == 1


async def test_a_key_that_is_required_while_events_wait_is_missed(world: World, waiting: Waiting):
    strict, free = await world.organization(), await world.organization()
    ada, ben = await world.recorded(strict), await world.recorded(free)
    somebody = Client("192.0.2.1")
    keyless = await waiting.request(raw("09:00:00", user_id=ada.id), raw("09:00:00", user_id=ben.id), client=somebody)
    keyed = await waiting.request(raw("09:00:01"), claim=KeyClaim(ada.id, ada.key.hash), client=somebody)
    own = await waiting.request(raw("09:00:02", user_id=ada.id))

    await execute(world.services, "UPDATE organizations SET requires_api_key = true WHERE id = :id", id=strict.id)
    await waiting.store()

    assert [counts(await request) for request in (keyless, keyed, own)] == [(1, 0, 1), (1, 0, 0), (1, 0, 0)]
    assert sorted(row["user_id"] for row in await stored(world.services)) == sorted([ada.id, ada.id, ben.id])


async def test_keys_that_are_required_and_there_cost_no_second_statement(
    world: World, waiting: Waiting, statements: StatementCounter
):
    organization = await world.organization()
    ada = await world.recorded(organization)
    await execute(world.services, "UPDATE organizations SET requires_api_key = true WHERE id = :id", id=organization.id)
    await waiting.request(raw("09:00:00.000"), claim=KeyClaim(ada.id, ada.key.hash), client=Client("192.0.2.1"))
    statements.clear()

    [receipt] = await waiting.store()

    assert counts(receipt) == (1, 0, 0)
    assert len(statements) == 1


async def test_what_waits_is_stored_at_once(waiting: Waiting, statements: StatementCounter):
    for second in range(30):
        await waiting.request(raw(f"09:00:{second:02}"), raw(f"09:01:{second:02}"))

    receipts = await waiting.store()

    assert [counts(receipt) for receipt in receipts] == [(2, 0, 0)] * 30
    assert inserts(statements) == 1


async def test_of_equal_events_in_one_group_the_first_is_accepted(world: World, waiting: Waiting):
    for _ in range(3):
        await waiting.request(raw("09:00:00"), raw("09:00:01"))

    receipts = await waiting.store()

    assert [counts(receipt) for receipt in receipts] == [(2, 0, 0), (0, 2, 0), (0, 2, 0)]
    assert len(await stored(world.services)) == 2


async def test_a_group_is_bounded(waiting: Waiting, statements: StatementCounter):
    for number in range(GROUP_EVENTS // 1000 + 2):
        await waiting.request(*[raw("09:00:00", session=str(number))] * 1000)

    receipts = await waiting.store()

    assert {counts(receipt) for receipt in receipts} == {(1000, 0, 0)}
    assert inserts(statements) == 2


async def test_where_plenty_waits_a_second_group_does_not_wait_for_the_first(world: World, waiting: Waiting):
    slow, quick = [await world.recorded(await world.organization()) for _ in range(2)]
    writing = asyncio.create_task(waiting.writer.run())
    async with world.services.database.write() as connection:
        await connection.execute(text("SELECT FROM extension_users WHERE id = :id FOR UPDATE"), {"id": slow.id})
        first = await waiting.request(raw("09:00:00"), claim=KeyClaim(slow.id, slow.key.hash))
        quicks = KeyClaim(quick.id, quick.key.hash)
        few = await waiting.request(raw("09:00:00"), claim=quicks)
        await asyncio.sleep(0.2)
        waited = not few.done()
        for number in range(PLENTY_EVENTS // 1000):
            await waiting.request(*[raw("09:00:00", session=str(number))] * 1000, claim=quicks)

        overtaking = [counts(await request) for request in waiting.requests[1:]]
        last = not first.done()
    waiting.writer.close()
    await writing

    assert (waited, last) == (True, True)
    assert overtaking == [(1, 0, 0), *[(1000, 0, 0)] * (PLENTY_EVENTS // 1000)]
    assert counts(await first) == (1, 0, 0)


async def test_a_full_queue_refuses_instead_of_remembering(world: World, waiting: Waiting):
    url = "https://a.com/" + "x" * 8000
    for number in range(QUEUE_BYTES // (17_000 * 1000)):
        await waiting.request(*[raw("09:00:00", url=url, session=str(number))] * 1000)
        assert not any(request.done() for request in waiting.requests)

    await waiting.request(*[raw("09:00:00", url=url, session="x")] * 1000)
    one_too_many = await waiting.request(*[raw("10:00:00", url=url)] * 1000)

    with pytest.raises(Unavailable, match="Too many events are waiting") as refusal:
        await one_too_many
    assert 1 <= refusal.value.retry_after <= 5
    for request in waiting.requests:
        request.cancel()
    assert await stored(world.services) == []


async def test_a_closed_writer_stores_what_it_has_and_refuses_the_rest(world: World, waiting: Waiting):
    early = await waiting.request(raw("09:00:00"))
    waiting.writer.close()
    late = await waiting.request(raw("09:00:01"))
    await waiting.writer.run()

    assert counts(await early) == (1, 0, 0)
    with pytest.raises(Unavailable):
        await late
    assert len(await stored(world.services)) == 1


async def test_nothing_is_stored_for_a_request_that_waits_no_longer(world: World, waiting: Waiting):
    before, gone, after = [await waiting.request(raw(f"09:00:0{second}")) for second in range(3)]
    gone.cancel()

    await waiting.store()

    assert gone.cancelled()
    assert counts(before.result()) == counts(after.result()) == (1, 0, 0)
    assert len(await stored(world.services)) == 2
    assert (waiting.writer.queued_bytes, waiting.writer.queued_events) == (0, 0)


@pytest.mark.usefixtures("poison")
async def test_a_value_the_database_refuses_fails_no_other_request(world: World, waiting: Waiting):
    for second in range(8):
        await waiting.request(raw(f"09:00:0{second}", url="poison" if second == 5 else "https://a.com/"))

    receipts = await waiting.store()

    assert [counts(receipt) for receipt in receipts] == [(1, 0, 0)] * 5 + [(0, 0, 1)] + [(1, 0, 0)] * 2
    assert len(await stored(world.services)) == 7
    [kept] = await rejected(world.services)
    assert (kept["code"], kept["message"]) == ("invalid_event", "the database cannot hold this event")
    assert json.loads(kept["payload"])["url"] == "poison"


@pytest.mark.parametrize("culprits", [{0}, {9}, {3, 4}, {0, 5, 9}, set(range(10))])
@pytest.mark.usefixtures("poison")
async def test_a_value_the_database_refuses_fails_no_other_event(world: World, culprits: set[int]):
    events = [
        event(ts=f"2026-08-03T09:00:0{index}Z", url="poison" if index in culprits else "https://a.com/")
        for index in range(10)
    ]

    response = await post_batch(world.http, *events, event(type="foo"))

    good = 10 - len(culprits)
    assert len(await stored(world.services)) == good
    assert len(await rejected(world.services)) == len(culprits) + 1
    if good:
        receipt = response.json()
        assert (receipt["accepted"], receipt["duplicates"]) == (good, 0)
        assert [event["index"] for event in receipt["rejected"]] == [*sorted(culprits), 10]
    else:
        assert response.status_code == 400
        assert response.json()["message"] == "the database cannot hold this event at index 0"


@pytest.mark.usefixtures("poison")
async def test_a_value_the_database_refuses_is_attributed_to_its_person(world: World):
    ada = await world.recorded(await world.organization())

    response = await world.http.post(BEHAVIORS, json=event(url="poison"), headers={"X-API-Key": ada.key.text})

    assert response.status_code == 400
    assert response.json()["message"] == "the database cannot hold this event"
    assert [row["user_id"] for row in await rejected(world.services)] == [ada.id]


@pytest.mark.usefixtures("poison")
async def test_a_refused_value_of_a_request_replayed_rejects_itself_alone_again(world: World):
    events = [event(url="poison"), event(), event(type="blur")]
    first = await post_batch(world.http, *events)

    replay = await post_batch(world.http, *events)

    assert (first.json()["accepted"], first.json()["duplicates"]) == (2, 0)
    assert (replay.json()["accepted"], replay.json()["duplicates"]) == (0, 2)
    assert [event["index"] for event in replay.json()["rejected"]] == [0]


async def test_an_unexpected_failure_of_one_group_does_not_end_the_writer(world: World):
    waiting, ada = Waiting(world.services), await world.recorded(await world.organization())
    running = asyncio.create_task(waiting.writer.run())
    async with unreadable(world.services, "extension_users"):
        with capture_logs() as logs:
            failing = await waiting.request(raw("09:00:00", user_id=ada.id))
            [failure] = await asyncio.wait_for(asyncio.gather(failing, return_exceptions=True), 10)

    working = await waiting.request(raw("09:00:00", user_id=ada.id), raw("09:00:00"))

    assert isinstance(failure, Exception)
    assert not isinstance(failure, Unavailable)
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [("events not stored", "error")]
    assert counts(await asyncio.wait_for(working, 10)) == (2, 0, 0)
    assert {row["user_id"] for row in await stored(world.services)} == {ada.id, ANONYMOUS}
    waiting.writer.close()
    await running


async def test_events_that_find_no_place_are_not_refused_but_asked_for_again(world: World, waiting: Waiting):
    month = date(2024, 5, 1)
    await execute(world.services, "DROP TABLE IF EXISTS behaviors_2024_05, runs_2024_05, hours_2024_05")
    async with world.services.database.write() as connection:
        await partitions.rule_out(connection, month)
    first = RawEvent("s1", "2024-05-01T00:00:00Z", "focus", "https://a.com/1")

    await waiting.request(first)
    [outcome] = await waiting.store()
    await ensure(world.services.database, [month])
    again = Waiting(world.services)
    await again.request(first)
    [receipt] = await again.store()

    assert isinstance(outcome, Unavailable)
    assert await rejected(world.services) == []
    assert counts(receipt) == (1, 0, 0)


async def test_a_schema_without_default_partitions_refuses_no_event_for_good(world: World, waiting: Waiting):
    await execute(world.services, "DROP TABLE IF EXISTS behaviors_2024_05, runs_2024_05, hours_2024_05")
    await execute(world.services, "ALTER TABLE behaviors DETACH PARTITION behaviors_default")

    await waiting.request(RawEvent("s1", "2024-05-01T00:00:00Z", "focus", "https://a.com/1"))
    [outcome] = await waiting.store()
    await execute(world.services, "ALTER TABLE behaviors ATTACH PARTITION behaviors_default DEFAULT")

    assert isinstance(outcome, Unavailable)
    assert await rejected(world.services) == []
