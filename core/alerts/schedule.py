"""The schedule of a rule: how often it is evaluated, and the windows of time that are looked at.

A rule looks at a *window* that ends with the evaluation. Evaluations lie on multiples of the rule's interval in UTC,
whichever process makes them: the same rule looks at the same windows everywhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.calendar import Bucket
from core.errors import InvalidInput
from core.periods import TimeRange

SHORTEST_WINDOW = timedelta(minutes=5)
LONGEST_WINDOW = timedelta(days=31)
LONGEST_HOLD = timedelta(days=7)
PREVIEW_DAYS = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_INTERVALS = (
    (timedelta(hours=6), timedelta(minutes=5)),
    (timedelta(days=2), timedelta(minutes=15)),
    (LONGEST_WINDOW, timedelta(hours=1)),
)
"""Windows up to a length, and how often they are looked at: a long one changes little in five minutes."""
PREVIEW_SERIES = 8
"""How many series a preview consists of at most, each a statement of its own: so many windows overlap."""
_SHORTEST_STEP = timedelta(minutes=30)


def checked_window(window: timedelta) -> timedelta:
    """The window. InvalidInput unless it has whole minutes, from five minutes to 31 days."""
    if not SHORTEST_WINDOW <= window <= LONGEST_WINDOW or window % _MINUTE:
        raise InvalidInput("`window` is from PT5M to P31D long, in whole minutes.", "window")
    return window


def checked_hold(hold: timedelta) -> timedelta:
    """The time for which a condition must hold. InvalidInput unless it is from nothing to seven days."""
    if not timedelta(0) <= hold <= LONGEST_HOLD:
        raise InvalidInput("`hold` is from PT0S to P7D long.", "hold")
    return hold


def interval_of(window: timedelta) -> timedelta:
    """The time between two evaluations of a rule with that window."""
    return next(interval for longest, interval in _INTERVALS if window <= longest)


def latest_evaluation(at: datetime, interval: timedelta) -> datetime:
    """The last instant of evaluation that is not after `at`."""
    return at - (at - _EPOCH) % interval


def window_before(end: datetime, window: timedelta) -> TimeRange:
    """The window that ends at an instant."""
    return TimeRange(end - window, end)


@dataclass(frozen=True, slots=True)
class PreviewSchedule:
    """The evaluations of a preview: at `ends`, in ascending order, `step` apart.

    Windows overlap where they are longer than the step. `passes` sort them into series of windows side by side, each
    of which is one question: the numbers of their ends.
    """

    step: timedelta
    window: timedelta
    ends: tuple[datetime, ...]

    @property
    def passes(self) -> list[range]:
        """The numbers of ends whose windows do not overlap, for each series."""
        overlapping = max(1, -(-self.window // self.step))
        return [range(first, len(self.ends), overlapping) for first in range(min(overlapping, len(self.ends)))]

    def earlier(self) -> "PreviewSchedule":
        """The schedule of the windows before these."""
        return PreviewSchedule(self.step, self.window, tuple(end - self.window for end in self.ends))

    def buckets(self, numbers: range) -> tuple[Bucket, ...]:
        """The windows that end at these ends."""
        return tuple(Bucket(self.ends[number] - self.window, self.ends[number]) for number in numbers)


def preview_schedule(at: datetime, window: timedelta) -> PreviewSchedule:
    """The evaluations of the last 30 days, every half an hour, or with long windows every eighth of them."""
    step = max(_SHORTEST_STEP, _in_minutes(window / PREVIEW_SERIES))
    last = latest_evaluation(at, _MINUTE)
    count = timedelta(days=PREVIEW_DAYS) // step
    return PreviewSchedule(step, window, tuple(last - step * before for before in reversed(range(count))))


def _in_minutes(length: timedelta) -> timedelta:
    """A length, rounded up to whole minutes."""
    return -(-length // _MINUTE) * _MINUTE
