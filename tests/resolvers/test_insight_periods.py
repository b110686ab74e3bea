"""The periods of insights: whole milliseconds, so that each figure can be asked for again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.periods import TimeRange
from db.metrics.question import Question
from db.queries.filters import EventFilter
from resolvers.insights import _on_milliseconds
from resolvers.usage import ComparisonArguments, UsageQuery

MOMENT = datetime(2026, 11, 24, 15, 20, 0, 123_456, tzinfo=UTC)
WEEK = TimeRange(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("period", "before"),
    [
        (WEEK, datetime(2026, 11, 17, 15, 20, 0, 124_000, tzinfo=UTC)),
        (TimeRange(MOMENT - timedelta(days=1), MOMENT), datetime(2026, 11, 23, 15, 20, 0, 123_000, tzinfo=UTC)),
    ],
)
def test_what_an_insight_is_compared_with_is_on_whole_milliseconds(period: TimeRange, before: datetime):
    usage = UsageQuery(Question(period, EventFilter(), ZoneInfo("UTC")), MOMENT, None, lambda _: period)

    asked = _on_milliseconds(usage)
    earlier = asked.previous(ComparisonArguments()).time_range

    instants = (asked.start, asked.end, earlier.start, earlier.end)
    assert [instant.microsecond % 1000 for instant in instants] == [0, 0, 0, 0]
    assert asked.start <= period.start < period.end <= asked.end
    assert earlier.end == before
