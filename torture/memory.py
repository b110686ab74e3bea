"""The memory of a service while something is done to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from torture.service import Service

_WATCH_SECONDS = 0.2


@asynccontextmanager
async def memory_watched(service: Service) -> AsyncIterator[list[int]]:
    """The bytes that the service holds, several times a second, the first time before anything happens."""
    sizes = [service.resident_bytes]

    async def watch() -> None:
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            sizes.append(service.resident_bytes)

    watching = asyncio.create_task(watch())
    try:
        yield sizes
    finally:
        watching.cancel()
