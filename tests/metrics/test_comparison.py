"""Counterparts of periods and buckets, measured by the engine and by the reference, whatever the rollups."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Bucket, buckets
from core.comparison import Comparison
from core.dimensions import Alignment, Granularity, Shift
from core.periods import TimeRange
from core.scope import Scope
from db.metrics.question import Split
from db.metrics.values import NOTHING
from db.queries import metrics
from db.queries.metrics import EVERYBODY
from tests.metrics.cluster_statements import asking
from tests.metrics.random_streams import State, either, examples, period, states, store, stored, streams, zones
from tests.metrics.random_streams import people as people  # noqa: PLC0414 - a fixture
from tests.metrics.reference_comparison import measured
from tests.metrics.test_engine import question, same, supported
from tests.world import Recorded, World


@given(
    stream=streams,
    zone_name=zones,
    state=states,
    cluster=either,
    shift=st.sampled_from([Shift.DAY, Shift.WEEK, Shift.MONTH, Shift.PRECEDING]),
    every=st.sampled_from([Granularity.HOUR, Granularity.DAY, Granularity.QUARTER_HOUR]),
    passed=st.sampled_from(
        [timedelta(hours=7, minutes=13, microseconds=1), timedelta(hours=3), timedelta(hours=31), timedelta(days=9)]
    ),
)
@examples
async def test_counterparts_of_buckets_are_measured_as_the_reference_does(
    world: World,
    people: list[Recorded | None],
    *,
    stream: Any,
    zone_name: str,
    state: State,
    cluster: bool,
    shift: Shift,
    every: Granularity,
    passed: timedelta,
):
    # Given events around a change of clocks, and a period that is compared with the days they are of
    earlier, zone, start = period(zone_name)
    await store(world, people, stream, start, state, cluster=cluster)
    later = {Shift.DAY: 1, Shift.WEEK: 7, Shift.MONTH: 31}.get(shift, 2) * timedelta(days=1)
    asked = TimeRange(earlier.start + later, earlier.end + later)
    comparison = Comparison(asked, shift, Alignment.TO_DATE, zone, asked.start + passed)
    spans = [each.previous for each in comparison.buckets(buckets(asked, every, zone))]
    whole = TimeRange(spans[0].start, max(span.end for span in spans))
    names = supported((), by_time=True)
    # When
    async with asking(world, cluster=cluster) as db:
        split = Split(buckets=tuple(Bucket(span.start, span.end) for span in spans))
        key = (EVERYBODY, ())
        found = (await metrics.series(db, Scope.everything(), [key], question(whole, zone, state), split, names)).get(
            key
        )
    # Then
    events = await stored(world)
    for number, expected in enumerate(measured(events, [(span.start, span.end) for span in spans], names)):
        assert same((found or {}).get(number, NOTHING), expected)
