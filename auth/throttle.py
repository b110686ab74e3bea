"""Throttles limit how often something may be tried. They count in Redis if configured, else in this process.

The `limits` library counts. While Redis cannot be reached, each process counts for itself: throttles become coarser,
never unlimited.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError

from auth.quotas import Quota, QuotaPolicy
from core.errors import TooManyAttempts

if TYPE_CHECKING:
    from redis.asyncio import Redis  # an optional dependency

log = structlog.get_logger()

Counted = TypeVar("Counted")

_REDIS_PAUSE_SECONDS = 5.0
"""The pause after a failure of Redis, after which one attempt tries it: a dead server must not slow down every one."""


class Counters:
    """The counters of all throttles and budgets, in Redis or in this process."""

    def __init__(self, redis_url: str | None = None) -> None:
        self._redis = None if redis_url is None else _redis_storage(redis_url)
        self._local = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._shared = None if self._redis is None else SlidingWindowCounterRateLimiter(self._redis)
        self._failures = () if self._redis is None else _redis_failures()
        self._retry_redis_at = 0.0

    async def hit(self, limit: RateLimitItem, *key: str) -> int | None:
        """Count one attempt. Return None within the limit, else the seconds until the next attempt is allowed."""
        return await self._ask(lambda limiter: _hit(limiter, limit, key))

    async def left(self, limit: RateLimitItem, *key: str) -> tuple[int, int]:
        """Return the number of attempts that are left, and the seconds until there are more."""
        return await self._ask(lambda limiter: _left(limiter, limit, key))

    async def _ask(self, question: Callable[[SlidingWindowCounterRateLimiter], Awaitable[Counted]]) -> Counted:
        """Ask Redis if it is configured and answers, else this process."""
        shared = self._shared
        if shared is not None and self._may_ask_redis():
            try:
                return self._redis_answered(await question(shared))
            except self._failures as error:
                self._pause_redis(error)
        return await question(self._local)

    async def shared_or_local(
        self, shared: "Callable[[Redis], Awaitable[Counted]]", local: Callable[[], Counted]
    ) -> Counted:
        """Count in Redis by `shared` if it is configured and answers, else in this process by `local`."""
        if self._redis is not None and self._may_ask_redis():
            bridge: Any = self._redis.bridge  # typed for all client libraries at once
            try:
                return self._redis_answered(await shared(bridge.get_connection()))
            except self._failures as error:
                self._pause_redis(error)
        return local()

    def _may_ask_redis(self) -> bool:
        """Return True if Redis is to be asked; after a failure and a pause, for one attempt only until it answers."""
        if time.monotonic() < self._retry_redis_at:
            return False
        if self._retry_redis_at:
            self._retry_redis_at = time.monotonic() + _REDIS_PAUSE_SECONDS
        return True

    def _redis_answered(self, answer: Counted) -> Counted:
        self._retry_redis_at = 0.0
        return answer

    def _pause_redis(self, error: Exception) -> None:
        self._retry_redis_at = time.monotonic() + _REDIS_PAUSE_SECONDS
        log.warning("Redis is not answering; throttles count in process", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            bridge: Any = self._redis.bridge  # typed for all client libraries at once
            await bridge.get_connection().aclose()


class Throttle:
    """A limit on one kind of attempt. `limit` is in the library's notation: `10/minute`.

    `refusals` counts the attempts beyond it.
    """

    def __init__(self, counters: Counters, name: str, limit: str, *, enabled: bool = True) -> None:
        self._counters = counters
        self.name = name
        self.refusals = 0
        self._limit = parse(limit)
        self._policy = QuotaPolicy(name, self._limit.amount, self._limit.get_expiry())
        self._enabled = enabled

    async def attempt(self, key: str, message: str) -> None:
        """Count an attempt by `key`. Raises TooManyAttempts with `message` beyond the limit."""
        if not self._enabled:
            return
        retry_after = await self._counters.hit(self._limit, self.name, key)
        if retry_after is not None:
            self.refusals += 1
            raise TooManyAttempts(message, retry_after)

    async def quota(self, key: str) -> list[Quota]:
        """Return what is left of the limit to `key`; nothing where throttles are off."""
        if not self._enabled:
            return []
        remaining, seconds = await self._counters.left(self._limit, self.name, key)
        return [Quota(self._policy, remaining, None if remaining == self._limit.amount else seconds)]


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
    return (await _left(limiter, limit, key))[1]


async def _left(
    limiter: SlidingWindowCounterRateLimiter, limit: RateLimitItem, key: tuple[str, ...]
) -> tuple[int, int]:
    window = await limiter.get_window_stats(limit, *key)
    return window.remaining, max(1, round(window.reset_time - time.time()))
