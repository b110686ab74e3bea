import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core.event_types import EventType
from tests.rest_requests import BEHAVIORS, event, rejected, stored, with_key
from tests.world import World, at, moment

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


async def test_a_stored_event_is_answered_with_every_member(world: World):
    organization = await world.organization()
    ada = await world.recorded(organization, "Ada")
    sent = event(type="click", x=10, y=0, userId=str(ada.id), url="https://A.com:443/1?q#f")

    response = await world.http.post(BEHAVIORS, json=sent)

    assert response.status_code == 201
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    data = body.pop("data")
    assert body == {"success": True}
    created_at = data["createdAt"]
    assert INSTANT.fullmatch(created_at)
    assert abs(datetime.fromisoformat(created_at) - datetime.now(UTC)) < timedelta(minutes=1)
    assert data == {
        "id": data["id"],
        "sessionId": "s1",
        "ts": "2026-08-03T09:00:00Z",
        "type": "click",
        "url": "https://A.com:443/1?q#f",
        "userId": str(ada.id),
        "userName": None,  # without a key nobody is told a name
        "x": 10,
        "y": 0,
        "createdAt": created_at,
        "updatedAt": created_at,
    }
    assert await stored(world.services) == [
        {
            "user_id": ada.id,
            "ts": moment("09:00:00"),
            "id": UUID(data["id"]),
            "organization_id": organization.id,
            "received_at": datetime.fromisoformat(created_at),
            "type": EventType.CLICK,
            "x": 10,
            "y": 0,
            "session_id": "s1",
            "url": "https://A.com:443/1?q#f",
            "domain": "a.com",
        }
    ]


async def test_what_an_anonymous_event_lacks_is_null_or_left_out(world: World):
    sent = {"sessionId": "s1", "ts": at("09:00:00"), "type": "idle"}

    data = (await world.http.post(BEHAVIORS, json=sent)).json()["data"]

    assert set(data) == {
        "id", "sessionId", "ts", "type", "url", "userId", "userName", "createdAt", "updatedAt",
    }  # fmt: skip
    assert (data["url"], data["userId"], data["userName"]) == ("", None, None)
    [row] = await stored(world.services)
    assert (row["user_id"], row["organization_id"], row["domain"], row["x"]) == (UUID(int=0), None, None, None)


@pytest.mark.parametrize("nothing", [None, ""])
async def test_members_that_may_be_absent_may_be_null(world: World, nothing: str | None):
    sent = event(url=nothing, userId=None, x=None, y=None, key=None, eventId=nothing)

    response = await world.http.post(BEHAVIORS, json=sent)

    assert response.status_code == 201
    assert response.json()["data"]["url"] == ""


@pytest.mark.parametrize("kind", [kind.wire for kind in EventType])
async def test_every_type_of_event_is_stored_under_its_own_number(world: World, kind: str):
    response = await world.http.post(BEHAVIORS, json=event(type=kind, x=1, y=2))

    assert response.json()["data"]["type"] == kind
    [row] = await stored(world.services)
    assert EventType(row["type"]).wire == kind


@pytest.mark.parametrize(
    ("ts", "answered"),
    [
        ("2026-08-03T09:00:00.123Z", "2026-08-03T09:00:00.123000Z"),
        ("2026-08-03T09:00:00.123456Z", "2026-08-03T09:00:00.123456Z"),
        ("2026-08-03T11:30:00+02:30", "2026-08-03T09:00:00Z"),
        ("2026-08-03t09:00:00z", "2026-08-03T09:00:00Z"),
        ("2026-08-02T21:00:00.5-12:00", "2026-08-03T09:00:00.500000Z"),
    ],
)
async def test_timestamps_keep_their_instant_and_are_written_in_utc(world: World, ts: str, answered: str):
    data = (await world.http.post(BEHAVIORS, json=event(ts=ts))).json()["data"]

    assert data["ts"] == answered
    [row] = await stored(world.services)
    assert row["ts"] == datetime.fromisoformat(answered)


async def test_a_replay_gets_the_answer_of_the_first_time(world: World):
    ada = await world.recorded(await world.organization())
    sent = event(type="click", x=1, y=2)

    first = await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada))
    replay = await world.http.post(BEHAVIORS, json=sent, headers=with_key(ada))

    assert (first.status_code, replay.status_code) == (201, 201)
    assert replay.json() == first.json()
    assert len(await stored(world.services)) == 1


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded", None])
async def test_the_body_is_json_whatever_its_content_type_says(world: World, content_type: str | None):
    body = f'{{"sessionId": "s1", "ts": "{at("09:00:00")}", "type": "focus", "more": {{"a": [1, NaN]}}}}'
    headers = {} if content_type is None else {"Content-Type": content_type}

    response = await world.http.post(BEHAVIORS, content=body, headers=headers)

    assert response.status_code == 201
    assert len(await stored(world.services)) == 1


async def test_a_click_needs_coordinates(world: World):
    for sent in (event(type="click"), event(type="click", x=1), event(type="click", y=1, x=None)):
        response = await world.http.post(BEHAVIORS, json=sent)

        assert response.status_code == 400
        assert response.json() == {
            "message": "coordinates (x, y) are required for click events",
            "success": False,
        }
    assert await stored(world.services) == []


async def test_an_unknown_type_is_refused_and_kept_for_an_operator(world: World):
    ada = await world.recorded(await world.organization())

    response = await world.http.post(BEHAVIORS, json=event(type="foo"), headers=with_key(ada))

    assert response.status_code == 400
    assert response.json() == {"message": "invalid event type: foo", "success": False}
    assert await stored(world.services) == []
    [kept] = await rejected(world.services)
    assert (kept["user_id"], kept["code"], kept["message"]) == (ada.id, "invalid_type", "invalid event type: foo")
