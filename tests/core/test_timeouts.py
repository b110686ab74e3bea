import asyncio

import pytest

from core.timeouts import Timeout

SOON = 0.01


async def test_what_takes_too_long_is_cancelled():
    cancelled = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(TimeoutError), Timeout(SOON):
        await endless()

    assert cancelled.is_set()


async def test_what_is_done_in_time_is_not():
    with Timeout(60):
        await asyncio.sleep(0)

    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_the_nearer_of_two_bounds_ends_first():
    with Timeout(60):
        with pytest.raises(TimeoutError), Timeout(SOON):
            await asyncio.Event().wait()
        await asyncio.sleep(0)


async def test_a_cancellation_by_somebody_else_passes_through():
    async def bounded() -> None:
        with Timeout(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(bounded())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError), Timeout(60):
        raise ZeroDivisionError


async def test_one_clock_serves_many_and_stops_when_nothing_is_left():
    async def bounded(seconds: float) -> str:
        try:
            with Timeout(seconds):
                await asyncio.Event().wait()
        except TimeoutError:
            return "late"
        return "in time"

    first = await asyncio.gather(*(bounded(SOON) for _ in range(3)))
    await asyncio.sleep(0.5)  # the clock has run down
    second = await asyncio.gather(*(bounded(SOON) for _ in range(3)))

    assert [*first, *second] == ["late"] * 6


async def test_what_is_late_is_told_in_ones_own_words():
    with pytest.raises(LookupError, match="nobody came"), Timeout(SOON, lambda: LookupError("nobody came")):
        await asyncio.Event().wait()


def the_part() -> Exception:
    return LookupError("the part")


async def test_time_that_is_granted_for_a_while_is_none_of_what_was_left():
    with Timeout(60) as bound:
        left = bound.reschedule(0, the_part)
        bound.reschedule(*left)
        await asyncio.sleep(0.5)  # longer than the part was allowed to take

        assert 58 < bound.reschedule(*left)[0] < 60


async def test_a_part_that_takes_longer_than_was_granted_is_told_apart():
    async def endless_part() -> None:
        with Timeout(60) as bound:
            bound.reschedule(SOON, the_part)
            await asyncio.Event().wait()

    with pytest.raises(LookupError, match="the part"):
        await endless_part()
