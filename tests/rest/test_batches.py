import json
from uuid import uuid4

import pytest

from tests.wire import BATCH, event, post_batch, rejected, stored
from tests.world import World, at


async def test_a_batch_is_answered_in_the_old_clients_words_with_a_receipt(world: World):
    same = event(eventId="e1")

    response = await post_batch(world.http, event(), same, event(type="foo"), same, event(type="click"))

    assert response.status_code == 201
    assert response.json() == {
        "data": "Successfully created 3 behavior events",
        "success": True,
        "accepted": 3,
        "duplicates": 1,
        "rejected": [{"index": 2, "code": "invalid_type", "message": "invalid event type: foo"}],
    }
    assert len(await stored(world.services)) == 3


async def test_a_good_batch_has_an_empty_list_of_rejections(world: World):
    response = await post_batch(world.http, event(), event(ts=at("09:00:01")))

    assert response.json() == {
        "data": "Successfully created 2 behavior events",
        "success": True,
        "accepted": 2,
        "duplicates": 0,
        "rejected": [],
    }


async def test_a_replayed_batch_is_a_success_that_creates_nothing(world: World):
    events = [event(), event(type="blur")]
    await post_batch(world.http, *events)

    response = await post_batch(world.http, *events)

    assert response.status_code == 201
    answer = response.json()
    assert answer["data"] == "Successfully created 0 behavior events"
    assert (answer["accepted"], answer["duplicates"]) == (0, 2)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (event(type="foo"), "invalid event type at index 0: foo"),
        ({}, "sessionId is required at index 0"),
        (event(sessionId=""), "sessionId is required at index 0"),
        ({"sessionId": "s1", "type": "focus"}, "ts is required at index 0"),
        ({"sessionId": "s1", "ts": at("09:00:00")}, "type is required at index 0"),
        (event(x=10_001), "x must be between 0 and 10000 at index 0"),
        (event(x="1"), "invalid event at index 0: Expected `int | null`, got `str` - at `x`"),
        (event(url="h" * 8193), "url is too long at index 0: at most 8192 bytes are kept"),
        (7, "invalid event at index 0: Expected `object`, got `int`"),
    ],
)
async def test_a_batch_without_a_good_event_is_refused_with_the_first_ones_message(
    world: World, bad: object, message: str
):
    response = await post_batch(world.http, bad, event(type="bar"))

    assert response.status_code == 400
    assert response.json() == {"message": message, "success": False}
    assert await stored(world.services) == []
    assert [row["code"] for row in await rejected(world.services)][1:] == ["invalid_type"]


async def test_rejections_come_in_the_order_of_events_whatever_the_reason(world: World):
    stranger = str(uuid4())
    bad = [event(userId=stranger), event(type="foo"), event(userId=stranger), {}]

    some = await post_batch(world.http, *bad, event())
    all_ = await post_batch(world.http, *bad)

    assert [rejection["index"] for rejection in some.json()["rejected"]] == [0, 1, 2, 3]
    assert all_.status_code == 400
    assert all_.json()["message"] == f"unknown user at index 0: {stranger}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "invalid request body: not valid JSON"),
        ('{"events": [', "invalid request body: not valid JSON"),
        ("events", "invalid request body: not valid JSON"),
        ("{}", "invalid request body: events is required"),
        ("null", "invalid request body: events is required"),
        ("[]", "invalid request body: events is required"),
        ('{"events": null}', "invalid request body: events is required"),
        ('{"events": {}}', "invalid request body: events must be a list"),
        ('{"events": "x"}', "invalid request body: events must be a list"),
        ('{"events": []}', "no events provided"),
        ('{"events": [' + ",".join([json.dumps(event())] * 1001) + "]}", "too many events, maximum is 1000"),
        ('{"events": [' + ",".join(["1"] * 1001) + "]}", "too many events, maximum is 1000"),
    ],
    ids=lambda value: value[:16],
)
async def test_a_request_that_is_no_batch_is_refused_whole(world: World, body: str, message: str):
    response = await world.http.post(BATCH, content=body)

    assert response.status_code == 400
    assert response.json() == {"message": message, "success": False}
    assert await stored(world.services) == []
    assert await rejected(world.services) == []


async def test_a_thousand_events_fit_in_a_batch(world: World):
    events = [event(ts=at(f"09:{second // 60:02}:{second % 60:02}")) for second in range(1000)]

    response = await post_batch(world.http, *events)

    assert response.json()["accepted"] == 1000
    assert len(await stored(world.services)) == 1000


async def test_an_event_is_the_same_one_whichever_route_it_takes(world: World):
    sent = event(type="click", x=1, y=2)

    single = await world.http.post(BATCH.removesuffix("/batch"), json=sent)
    batch = await post_batch(world.http, sent)

    assert single.status_code == 201
    assert batch.json()["duplicates"] == 1


async def test_a_bad_neighbour_changes_nothing_about_an_events_identity(world: World):
    good = event(sessionId="ü", url="https://a.com/ü", type="click", x=1, y=2)
    await post_batch(world.http, good)

    response = await post_batch(world.http, event(x="slow path"), good)

    assert response.status_code == 201
    assert (response.json()["accepted"], response.json()["duplicates"]) == (0, 1)
