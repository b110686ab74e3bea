import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from core.clock import now
from tests.rest_requests import BATCH, BEHAVIORS, event, post_batch, rejected, stored, with_key
from tests.world import World

GOOD = json.dumps(event())


def raw_event(**members: str) -> str:
    """The text of an event, for members that no encoder would write."""
    texts = {name: json.dumps(value) for name, value in event().items()} | members
    return "{" + ",".join(f'"{name}": {value}' for name, value in texts.items()) + "}"


def ahead(**time: float) -> str:
    return (now() + timedelta(**time)).isoformat()


BAD = {
    "sessionId a number": (raw_event(sessionId="1"), "invalid_event"),
    "sessionId null": (raw_event(sessionId="null"), "invalid_event"),
    "sessionId empty": (raw_event(sessionId='""'), "invalid_event"),
    "sessionId long": (raw_event(sessionId=f'"{"s" * 256}"'), "invalid_event"),
    "sessionId with NUL": (raw_event(sessionId='"a\\u0000b"'), "invalid_event"),
    "sessionId lone surrogate": (raw_event(sessionId='"\\ud800"'), "invalid_event"),
    "ts a number": (raw_event(ts="1754211600000"), "invalid_timestamp"),
    "ts null": (raw_event(ts="null"), "invalid_timestamp"),
    "ts empty": (raw_event(ts='""'), "invalid_timestamp"),
    "ts no zone": (raw_event(ts='"2026-08-03T09:00:00"'), "invalid_timestamp"),
    "ts a date": (raw_event(ts='"2026-08-03"'), "invalid_timestamp"),
    "ts no such day": (raw_event(ts='"2026-02-30T09:00:00Z"'), "invalid_timestamp"),
    "ts no such zone": (raw_event(ts='"2026-08-03T09:00:00+99:00"'), "invalid_timestamp"),
    "ts before year one": (raw_event(ts='"0001-01-01T00:00:00+14:00"'), "invalid_timestamp"),
    "ts with NUL": (raw_event(ts='"2026-08-03T09:00:00Z\\u0000"'), "invalid_timestamp"),
    "ts lone surrogate": (raw_event(ts='"\\udfff"'), "invalid_timestamp"),
    "ts lone surrogate in an instant": (raw_event(ts='"2026-08-01T09:00:00.12\\ud800Z"'), "invalid_timestamp"),
    "ts in other digits": (raw_event(ts='"२१२६-१८-१३T१९:११:११Z"'), "invalid_timestamp"),
    "ts two days ahead": (raw_event(ts=f'"{ahead(days=2)}"'), "invalid_timestamp"),
    "ts six years back": (raw_event(ts=f'"{ahead(days=-6 * 366)}"'), "invalid_timestamp"),
    "type a number": (raw_event(type="2"), "invalid_event"),
    "type unknown": (raw_event(type='"FOCUS"'), "invalid_type"),
    "type empty": (raw_event(type='""'), "invalid_type"),
    "type with NUL": (raw_event(type='"focus\\u0000"'), "invalid_type"),
    "type lone surrogate": (raw_event(type='"\\ud800"'), "invalid_type"),
    "url a list": (raw_event(url="[]"), "invalid_event"),
    "url with NUL": (raw_event(url='"https://a.com/\\u0000"'), "invalid_event"),
    "url lone surrogate": (raw_event(url='"https://a.com/\\udc00"'), "invalid_event"),
    "userId no UUID": (raw_event(userId='"42"'), "invalid_event"),
    "userId a number": (raw_event(userId="42"), "invalid_event"),
    "userId unknown": (raw_event(userId=f'"{uuid4()}"'), "unknown_user"),
    "userId nil": (raw_event(userId='"00000000-0000-0000-0000-000000000000"'), "unknown_user"),
    "eventId a number": (raw_event(eventId="1"), "invalid_event"),
    "eventId long": (raw_event(eventId=f'"{"e" * 129}"'), "invalid_event"),
    "eventId with NUL": (raw_event(eventId='"\\u0000"'), "invalid_event"),
    "no object": ("[1, 2]", "invalid_event"),
    "null": ("null", "invalid_event"),
    "text": ('"focus"', "invalid_event"),
}


@pytest.mark.parametrize(("bad", "code"), BAD.values(), ids=BAD)
async def test_a_bad_event_costs_itself_alone_and_is_kept(world: World, bad: str, code: str):
    response = await world.http.post(BATCH, content=f'{{"events": [{GOOD}, {bad}]}}')

    assert response.status_code == 201
    receipt = response.json()
    assert (receipt["accepted"], receipt["duplicates"]) == (1, 0)
    assert [(event["index"], event["code"]) for event in receipt["rejected"]] == [(1, code)]
    assert len(await stored(world.services)) == 1
    [kept] = await rejected(world.services)
    told = receipt["rejected"][0]["message"].replace("unknown or inactive user", "unknown user")
    assert (kept["code"], kept["message"]) == (code, told)


@pytest.mark.parametrize("bad", [bad for bad, _ in BAD.values()], ids=BAD)
async def test_a_bad_event_alone_is_a_bad_request(world: World, bad: str):
    response = await world.http.post(BEHAVIORS, content=bad)

    assert response.status_code == 400
    answer = response.json()
    assert answer["success"] is False
    assert answer["message"]
    assert await stored(world.services) == []


@pytest.mark.parametrize(
    "good",
    [
        event(sessionId="s" * 255),
        event(sessionId="ü" * 255),
        event(url="u" * 8192),
        event(url="ü" * 4096),
        event(x=0, y=10_000),
        event(eventId="e" * 128),
        event(ts=ahead(hours=23, minutes=59)),
        event(ts=ahead(days=-5 * 365)),
    ],
    ids=["sessionId", "sessionId ü", "url", "url ü", "x, y", "eventId", "ts ahead", "ts back"],
)
async def test_limits_are_inclusive(world: World, good: dict[str, Any]):
    response = await world.http.post(BEHAVIORS, json=good)

    assert response.status_code == 201
    assert len(await stored(world.services)) == 1


async def test_the_bounds_of_ts_are_told(world: World):
    year = datetime.now(UTC).year
    future, past = f"{year + 1}-12-31T00:00:00Z", f"{year - 10}-01-01T00:00:00Z"

    answers = [await world.http.post(BEHAVIORS, json=event(ts=ts)) for ts in (future, past)]

    assert [answer.json()["message"] for answer in answers] == [
        f"invalid timestamp: {future} is too far in the future",
        f"invalid timestamp: {past} is too far in the past",
    ]


async def test_unknown_and_inactive_people_are_told_apart_where_operators_look_and_nowhere_else(world: World):
    organization = await world.organization()
    ada, ben = await world.recorded(organization), await world.recorded(organization)
    admin = await world.super_admin()
    await admin.ask(
        "mutation($id: ID!) { updateExtensionUser(input: {id: $id, isActive: false}) { __typename } }", id=str(ben.id)
    )
    stranger = str(uuid4())

    without_key = await post_batch(
        world.http, event(userId=str(ada.id)), event(userId=stranger), event(userId=str(ben.id))
    )
    keyed = await post_batch(
        world.http, event(type="blur"), event(userId=stranger), event(userId=str(ben.id)), headers=with_key(ada)
    )

    assert without_key.json()["rejected"] == [
        {"index": 1, "code": "unknown_user", "message": f"unknown or inactive user: {stranger}"},
        {"index": 2, "code": "unknown_user", "message": f"unknown or inactive user: {ben.id}"},
    ]
    assert [(e["index"], e["code"]) for e in keyed.json()["rejected"]] == [(1, "user_mismatch"), (2, "user_mismatch")]
    assert [row["user_id"] for row in await stored(world.services)] == [ada.id, ada.id]
    kept = await rejected(world.services)
    assert [row["user_id"] for row in kept] == [None, ben.id, ada.id, ada.id]
    assert [row["message"] for row in kept[:2]] == [f"unknown user: {stranger}", f"inactive user: {ben.id}"]


@pytest.mark.parametrize(
    "bad",
    [
        event(type="foo", key="PRESSED"),
        event(sessionId=1, key="PRESSED"),
        event(url={"key": "PRESSED"}),
        [{"deep": [{"key": "PRESSED"}]}],
    ],
    ids=["rule", "type of a member", "in a member", "in a list"],
)
async def test_the_pressed_key_is_never_stored_nor_answered(world: World, bad: object):
    response = await post_batch(world.http, event(type="keydown", key="PRESSED"), bad)

    assert response.status_code == 201
    assert "PRESSED" not in response.text
    rows = await stored(world.services) + await rejected(world.services)
    assert len(rows) == 2
    assert "PRESSED" not in repr(rows)


async def test_events_that_differ_by_the_pressed_key_alone_are_equal(world: World):
    first = await world.http.post(BEHAVIORS, json=event(type="keydown", key="a"))
    second = await world.http.post(BEHAVIORS, json=event(type="keydown", key="b"))

    assert second.json() == first.json()


async def test_of_a_rejected_event_a_few_kilobytes_are_kept(world: World):
    await world.http.post(BEHAVIORS, json=event(type="foo", url="u" * 8000, more="m"))

    [kept] = await rejected(world.services)
    assert len(kept["payload"]) == 4096
    assert kept["payload"].startswith('{"sessionId":')
