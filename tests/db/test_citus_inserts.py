"""Events stored the way a cluster stores them, which any PostgreSQL does, too: the same as the other way."""

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import text

from core.events import ANONYMOUS, RawEvent
from db.queries.citus_inserts import LARGEST
from tests.conftest import StatementCounter
from tests.db.test_event_writer import Waiting, counts, inserts
from tests.metrics.cluster_statements import statements_of
from tests.rest_requests import stored
from tests.world import World, raw

MARKS = "SELECT user_id, to_char(hour, 'HH24') FROM dirty_hours ORDER BY user_id, hour"


def many(events: Sequence[RawEvent], number: int) -> list[RawEvent]:
    """As many different events, of the same people at the same moments."""
    return [replace(events[each % len(events)], event_id=str(each)) for each in range(number)]


async def received(world: World, *requests: Sequence[RawEvent], cluster: bool) -> list[tuple[int, int, int]]:
    """Store requests as one group; how many events of each were accepted, stored before, refused."""
    waiting = Waiting(world.services)
    for events in requests:
        await waiting.request(*events)
    with statements_of(world, cluster=cluster):
        return [counts(receipt) for receipt in await waiting.store()]


async def marks(world: World) -> list[tuple[UUID, str]]:
    async with world.services.database.read() as connection:
        return [(row[0], row[1]) for row in await connection.execute(text(MARKS))]


async def test_what_is_new_is_told_from_what_is_not_and_marked_once(world: World):
    ada = await world.recorded(await world.organization())
    old = [raw("08:59:59.999", user_id=ada.id), raw("09:00:00", user_id=ada.id), raw("10:00:00")]
    new = [raw("09:30:00", user_id=ada.id), raw("09:31:00", user_id=ada.id), raw("11:00:00")]
    await received(world, old, cluster=True)
    told = await received(world, [*old, *new], new, cluster=True)

    assert told == [(3, 3, 0), (0, 3, 0)]
    assert len(await stored(world.services)) == 6
    before, since = [(ANONYMOUS, "10"), (ada.id, "08"), (ada.id, "09")], [(ANONYMOUS, "11"), (ada.id, "09")]
    assert await marks(world) == sorted([*before, *since])


async def test_rows_are_the_same_as_those_stored_the_other_way(world: World):
    ada = await world.recorded(await world.organization())
    events = [raw("09:00:00", "click", "https://a.com/é?q=1", user_id=ada.id), raw("09:00:01", "blur", "")]
    await received(world, [replace(event, event_id="1") for event in events], cluster=False)
    await received(world, [replace(event, event_id="2") for event in events], cluster=True)

    rows = [{k: v for k, v in row.items() if k not in {"id", "received_at"}} for row in await stored(world.services)]

    assert len(rows) == 4
    assert all(rows.count(row) == 2 for row in rows)


async def test_statements_are_of_few_sizes(world: World, statements: StatementCounter):
    events = many([raw("09:00:00"), raw("10:00:00"), raw("11:00:00")], 2 * LARGEST + 21)

    told = await received(world, events, cluster=True)

    assert told == [(len(events), 0, 0)]
    assert len(await stored(world.services)) == len(events)
    assert len(await marks(world)) == 3
    assert inserts(statements) == 2 + 3  # 512, 512, 16, 4, 1
