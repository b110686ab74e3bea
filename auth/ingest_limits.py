"""Limits on what is posted: requests, events and bytes, by API key, network address and person.

Each limit is a budget per key, address or person (auth/budget.py). A request is counted against all limits that apply
to it in one round trip to Redis: either all of them can pay for it, or the request is refused as a whole and counts
against the limit of requests only. Each person has two budgets, for posts with their key and for posts in their name
without a key, so that a flood of the latter uses up nothing of the former.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from limits import parse

from auth.budget import FutureInstants
from auth.quotas import Quota, QuotaPolicy
from auth.throttle import Counters
from core.errors import TooManyAttempts

if TYPE_CHECKING:
    from redis.asyncio import Redis  # an optional dependency

_TOO_MANY_REQUESTS = "Too many requests. Please slow down."
_COUNT = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1e6
local full_at = redis.call('MGET', unpack(KEYS))
local refusing, wait, left = 0, 0.00001, {}
for i = 1, #KEYS do
  local capacity, rate, points = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  full_at[i] = math.max(tonumber(full_at[i] or 0), now)
  local missing = full_at[i] - now + (points - capacity) / rate
  if missing > wait and refusing ~= 1 then
    refusing, wait = i, missing
  end
end
for i = 1, (refusing == 0 and #KEYS) or (refusing == 1 and 0) or 1 do
  local instant = full_at[i] + tonumber(ARGV[3 * i]) / tonumber(ARGV[3 * i - 1])
  if instant > now then
    redis.call('SET', KEYS[i], string.format('%.6f', instant), 'PX', math.ceil((instant - now) * 1000))
    full_at[i] = instant
  end
end
for i = 1, tonumber(ARGV[3 * #KEYS + 1]) do
  left[i] = tostring(tonumber(ARGV[3 * i - 2]) - (full_at[i] - now) * tonumber(ARGV[3 * i - 1]))
end
return {refusing, tostring(wait), left}
"""
"""Counts points against buckets, of which the first is that of requests: against all of them, against that alone where
another one refuses, against none where it refuses itself. Returns the number of the one that refuses, 0 for none, the
seconds to wait, and what is left in the first buckets, as many as the last argument says."""
_UNKNOWN_KEYS = "unknown keys of "
"""The prefix of `_closed_until`'s keys for networks that were refused for unknown API keys."""
_EVENTS, _BYTES = "events", "content-bytes"
_OWN_LIMITS = 3
"""The limits of a sender, which are counted first: requests, events, bytes. Those of the people named come after."""
_TOLERANCE = 0.00001
"""The largest rounding error, in seconds."""


@dataclass(frozen=True, slots=True)
class IngestRates:
    """The limits in the notation of throttles; `60000/hour` also admits a burst of 60000 at once."""

    requests_per_key: str
    requests_per_address: str
    events_per_address: str
    bytes_per_address: str
    events_per_person: str
    bytes_per_person: str


class IngestLimit:
    """One of the limits. `refusals` counts the requests that it refused; `unit` is None for requests."""

    def __init__(self, name: str, rate: str, subject: str | None = None, unit: str | None = None) -> None:
        item = parse(rate)
        self.name = name
        self.refusals = 0
        self.capacity = item.amount
        self.rate = item.amount / item.get_expiry()
        self._policy = QuotaPolicy(name, item.amount, item.get_expiry(), unit)
        self._too_many = None if subject is None else f"Too many {subject} (limit: {rate.strip()})."

    def refuse(self, seconds: float) -> TooManyAttempts:
        """Count a refusal; return the error to raise."""
        self.refusals += 1
        retry_after = max(1, ceil(seconds))
        if self._too_many is None:
            return TooManyAttempts(_TOO_MANY_REQUESTS, retry_after)
        again = f"Nothing was stored; send the same request again after {retry_after} seconds."
        return TooManyAttempts(f"{self._too_many} {again}", retry_after)

    def quota(self, left: float) -> Quota:
        """Return what a sender with so much left is told; what is less than a unit is nothing yet."""
        whole = floor(left + _TOLERANCE * self.rate)
        seconds = None if whole >= self.capacity else max(1, ceil((whole + 1 - left) / self.rate - _TOLERANCE))
        return Quota(self._policy, max(whole, 0), seconds)


class Poster(NamedTuple):
    """The sender of a request: the holder of an API key, as hexadecimal digits, or a network address.

    Whoever counts the request puts into `quotas` what the sender may be told of its limits.
    """

    name: str
    has_key: bool
    quotas: list[Quota]


class _Charge(NamedTuple):
    limit: IngestLimit
    key: str
    points: float


class _Refusal(NamedTuple):
    """The index of the charge that could not be paid, and the seconds until it can be."""

    place: int
    seconds: float


class _Outcome(NamedTuple):
    """The outcome of counting, and what is left of the sender's own limits, which come first."""

    refusal: _Refusal | None
    left: Sequence[float]


class IngestLimits:
    """Counts requests, events and bytes against every limit; `limits` lists them."""

    def __init__(self, counters: Counters, rates: IngestRates, *, enabled: bool = True) -> None:
        keyless, by_key = "without an API key", "by this API key"
        self._requests_per_key = IngestLimit("ingest-key", rates.requests_per_key)
        self._requests_per_address = IngestLimit("ingest-address", rates.requests_per_address)
        self._per_address = (
            IngestLimit(
                "ingest-address-events",
                rates.events_per_address,
                f"events {keyless} from this network address",
                _EVENTS,
            ),
            IngestLimit(
                "ingest-address-bytes", rates.bytes_per_address, f"bytes {keyless} from this network address", _BYTES
            ),
        )
        self._per_person = (
            IngestLimit("ingest-person-events", rates.events_per_person, f"events {by_key}", _EVENTS),
            IngestLimit("ingest-person-bytes", rates.bytes_per_person, f"bytes {by_key}", _BYTES),
        )
        self._per_named_person = (
            IngestLimit("ingest-named-person-events", rates.events_per_person, f"events {keyless} of one userId"),
            IngestLimit("ingest-named-person-bytes", rates.bytes_per_person, f"bytes {keyless} of one userId"),
        )
        self.limits = (
            self._requests_per_key,
            self._requests_per_address,
            *self._per_address,
            *self._per_person,
            *self._per_named_person,
        )
        self._counters = counters
        self._enabled = enabled
        self._full_at = FutureInstants()
        self._closed_until = FutureInstants()

    @property
    def enabled(self) -> bool:
        """True if the limits apply; False if nothing is counted."""
        return self._enabled

    def check(self, poster: Poster) -> None:
        """Refuse a poster who was refused for too many requests and must still wait, before the request is read.

        Only this process knows of the refusal. Raises TooManyAttempts.
        """
        if not self._enabled:
            return
        [request] = self._request(poster)
        self._check_closed(request.key, request.limit, poster)

    async def count_request(self, poster: Poster) -> None:
        """Count a request that stores nothing. Raises TooManyAttempts."""
        if self._enabled:
            await self._count(poster, self._request(poster))

    def check_unknown_key(self, poster: Poster) -> None:
        """Refuse, before another key of it is looked up, a network that `count_unknown_key` has just refused.

        Apart from `check`, so that posts without a key keep out no key. Raises TooManyAttempts.
        """
        if not self._enabled:
            return
        self._check_closed(_UNKNOWN_KEYS + poster.name, self._requests_per_address, poster)

    async def count_unknown_key(self, poster: Poster) -> None:
        """Count a request of a network with a key that is nobody's. Raises TooManyAttempts."""
        try:
            await self.count_request(poster)
        except TooManyAttempts:
            [request] = self._request(poster)
            now = time.monotonic()
            self._closed_until.remember(_UNKNOWN_KEYS + poster.name, self._closed_until.of(request.key, now), now)
            raise

    async def count(self, poster: Poster, events: int, size: int, named: Mapping[str, int]) -> None:
        """Count a request with its events and bytes (`size`). Raises TooManyAttempts beyond a limit.

        `named`: for a request without a key, the number of its events by the person that they name. The bytes are
        divided equally among the events.
        """
        if not self._enabled:
            return
        charges = self._request(poster)
        for limit, points in zip(
            self._per_person if poster.has_key else self._per_address, (events, size), strict=True
        ):
            charges.append(_Charge(limit, poster.name, points))
        for name, number in named.items():
            of_events, of_bytes = self._per_named_person
            charges += (_Charge(of_events, name, number), _Charge(of_bytes, name, size * number / events))
        await self._count(poster, charges)

    def _check_closed(self, key: str, limit: IngestLimit, poster: Poster) -> None:
        now = time.monotonic()
        seconds = self._closed_until.of(key, now) - now
        if seconds > 0:
            poster.quotas[:] = [limit.quota(1 - seconds * limit.rate)]
            raise limit.refuse(seconds)

    def _request(self, poster: Poster) -> list[_Charge]:
        return [_Charge(self._requests_per_key if poster.has_key else self._requests_per_address, poster.name, 1)]

    async def _count(self, poster: Poster, charges: Sequence[_Charge]) -> None:
        keys = [f"{charge.limit.name}/{charge.key}" for charge in charges]
        own = min(len(charges), _OWN_LIMITS)
        refusal, left = await self._counters.shared_or_local(
            lambda redis: _count_shared(redis, charges, keys, own), lambda: self._count_local(charges, keys, own)
        )
        # Not of the people whom a sender without a key names: what others send in their name is none of its business.
        poster.quotas[:] = [charge.limit.quota(each) for charge, each in zip(charges, left, strict=False)]
        if refusal is None:
            return
        charge = charges[refusal.place]
        if refusal.place == 0:
            now = time.monotonic()
            self._closed_until.remember(charge.key, now + refusal.seconds, now)
        raise charge.limit.refuse(refusal.seconds)

    def _count_local(self, charges: Sequence[_Charge], keys: Sequence[str], own: int) -> _Outcome:
        now = time.monotonic()
        full_at = [self._full_at.of(key, now) for key in keys]
        refusal = None
        for place, ((limit, _, points), instant) in enumerate(zip(charges, full_at, strict=True)):
            missing = instant - now + (points - limit.capacity) / limit.rate
            if missing > (_TOLERANCE if refusal is None else refusal.seconds):
                refusal = _Refusal(place, missing)
                if place == 0:
                    break
        counted = len(charges) if refusal is None else 1 if refusal.place else 0
        for place, (limit, _, points) in enumerate(charges[:counted]):
            full_at[place] += points / limit.rate
            self._full_at.remember(keys[place], full_at[place], now)
        own_limits = zip(charges[:own], full_at, strict=False)
        return _Outcome(refusal, [limit.capacity - (at - now) * limit.rate for (limit, _, _), at in own_limits])


async def _count_shared(redis: "Redis", charges: Sequence[_Charge], keys: Sequence[str], own: int) -> _Outcome:
    arguments = [number for limit, _, points in charges for number in (limit.capacity, limit.rate, points)]
    script = redis.register_script(_COUNT)
    refusing, wait, left = await script(keys=[f"ingest/{key}" for key in keys], args=[*arguments, own])
    return _Outcome(None if refusing == 0 else _Refusal(refusing - 1, float(wait)), [float(each) for each in left])
