"""Distributions over people against the reference, on random streams of events of more people than five."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.scope import Scope
from db.metrics.measures import MEASURES
from db.queries import distributions
from db.queries.metrics import EVERYBODY
from tests.metrics import reference_transitions as reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_filters import event_filter, filters
from tests.metrics.random_streams import State, Step, Stream, either, examples, period, states, store, stored
from tests.metrics.reference_events import event
from tests.metrics.reference_filters import keeping, narrowed
from tests.metrics.test_engine import question
from tests.world import Recorded, World

NAMES = [measure.name for measure in MEASURES if measure.is_number]
steps = st.builds(
    Step,
    pause=st.sampled_from([1, 60, 200, 301, 3000]),
    person=st.integers(0, 7),
    session=st.sampled_from(["s", "t"]),
    kind=st.sampled_from(["click", "keydown", "blur"]),
    url=st.sampled_from(["https://a.com/1", "https://b.com/", ""]),
)
streams = st.lists(steps, min_size=12, max_size=40).map(lambda found: Stream(found, ({}, {})))


@pytest.fixture
async def people(world: World) -> list[Recorded | None]:
    """Seven people of two organizations, and nobody."""
    acme, umbrella = await world.organization("Acme"), await world.organization("Umbrella")
    return [*[await world.recorded(acme) for _ in range(6)], await world.recorded(umbrella), None]


@given(stream=streams, state=states, cluster=either, data=st.data())
@examples
async def test_distributions_are_the_references(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    state: State,
    cluster: bool,
    data: st.DataObject,
):
    time_range, zone, start = period("UTC")
    await store(world, people, stream, start, state, cluster=cluster)
    where = data.draw(st.one_of(st.just({}), filters(people)))
    events, kept = narrowed(await stored(world), where), keeping(where)
    span = (time_range.start, time_range.end)
    asked = question(time_range, zone, state, event_filter(where))

    async with asking(world, cluster=cluster) as db:
        for name in NAMES:
            found = await distributions.over_people(db, Scope.everything(), [EVERYBODY], asked, name)

            expected = reference.distribution(events, name, span, kept)
            row = found.get(EVERYBODY)
            actual = None if row is None else {key: getattr(row, key) for key in expected or {}}
            assert actual == (expected and pytest.approx(expected, abs=1e-6)), name


def test_the_reference_on_five_people_and_on_four():
    events = [event("09:00:00", user=user) for user in "aabbbcdddde"] + [event("09:00:00", user=None)]

    assert reference.distribution(events, "events") == {
        "n": 5, "min": 1, "p25": 1, "p50": 2, "p75": 3, "p90": pytest.approx(3.6), "max": 4,
    }  # fmt: skip
    assert reference.distribution([each for each in events if each.user != "e"], "events") is None
