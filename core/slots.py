"""The time of a question, cut wherever any of its splits by time needs it.

Hours of the day, days of the week and buckets all begin at marks of the local calendar or clock. A *slot* is the time
between two neighbouring marks: it lies in one bucket, one hour of the day and one day of the week.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.calendar import Bucket, local, marks
from core.dimensions import Dimension, Granularity
from core.periods import TimeRange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = timedelta()
_FINEST = {Dimension.HOUR_OF_DAY: Granularity.HOUR, Dimension.DAY_OF_WEEK: Granularity.DAY}


@dataclass(frozen=True, slots=True)
class Slots:
    """`edges` are the marks, the range's ends included; the others tell of each slot, in order, where it lies.

    `buckets` counts from 0; `hours` are 0 to 23; `weekdays` 1 (Monday) to 7.
    """

    edges: tuple[datetime, ...]
    buckets: tuple[int, ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]

    def cut_at(self, step: timedelta) -> bool:
        """Whether all marks within the range lie on multiples of a step (an hour, a minute) in UTC."""
        return all((edge - _EPOCH) % step == _NOTHING for edge in self.edges[1:-1])


def slots(
    time_range: TimeRange, dimensions: Iterable[Dimension], buckets: tuple[Bucket, ...], zone: ZoneInfo
) -> Slots | None:
    """The slots that these dimensions and buckets need; None when nothing is split by time."""
    needed = [_FINEST[dimension] for dimension in dimensions if dimension in _FINEST]
    if not needed and not buckets:
        return None
    edges = {time_range.start, time_range.end, *(bucket.start for bucket in buckets)}
    for granularity in needed:
        edges.update(marks(time_range, granularity, zone))
    ordered = tuple(sorted(edges))
    starts = [bucket.start for bucket in buckets]
    on_clock = [local(edge, zone) for edge in ordered[:-1]]
    return Slots(
        ordered,
        tuple(bisect_right(starts, edge) - 1 for edge in ordered[:-1]),
        tuple(instant.hour for instant in on_clock),
        tuple(instant.isoweekday() for instant in on_clock),
    )
