import json
from uuid import uuid4

import pytest

from tests.rest_requests import BATCH, event, post_batch, rejected, stored
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
        (event(url=1), "invalid event at index 0: Expected `str | null`, got `int` - at `url`"),
        (
            event(ts=1754211600000),
            "invalid timestamp at index 0: ts must be a text in RFC 3339 with an offset, like 2026-08-01T09:00:00.123Z",
        ),
        (event(ts=None), "ts is required at index 0"),
        (event(type=None), "type is required at index 0"),
        (event(sessionId=None), "sessionId is required at index 0"),
        (7, "invalid event at index 0: Expected `object`, got `int`"),
    ],
)
async def test_a_batch_without_a_good_event_is_refused_with_the_first_ones_message(
    world: World, bad: object, message: str
):
    response = await post_batch(world.http, bad, event(type="bar"))

    assert response.status_code == 400
    answer = response.json()
    first, second = answer.pop("rejected")
    assert answer == {"message": message, "success": False}
    assert (first["index"], first["message"]) == (0, message.replace(" at index 0", ""))
    assert second == {"index": 1, "code": "invalid_type", "message": "invalid event type: bar"}
    assert await stored(world.services) == []
    assert [row["code"] for row in await rejected(world.services)] == [first["code"], "invalid_type"]


async def test_rejections_come_in_the_order_of_events_whatever_the_reason(world: World):
    stranger = str(uuid4())
    bad = [event(userId=stranger), event(type="foo"), event(userId=stranger), {}]

    some = await post_batch(world.http, *bad, event())
    all_ = await post_batch(world.http, *bad)

    assert [rejection["index"] for rejection in some.json()["rejected"]] == [0, 1, 2, 3]
    assert all_.status_code == 400
    assert all_.json()["message"] == f"unknown or inactive user at index 0: {stranger}"
    assert all_.json()["rejected"] == some.json()["rejected"]


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

    response = await post_batch(world.http, event(url=["slow path"]), good)

    assert response.status_code == 201
    assert (response.json()["accepted"], response.json()["duplicates"]) == (0, 1)
