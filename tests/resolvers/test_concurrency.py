"""Statements at once: nobody takes the connections that others wait for, and every slot is given back."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from auth.viewer import Viewer
from core.errors import Unavailable
from core.roles import Role
from db.queries.organizations import OrganizationRow
from resolvers.concurrency import ConcurrencyLimit, Slot
from tests.conftest import make_settings
from tests.servers import own_world
from tests.web.test_request_timeout import held
from tests.world import Asker, World, at, raw

DAY = f'period: {{between: {{start: "{at("00:00:00")}", end: "{at("00:00:00", "2026-08-04")}"}}}}'
CHEAP = f"{{ usage({DAY}) {{ total {{ events }} }} }}"
SLOW = f"{{ usage({DAY}) {{ groups(by: [CATEGORY, SESSION]) {{ nodes {{ measures {{ events }} }} }} }} }}"
"""Slow while somebody holds the table of category rules, which the cheap one does not read."""
pytestmark = pytest.mark.usefixtures("world")  # it is emptied afterwards
RULES = "category_rules, category_rules_versions"


@pytest.fixture
async def busy(data_dir: Path, database_url: str) -> AsyncIterator[World]:
    """An application with the usual pool of ten, whose requests time out where those of production do."""
    settings = make_settings(data_dir, jwt_secret="s" * 32, db_pool_size=10, request_timeout_seconds=10)
    async with own_world(settings, database_url) as own:
        yield own


async def with_an_event(world: World) -> OrganizationRow:
    """An organization of which one event is known."""
    organization = await world.organization()
    await world.browse(await world.recorded(organization), raw("09:00:00"))
    return organization


async def running(world: World, statements: int, waiting: int = 0) -> None:
    """Return once so many statements run, and at least so many wait for their turn."""
    limit = world.services.concurrency_limit
    async with asyncio.timeout(3):
        while limit.running != statements or limit.waiting < waiting:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def asked(asker: Asker, times: int, query: str = SLOW) -> list[asyncio.Task[dict[str, Any]]]:
    """So many requests under way at once."""
    return [asyncio.create_task(asker.post(query)) for _ in range(times)]


def codes(answers: Sequence[dict[str, Any]]) -> list[str | None]:
    """The code of each answer's first error; None for one without."""
    return [answer["errors"][0]["extensions"]["code"] if "errors" in answer else None for answer in answers]


async def test_one_members_slow_questions_delay_no_other_organization(busy: World, database_url: str):
    greedy, other = [await busy.member(await with_an_event(busy)) for _ in range(2)]
    await other.ask(CHEAP)  # connections are made

    async with held(database_url, RULES):
        slow = asked(greedy, 12)
        await running(busy, 4)
        seconds, found = [], []
        for _ in range(9):
            began = time.monotonic()
            found.append(await other.post(CHEAP))
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(0.2)
        answers = await asyncio.gather(*slow)

    assert [answer.get("data") for answer in found] == [{"usage": {"total": {"events": 1}}}] * 9
    assert max(seconds) < 2
    assert codes(answers).count("QUERY_TIMEOUT") == 4
    assert codes(answers).count("SERVICE_UNAVAILABLE") == 8
    refused = next(answer["errors"][0] for answer in answers if codes([answer]) == ["SERVICE_UNAVAILABLE"])
    assert "4 statements of your account run already" in refused["message"]
    assert "Ask for fewer things at once" in refused["message"]
    assert 1 <= refused["extensions"]["retryAfterSeconds"] <= 5
    assert busy.services.concurrency_limit.refusals == {"viewer": 8}
    assert busy.services.concurrency_limit.running == 0, "statements that failed gave their slots back"


async def test_the_accounts_of_an_organization_share_a_limit_below_the_pool(busy: World, database_url: str):
    organization = await with_an_event(busy)
    members = [await busy.member(organization, Role.VIEWER) for _ in range(3)]

    async with held(database_url, RULES):
        slow = [task for member in members for task in asked(member, 4)]
        await running(busy, 6, waiting=6)
        limit, used = busy.services.concurrency_limit, busy.services.database.used
        assert (limit.running, limit.waiting, used) == (6, 6, 6)
    answers = await asyncio.gather(*slow)

    assert codes(answers) == [None] * 12, "whoever waited had a turn"
    assert (limit.running, limit.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("query", "table"),
    [
        ("{ behaviors { nodes { id } } }", "behaviors"),
        (f"{{ sessions({DAY}) {{ nodes {{ sessionId }} }} }}", "behaviors"),
        ("{ extensionUsers { nodes { username } } }", "extension_users"),
        ("{ organizations { totalCount } }", "organizations"),
        ("{ auditLog { nodes { action } } }", "audit_entries"),
        (f"{{ usage({DAY}) {{ total {{ events }} }} }}", "behaviors"),
    ],
)
async def test_lists_and_metrics_alike_are_limited(busy: World, database_url: str, query: str, table: str):
    asker = await busy.member(await with_an_event(busy))
    await asker.ask(query)

    async with held(database_url, table):
        tasks = asked(asker, 6, query)
        await running(busy, 4, waiting=2)
        assert (busy.services.concurrency_limit.waiting, busy.services.database.used) == (2, 4)
    answers = await asyncio.gather(*tasks)

    assert codes(answers) == [None] * 6


async def test_downloads_take_turns_with_questions(busy: World, database_url: str):
    asker = await busy.member(await with_an_event(busy))
    token = {"Authorization": f"Bearer {asker.token}"}

    async with held(database_url, "behaviors"):
        downloads = [
            asyncio.create_task(busy.http.get("/api/v1/exports/behaviors.ndjson", headers=token)) for _ in range(6)
        ]
        await running(busy, 4, waiting=2)
        assert busy.services.concurrency_limit.waiting == 2
    answers = await asyncio.gather(*downloads)

    assert [len(answer.text.splitlines()) for answer in answers] == [1] * 6


async def test_requests_that_are_given_up_give_their_places_back(data_dir: Path, database_url: str):
    settings = make_settings(data_dir, jwt_secret="s" * 32, request_timeout_seconds=1)
    async with own_world(settings, database_url) as hasty:
        asker, limit = await hasty.member(await with_an_event(hasty)), hasty.services.concurrency_limit
        await asker.ask(CHEAP)

        async with held(database_url, RULES):
            tasks = asked(asker, 6)
            await running(hasty, 4)
            assert codes(await asyncio.gather(*tasks)) == ["QUERY_TIMEOUT"] * 6
            assert limit.waiting == 0
            await running(hasty, 0)  # once PostgreSQL has been told, too

        assert await asker.ask(SLOW)


# What follows is about turns alone, without a database.


def viewer(*organizations: UUID, is_super_admin: bool = False) -> Viewer:
    """Somebody in these organizations."""
    return Viewer(uuid4(), uuid4(), is_super_admin, dict.fromkeys(organizations, Role.VIEWER))


async def taken(limit: ConcurrencyLimit, somebody: Viewer, times: int) -> list[Slot]:
    """So many slots, which must be free."""
    return [await limit.acquire(somebody, 0) for _ in range(times)]


async def queued(limit: ConcurrencyLimit, somebody: Viewer) -> asyncio.Task[Slot]:
    """Somebody who waits for a slot."""
    task = asyncio.create_task(limit.acquire(somebody))
    await asyncio.sleep(0)
    assert not task.done()
    return task


@pytest.mark.parametrize(
    ("pool_size", "limits"),
    [(2, (1, 1, 2)), (3, (1, 1, 2)), (4, (1, 2, 3)), (5, (2, 3, 4)), (10, (4, 6, 8)), (20, (8, 12, 16))],
)
def test_limits_follow_from_the_pool(pool_size: int, limits: tuple[int, int, int]):
    limit = ConcurrencyLimit(pool_size)

    assert (limit.per_viewer, limit.per_organization, limit.in_all) == limits


async def test_a_refusal_names_the_limit_that_was_reached():
    limit, acme, globex = ConcurrencyLimit(10), uuid4(), uuid4()
    ada, grace, other = viewer(acme), viewer(acme), viewer(globex)
    await taken(limit, ada, 4)
    with pytest.raises(Unavailable, match="4 statements of your account run already"):
        await limit.acquire(ada, 0.01)
    await taken(limit, grace, 2)
    with pytest.raises(Unavailable, match="6 statements of your organization's accounts run already"):
        await limit.acquire(grace, 0.01)
    await taken(limit, other, 2)
    with pytest.raises(Unavailable, match="8 statements of all accounts run already"):
        await limit.acquire(other, 0.01)

    assert limit.refusals == {"viewer": 1, "organization": 1, "all": 1}
    assert (limit.running, limit.waiting) == (8, 0)


async def test_a_member_of_several_organizations_is_stopped_by_none_that_is_busy():
    limit, acme, globex = ConcurrencyLimit(10), uuid4(), uuid4()
    await taken(limit, viewer(acme), 4)
    await taken(limit, viewer(acme), 2)

    [slot] = await taken(limit, viewer(acme, globex), 1)

    assert slot.organization_id == globex


async def test_super_admins_and_viewers_without_an_organization_count_for_themselves():
    limit, acme = ConcurrencyLimit(10), uuid4()
    await taken(limit, viewer(acme), 4)
    await taken(limit, viewer(acme), 2)

    slots = await taken(limit, viewer(acme, is_super_admin=True), 1) + await taken(limit, viewer(), 1)

    assert [slot.organization_id for slot in slots] == [None, None]


async def test_statements_of_a_viewer_take_turns_as_they_came():
    limit, ada = ConcurrencyLimit(10), viewer(uuid4())
    slots = await taken(limit, ada, 4)
    first, second = await queued(limit, ada), await queued(limit, ada)

    limit.release(slots[0])
    await asyncio.sleep(0)
    assert (first.done(), second.done()) == (True, False)
    limit.release(slots[1])
    assert (await second).viewer_id == ada.user_id


async def test_whoever_runs_least_comes_first_and_nobody_is_passed_over():
    limit, acme, globex = ConcurrencyLimit(10), uuid4(), uuid4()
    ada, grace, other = viewer(acme), viewer(acme), viewer(globex)
    [one, two, *_] = await taken(limit, ada, 4)
    await taken(limit, grace, 2)
    await taken(limit, viewer(), 2)
    early = [await queued(limit, ada) for _ in range(3)]
    colleague, stranger = await queued(limit, viewer(acme)), await queued(limit, other)

    limit.release(one)
    await asyncio.sleep(0)
    assert (stranger.done(), colleague.done()) == (True, False), "the organization with the fewest first"
    limit.release(two)
    await asyncio.sleep(0)
    assert colleague.done(), "then the viewer with the fewest"
    assert not any(task.done() for task in early)
    for task in early:
        task.cancel()


async def test_equals_take_turns_however_much_one_has_queued():
    limit = ConcurrencyLimit(2)  # one statement for each viewer, two in all
    ada, grace, linus = viewer(), viewer(), viewer()
    [slot, _] = await taken(limit, ada, 1) + await taken(limit, viewer(), 1)
    waiting = {"ada": await queued(limit, ada), "ada again": await queued(limit, ada)}
    waiting |= {"grace": await queued(limit, grace), "linus": await queued(limit, linus)}

    order = []
    while waiting:
        limit.release(slot)
        await asyncio.sleep(0)
        [name] = [name for name, task in waiting.items() if task.done()]
        slot = waiting.pop(name).result()
        order.append(name)

    assert order == ["ada", "grace", "linus", "ada again"]


async def test_whoever_gives_up_waiting_leaves_nothing_behind():
    limit, ada = ConcurrencyLimit(10), viewer(uuid4())
    slots = await taken(limit, ada, 4)
    gone, lucky = await queued(limit, ada), await queued(limit, ada)

    gone.cancel()
    limit.release(slots[0])  # in the same moment: whoever has gone is not given it
    assert (await lucky).viewer_id == ada.user_id
    given = await queued(limit, ada)
    limit.release(slots[1])
    given.cancel()  # has it already, and does not know
    await asyncio.gather(gone, given, return_exceptions=True)

    assert (gone.cancelled(), given.cancelled()) == (True, True)
    assert (limit.running, limit.waiting) == (3, 0)
