"""The engine against the reference: every measure by every split it goes with, on random streams of events."""

from collections.abc import Iterable
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.periods import TimeRange
from core.scope import Scope
from db.metrics.measures import MEASURES
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries import metrics
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY, GroupsPage, Order
from db.queries.people import Subject
from tests.metrics import reference
from tests.metrics.cluster_statements import asking
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
from tests.world import Recorded, World

NAMES = frozenset(measure.name for measure in MEASURES)


def same(found: MeasureValues, expected: dict[str, Any]) -> bool:
    """Whole numbers are equal; times to the microsecond."""
    for name, value in expected.items():
        actual: Any = getattr(found, name)
        if name == "session_seconds":
            actual = {part: getattr(actual, part) for part in ("average", "p50", "p95", "longest")}
        assert actual == pytest.approx(value, abs=1e-6), (name, actual, value)
    return True


def question(time_range: TimeRange, zone: ZoneInfo, state: State, where: EventFilter | None = None) -> Question:
    return Question(time_range, where or EventFilter(), zone, rollups=state is not State.EVENTS_ALONE)


def supported(dimensions: Iterable[Dimension], *, by_time: bool) -> frozenset[str]:
    """The measures that can be split so."""
    return frozenset(
        measure.name
        for measure in MEASURES
        if measure.dimensions.issuperset(dimensions) and (measure.by_time or not by_time)
    )


@given(stream=streams, zone_name=zones, state=states, cluster=either)
@examples
async def test_totals_are_the_references(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)

    async with asking(world, cluster=cluster) as db:
        found = await metrics.totals(db, Scope.everything(), [EVERYBODY], question(time_range, zone, state), NAMES)

    assert same(found.get(EVERYBODY, NOTHING), reference.measure(events, NAMES, span))


@given(stream=streams, zone_name=zones, state=states, cluster=either)
@examples
async def test_subjects_are_measured_each_for_itself(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)

    async with asking(world, cluster=cluster) as db:
        for subject in Subject:
            persons = [person.row for person in people if person is not None]
            ids = {row.id if subject is Subject.USER else row.organization_id for row in persons}
            asked = Question(time_range, EventFilter(), zone, subject, state is not State.EVENTS_ALONE)
            found = await metrics.totals(db, Scope.everything(), ids, asked, NAMES)
            for each in ids:
                own = [event for event in events if str(each) in {event.user, event.organization}]
                assert same(found.get(each, NOTHING), reference.measure(own, NAMES, span))


@given(stream=streams, zone_name=zones, state=states, cluster=either, every=st.sampled_from(list(Granularity)))
@examples
async def test_series_are_the_references(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    every: Granularity,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)
    names = supported((), by_time=True)
    cut = tuple(buckets(time_range, every, zone))

    async with asking(world, cluster=cluster) as db:
        found = await metrics.series(
            db, Scope.everything(), [(EVERYBODY, ())], question(time_range, zone, state), Split(buckets=cut), names
        )

    expected = reference.series(events, *span, every.name, zone, names)
    assert [(bucket.start, bucket.end) for bucket in cut] == [(begin, end) for begin, end, _ in expected]
    by_number = found.get((EVERYBODY, ()), {})
    for number, (_, _, values) in enumerate(expected):
        assert same(by_number.get(number, NOTHING), values)


@given(stream=streams, zone_name=zones, state=states, cluster=either, data=st.data())
@examples
async def test_groups_are_the_references(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    data: st.DataObject,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    events, span = await stored(world), (time_range.start, time_range.end)
    splits = [split for size in (1, 2, 3) for split in combinations(Dimension, size)]
    chosen = data.draw(st.lists(st.sampled_from(splits), min_size=4, max_size=4))
    by_category = data.draw(st.sampled_from([split for split in splits if Dimension.CATEGORY in split]))
    by_site = data.draw(st.sampled_from([split for split in splits if Dimension.SITE in split]))

    async with asking(world, cluster=cluster) as db:
        for dimensions in (*chosen, by_category, by_site):
            names = supported(dimensions, by_time=False)
            page = GroupsPage(Split(dimensions), Order("events"), 10_000)
            pages = await metrics.groups(
                db, Scope.everything(), [EVERYBODY], question(time_range, zone, state), page, names
            )
            expected = reference.groups(events, tuple(each.name for each in dimensions), zone, names, span)
            rows = pages[EVERYBODY].rows if pages else ()
            assert {key_for_reference(group.key) for group in rows} == set(expected)
            for group in rows:
                assert same(group.values, expected[key_for_reference(group.key)])
            counts = [group.values.events for group in rows]
            assert counts == sorted(counts, reverse=True)


@given(
    stream=streams,
    zone_name=zones,
    state=states,
    cluster=either,
    dimension=st.sampled_from([Dimension.DOMAIN, Dimension.SITE, Dimension.CATEGORY, Dimension.EXTENSION_USER]),
)
@examples
async def test_series_of_groups_and_the_rest_add_up(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    dimension: Dimension,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    asked, split = question(time_range, zone, state), Split((dimension,))
    names = frozenset({"events", "tracked_seconds", "active_seconds", "deep_work_seconds"})
    cut = tuple(buckets(time_range, Granularity.HOUR, zone))

    async with asking(world, cluster=cluster) as db:
        everything = Scope.everything()
        page = GroupsPage(split, Order("events"), 2)
        pages = await metrics.groups(db, everything, [EVERYBODY], asked, page, names)
        rows = pages[EVERYBODY].rows if pages else ()
        keys = [(EVERYBODY, group.key) for group in rows]
        named = tuple(group.key for group in rows)
        whole_page = GroupsPage(split, Order("events"), 10_000)
        everything_grouped = await metrics.groups(db, everything, [EVERYBODY], asked, whole_page, names)
        rest = await metrics.without_groups(db, everything, [(EVERYBODY, named)], asked, (dimension,), names)
        if keys:
            series = await metrics.series(db, everything, keys, asked, Split((dimension,), cut), names)
            again = await metrics.group_values(db, everything, keys, asked, split, names)

    for group in rows:
        pieces = series[EVERYBODY, group.key].values()
        for name in names:
            assert sum(getattr(piece, name) for piece in pieces) == pytest.approx(getattr(group.values, name))
        assert again[EVERYBODY, group.key] == group.values
    others = [group.values for group in everything_grouped[EVERYBODY].rows[2:]] if rows else []
    for name in names:
        expected = sum(getattr(values, name) for values in others)
        assert getattr(rest.get((EVERYBODY, named), NOTHING), name) == pytest.approx(expected)
