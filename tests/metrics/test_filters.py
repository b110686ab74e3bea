"""Filters of figures: what a filter keeps is what its groups have, and what the reference keeps."""

from collections import Counter
from dataclasses import replace
from datetime import UTC
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.events import ANONYMOUS
from core.interval_order import IntervalOrder
from core.scope import Scope
from db.keyset import PageRequest
from db.metrics.question import Split
from db.metrics.values import NOTHING, MeasureValues
from db.queries import deep_work, metrics, sessions
from db.queries.deep_work import BlockDomainRow, BlockRow
from db.queries.filters import EventFilter
from db.queries.metrics import EVERYBODY, Group, GroupsPage, Order
from db.queries.people import Subject
from db.queries.sessions import SessionQuery
from tests.metrics import reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_filters import event_filter, filters, value_filter
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
    within,
    zones,
)
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_filters import keeping, narrowed
from tests.metrics.reference_sequences import sessions as reference_sessions
from tests.metrics.test_engine import NAMES, question, same, supported
from tests.world import Recorded, World

EVERYTHING = Scope.everything()
FILTERED_BY = [each for each in Dimension if each not in {Dimension.HOUR_OF_DAY, Dimension.DAY_OF_WEEK}]
SPLITS = [split for size in (1, 2) for split in combinations(Dimension, size)]


@given(stream=streams, zone_name=zones, state=states, cluster=either, data=st.data())
@examples
async def test_filtered_figures_are_the_references(
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
    chosen = data.draw(st.lists(filters(people), min_size=2, max_size=2))
    cut = tuple(buckets(time_range, Granularity.HOUR, zone))
    by_time = supported((), by_time=True)

    async with asking(world, cluster=cluster) as db:
        for where in chosen:
            asked = question(time_range, zone, state, event_filter(where))
            left, kept = narrowed(events, where), keeping(where)

            found = await metrics.totals(db, EVERYTHING, [EVERYBODY], asked, NAMES)
            assert same(found.get(EVERYBODY, NOTHING), reference.measure(left, NAMES, span, kept)), where

            series = await metrics.series(db, EVERYTHING, [(EVERYBODY, ())], asked, Split(buckets=cut), by_time)
            by_number = series.get((EVERYBODY, ()), {})
            expected = reference.series(left, *span, "HOUR", zone, by_time, kept)
            for number, (_, _, values) in enumerate(expected):
                assert same(by_number.get(number, NOTHING), values), where

            dimensions = data.draw(st.sampled_from(SPLITS))
            names = supported(dimensions, by_time=False)
            page = GroupsPage(Split(dimensions), Order("events"), 10_000)
            pages = await metrics.groups(db, EVERYTHING, [EVERYBODY], asked, page, names)
            groups = reference.groups(left, tuple(each.name for each in dimensions), zone, names, span, kept)
            rows = pages[EVERYBODY].rows if pages else ()
            assert {key_for_reference(group.key) for group in rows} == set(groups), (where, dimensions)
            for group in rows:
                assert same(group.values, groups[key_for_reference(group.key)]), (where, dimensions)


@given(stream=streams, zone_name=zones, state=states, cluster=either, dimension=st.sampled_from(FILTERED_BY))
@examples
async def test_a_filter_by_a_value_gives_what_its_group_gives(
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
    names, hours = supported((dimension,), by_time=False), (dimension, Dimension.HOUR_OF_DAY)
    names_by_hour = supported(hours, by_time=False)

    async with asking(world, cluster=cluster) as db:

        async def groups(dimensions: tuple[Dimension, ...], where: EventFilter) -> list[Group]:
            asked = question(time_range, zone, state, where)
            page = GroupsPage(Split(dimensions), Order("events"), 10_000)
            pages = await metrics.groups(db, EVERYTHING, [EVERYBODY], asked, page, supported(dimensions, by_time=False))
            return list(pages[EVERYBODY].rows) if pages else []

        hourly = await groups(hours, EventFilter())
        found = await groups((dimension,), EventFilter())
        named = [group for group in found if key_for_reference(group.key)[0][:1] != (None,)]  # no filter is of nobody
        for group in named[:2]:
            where = event_filter(value_filter(dimension.name, key_for_reference(group.key)[0]))

            asked = question(time_range, zone, state, where)
            filtered = (await metrics.totals(db, EVERYTHING, [EVERYBODY], asked, names))[EVERYBODY]
            assert numbers(filtered, names) == numbers(group.values, names)

            of_group = {
                each.key[1]: numbers(each.values, names_by_hour) for each in hourly if each.key[0] == group.key[0]
            }
            by_hour = {each.key[0]: each.values for each in await groups((Dimension.HOUR_OF_DAY,), where)}
            assert of_group == {hour: numbers(by_hour[hour], names_by_hour) for hour in of_group}


def numbers(values: MeasureValues, names: frozenset[str]) -> dict[str, Any]:
    return {name: getattr(values, name) for name in names}


@given(stream=streams, zone_name=zones, state=states, cluster=either, data=st.data())
@examples
async def test_filtered_blocks_and_sessions_are_the_references(
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
    events = within(await stored(world), time_range)
    where = data.draw(filters(people))
    left, kept = narrowed(events, where), keeping(where)
    asked = replace(question(time_range, zone, state, event_filter(where)), subject=Subject.USER)
    ids = [person.row.id for person in people if person is not None]

    async with asking(world, cluster=cluster) as db:
        pages = await deep_work.pages(db, EVERYTHING, ids, asked, IntervalOrder.OLDEST_FIRST, PageRequest(100))
        summaries = await deep_work.summaries(db, EVERYTHING, ids, asked)
        unique_domains = await deep_work.unique_domains(db, EVERYTHING, ids, asked)
        found = [block for page in pages.values() for block in page.rows]
        domains = await deep_work.domains_of_blocks(db, EVERYTHING, [block.key for block in found], asked)
        query = SessionQuery(time_range, asked.where, fingerprint="")
        listed = (await sessions.page(db, EVERYTHING, query, IntervalOrder.NEWEST_FIRST, PageRequest(100))).rows

    blocks = reference.deep_work(left, kept)
    assert sorted((shown(block, domains[block.key]) for block in found), key=str) == sorted(
        map(expected, blocks), key=str
    )
    for person, summary in summaries.items():
        own = [block for block in blocks if block.user == str(person)]
        assert summary.sessions_count == len(own)
        assert summary.total_seconds == pytest.approx(sum(block.seconds for block in own))
        assert summary.context_switches == sum(block.context_switches for block in own)
        levels = Counter(block.focus_level for block in own)
        assert (summary.high, summary.medium, summary.low) == (levels["HIGH"], levels["MEDIUM"], levels["LOW"])
        assert unique_domains.get(person, 0) == len({name for block in own for name, _ in block.domains})
    assert {block.user for block in blocks} == {str(person) for person in summaries}

    of_sessions = {
        (session[0].user, session[0].session): reference.measure(session, {"tracked_seconds", "events"}, kept=kept)
        | {"start": session[0].ts, "end": session[-1].ts}
        for session in reference_sessions(left)
        if any(map(kept, session))
    }
    assert {
        (None if row.user_id == ANONYMOUS else str(row.user_id), row.session_id): {
            "tracked_seconds": pytest.approx(row.seconds),
            "events": row.events,
            "start": row.start,
            "end": row.end,
        }
        for row in listed
    } == of_sessions


def shown(block: BlockRow, domains: list[BlockDomainRow]) -> tuple[Any, ...]:
    """A block as the engine tells of it."""
    return (
        *(str(block.user_id), block.start.astimezone(UTC), block.end.astimezone(UTC), round(block.seconds, 6)),
        *(block.events, block.context_switches, round(block.switches_per_hour, 6)),
        [(part.domain, round(part.seconds, 6)) for part in domains],
    )


def expected(block: reference.Block) -> tuple[Any, ...]:
    """A block as the reference tells of it."""
    return (
        *(block.user, block.start, block.end, round(block.seconds, 6)),
        *(block.events, block.context_switches, round(block.switches_per_hour, 6)),
        [(name, round(seconds, 6)) for name, seconds in block.domains],
    )
