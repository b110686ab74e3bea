"""Budgets of points that refill all the time, kept in Redis when there is one, else in this process.

A budget is a token bucket with a capacity and a rate at which it refills. The only state of a bucket is the instant at
which it is full again (the generic cell rate algorithm): spending moves that instant into the future, and the points
missing now are the time until then, times the rate. Points that were used before their number was known are charged
even if the bucket does not hold them: it may owe as much as its capacity, and refills from there.
"""

import time
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from limits import parse

from auth.throttle import Counters

if TYPE_CHECKING:
    from redis.asyncio import Redis  # an optional dependency

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
_CHARGE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1e6
local capacity, rate, points = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + points / rate
full_at = math.min(full_at, now + 2 * capacity / rate)
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.6f', full_at), 'PX', math.ceil((full_at - now) * 1000))
end
return tostring(capacity - (full_at - now) * rate)
"""
_REMEMBERED = 20_000
"""The least number of instants that a process keeps before it forgets those that have passed."""


class FutureInstants:
    """An instant for each key, kept in this process, like that at which a bucket is full. Past ones are forgotten."""

    def __init__(self) -> None:
        self._instants: dict[str, float] = {}
        self._most = _REMEMBERED

    def of(self, key: str, now: float) -> float:
        """Return a key's instant; the present if there is none in the future."""
        return max(self._instants.get(key, now), now)

    def remember(self, key: str, instant: float, now: float) -> None:
        """Set a key's instant."""
        self._instants[key] = instant
        if len(self._instants) > self._most:
            self._instants = {each: at for each, at in self._instants.items() if at > now}
            self._most = max(_REMEMBERED, 2 * len(self._instants))


@dataclass(frozen=True, slots=True)
class Balance:
    """The points left in a bucket; a negative number is a debt.

    `retry_after` is in seconds; None if the points were paid.
    """

    remaining: int
    retry_after: int | None = None


class Budget:
    """A budget for each key. `limit` is in the notation of throttles: `60000/minute` is also the capacity of a bucket.

    `refusals` counts the spendings that could not be paid.
    """

    def __init__(self, counters: Counters, name: str, limit: str, *, enabled: bool = True) -> None:
        item = parse(limit)
        self.name = name
        self.refusals = 0
        self._counters = counters
        self._capacity = float(item.amount)
        self._rate = item.amount / item.get_expiry()
        self._enabled = enabled
        self._full_at = FutureInstants()

    @property
    def points_per_second(self) -> float:
        """The rate at which a bucket refills."""
        return self._rate

    def seconds_until_full(self, remaining: int) -> float:
        """Return the seconds until a bucket that holds `remaining` points is full."""
        return (self._capacity - remaining) / self._rate

    async def spend(self, key: str, points: float) -> Balance | None:
        """Take points out of a key's bucket if it holds that many; return the balance. None if budgets are off."""
        if not self._enabled:
            return None
        balance = await self._counters.shared_or_local(
            lambda redis: self._spend_shared(redis, key, points), lambda: self._spend_local(key, points)
        )
        if balance.retry_after is not None:
            self.refusals += 1
        return balance

    async def charge(self, key: str, points: float) -> int | None:
        """Take used points out of a key's bucket, which may get into debt; return the points left.

        At most the capacity can be owed. None if budgets are off.
        """
        if not self._enabled:
            return None
        left = await self._counters.shared_or_local(
            lambda redis: self._charge_shared(redis, key, points), lambda: self._charge_local(key, points)
        )
        return floor(round(left, 6))  # rounded, since the largest debt is reached only up to a rounding error

    async def _spend_shared(self, redis: "Redis", key: str, points: float) -> Balance:
        left, wait = await self._run(redis, _SPEND, key, points)
        return _balance(float(left), float(wait) if wait else None)

    async def _charge_shared(self, redis: "Redis", key: str, points: float) -> float:
        return float(await self._run(redis, _CHARGE, key, points))

    async def _run(self, redis: "Redis", script: str, key: str, points: float) -> Any:
        arguments = [self._capacity, self._rate, points]
        return await redis.register_script(script)(keys=[f"budget/{self.name}/{key}"], args=arguments)

    def _spend_local(self, key: str, points: float) -> Balance:
        now = time.monotonic()
        full_at = self._full_at.of(key, now)
        left = self._capacity - (full_at - now) * self._rate - points
        if left < 0:
            return _balance(left + points, -left / self._rate)
        self._full_at.remember(key, full_at + points / self._rate, now)
        return _balance(left, None)

    def _charge_local(self, key: str, points: float) -> float:
        now = time.monotonic()
        full_at = self._full_at.of(key, now) + points / self._rate
        full_at = min(full_at, now + 2 * self._capacity / self._rate)
        self._full_at.remember(key, full_at, now)
        return self._capacity - (full_at - now) * self._rate


def _balance(left: float, wait: float | None) -> Balance:
    return Balance(floor(left), None if wait is None else max(1, ceil(wait)))
