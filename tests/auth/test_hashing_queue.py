"""Hashing is bounded: in threads, in what waits, for how long, and in what one network may take of that."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from auth.hashing_queue import PLACES, PLACES_PER_NETWORK, HashingQueue
from auth.passwords import Passwords
from core.errors import TooManyAttempts
from tests.auth.accounts import quick_user
from tests.auth.test_throttles import THROTTLED
from tests.conftest import StatementCounter
from tests.world import PASSWORD, World

LOGIN = f"""
mutation Login($username: String!, $password: String!) {{
  login(input: {{username: $username, password: $password}}) {{ __typename {THROTTLED} }}
}}
"""


class Busy:
    """A queue whose thread is held until `release` is set, and what was done afterwards."""

    def __init__(self, queue: HashingQueue) -> None:
        self.queue = queue
        self.release = threading.Event()
        self.done: list[str] = []
        self.holding = asyncio.create_task(queue.run(self.release.wait, "first"))
        self.tasks: list[asyncio.Task[None]] = []

    async def add(self, network: str | None, name: str = "", count: int = 1) -> None:
        """Let so many pieces of work wait."""
        for number in range(count):
            self.tasks.append(asyncio.create_task(self.queue.run(self._work(name or f"{network}{number}"), network)))
        await asyncio.sleep(0)

    async def outcomes(self) -> list[object]:
        """Return the outcomes of all, once the thread was let go."""
        self.release.set()
        return await asyncio.gather(self.holding, *self.tasks, return_exceptions=True)

    def _work(self, name: str) -> Callable[[], None]:
        return lambda: self.done.append(name)


@pytest.fixture
async def busy() -> AsyncIterator[Busy]:
    busy = Busy(HashingQueue(wait_seconds=20))
    await asyncio.sleep(0)
    yield busy
    busy.release.set()
    busy.queue.close()


async def test_hashes_that_nobody_waits_for_any_more_do_not_run_beside_others():
    passwords, before = Passwords(), threading.active_count()

    async def given_up() -> None:
        async with asyncio.timeout(0.02):
            await passwords.check("a guess", None)

    for _ in range(3):
        await asyncio.gather(*(given_up() for _ in range(4)), return_exceptions=True)
    threads = threading.active_count() - before
    passwords.close()

    assert threads == 1


async def test_whoever_is_cancelled_while_waiting_leaves_the_queue_and_nothing_is_done(busy: Busy):
    await busy.add("a", count=PLACES_PER_NETWORK)
    for task in busy.tasks[1:]:
        task.cancel()
    await asyncio.sleep(0)
    waiting = busy.queue.waiting
    await busy.add("a", "later", PLACES_PER_NETWORK - 1)
    await busy.outcomes()

    assert waiting == 1
    assert busy.done == ["a0"] + ["later"] * (PLACES_PER_NETWORK - 1)


async def test_a_thread_at_work_is_not_free_though_its_request_was_given_up(busy: Busy):
    await busy.add("a")
    busy.holding.cancel()
    await asyncio.sleep(0.05)
    before = [*busy.done]
    await busy.outcomes()

    assert (before, busy.done) == ([], ["a0"])


async def test_a_turn_that_is_given_to_somebody_cancelled_goes_to_the_next(busy: Busy):
    await busy.add("a")
    await busy.add("b")
    busy.release.set()
    while busy.queue.waiting == 2:  # noqa: ASYNC110 - until the turn is given, and not yet taken
        await asyncio.sleep(0)
    busy.tasks[0].cancel()
    await busy.outcomes()

    assert "b0" in busy.done
    assert await busy.queue.run(lambda: "free again", "c") == "free again"


async def test_so_many_wait_and_no_more_and_those_who_are_known_have_places_of_their_own(busy: Busy):
    for number in range(PLACES):
        await busy.add(f"network {number}")

    with pytest.raises(TooManyAttempts) as refused:
        await busy.queue.run(lambda: None, "one more")
    with pytest.raises(TooManyAttempts):
        busy.queue.check("one more")
    await busy.add(None, "known", PLACES_PER_NETWORK)
    with pytest.raises(TooManyAttempts):
        busy.queue.check(None)

    await busy.outcomes()
    assert refused.value.retry_after > 0
    assert busy.queue.refusals == 3
    assert busy.done[: 2 * PLACES_PER_NETWORK : 2] == ["known"] * PLACES_PER_NETWORK
    assert "known" not in busy.done[1 : 2 * PLACES_PER_NETWORK : 2]
    assert len(busy.done) == PLACES + PLACES_PER_NETWORK


async def test_one_network_takes_a_part_of_the_places_and_the_others_come_between(busy: Busy):
    await busy.add("a", count=PLACES_PER_NETWORK + 3)
    await busy.add("b", count=2)
    await busy.add("c")

    outcomes = await busy.outcomes()

    assert sum(isinstance(outcome, TooManyAttempts) for outcome in outcomes) == 3
    assert busy.done[:6] == ["a0", "b0", "c0", "a1", "b1", "a2"]


async def test_those_who_are_known_go_on_where_no_stranger_waits(busy: Busy):
    await busy.add(None, "known", 3)

    await busy.outcomes()

    assert busy.done == ["known"] * 3


async def test_nobody_waits_for_longer_than_the_limit():
    busy = Busy(HashingQueue(wait_seconds=0.05))
    await asyncio.sleep(0)

    with pytest.raises(TooManyAttempts):
        await busy.queue.run(lambda: None, "a")

    assert busy.queue.waiting == 0
    await busy.outcomes()
    assert await busy.queue.run(lambda: "free again", "a") == "free again"
    busy.queue.close()


async def test_closing_gives_up_what_waits(busy: Busy):
    await busy.add("a")

    busy.queue.close()
    await asyncio.wait(busy.tasks)

    assert busy.tasks[0].cancelled()
    await busy.outcomes()
    assert busy.done == []


async def test_a_sign_in_that_finds_no_place_is_refused_alike_whoever_it_names(
    world: World, statements: StatementCounter
):
    await quick_user(world, "Ada")
    busy = Busy(world.services.passwords.queue)
    await asyncio.sleep(0)
    await busy.add("127.0.0.1", count=PLACES_PER_NETWORK)
    statements.clear()

    answers = [await world.stranger.ask(LOGIN, username=name, password=PASSWORD) for name in ("Ada", "Nobody")]
    looked_up = [*statements.statements]
    await busy.outcomes()
    afterwards = await world.stranger.ask(LOGIN, username="Ada", password=PASSWORD)

    assert answers[0]["login"]["__typename"] == "TooManyAttempts"
    assert answers[0]["login"]["retryAfterSeconds"] > 0
    assert answers[0] == answers[1]
    assert looked_up == []
    assert afterwards["login"]["__typename"] == "LoginSuccess"
