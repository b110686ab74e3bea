"""Domains that earlier versions stored are brought to today's spelling: in portions and turns, killed or not."""

import asyncio
import os
import random
import re
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from core.domains import domain_of
from core.events import ANONYMOUS
from core.months import month_of
from core.observer import Job, Observer, PortionOutcome
from db.domain_backfill import DomainBackfill
from db.partitions import ensure
from db.rollups import refresh_all, verify
from resolvers.services import Services
from tests.rest_requests import execute
from tests.world import Recorded, World, at, moment

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
OLD = {
    "https://a.com./1": "a.com.",
    "https://a.com.:8080/": "a.com.:8080",
    "https://bücher.example/": "bücher.example",
    "blob:https://a.com/2": "blob:",
    "view-source:https://b.com/": "view-source:",
    "https://./": ".",
    "https://b.com/": "b.com",
    "https://☃.net/": "☃.net",
    "blob:null/1": "blob:",
    "new tab.": "new tab.",
    "": None,
}
"""Urls, and the domains that 0.2.0 stored for them."""
MOSTLY_RIGHT = ["https://b.com/"] * 15 + ["https://a.com./1"]
INSERT = """
    INSERT INTO behaviors (user_id, ts, id, organization_id, received_at, type, session_id, url, domain)
    SELECT :person, CAST(:first AS timestamptz) + number * make_interval(secs => :seconds), gen_random_uuid(),
           :organization, now(), 3, 's1', (CAST(:urls AS text[]))[1 + number % :kinds],
           (CAST(:domains AS text[]))[1 + number % :kinds]
    FROM generate_series(0, :count - 1) AS number
"""
LIST = """
    INSERT INTO domain_backfill (user_id, organization_id, due_at)
    VALUES (:person, :organization, now() + :seconds * interval '1 second')
    ON CONFLICT (user_id) DO UPDATE SET due_at = excluded.due_at
"""
WRONG = "SELECT url, domain FROM behaviors WHERE user_id = :person"
HALFWAY = """
    SELECT FROM behaviors WHERE user_id = :person
        AND ts = (SELECT ts FROM behaviors WHERE user_id = :person ORDER BY ts OFFSET 1001 LIMIT 1)
    FOR UPDATE
"""
WORKER = """
import asyncio, sys
from db.domain_backfill import DomainBackfill
from db.engine import Database
asyncio.run(DomainBackfill(Database(sys.argv[1]), largest=50).work_round())
"""


class Portions(Observer):
    """Counts portions by their outcome."""

    def __init__(self) -> None:
        self.seen: Counter[PortionOutcome] = Counter()

    def portion_ended(self, job: Job, outcome: PortionOutcome) -> None:
        assert job is Job.DOMAINS
        self.seen[outcome] += 1


async def browsed_before(
    world: World, person: Recorded | None, count: int, *, seconds: float = 60, urls: list[str] | None = None
) -> None:
    """Events as 0.2.0 stored them, of a person who is on the list; None: anonymous ones."""
    await ensure(world.services.database, {month_of(moment("00:00:00"))})
    urls = urls or list(OLD)
    who = {
        "person": ANONYMOUS if person is None else person.id,
        "organization": None if person is None else person.row.organization_id,
    }
    events = {"urls": urls, "domains": [OLD[url] for url in urls], "kinds": len(urls)}
    await execute(world.services, INSERT, **who, **events, first=moment("00:00:00"), count=count, seconds=seconds)
    await execute(world.services, LIST, **who, seconds=0)


async def wrong(services: Services, *people: UUID) -> int:
    """How many of these people's events have another domain than that of their url."""
    number = 0
    async with services.database.read() as db:
        for person in people:
            rows = await db.execute(text(WRONG), {"person": person})
            number += sum(row.domain != domain_of(row.url) for row in rows)
    return number


async def listed(services: Services) -> int:
    """How many people are still on the list, who are due."""
    async with services.database.read() as db:
        return await db.scalar(text("SELECT count(*) FROM domain_backfill WHERE due_at <= now()")) or 0


async def rollups_are_right(services: Services) -> bool:
    """True if all rollups, once made, are those of the events."""
    await refresh_all(services.database)
    return [hour async for _, hours in verify(services.database) for hour in hours] == []


async def test_everybodys_domains_and_their_rollups_come_in_line(world: World, services: Services):
    ada = await world.recorded(await world.organization())
    await browsed_before(world, ada, 3 * len(OLD))
    await browsed_before(world, None, len(OLD))
    await execute(services, "INSERT INTO dirty_hours (user_id, hour) SELECT user_id, date_trunc('hour', ts, 'UTC') "
                            "FROM behaviors")  # fmt: skip
    await refresh_all(services.database)
    asker = await world.super_admin()
    question = """query($period: Period!) { usage(period: $period) {
        groups(by: [DOMAIN], first: 50) { nodes { key { domain domainDisplay } measures { events } } } } }"""
    period = {"between": {"start": at("00:00:00"), "end": at("00:00:00", "2026-08-04")}}
    before = await asker.ask(question, period=period)

    complete = await DomainBackfill(services.database).work_round()

    after = await asker.ask(question, period=period)
    again = (await rollups_are_right(services), await asker.ask(question, period=period))
    groups = {
        node["key"]["domain"]: (node["key"]["domainDisplay"], node["measures"]["events"])
        for node in after["usage"]["groups"]["nodes"]
    }
    assert complete
    assert await wrong(services, ada.id, ANONYMOUS) == 0
    assert await listed(services) == 0
    assert "a.com." in {node["key"]["domain"] for node in before["usage"]["groups"]["nodes"]}, "as it is stored"
    assert groups == {
        "a.com": ("a.com", 8),
        "a.com:8080": ("a.com:8080", 4),
        "b.com": ("b.com", 8),
        "xn--bcher-kva.example": ("bücher.example", 4),
        "☃.net": ("☃.net", 4),
        "blob:": ("blob:", 4),
        "new tab.": ("new tab.", 4),
    }
    assert again == (True, after)


async def test_interrupted_anywhere_it_ends_right(world: World, services: Services):
    organization = await world.organization()
    people = [await world.recorded(organization) for _ in range(3)]
    for person in people:
        await browsed_before(world, person, 300)
    chance, interrupted = random.Random(7), 0

    async with asyncio.timeout(120):
        while await listed(services):
            work = asyncio.create_task(DomainBackfill(services.database, largest=64).work_round())
            await asyncio.wait([work], timeout=chance.uniform(0.01, 0.03 * (interrupted + 1)))
            interrupted += work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    assert interrupted > 1
    assert await wrong(services, *(person.id for person in people)) == 0
    assert await rollups_are_right(services)


async def test_it_goes_on_after_its_process_was_killed(world: World, services: Services, database_url: str):
    ada = await world.recorded(await world.organization())
    await browsed_before(world, ada, 2000, urls=["https://a.com./1"])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    async with services.database.write() as db:
        # The worker cannot get past an event that is locked, however slowly this process looks.
        await db.execute(text(HALFWAY), {"person": ada.id})
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, database_url, env=environment)
        async with asyncio.timeout(60):
            while await wrong(services, ada.id) > 1900:  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        assert await worker.wait() == -signal.SIGKILL
        left = await wrong(services, ada.id)
    async with asyncio.timeout(60):  # the server holds her for as long as it has not noticed that the worker is gone
        while await listed(services):
            await DomainBackfill(services.database).work_round()

    assert 0 < left <= 1900
    assert await wrong(services, ada.id) == 0


async def test_a_person_with_very_much_gets_on_in_portions_while_others_have_their_turns(
    world: World, services: Services
):
    much, little = [await world.recorded(await world.organization()) for _ in range(2)]
    portions = Portions()
    for _ in range(5):
        await browsed_before(world, much, 20_000, seconds=0, urls=MOSTLY_RIGHT)  # all of one instant
    await browsed_before(world, little, 1, urls=["https://a.com./1"])
    backfill = DomainBackfill(services.database, portions, largest=8_000)

    work = asyncio.create_task(backfill.work_round())
    async with asyncio.timeout(120):
        while await wrong(services, little.id):  # noqa: ASYNC110 - another task tells nobody
            await asyncio.sleep(0)
    left = await wrong(services, much.id)
    async with asyncio.timeout(240):
        while not await work:
            work = asyncio.create_task(backfill.work_round())

    assert left > 0
    assert portions.seen[PortionOutcome.FINISHED] > 100_000 / 8_000
    assert await wrong(services, much.id) == 0


async def test_smaller_portions_where_time_runs_out(world: World, services: Services):
    ada, portions = await world.recorded(await world.organization()), Portions()
    await browsed_before(world, ada, 20_000, seconds=0.1, urls=["https://a.com./1", "https://b.com/"])
    hasty = DomainBackfill(services.database, portions, largest=8 * 20_000, limit_seconds=0.005)

    while not portions.seen[PortionOutcome.TOO_LONG] and await listed(services):
        await hasty.work_round()
    await DomainBackfill(services.database).work_round()  # with time enough: a busy machine may be at single events

    assert portions.seen[PortionOutcome.TOO_LONG] > 0
    assert await wrong(services, ada.id) == 0


async def test_one_that_fails_does_not_keep_the_others_waiting(world: World, services: Services):
    organization, portions = await world.organization(), Portions()
    held, free = await world.recorded(organization), await world.recorded(organization)
    for person in (held, free):
        await browsed_before(world, person, 3)
    backfill = DomainBackfill(services.database, portions, limit_seconds=0.1)

    async with services.database.write() as holder:
        await holder.execute(text("SELECT FROM behaviors WHERE user_id = :id FOR UPDATE"), {"id": held.id})
        assert not await backfill.work_round()
        assert await wrong(services, free.id) == 0
        assert portions.seen[PortionOutcome.PUT_ASIDE] == 1
    assert await backfill.work_round()

    assert await wrong(services, held.id, free.id) == 0


async def test_several_processes_share_the_work(world: World, services: Services):
    people = [await world.recorded(await world.organization()) for _ in range(6)]
    for person in people:
        await browsed_before(world, person, 50)

    await asyncio.gather(*(DomainBackfill(services.database, largest=64).work_round() for _ in range(3)))
    await DomainBackfill(services.database).work_round()

    assert await wrong(services, *(person.id for person in people)) == 0
    assert await listed(services) == 0
    assert await rollups_are_right(services)


async def test_it_waits_until_processes_of_the_version_before_have_gone(world: World, services: Services):
    ada = await world.recorded(await world.organization())
    await browsed_before(world, ada, 1)
    await execute(services, LIST, person=ada.id, organization=ada.row.organization_id, seconds=3600)

    assert await DomainBackfill(services.database).work_round()

    assert await wrong(services, ada.id) == 1


async def test_it_can_be_begun_anew_for_everybody(world: World, services: Services):
    ada = await world.recorded(await world.organization())
    await browsed_before(world, ada, 1)
    await browsed_before(world, None, 1)
    await execute(services, "DELETE FROM domain_backfill")
    [statement] = re.findall(r"INSERT INTO domain_backfill.*?;", OPERATIONS.read_text(), re.DOTALL)

    for _ in range(2):
        await execute(services, statement)
    await DomainBackfill(services.database).work_round()

    assert await wrong(services, ada.id, ANONYMOUS) == 0
