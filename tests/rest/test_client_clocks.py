"""Clients' clocks: what they say of them, and events that lie ahead of the present."""

import json
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from db.rollups import refresh_all
from tests.rest_requests import BATCH, BEHAVIORS, event, stored, with_key
from tests.schema.test_ingest_behaviors import behavior
from tests.world import Asker, Recorded, World

INGEST = """mutation($events: [BehaviorInput!]!, $sentAt: String) {
  ingestBehaviors(input: {events: $events, sentAt: $sentAt}) { ... on IngestBehaviorsSuccess { accepted } }
}"""
DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]


@pytest.fixture
async def ada(world: World) -> Recorded:
    return await world.recorded(await world.organization())


async def skew(world: World, person: Recorded) -> float | None:
    """The person's `clockSkewSeconds`, once it is written."""
    await world.services.key_usage.flush()
    asker = await world.super_admin()
    query = "query($id: ID!) { extensionUser(id: $id) { clockSkewSeconds } }"
    found: float | None = (await asker.ask(query, id=str(person.id)))["extensionUser"]["clockSkewSeconds"]
    return found


def ahead(seconds: float) -> str:
    """The time of a clock that is so far ahead, as JavaScript writes it."""
    return (now() + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.parametrize("door", ["single", "batch", "mutation", "bad neighbour", "keyless"])
async def test_a_client_that_tells_its_time_has_its_clock_measured(world: World, ada: Recorded, door: str):
    headers = with_key(ada)
    unknown = await skew(world, ada)
    sent_at = ahead(7200)

    match door:
        case "single":
            await world.http.post(BEHAVIORS, json=event(sentAt=sent_at), headers=headers)
        case "batch":
            await world.http.post(BATCH, json={"events": [event()], "sentAt": sent_at}, headers=headers)
        case "bad neighbour":
            await world.http.post(BATCH, json={"events": [event(), 7], "sentAt": sent_at}, headers=headers)
        case "keyless":
            await world.http.post(BATCH, json={"events": [event(userId=str(ada.id))], "sentAt": sent_at})
        case _:
            await Asker(world.http, headers=headers).ask(INGEST, events=[behavior()], sentAt=sent_at)
    measured = await skew(world, ada)
    await world.http.post(BEHAVIORS, json=event(type="blur"), headers=headers)
    untold = await skew(world, ada)
    await world.http.post(BEHAVIORS, json=event(type="idle", sentAt=ahead(-60)), headers=headers)
    behind = await skew(world, ada)

    assert unknown is None
    assert measured == pytest.approx(7200, abs=60), "the time that the request took is in it"
    assert untold == measured, "the last one that was told"
    assert behind == pytest.approx(-60, abs=60)


@pytest.mark.parametrize(
    "sent_at", [None, 5, 1e400, True, "", "x", "2026-13-01T00:00:00Z", "9" * 100, {"a": 1}, DEEP, "\ud800", "\0"]
)  # fmt: skip
async def test_what_is_no_time_costs_no_event(world: World, ada: Recorded, sent_at: Any):
    headers = with_key(ada)

    answers = [
        await world.http.post(BEHAVIORS, content=_json(event(sentAt=sent_at)), headers=headers),
        await world.http.post(
            BATCH, content=_json({"events": [event(type="blur")], "sentAt": sent_at}), headers=headers
        ),
    ]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert len(await stored(world.services)) == 2
    assert await skew(world, ada) is None


async def test_what_is_no_time_costs_no_event_over_graphql_either(world: World, ada: Recorded):
    extension = Asker(world.http, headers=with_key(ada))

    answer = await extension.ask(INGEST, events=[behavior()], sentAt="soon")

    assert answer["ingestBehaviors"] == {"accepted": 1}
    assert await skew(world, ada) is None


@pytest.mark.parametrize("has_rollups", [False, True])
async def test_events_ahead_of_the_present_do_not_count_in_presets_yet(
    world: World, ada: Recorded, *, has_rollups: bool
):
    at = {name: ahead(seconds) for name, seconds in (("before", -60), ("soon", 180), ("later", 600), ("far", 7200))}
    for name, ts in at.items():
        await world.http.post(BEHAVIORS, json=event(ts=ts, url=f"https://{name}.com/"), headers=with_key(ada))
    if has_rollups:
        await refresh_all(world.services.database)
    asker = await world.super_admin()
    query = """query($period: Period!, $all: BehaviorFilter) {
        usage(period: $period) { total { events sessions } groups(by: [DOMAIN]) { nodes { key { domain } } } }
        sessions(period: $period) { nodes { events } }
        behaviors(where: $all) { nodes { ts } }
    }"""

    found = {}
    # A year, so that the day does not end while the test runs.
    for name, period in {
        "year": {"preset": "THIS_YEAR"},
        "hour": {"last": "PT1H"},
        "between": {"between": {"start": ahead(-3600), "end": ahead(9000)}},
    }.items():
        answer = await asker.ask(query, period=period, all={"period": period})
        domains = sorted(node["key"]["domain"] for node in answer["usage"]["groups"]["nodes"])
        sessions = [node["events"] for node in answer["sessions"]["nodes"]]
        found[name] = domains, answer["usage"]["total"]["events"], sessions, len(answer["behaviors"]["nodes"])

    assert found == {
        "year": (["before.com", "soon.com"], 2, [2], 4),
        "hour": (["before.com"], 1, [1], 1),
        "between": (["before.com", "far.com", "later.com", "soon.com"], 4, [4], 4),
    }


def _json(members: dict[str, Any]) -> bytes:
    """JSON as lenient as clients are: with numbers out of range and lone surrogates."""
    return json.dumps(members).encode()
