import json
from itertools import count
from typing import Any

from httpx import AsyncClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.events import RejectionCode
from tests.rest_requests import BATCH, BEHAVIORS, event
from tests.world import World, at

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.text(st.characters(codec=None))
JSON = st.recursive(
    SCALARS, lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3), max_leaves=5
)
MEMBERS = ("sessionId", "ts", "type", "url", "userId", "x", "y", "key", "eventId")
LIKELY = {
    "sessionId": st.just("s1"),
    "ts": st.sampled_from([at("09:00:00"), at("23:59:60"), "2026-08-03T09:00:00"]),
    "type": st.sampled_from(["focus", "click", "idle", "FOCUS"]),
    "url": st.text(max_size=20),
    "x": st.integers(-1, 10_001),
    "y": st.integers(-(10**40), 10**40),
}
EVENTS = st.fixed_dictionaries({}, optional={name: LIKELY.get(name, JSON) | JSON for name in MEMBERS}) | JSON

_number = count()
check = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def post(http: AsyncClient, route: str, body: Any) -> Any:
    return await http.post(route, content=json.dumps(body))


@check
@given(bad=EVENTS)
async def test_whatever_a_client_sends_as_an_event_is_stored_or_refused(world: World, bad: object):
    response = await post(world.http, BEHAVIORS, bad)

    assert response.status_code in {201, 400}
    answer = response.json()
    assert answer["success"] is (response.status_code == 201)
    assert set(answer) == ({"data", "success"} if answer["success"] else {"message", "success"})


@check
@given(bad=st.lists(EVENTS, max_size=4), place=st.integers(0, 4))
async def test_no_neighbour_is_ever_lost(world: World, bad: list[object], place: int):
    good = event(eventId=f"good-{next(_number)}")
    events = [*bad[:place], good, *bad[place:]]

    response = await post(world.http, BATCH, {"events": events})

    assert response.status_code == 201
    receipt = response.json()
    assert receipt["accepted"] + receipt["duplicates"] + len(receipt["rejected"]) == len(events)
    indexes = [rejection["index"] for rejection in receipt["rejected"]]
    assert indexes == sorted(set(indexes))
    assert events.index(good) not in indexes
    assert {rejection["code"] for rejection in receipt["rejected"]} <= set(RejectionCode)
    assert (await post(world.http, BEHAVIORS, good)).json()["data"]["createdAt"]
    again = await post(world.http, BATCH, {"events": [good]})
    assert again.json()["duplicates"] == 1


@check
@given(body=JSON)
async def test_whatever_a_client_sends_as_a_batch_is_answered(world: World, body: object):
    response = await post(world.http, BATCH, body)

    assert response.status_code == 400
    assert response.json()["success"] is False
