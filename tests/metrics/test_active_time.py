"""Active seconds against the reference, in ranges that begin and end amid the events."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.periods import TimeRange
from core.scope import Scope
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING
from db.queries import metrics
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY, GroupsPage, Order
from db.queries.people import Subject
from tests.metrics import reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_filters import event_filter, filters
from tests.metrics.random_streams import (
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
from tests.metrics.reference_filters import keeping, narrowed
from tests.world import Recorded, World

OF_URL = {Dimension.DOMAIN, Dimension.SITE, Dimension.CATEGORY, Dimension.URL}
"""Some events have no value of these."""
ACTIVE = frozenset({"active_seconds"})
HOUR = timedelta(hours=1)
# Where a range may begin or end: so long after an event, or at an hour near it.
OFFSETS = [timedelta(seconds=seconds) for seconds in (-300, -1, -0.000001, 0, 0.000001, 1, 150, 299.999999, 300)]
cuts = st.lists(st.tuples(st.integers(0), st.sampled_from([*OFFSETS, None])), min_size=2, max_size=5)


def chosen(events: Sequence[reference.Event], drawn: list[tuple[int, timedelta | None]]) -> list[datetime]:
    """Instants near events, in order."""
    instants = set()
    for number, offset in drawn:
        ts = events[number % len(events)].ts
        hour = ts.replace(minute=0, second=0, microsecond=0)
        instants.add(hour + HOUR * (number % 2) if offset is None else ts + offset)
    return sorted(instants)


async def active(db: AsyncConnection, asked: Question) -> float:
    found = await metrics.totals(db, Scope.everything(), [EVERYBODY], asked, ACTIVE)
    return float(found.get(EVERYBODY, NOTHING).active_seconds)


@given(stream=streams, zone_name=zones, state=states, cluster=either, drawn=cuts, data=st.data())
@examples
async def test_ranges_next_to_one_another_add_up(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    drawn: list[tuple[int, timedelta | None]],
    data: st.DataObject,
):
    _, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = await stored(world)
    ends = chosen(events, drawn) if events else []
    if len(ends) < 2:
        return

    async with asking(world, cluster=cluster) as db:
        for where in ({}, data.draw(filters(people)), data.draw(filters(people))):
            rollups = state is not State.EVENTS_ALONE
            asked = Question(TimeRange(ends[0], ends[-1]), event_filter(where), zone, rollups=rollups)
            left, kept = narrowed(events, where), keeping(where)
            parts = []
            for span in pairwise(ends):
                parts.append(await active(db, asked.during(TimeRange(*span))))
                expected = reference.measure(left, ACTIVE, span, kept)
                assert parts[-1] == pytest.approx(expected["active_seconds"], abs=1e-6), where
            assert sum(parts) == pytest.approx(await active(db, asked), abs=1e-6), where


@given(stream=streams, zone_name=zones, state=states, cluster=either, drawn=cuts)
@examples
async def test_parts_of_a_range_amid_the_events_add_up(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    drawn: list[tuple[int, timedelta | None]],
):
    _, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events = await stored(world)
    ends = chosen(events, drawn) if events else []
    if len(ends) < 2:
        return
    span = (ends[0], ends[-1])
    asked = Question(TimeRange(*span), EventFilter(), zone, rollups=state is not State.EVENTS_ALONE)
    cut = tuple(buckets(asked.time_range, Granularity.HOUR, zone))

    async with asking(world, cluster=cluster) as db:
        whole = await active(db, asked)
        hours = await metrics.series(db, Scope.everything(), [(EVERYBODY, ())], asked, Split(buckets=cut), ACTIVE)
        grouped = {each: await by(db, asked, each) for each in Dimension if each is not Dimension.EVENT_TYPE}
        ids = [person.row.id for person in people if person is not None]
        of_people = Question(asked.time_range, EventFilter(), zone, Subject.USER, rollups=asked.rollups)
        each_person = await metrics.totals(db, Scope.everything(), ids, of_people, ACTIVE)

    assert sum(each.active_seconds for each in hours.get((EVERYBODY, ()), {}).values()) == pytest.approx(whole)
    for dimension, found in grouped.items():
        expected = reference.groups(events, (dimension.name,), zone, ACTIVE, span)
        assert found == {key: pytest.approx(amount) for key, values in expected.items() if (amount := seconds(values))}
        if dimension not in OF_URL | {Dimension.TEAM}:  # somebody in two teams counts for both
            assert sum(found.values()) == pytest.approx(whole)
    length = (span[1] - span[0]).total_seconds()
    assert all(values.active_seconds <= length + 1e-6 for values in each_person.values())


async def by(db: AsyncConnection, asked: Question, dimension: Dimension) -> dict[tuple[Any, ...], float]:
    """The active seconds of each group that has some."""
    page = GroupsPage(Split((dimension,)), Order("active_seconds"), 10_000)
    pages = await metrics.groups(db, Scope.everything(), [EVERYBODY], asked, page, ACTIVE)
    rows = pages[EVERYBODY].rows if pages else ()
    return {key_for_reference(group.key): group.values.active_seconds for group in rows}


def seconds(values: reference.Values) -> float:
    amount = values["active_seconds"]
    assert isinstance(amount, float)
    return amount
