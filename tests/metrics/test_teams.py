"""Groups by team, where people are in several: what is left beside the groups that are named, and buckets of groups."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.scope import Scope
from db.metrics.question import Split
from db.metrics.values import NOTHING
from db.queries import metrics
from db.queries.metrics import EVERYBODY
from tests.metrics import reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_streams import (
    TEAMS,
    State,
    either,
    examples,
    key_for_reference,
    period,
    states,
    store,
    stored,
    streams,
    zones,
)
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_sites import site
from tests.metrics.test_engine import question, same, supported
from tests.world import Recorded, World

EVERYTHING = Scope.everything()
_TEAMS = sorted(TEAMS)


@given(stream=streams, zone_name=zones, state=states, cluster=either, named=st.sets(st.sampled_from(_TEAMS)))
@examples
async def test_what_is_left_counts_once_however_many_teams_somebody_is_in(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    named: set[Any],
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)
    asked, names = question(time_range, zone, state), supported((Dimension.TEAM,), by_time=False)
    keys = tuple((team,) for team in sorted(named))

    async with asking(world, cluster=cluster) as db:
        found = await metrics.without_groups(db, EVERYTHING, [(EVERYBODY, keys)], asked, (Dimension.TEAM,), names)

    left = [event for event in events if event.teams - {str(team) for team in named}]
    assert same(found.get((EVERYBODY, keys), NOTHING), reference.measure(left, names, span))


@given(stream=streams, zone_name=zones, state=states, cluster=either, named=st.sets(st.sampled_from(_TEAMS)))
@examples
async def test_what_is_left_beside_teams_and_sites_counts_once(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    named: set[Any],
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)
    dimensions = (Dimension.TEAM, Dimension.SITE)
    asked, names = question(time_range, zone, state), supported(dimensions, by_time=False)
    keys = tuple((team, "a.com") for team in sorted(named))
    texts = {str(team) for team in named}

    async with asking(world, cluster=cluster) as db:
        found = await metrics.without_groups(db, EVERYTHING, [(EVERYBODY, keys)], asked, dimensions, names)

    def is_left(event: reference.Event) -> bool:
        if event.domain is None:
            return False
        return bool(event.teams - texts) if site(event.domain) == "a.com" else bool(event.teams)

    assert same(found.get((EVERYBODY, keys), NOTHING), reference.measure(events, names, span, is_left))


@given(stream=streams, zone_name=zones, state=states, cluster=either)
@examples
async def test_buckets_of_a_team_are_those_of_its_people(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = await stored(world)
    asked, names = question(time_range, zone, state), supported((Dimension.TEAM,), by_time=True)
    split = Split((Dimension.TEAM,), tuple(buckets(time_range, Granularity.HOUR, zone)))
    keys = [(EVERYBODY, (team,)) for team in _TEAMS]

    async with asking(world, cluster=cluster) as db:
        found = await metrics.series(db, EVERYTHING, keys, asked, split, names)

    for key in keys:
        [team] = key_for_reference(key[1])
        own = [event for event in events if team in event.teams]
        expected = reference.series(own, time_range.start, time_range.end, "HOUR", zone, names)
        values = found.get(key, {})
        for number, (*_, measures) in enumerate(expected):
            assert same(values.get(number, NOTHING), measures)
