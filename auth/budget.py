"""Budgets of points that refill all the time, kept in Redis when there is one, else in this process.

A budget is a bucket: so many points fit in, and so many flow in each second until it is full. All there is to remember
of a bucket is when it will be full again (the generic cell rate algorithm): spending moves that instant away, and what
is missing now is the time until then, times the rate.
"""

import time
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from limits import parse

from auth.throttle import Counters

if TYPE_CHECKING:
    from redis.asyncio import Redis  # which not everybody has a server for

_SPEND = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1e6
local capacity, rate, points = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local left = capacity - (full_at - now) * rate - points
if left < 0 then
  return {tostring(left + points), tostring(-left / rate)}
end
full_at = full_at + points / rate
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000))
end
return {tostring(left), ''}
"""
_REMEMBERED = 20_000
"""Of how many a process keeps buckets by itself, at least, before it forgets those that are full."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left in a bucket, in points. `retry_after` is in seconds, and None for what could be paid."""

    remaining: int
    retry_after: int | None = None


class Budget:
    """A budget for each key. `limit` is in the notation of throttles: `60000/minute` is also what a bucket holds.

    `refusals` counts what could not be paid.
    """

    def __init__(self, counters: Counters, name: str, limit: str, *, enabled: bool = True) -> None:
        item = parse(limit)
        self.name = name
        self.refusals = 0
        self._counters = counters
        self._capacity = float(item.amount)
        self._rate = item.amount / item.get_expiry()
        self._enabled = enabled
        self._full_at: dict[str, float] = {}
        self._most = _REMEMBERED

    async def spend(self, key: str, points: float) -> Balance | None:
        """Take points out of a key's bucket, or nothing when there are not so many. None when budgets are off."""
        if not self._enabled:
            return None
        balance = await self._counters.shared_or_own(
            lambda redis: self._spend_shared(redis, key, points), lambda: self._spend_own(key, points)
        )
        if balance.retry_after is not None:
            self.refusals += 1
        return balance

    async def _spend_shared(self, redis: "Redis", key: str, points: float) -> Balance:
        name = f"budget/{self.name}/{key}"
        left, wait = await redis.register_script(_SPEND)(keys=[name], args=[self._capacity, self._rate, points])
        return _balance(float(left), float(wait) if wait else None)

    def _spend_own(self, key: str, points: float) -> Balance:
        now = time.monotonic()
        full_at = max(self._full_at.get(key, now), now)
        left = self._capacity - (full_at - now) * self._rate - points
        if left < 0:
            return _balance(left + points, -left / self._rate)
        self._full_at[key] = full_at + points / self._rate
        if len(self._full_at) > self._most:
            self._full_at = {each: instant for each, instant in self._full_at.items() if instant > now}
            self._most = max(_REMEMBERED, 2 * len(self._full_at))
        return _balance(left, None)


def _balance(left: float, wait: float | None) -> Balance:
    return Balance(int(left), None if wait is None else max(1, ceil(wait)))
