"""An event is one event by whichever door it comes, and however its instant is written."""

from hashlib import blake2b
from typing import Any
from uuid import UUID

import pytest

from core.identity import id_from
from tests.rest_requests import BEHAVIORS, event, execute, post_batch, stored, with_key
from tests.schema.test_ingest_behaviors import behavior, ingest
from tests.world import Asker, Recorded, World

SPELLINGS = [
    "2026-08-03T09:00:00Z",
    "2026-08-03T09:00:00.000Z",
    "2026-08-03T12:00:00+03:00",
    "2026-08-03t09:00:00.000000z",
]


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization())


def former_id(person: Recorded, sent: dict[str, Any], occurrence: int = 0) -> UUID:
    """The id that 0.2.0 stored an event under: of the members as they were sent."""
    ts = sent["ts"]
    parts = (person.id.hex, sent["sessionId"], ts, sent["type"], sent["url"], "None", "None")
    if not occurrence:
        return id_from(*parts)
    return id_from(blake2b("\0".join(parts).encode(), digest_size=16).hexdigest(), str(occurrence))


@pytest.mark.parametrize("more", [{}, {"eventId": "e1"}, {"x": 1, "y": 2}])
async def test_every_door_and_spelling_stores_an_event_once(world: World, ada: Recorded, more: dict[str, Any]):
    extension = Asker(world.http, headers=with_key(ada))

    answers = [await world.http.post(BEHAVIORS, json=event(ts=ts, **more), headers=with_key(ada)) for ts in SPELLINGS]
    batches = [await post_batch(world.http, event(ts=ts, **more), headers=with_key(ada)) for ts in SPELLINGS]
    mutations = [await ingest(extension, behavior(ts=ts.upper(), **more)) for ts in SPELLINGS]

    assert len({answer.json()["data"]["id"] for answer in answers}) == 1
    assert [batch.json()["duplicates"] for batch in batches] == [1] * 4
    assert [(answer["accepted"], answer["duplicates"]) for answer in mutations] == [(0, 1)] * 4
    assert len(await stored(world.services)) == 1


async def test_equal_events_of_one_request_count_each_however_they_are_written(world: World, ada: Recorded):
    request = [event(ts=ts) for ts in SPELLINGS]

    first = await post_batch(world.http, *request, headers=with_key(ada))
    replay = await post_batch(world.http, *reversed(request), headers=with_key(ada))

    assert (first.json()["accepted"], replay.json()["accepted"], replay.json()["duplicates"]) == (4, 0, 4)


async def test_what_is_not_stored_is_no_part_of_an_event(world: World, ada: Recorded):
    sent = [event(), event(key="a"), event(title="Page"), event(userId=str(ada.id)), event(x=None)]

    answers = [await post_batch(world.http, each, headers=with_key(ada)) for each in sent]

    assert sum(answer.json()["accepted"] for answer in answers) == 1


@pytest.mark.parametrize("ts", SPELLINGS)
async def test_events_stored_before_the_update_are_known_when_they_are_sent_again(world: World, ada: Recorded, ts: str):
    sent = event(ts=ts)
    await post_batch(world.http, sent, sent, headers=with_key(ada))
    await execute(world.services, "UPDATE behaviors SET id = gen_random_uuid()")
    rows = await stored(world.services)
    for occurrence, row in enumerate(rows):
        former = former_id(ada, sent, occurrence)
        await execute(world.services, "UPDATE behaviors SET id = :new WHERE id = :id", new=former, id=row["id"])

    replay = await post_batch(world.http, sent, sent, event(ts=ts, url="https://b.com/"), headers=with_key(ada))
    single = await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada))

    assert (replay.json()["accepted"], replay.json()["duplicates"]) == (1, 2)
    assert single.json()["data"]["id"] == str(former_id(ada, sent))
    assert len(await stored(world.services)) == 3
