"""The progress of goals against the reference, on random streams of events, in zones whose clocks change."""

from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.viewer import Viewer
from core.clock import now
from core.goals import GoalInterval
from core.weeks import WeekStart
from db.metrics.measures import MEASURES
from db.queries.filters import EventFilter, TextFilter
from db.queries.goals import GoalRow
from resolvers import goals
from resolvers.caller import Caller
from tests.metrics import reference, reference_goals
from tests.metrics.random_streams import TEAMS, State, examples, period, states, store, stored, streams, zones
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_goals import Rule
from tests.world import Recorded, World

NAMES = [measure.name for measure in MEASURES if measure.is_number and measure.by_time]
bounds = st.sampled_from([0.5, 1, 2, 3, 10, 60, 300, 1500])
rules = st.builds(
    Rule,
    measure=st.sampled_from(NAMES),
    at_least=st.none() | bounds,
    at_most=st.none() | bounds,
    weekdays=st.none() | st.sets(st.integers(1, 7), min_size=1),
).filter(lambda rule: rule.at_least is not None or rule.at_most is not None)
DOMAIN = "a.com"


def goal_row(rule: Rule, interval: GoalInterval, zone: ZoneInfo, **subject: Any) -> GoalRow:
    """A goal by these rules."""
    weekdays = rule.weekdays if interval is GoalInterval.DAY else None
    return GoalRow(
        id=uuid4(),
        name="goal",
        measure=rule.measure,
        conditions=None,
        interval=interval,
        at_least=rule.at_least,
        at_most=rule.at_most,
        weekdays=None if weekdays is None else tuple(weekdays),
        timezone=zone,
        created_at=now(),
        updated_at=now(),
        **({"extension_user_id": None, "team_id": None} | subject),
    )


@given(
    stream=streams,
    zone_name=zones,
    rollups=states,
    rule=rules,
    interval=st.sampled_from(GoalInterval),
    week_start=st.sampled_from(WeekStart),
    whose=st.sampled_from(["person", "team", "organization"]),
    filtered=st.booleans(),
    ahead=st.sampled_from([-1, 0.3, 3, 24, 48, 24 * 45]),
)
@examples
async def test_progress_is_the_references(  # noqa: PLR0917 - what is drawn
    world: World,
    people: list[Recorded | None],
    stream: Any,
    zone_name: str,
    rollups: State,
    rule: Rule,
    interval: GoalInterval,
    week_start: WeekStart,
    whose: str,
    filtered: bool,
    ahead: float,
):
    time_range, zone, start = period(zone_name)
    await store(world, people, stream, start, rollups, cluster=False)
    at = time_range.start + timedelta(hours=ahead)
    [person, *_] = people
    assert person
    subject: dict[str, Any] = {"organization_id": person.row.organization_id}
    team = next(iter(TEAMS))
    events = [event for event in await stored(world) if event.organization == str(person.row.organization_id)]
    if whose == "person":
        subject["extension_user_id"] = person.id
        events = [event for event in events if event.user == str(person.id)]
    elif whose == "team":
        subject["team_id"] = team
        events = [event for event in events if str(team) in event.teams]
    row = goal_row(rule, interval, zone, **subject)
    where = EventFilter(domain=TextFilter(eq=DOMAIN)) if filtered else EventFilter()
    caller = Caller.of(Viewer(uuid4(), uuid4(), is_super_admin=True, roles={}), world.services)

    found = await goals.progress(caller, row, where, time_range, at, week_start)

    range_ = (time_range.start, time_range.end)
    spans = reference_goals.whole_spans(range_, interval.name, zone, week_start.name)
    last_counted = min(spans[-1][1], (at + timedelta(minutes=5)).replace(second=0, microsecond=0))
    counted = [event for event in events if event.ts < last_counted]
    values = [
        value[rule.measure]
        for *_, value in reference.series_of(
            counted,
            spans,
            (spans[0][0], max(last_counted, spans[0][0])),
            interval.name,
            {rule.measure},
            lambda event: not filtered or event.domain == DOMAIN,
        )
    ]
    if interval is not GoalInterval.DAY:
        rule = Rule(rule.measure, rule.at_least, rule.at_most, None)
    expected = [
        reference_goals.state(rule, span, value, at, zone)  # type: ignore[arg-type]
        for span, value in zip(spans, values, strict=True)
    ]
    assert [(bucket.start, bucket.end) for bucket in found.buckets] == spans
    assert [bucket.value for bucket in found.buckets] == pytest.approx(values, abs=1e-6)
    assert [bucket.state.name for bucket in found.buckets] == expected
    assert (found.streak, found.rate) == (reference_goals.streak(expected), reference_goals.rate(expected))
