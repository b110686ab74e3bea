"""Throttles: how often something may be tried, counted in Redis when there is one, else in this process.

The counting is the `limits` library's. When Redis cannot be reached the count goes on in process, so a throttle becomes
coarser (each process counts for itself), never unlimited.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from core.errors import TooManyAttempts

if TYPE_CHECKING:
    from redis.asyncio import Redis  # which not everybody has a server for

log = structlog.get_logger()

Counted = TypeVar("Counted")

_REDIS_PAUSE_SECONDS = 5.0
"""After a failure Redis is left alone for so long, then tried by one attempt: a dead server must not slow all down."""


class Counters:
    """The windows all throttles count in."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._redis = None if redis_url is None else _redis_storage(redis_url)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if self._redis is None else SlidingWindowCounterRateLimiter(self._redis)
        self._failures = () if self._redis is None else _redis_failures()
        self._leave_redis_alone_until = 0.0

    async def hit(self, limit: RateLimitItem, *key: str) -> int | None:
        """Count one attempt. None when it is within the limit, else the seconds until the next may be made."""
        shared = self._shared
        if shared is not None and self._may_ask_redis():
            try:
                return self._answered(await _hit(shared, limit, key))
            except self._failures as error:
                self._leave_alone(error)
        return await _hit(self._local, limit, key)

    async def shared_or_own(
        self, shared: "Callable[[Redis], Awaitable[Counted]]", own: Callable[[], Counted]
    ) -> Counted:
        """Count in Redis by `shared` when it is there and answers, else in this process by `own`."""
        if self._redis is not None and self._may_ask_redis():
            bridge: Any = self._redis.bridge  # typed for all client libraries at once
            try:
                return self._answered(await shared(bridge.get_connection()))
            except self._failures as error:
                self._leave_alone(error)
        return own()

    def _may_ask_redis(self) -> bool:
        """Whether Redis is to be asked. After a failure that is for one attempt to try, while others do not wait."""
        if time.monotonic() < self._leave_redis_alone_until:
            return False
        if self._leave_redis_alone_until:
            self._leave_redis_alone_until = time.monotonic() + _REDIS_PAUSE_SECONDS
        return True

    def _answered(self, answer: Counted) -> Counted:
        self._leave_redis_alone_until = 0.0
        return answer

    def _leave_alone(self, error: Exception) -> None:
        self._leave_redis_alone_until = time.monotonic() + _REDIS_PAUSE_SECONDS
        log.warning("Redis is not answering; throttles count in process", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            bridge: Any = self._redis.bridge  # typed for all client libraries at once
            await bridge.get_connection().aclose()


class Throttle:
    """One limit on one kind of attempt. `limit` is in the library's notation: `10/minute`.

    `refusals` counts the attempts beyond it.
    """

    def __init__(self, counters: Counters, name: str, limit: str, *, enabled: bool = True) -> None:
        self._counters = counters
        self.name = name
        self.refusals = 0
        self._limit = parse(limit)
        self._enabled = enabled

    async def attempt(self, key: str, message: str) -> None:
        """Count an attempt by `key`; TooManyAttempts with `message` beyond the limit."""
        if not self._enabled:
            return
        retry_after = await self._counters.hit(self._limit, self.name, key)
        if retry_after is not None:
            self.refusals += 1
            raise TooManyAttempts(message, retry_after)


def _redis_storage(url: str) -> RedisStorage:
    return RedisStorage(
        f"async+{url}", implementation="redispy", wrap_exceptions=True, socket_timeout=1, socket_connect_timeout=1
    )


def _redis_failures() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - loads the client

    return RedisError, StorageError, OSError


async def _hit(limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, key: tuple[str, ...]) -> int | None:
    if await limiter.hit(limit, *key):
        return None
    reset_time = (await limiter.get_window_stats(limit, *key)).reset_time
    return max(1, round(reset_time - time.time()))
