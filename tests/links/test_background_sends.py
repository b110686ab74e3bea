import asyncio

import pytest

from core.errors import TooManyAttempts
from mail.background_sends import PLACES, BackgroundSends


async def test_what_finds_no_place_is_refused_at_once():
    sends = BackgroundSends()

    async def nothing() -> None: ...

    for _ in range(PLACES):
        sends.submit(nothing)

    with pytest.raises(TooManyAttempts):
        sends.submit(nothing)
    assert sends.waiting == PLACES


async def test_what_fails_does_not_stop_what_follows():
    sends, done = BackgroundSends(), list[int]()

    async def failing() -> None:
        raise RuntimeError("no")

    async def working() -> None:
        done.append(1)

    running = asyncio.create_task(sends.run())
    for work in (failing, failing, working):
        sends.submit(work)
    async with asyncio.timeout(60):
        await sends.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert done == [1]
