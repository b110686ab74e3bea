"""Figures of leads: exactly those of the events of the people in their teams, in whatever form the events are read."""

from dataclasses import replace
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.calendar import buckets
from core.dimensions import Dimension, Granularity
from core.interval_order import IntervalOrder
from core.scope import Scope
from db.keyset import PageRequest
from db.metrics.question import Question, Split
from db.metrics.values import NOTHING
from db.queries import deep_work, metrics, sessions
from db.queries.metrics import EVERYBODY, GroupsPage, Order
from db.queries.people import Subject
from db.queries.sessions import SessionQuery
from tests.metrics import reference
from tests.metrics.cluster_statements import asking
from tests.metrics.random_filters import event_filter, filters
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
    within,
    zones,
)
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_filters import keeping, narrowed
from tests.metrics.reference_sequences import sessions as reference_sessions
from tests.metrics.test_engine import NAMES, question, same, supported
from tests.world import Recorded, World


class Leading(NamedTuple):
    """The teams that a viewer leads, and whether they see the whole of the second organization, too."""

    teams: frozenset[UUID]
    whole: bool

    def scope(self, people: list[Recorded | None]) -> Scope:
        """The scope of the viewer."""
        acme, umbrella = _organizations(people)
        return Scope.of([umbrella] if self.whole else []).leading([acme], self.teams)

    def seen(self, events: list[reference.Event], people: list[Recorded | None]) -> list[reference.Event]:
        """The events as the viewer sees them: of whom they see, with the teams that they may know of."""
        _, umbrella = _organizations(people)
        led = {str(team) for team in self.teams}
        found = []
        for event in events:
            if self.whole and event.organization == str(umbrella):
                found.append(event)
            elif event.teams & led:
                found.append(replace(event, teams=event.teams & led))
        return found


# The third team is of the organization that may be seen as a whole, where nobody is a lead then.
leading = st.one_of(
    st.builds(Leading, st.frozensets(st.sampled_from(sorted(TEAMS))), st.just(False)),
    st.builds(Leading, st.frozensets(st.sampled_from(sorted(TEAMS)[:2])), st.just(True)),
)


def _organizations(people: list[Recorded | None]) -> list[UUID]:
    return list(dict.fromkeys(person.row.organization_id for person in people if person is not None))


@given(stream=streams, zone_name=zones, state=states, cluster=either, who=leading, data=st.data())
@examples
async def test_figures_are_of_the_people_in_led_teams(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    who: Leading,
    data: st.DataObject,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    scope, span = who.scope(people), (time_range.start, time_range.end)
    events = who.seen(await stored(world), people)
    where = data.draw(filters(people))
    left, kept = narrowed(events, where), keeping(where)
    cut = tuple(buckets(time_range, Granularity.HOUR, zone))
    by_time = supported((), by_time=True)

    async with asking(world, cluster=cluster) as db:
        whole, filtered = question(time_range, zone, state), question(time_range, zone, state, event_filter(where))
        total = await metrics.totals(db, scope, [EVERYBODY], whole, NAMES)
        of_filter = await metrics.totals(db, scope, [EVERYBODY], filtered, NAMES)
        series = await metrics.series(db, scope, [(EVERYBODY, ())], filtered, Split(buckets=cut), by_time)
        blocks = await deep_work.summaries(db, scope, [EVERYBODY], whole)

    assert same(total.get(EVERYBODY, NOTHING), reference.measure(events, NAMES, span))
    assert same(of_filter.get(EVERYBODY, NOTHING), reference.measure(left, NAMES, span, kept)), where
    for number, (*_, values) in enumerate(reference.series(left, *span, "HOUR", zone, by_time, kept)):
        assert same(series.get((EVERYBODY, ()), {}).get(number, NOTHING), values), where
    counted = blocks[EVERYBODY].sessions_count if EVERYBODY in blocks else 0
    assert counted == total.get(EVERYBODY, NOTHING).deep_work_sessions


@given(stream=streams, zone_name=zones, state=states, cluster=either, who=leading, data=st.data())
@examples
async def test_groups_are_of_people_and_teams_that_a_lead_may_see(
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    who: Leading,
    data: st.DataObject,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    scope, span = who.scope(people), (time_range.start, time_range.end)
    events = who.seen(await stored(world), people)
    other = data.draw(st.sampled_from([None, Dimension.EXTENSION_USER, Dimension.DOMAIN, Dimension.ORGANIZATION]))
    dimensions = (Dimension.TEAM,) if other is None else (Dimension.TEAM, other)
    names, page = supported(dimensions, by_time=False), GroupsPage(Split(dimensions), Order("events"), 10_000)
    keys = tuple((team,) for team in sorted(data.draw(st.sets(st.sampled_from(sorted(TEAMS))))))
    of_team = supported((Dimension.TEAM,), by_time=False)

    async with asking(world, cluster=cluster) as db:
        asked = question(time_range, zone, state)
        pages = await metrics.groups(db, scope, [EVERYBODY], asked, page, names)
        rest = await metrics.without_groups(db, scope, [(EVERYBODY, keys)], asked, (Dimension.TEAM,), of_team)

    groups = reference.groups(events, tuple(each.name for each in dimensions), zone, names, span)
    rows = pages[EVERYBODY].rows if pages else ()
    assert {key_for_reference(group.key) for group in rows} == set(groups)
    for group in rows:
        assert same(group.values, groups[key_for_reference(group.key)])
    remaining = [event for event in events if event.teams - {str(team) for (team,) in keys}]
    assert same(rest.get((EVERYBODY, keys), NOTHING), reference.measure(remaining, of_team, span))


@given(stream=streams, zone_name=zones, state=states, cluster=either, who=leading)
@examples
async def test_a_person_or_session_beyond_the_teams_has_no_figures(
    world: World, people: list[Recorded | None], stream: Any, zone_name: str, state: State, cluster: bool, who: Leading
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    scope, span = who.scope(people), (time_range.start, time_range.end)
    events = who.seen(await stored(world), people)
    ids = [person.id for person in people if person is not None]
    asked = Question(time_range, event_filter({}), zone, Subject.USER, state is not State.EVENTS_ALONE)
    listed = SessionQuery(time_range, event_filter({}), "")

    async with asking(world, cluster=cluster) as db:
        found = await metrics.totals(db, scope, ids, asked, NAMES)
        page = await sessions.page(db, scope, listed, IntervalOrder.OLDEST_FIRST, PageRequest(1000))

    for user_id in ids:
        own = [event for event in events if event.user == str(user_id)]
        assert same(found.get(user_id, NOTHING), reference.measure(own, NAMES, span))
    expected = reference_sessions(within(events, time_range))
    assert len(page.rows) == len(expected)
    assert {str(row.user_id) for row in page.rows} <= {event.user for event in events}
