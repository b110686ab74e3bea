"""Heavy pieces of work: one at a time, with turns of the event loop in between, and sources in turns."""

import asyncio
import time
from itertools import pairwise

import pytest

from core.errors import TooManyAttempts, Unavailable
from core.fair_queue import FairQueue

PIECE_SECONDS = 0.01


class Worker:
    """Does pieces of work in a queue, and remembers whose they were."""

    def __init__(self, queue: FairQueue) -> None:
        self.queue = queue
        self.done: list[str] = []

    async def work(self, source: str) -> None:
        """One piece of a source's."""
        await self.queue.turn(source)
        time.sleep(PIECE_SECONDS)  # noqa: ASYNC251 - work that lets nobody else run
        self.done.append(source)

    def begin(self, *sources: str) -> list[asyncio.Task[None]]:
        """Pieces of these sources, in this order."""
        return [asyncio.create_task(self.work(source)) for source in sources]


@pytest.fixture
def worker() -> Worker:
    return Worker(FairQueue())


async def test_others_have_turns_of_the_event_loop_between_two_pieces(worker: Worker):
    tasks, done_by_turn = worker.begin(*"aaaaa"), [0]

    while len(worker.done) < 5:
        await asyncio.sleep(0)
        done_by_turn.append(len(worker.done))
    await asyncio.gather(*tasks)

    assert {after - before for before, after in pairwise(done_by_turn)} == {0, 1}


async def test_the_loop_is_left_to_others_for_as_long_as_pieces_took(worker: Worker):
    began = time.monotonic()

    await asyncio.gather(*worker.begin(*"aaaaaa"))

    assert time.monotonic() - began >= (6 + 5) * PIECE_SECONDS


async def test_sources_take_turns(worker: Worker):
    await asyncio.gather(*worker.begin(*"aaaaabbc"))

    assert "".join(worker.done) == "aabcabaa"


async def test_a_piece_without_others_does_not_wait(worker: Worker):
    turn = worker.queue.turn("a")

    with pytest.raises(StopIteration):
        turn.send(None)
    await asyncio.sleep(0.05)
    await worker.work("b")

    assert worker.done == ["b"]


async def test_only_so_many_pieces_of_a_source_wait():
    worker = Worker(FairQueue(most_of_a_source=2, most=10))

    outcomes = await asyncio.gather(*worker.begin(*"aaaab"), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [type(None)] * 3 + [TooManyAttempts, type(None)]
    assert "".join(worker.done) == "aaba"
    assert isinstance(outcomes[3], TooManyAttempts)
    assert 1 <= outcomes[3].retry_after <= 5
    assert worker.queue.refused == 1


async def test_where_too_many_wait_whoever_has_most_waiting_makes_room():
    worker = Worker(FairQueue(most_of_a_source=3, most=4))

    outcomes = await asyncio.gather(*worker.begin(*"aaaabcde"), return_exceptions=True)

    refused = ["aaaabcde"[place] for place, outcome in enumerate(outcomes) if isinstance(outcome, Unavailable)]
    assert refused == ["a", "a", "e"]
    assert "".join(worker.done) == "aabcd"
    assert worker.queue.waiting == 0


async def test_who_gives_up_keeps_nobody_waiting(worker: Worker):
    first, second, third, fourth = worker.begin(*"abcd")
    await asyncio.sleep(0)
    second.cancel()
    while not worker.done:  # noqa: ASYNC110 - turns of the event loop are meant
        await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(first, third, fourth), 5)

    assert worker.done == ["a", "c", "d"]
    assert worker.queue.waiting == 0


async def test_who_gives_up_as_their_turn_comes_passes_it_on(worker: Worker):
    first, second, third = worker.begin(*"abc")
    await first
    while worker.queue._sources.keys() != {"c"}:  # noqa: ASYNC110 - until the second has been told
        await asyncio.sleep(0)
    second.cancel()

    await asyncio.wait_for(third, 5)

    assert second.cancelled()
    assert worker.done == ["a", "c"]
