"""Transitions against the reference, on random streams of events: every pair, and that they add up."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.dimensions import TransitionDimension
from core.scope import Scope
from db.queries import metrics, transitions
from db.queries.metrics import EVERYBODY
from db.queries.people import Subject
from db.queries.ranked_pages import RankedPlace
from db.queries.transitions import TransitionMeasure, TransitionOrder, TransitionRow, TransitionsPage
from tests.metrics import reference_transitions as reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_filters import event_filter, filters
from tests.metrics.random_streams import State, either, examples, period, states, store, stored, streams, within, zones
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_events import EXAMPLE, at, event, work
from tests.metrics.reference_filters import keeping, narrowed
from tests.metrics.test_engine import question
from tests.world import Recorded, World

orders = st.builds(TransitionOrder, st.sampled_from(TransitionMeasure), st.booleans())


def by_pair(rows: Any) -> dict[reference.Pair, reference.Transition]:
    return {
        (row.from_value, row.to_value): reference.Transition(row.count, row.users, row.median_seconds_before)
        for row in rows
    }


def _upper(category: str | None) -> str | None:
    return category and category.upper()


@given(stream=streams, zone_name=zones, state=states, cluster=either, order=orders, data=st.data())
@examples
async def test_transitions_are_the_references_and_add_up_to_context_switches(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    order: TransitionOrder,
    data: st.DataObject,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    where = data.draw(st.one_of(st.just({}), filters(people)))
    events, kept = narrowed(within(await stored(world), time_range), where), keeping(where)
    asked = question(time_range, zone, state, event_filter(where))

    async with asking(world, cluster=cluster) as db:
        everything = Scope.everything()
        whole = await metrics.totals(db, everything, [EVERYBODY], asked, frozenset({"context_switches"}))
        for by in TransitionDimension:
            found = await transitions.pages(db, everything, [EVERYBODY], asked, TransitionsPage(by, order, 1000))
            rows = found[EVERYBODY].rows if found else ()
            paged: list[TransitionRow] = []
            while len(paged) < len(rows):
                place = paged[-1].place if paged else None
                after = None if place is None else RankedPlace(place[0], place[1:])
                page = (
                    await transitions.pages(db, everything, [EVERYBODY], asked, TransitionsPage(by, order, 2, after))
                )[EVERYBODY]
                assert (page.total, page.more) == (len(rows), len(paged) + len(page.rows) < len(rows))
                paged += page.rows

            expected = reference.transitions(events, by.name, kept)
            if by is TransitionDimension.CATEGORY:
                expected = {(_upper(start), _upper(end)): each for (start, end), each in expected.items()}
            assert by_pair(rows) == expected
            assert sum(row.count for row in rows) == (whole[EVERYBODY].context_switches if whole else 0)
            assert paged == list(rows)
            values = [getattr(row, order.measure.value) for row in rows]
            assert values == sorted(values, reverse=order.descending)


@given(stream=streams, state=states, cluster=either, subject=st.sampled_from(Subject))
@examples
async def test_subjects_have_their_own_transitions(
    world: World, people: list[Recorded | None], stream: Any, state: State, cluster: bool, subject: Subject
):
    time_range, zone, start = period("UTC")
    await store(world, people, stream, start, state, cluster=cluster)
    events = within(await stored(world), time_range)
    persons = [person.row for person in people if person is not None]
    ids = {row.id if subject is Subject.USER else row.organization_id for row in persons}

    async with asking(world, cluster=cluster) as db:
        asked = replace(question(time_range, zone, state), subject=subject)
        page = TransitionsPage(TransitionDimension.DOMAIN, TransitionOrder(), 1000)
        found = await transitions.pages(db, Scope.everything(), ids, asked, page)

    for each in ids:
        own = [event for event in events if str(each) in {event.user, event.organization}]
        rows = found[each].rows if each in found else ()
        assert by_pair(rows) == reference.transitions(own, "DOMAIN")


def test_the_reference_on_the_worked_example():
    assert reference.transitions(EXAMPLE, "DOMAIN") == {("a.com", "b.com"): reference.Transition(1, 1, 190.0)}


def test_the_reference_begins_a_stay_after_a_gap_and_knows_nowhere():
    events = [
        *work("09:00:00", [301, 10, 20], ["a.com", "a.com", "a.com", None], category="research"),
        event("09:05:40", "a.com", category="research"),
        event(at("09:05:50"), "b.com", user=None),
    ]

    assert reference.transitions(events, "DOMAIN") == {
        ("a.com", None): reference.Transition(1, 1, 30.0),
        (None, "a.com"): reference.Transition(1, 1, 9.0),
    }
