from typing import Any
from uuid import uuid4

import pytest

from tests.rest_requests import AUTH, BATCH, event, post_batch, rejected, stored, with_key
from tests.world import Asker, World, at, moment

INGEST = """
mutation($events: [BehaviorInput!]!) {
  ingestBehaviors(input: {events: $events}) {
    __typename
    ... on IngestBehaviorsSuccess { accepted duplicates rejected { index code message } urlTruncated }
    ... on InvalidInput { message field }
  }
}
"""


def behavior(**members: Any) -> dict[str, Any]:
    return event(type="FOCUS") | members


async def ingest(asker: Asker, *events: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await asker.ask(INGEST, events=list(events)))["ingestBehaviors"]
    return answer


async def test_events_are_stored_with_a_receipt(world: World):
    ada = await world.recorded(await world.organization())
    extension = Asker(world.http, headers=with_key(ada))
    again = behavior(eventId="e1")

    long = behavior(url="https://a.com/" + "u" * 9000)
    answer = await ingest(extension, behavior(type="CLICK", x=1, y=2), again, behavior(sessionId=""), again, long)

    assert answer == {
        "__typename": "IngestBehaviorsSuccess",
        "accepted": 3,
        "duplicates": 1,
        "rejected": [{"index": 2, "code": "INVALID_EVENT", "message": "sessionId is required"}],
        "urlTruncated": 1,
    }
    rows = await stored(world.services)
    assert {(row["user_id"], row["ts"], row["url"]) for row in rows} == {
        (ada.id, moment("09:00:00"), "https://a.com/1"),
        (ada.id, moment("09:00:00"), long["url"][:8192]),
    }
    [kept] = await rejected(world.services)
    assert '"sessionId": ""' in kept["payload"]


async def test_a_coordinate_out_of_range_is_left_out(world: World):
    answer = await ingest(world.stranger, behavior(type="CLICK", x=-1, y=7))

    assert (answer["accepted"], answer["rejected"]) == (1, [])
    assert [(row["x"], row["y"]) for row in await stored(world.services)] == [(None, 7)]


async def test_a_receipt_may_hold_nothing_but_rejections(world: World):
    stranger = str(uuid4())

    answer = await ingest(
        world.stranger,
        behavior(userId=stranger),
        behavior(ts="2001-01-01T00:00:00Z"),
        behavior(url="\0"),
        behavior(sessionId=""),
    )

    assert answer["accepted"] == 0
    codes = [rejection["code"] for rejection in answer["rejected"]]
    assert codes == ["UNKNOWN_USER", "INVALID_TIMESTAMP", "INVALID_EVENT", "INVALID_EVENT"]
    assert answer["rejected"][0]["message"] == f"unknown or inactive user: {stranger}"


async def test_an_event_sent_over_both_ways_is_stored_once(world: World):
    over_rest = event(ts=at("09:00:00.000"), eventId="e1")

    await post_batch(world.http, over_rest)
    answer = await ingest(world.stranger, behavior(eventId="e1"))

    assert (answer["accepted"], answer["duplicates"]) == (0, 1)


@pytest.mark.parametrize("count", [0, 1001])
async def test_the_number_of_events_is_bounded(world: World, count: int):
    answer = await ingest(world.stranger, *[behavior()] * count)

    assert answer == {
        "__typename": "InvalidInput",
        "message": "`events` takes 1 to 1000 events.",
        "field": "events",
    }
    assert await stored(world.services) == []


async def test_a_bad_key_is_refused(world: World):
    asker = Asker(world.http, headers={"X-API-Key": "wb_nobody"})

    error = await asker.refused(INGEST, events=[behavior()])

    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["message"] == "Invalid or inactive API key"
    assert await stored(world.services) == []


async def test_a_key_serves_collection_alone(world: World):
    ada = await world.recorded(await world.organization())
    asker = Asker(world.http, headers=with_key(ada))

    error = await asker.refused("{ viewer { username } }")

    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await world.http.get(AUTH, headers=with_key(ada))).status_code == 200
    assert (await world.http.post(BATCH, json={"events": [event()]}, headers=with_key(ada))).status_code == 201
