from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.clock import now
from core.events import ANONYMOUS
from legacy import events, importer
from legacy.report import Events, Finding
from tests.legacy.conftest import TakeOver, oddities
from tests.legacy.old_service import OldService, api_key
from tests.rest_requests import BATCH, event, execute, rejected, stored
from tests.world import World

ZERO = UUID(int=0)
DAY = {"between": {"start": "2026-08-03T00:00:00Z", "end": "2026-08-04T00:00:00Z"}}


async def ada(old: OldService, **values: Any) -> UUID:
    """A person of an organization."""
    return await old.person("ada", await old.organization(), **values)


async def test_an_event_is_stored_as_ingestion_would_store_it(world: World, old: OldService, take_over: TakeOver):
    person = await ada(old)
    await old.event(
        person,
        session_id="s7",
        timestamp="2026-08-03T11:00:00.123456+02:00",
        event_type="click",
        url="https://User@Example.COM:443/a?b",
        x=3,
        y=4,
        key="secret",
        created_at="2026-08-03T09:00:07Z",
    )

    report = await take_over()

    assert report.events == Events(found=1, imported=1)
    [row] = await stored(world.services)
    organization = row.pop("organization_id")
    assert organization is not None
    del row["id"]
    assert row == {
        "user_id": person,
        "ts": datetime(2026, 8, 3, 9, 0, 0, 123456, UTC),
        "received_at": datetime(2026, 8, 3, 9, 0, 7, tzinfo=UTC),
        "type": 2,
        "x": 3,
        "y": 4,
        "session_id": "s7",
        "url": "https://User@Example.COM:443/a?b",
        "domain": "example.com",
    }


async def test_events_are_counted_at_once(world: World, old: OldService, take_over: TakeOver):
    person = await ada(old)
    await old.event(person)
    await old.event(person, timestamp="2026-08-03T09:01:00Z")
    await take_over()

    asker = await world.super_admin()
    query = """query ($id: ID!, $day: Period!) { extensionUser(id: $id) {
        usage(period: $day) { total { events trackedMinutes } } } }"""
    answer = await asker.ask(query, id=str(person), day=DAY)

    assert answer["extensionUser"]["usage"]["total"] == {"events": 2, "trackedMinutes": 2}


async def test_what_a_client_sends_again_after_the_move_is_recognised(
    world: World, old: OldService, take_over: TakeOver
):
    key = api_key()
    person = await ada(old, api_key=key)
    members = event(ts="2026-08-03T09:00:00.120Z", x=1, y=2, type="click", userId=str(person))
    await old.event(person, timestamp=members["ts"], x=1, y=2, event_type="click")
    await take_over()

    answer = await world.http.post(BATCH, json={"events": [members]}, headers={"X-API-Key": key})

    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (0, 1)


async def test_what_came_to_us_already_is_not_taken_again(world: World, old: OldService, take_over: TakeOver):
    await world.http.post(BATCH, json={"events": [event(ts="2026-08-03T09:00:00.000Z")]})
    await old.event(None)

    report = await take_over()

    assert report.events == Events(found=1, already_here=1)
    assert len(await stored(world.services)) == 1


async def test_equal_events_of_one_request_count_each_and_those_sent_again_do_not(
    world: World, old: OldService, take_over: TakeOver
):
    person = await ada(old)
    for _ in range(2):
        await old.event(person, event_type="keydown")
    for _ in range(2):
        await old.event(person, event_type="keydown", created_at="2026-08-03T09:07:00Z")

    report = await take_over()

    assert report.events == Events(found=4, imported=2, sent_twice=2)
    assert oddities(report) == {Finding.SENT_TWICE: 2}
    assert len(await stored(world.services)) == 2


async def test_anonymous_events_stay_anonymous(world: World, old: OldService, take_over: TakeOver):
    await old.event(None)
    await old.event(ZERO, timestamp="2026-08-03T09:01:00Z")
    await old.event(None, timestamp="2026-08-03T09:02:00Z", user_name="somebody")

    report = await take_over()

    rows = await stored(world.services)
    assert [(row["user_id"], row["organization_id"]) for row in rows] == [(ANONYMOUS, None)] * 3
    assert oddities(report) == {Finding.ZERO_USER: 1, Finding.NAMED_ONLY: 1}


async def test_events_of_the_unknown_and_the_inactive_are_kept(world: World, old: OldService, take_over: TakeOver):
    inactive, unknown = await ada(old, is_active=False), UUID(int=77)
    await old.event(inactive)
    await old.event(unknown)

    report = await take_over()

    assert report.events.imported == 2
    assert {row["user_id"] for row in await stored(world.services)} == {inactive, unknown}


async def test_rows_with_an_all_zero_id_or_none_are_told_apart(world: World, old: OldService, take_over: TakeOver):
    for minute, row_id in enumerate([str(ZERO), str(ZERO), None]):
        await old.event(None, id=row_id, timestamp=f"2026-08-03T09:0{minute}:00Z")

    report = await take_over()

    assert report.events == Events(found=3, imported=3)
    assert len(await stored(world.services)) == 3


async def test_an_event_whose_storage_time_makes_no_sense_was_received_when_it_happened(
    world: World, old: OldService, take_over: TakeOver
):
    await old.event(None, created_at="0001-01-01T00:00:00Z")
    await old.event(None, timestamp="2026-08-03T09:01:00Z", created_at=None)

    await take_over()

    assert all(row["received_at"] == row["ts"] for row in await stored(world.services))


@pytest.mark.parametrize("url", ["", None])
async def test_an_event_without_a_url_has_no_domain(
    world: World, old: OldService, take_over: TakeOver, url: str | None
):
    await old.event(None, url=url)

    await take_over()

    assert [(row["url"], row["domain"]) for row in await stored(world.services)] == [("", None)]


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"event_type": "hover"}, "invalid_type", "invalid event type: hover"),
        ({"event_type": None}, "invalid_type", "invalid event type"),
        ({"timestamp": None}, "invalid_timestamp", "ts is required"),
        ({"timestamp": "infinity"}, "invalid_timestamp", "infinity is not RFC 3339"),
        ({"timestamp": "0044-03-15 12:00:00+00 BC"}, "invalid_timestamp", "BC is not RFC 3339"),
        ({"timestamp": "20000-01-01T00:00:00Z"}, "invalid_timestamp", "is not RFC 3339"),
        ({"timestamp": "0001-01-01T00:00:00Z"}, "invalid_timestamp", "too far in the past"),
        ({"timestamp": "9999-12-31T23:59:59Z"}, "invalid_timestamp", "too far in the future"),
        ({"timestamp": (now() + timedelta(days=3)).isoformat()}, "invalid_timestamp", "too far in the future"),
        ({"session_id": None}, "invalid_event", "sessionId is required"),
        ({"session_id": "s" * 256}, "invalid_event", "sessionId is too long"),
    ],
)
async def test_an_event_that_breaks_a_rule_is_kept_as_rejected(
    world: World, old: OldService, take_over: TakeOver, values: dict[str, Any], code: str, words: str
):
    person = await ada(old)
    row_id = await old.event(person, key="secret", **values)
    await old.event(person)

    report = await take_over()
    again = await take_over()

    assert report.events == Events(found=2, imported=1, rejected={code: 1})
    assert again.events.rejected == {code: 1}
    assert words in report.oddities[Finding.REJECTED].examples[0]
    [row] = await rejected(world.services)
    assert (row["user_id"], row["code"]) == (person, code)
    assert words in row["message"]
    assert str(row_id) in row["payload"]
    assert "secret" not in row["payload"]


async def test_a_long_url_loses_its_tail_and_odd_coordinates_are_left_out(
    world: World, old: OldService, take_over: TakeOver
):
    await old.event(None, url="https://a.com/" + "x" * 9000, x=2**40, y=1)
    await old.event(None, x=1, y=-1)

    report = await take_over()

    assert report.events == Events(found=2, imported=2)
    rows = sorted(await stored(world.services), key=lambda row: len(row["url"]))
    assert [(row["x"], row["y"]) for row in rows] == [(1, None), (None, 1)]
    assert (len(rows[1]["url"]), rows[1]["domain"]) == (8192, "a.com")


@pytest.mark.parametrize(("kind", "x", "stored_x"), [("numeric", "2.6", 3), ("text", "12", 12)])
async def test_coordinates_of_other_types_are_understood(
    world: World, old: OldService, take_over: TakeOver, kind: str, x: str, stored_x: int
):
    await old.execute(f"ALTER TABLE user_behaviors ALTER x TYPE {kind}")
    await old.event(None, x=x, y=1)

    await take_over()

    assert [row["x"] for row in await stored(world.services)] == [stored_x]


@pytest.mark.parametrize(("kind", "x"), [("float8", "NaN"), ("float8", "Infinity"), ("text", "left")])
async def test_coordinates_that_are_no_numbers_are_left_out(
    world: World, old: OldService, take_over: TakeOver, kind: str, x: str
):
    await old.execute(f"ALTER TABLE user_behaviors ALTER x TYPE {kind}")
    await old.event(None, x=x, y=1)

    report = await take_over()

    assert report.events == Events(found=1, imported=1)
    assert [(row["x"], row["y"]) for row in await stored(world.services)] == [(None, 1)]


async def test_months_far_apart_get_their_partitions_and_hours_their_marks(
    world: World, old: OldService, take_over: TakeOver
):
    person = await ada(old)
    for ts in ("2022-05-31T23:59:59Z", "2022-06-01T00:00:00Z", "2026-08-03T09:00:00Z", "2026-08-03T09:59:59Z"):
        await old.event(person, timestamp=ts)

    await take_over()

    asker = await world.super_admin()
    assert len(await stored(world.services)) == 4
    query = """query ($id: ID!, $day: Period!) { extensionUser(id: $id) {
        usage(period: $day) { total { events } } } }"""
    assert (await asker.ask(query, id=str(person), day=DAY))["extensionUser"]["usage"]["total"] == {"events": 2}


async def test_a_person_who_is_deleted_while_we_run_loses_their_events(
    world: World, old: OldService, take_over: TakeOver, monkeypatch: pytest.MonkeyPatch
):
    person = await ada(old)
    await old.event(person)
    await old.event(person, event_type="hover")
    take_events = events.take_events

    async def after_a_deletion(*arguments: Any) -> None:
        await execute(world.services, "DELETE FROM extension_users")
        await take_events(*arguments)

    monkeypatch.setattr(importer, "take_events", after_a_deletion)
    report = await take_over()

    assert report.events == Events(found=2, deleted_here=2)
    assert await stored(world.services) == await rejected(world.services) == []
