"""A daily quota of rejected events for each source. Beyond it clients are answered the same, and nothing is kept.

It is counted in memory alone. A network address is personal data, and is written nowhere. Several processes each have
a quota; what is stored in the end is bounded by the caps in core/rejected_events.py.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from uuid import UUID

from core.rejected_events import PER_NETWORK_A_DAY, PER_ORGANIZATION, PER_PERSON, TOTAL

_DAY_SECONDS = 86_400.0
_ROUNDING = 1e-6
_FIRST_SWEEP = 1_000


class DailyQuota:
    """A token bucket for each source: `per_day` at once, and what was taken grows back evenly within a day.

    A source takes memory only as long as its bucket is not full. `clock` is in seconds.
    """

    def __init__(self, per_day: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_day = per_day
        self._clock = clock
        self._full_at: dict[Hashable, float] = {}
        self._sweep_beyond = _FIRST_SWEEP

    def __len__(self) -> int:
        return len(self._full_at)

    def room(self, source: Hashable) -> int:
        """Return how many more the source may have now."""
        missing_seconds = max(0.0, self._full_at.get(source, 0.0) - self._clock())
        return int((1 - missing_seconds / _DAY_SECONDS) * self._per_day + _ROUNDING)

    def take(self, source: Hashable, count: int) -> None:
        """Take so many; a negative count gives them back."""
        now = self._clock()
        full_at = max(now, self._full_at.get(source, now)) + count * _DAY_SECONDS / self._per_day
        if full_at > now:
            self._full_at[source] = full_at
            self._sweep(now)
        else:
            self._full_at.pop(source, None)

    def _sweep(self, now: float) -> None:
        """Forget the buckets that are full again, whenever there are twice as many as were left by the last time."""
        if len(self._full_at) > self._sweep_beyond:
            self._full_at = {source: full_at for source, full_at in self._full_at.items() if full_at > now}
            self._sweep_beyond = max(_FIRST_SWEEP, 2 * len(self._full_at))


class RejectedEventQuota:
    """The quotas of a process. `not_kept` counts events beyond them that came with a `key`, and `keyless` ones."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.not_kept = Counter[str]()
        self.people = DailyQuota(PER_PERSON, clock)
        self.organizations = DailyQuota(PER_ORGANIZATION, clock)
        self.networks = DailyQuota(PER_NETWORK_A_DAY, clock)
        self.keyless = DailyQuota(TOTAL, clock)

    @contextmanager
    def admission(self) -> Iterator["Admission"]:
        """Admit the events of one transaction. When it fails, what they took is given back."""
        admission = Admission(self)
        try:
            yield admission
        except BaseException:
            admission.give_back()
            raise
        self.not_kept.update(admission.not_kept)


class Admission:
    """Admits the rejected events of one transaction."""

    def __init__(self, quota: RejectedEventQuota) -> None:
        self.not_kept = Counter[str]()
        self._quota = quota
        self._taken: list[tuple[DailyQuota, Hashable, int]] = []

    def with_key(self, person_id: UUID, organization_id: UUID, count: int) -> int:
        """Return how many of these events, which came with a person's key, are to be kept."""
        quota = self._quota
        return self._take("key", count, (quota.people, person_id), (quota.organizations, organization_id))

    def keyless(self, network: str, count: int) -> int:
        """Return how many of these events, which came without a key from a network address, are to be kept."""
        return self._take("keyless", count, (self._quota.networks, network), (self._quota.keyless, None))

    def give_back(self) -> None:
        """Give back whatever was taken."""
        for quota, source, count in self._taken:
            quota.take(source, -count)

    def _take(self, kind: str, count: int, *buckets: tuple[DailyQuota, Hashable]) -> int:
        admitted = min(count, *(quota.room(source) for quota, source in buckets))
        if admitted:
            for quota, source in buckets:
                quota.take(source, admitted)
                self._taken.append((quota, source, admitted))
        self.not_kept[kind] += count - admitted
        return admitted
