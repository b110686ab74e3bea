"""The time of a question, cut at every boundary that one of its splits by time needs.

Hours of the day, days of the week and buckets all begin at boundaries of the local calendar or clock. A *time slice* is
the time between two neighbouring boundaries: it lies in one bucket, one hour of the day and one day of the week.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from core.calendar import Bucket, boundaries, local
from core.dimensions import Dimension, Granularity
from core.periods import TimeRange

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = timedelta()
_FINEST = {Dimension.HOUR_OF_DAY: Granularity.HOUR, Dimension.DAY_OF_WEEK: Granularity.DAY}


@dataclass(frozen=True, slots=True)
class TimeSlices:
    """The boundaries (`edges`), the range's ends included, and for each time slice in order where it lies.

    `buckets` counts from 0, and is -1 between buckets; `hours` are 0 to 23; `weekdays` 1 (Monday) to 7.
    """

    edges: tuple[datetime, ...]
    buckets: tuple[int, ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]

    def cut_at(self, step: timedelta) -> bool:
        """True if all boundaries within the range lie on multiples of a step (an hour, a minute) in UTC."""
        return all((edge - _EPOCH) % step == _NOTHING for edge in self.edges[1:-1])


def time_slices(
    time_range: TimeRange, dimensions: Iterable[Dimension], buckets: tuple[Bucket, ...], zone: ZoneInfo
) -> TimeSlices | None:
    """The time slices that these dimensions and buckets need; None when nothing is split by time.

    The buckets are in order; there may be time between them.
    """
    needed = [_FINEST[dimension] for dimension in dimensions if dimension in _FINEST]
    if not needed and not buckets:
        return None
    edges = {time_range.start, time_range.end}
    for bucket in buckets:
        edges |= {bucket.start, bucket.end}
    for granularity in needed:
        edges.update(boundaries(time_range, granularity, zone))
    ordered = tuple(sorted(edges))
    starts = [bucket.start for bucket in buckets]
    on_clock = [local(edge, zone) for edge in ordered[:-1]]
    return TimeSlices(
        ordered,
        tuple(_bucket_at(edge, buckets, starts) for edge in ordered[:-1]),
        tuple(instant.hour for instant in on_clock),
        tuple(instant.isoweekday() for instant in on_clock),
    )


def _bucket_at(edge: datetime, buckets: tuple[Bucket, ...], starts: list[datetime]) -> int:
    number = bisect_right(starts, edge) - 1
    return number if number >= 0 and edge < buckets[number].end else -1
