"""Answers kept for a while: in Redis when there is one, so that all processes share them, else in this process.

While Redis cannot be reached each process remembers for itself.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger()

_REDIS_PAUSE_SECONDS = 5.0
"""After a failure Redis is left alone for so long: waiting for a dead server must not slow down every question."""


class Memory:
    """Bytes by key, each for a number of seconds. In process, the `most` that were used last."""

    def __init__(
        self, redis_url: str | None = None, *, most: int = 1000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = (
            None
            if redis_url is None
            else Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
        )
        self._most = most
        self._clock = clock
        self._retry_redis_at = 0.0
        self._local: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def recall(self, key: str) -> bytes | None:
        """Return the answer kept under the key, or None if there is none or it has expired."""
        redis = self._reachable_redis()
        if redis is not None:
            try:
                kept = await redis.get(f"insight:{key}")
            except (RedisError, OSError) as error:
                self._leave_redis_alone(error)
            else:
                if isinstance(kept, bytes):
                    return kept
        until, value = self._local.get(key, (0.0, b""))
        if until <= self._clock():
            self._local.pop(key, None)
            return None
        self._local.move_to_end(key)
        return value

    async def keep(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value."""
        redis = self._reachable_redis()
        if redis is not None:
            try:
                await redis.set(f"insight:{key}", value, px=round(seconds * 1000))
            except (RedisError, OSError) as error:
                self._leave_redis_alone(error)
            else:
                return
        self._local[key] = (self._clock() + seconds, value)
        self._local.move_to_end(key)
        while len(self._local) > self._most:
            self._local.popitem(last=False)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._redis is not None:
            await self._redis.aclose()

    def _reachable_redis(self) -> Redis | None:
        return self._redis if self._clock() >= self._retry_redis_at else None

    def _leave_redis_alone(self, error: Exception) -> None:
        self._retry_redis_at = self._clock() + _REDIS_PAUSE_SECONDS
        log.warning("Redis is not answering; insights are kept in process", error=type(error).__name__)
