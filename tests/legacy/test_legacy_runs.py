import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from core.event_types import EventType
from db.rollups import refresh_all
from legacy import events, reader
from legacy.report import Events, Rows
from tests.cli.test_command_line import configured, run, surroundings
from tests.legacy.conftest import TakeOver
from tests.legacy.old_service import START, OldService, fill
from tests.metrics import reference
from tests.rest_requests import rejected, stored
from tests.servers import wait_until
from tests.world import World

__all__ = ["configured", "surroundings"]
PAGE = 100
HOUR = timedelta(hours=1)
NAMES = {
    *("events", "active_events", "sessions", "unique_domains", "unique_urls", "tracked_minutes", "engaged_minutes"),
    *("idle_minutes", "engagement_rate", "tracked_seconds", "context_switches", "deep_work_sessions"),
}
USAGE = """
query ($id: ID!, $start: DateTime!, $end: DateTime!) {
    extensionUser(id: $id) { usage(period: { between: { start: $start, end: $end } }) { total {
        events activeEvents sessions uniqueDomains uniqueUrls trackedMinutes engagedMinutes
        idleMinutes engagementRate trackedSeconds contextSwitches deepWorkSessions
    } } }
}
"""


async def state(world: World) -> dict[str, Any]:
    """Everything that an import leaves behind, without what differs from one run to the next."""
    refused = [
        {name: row[name] for name in ("user_id", "code", "message", "payload")}
        for row in await rejected(world.services)
    ]
    async with world.services.database.read() as connection:
        people = [tuple(row) for row in await connection.execute(text("SELECT id, username FROM extension_users"))]
        days = [tuple(row) for row in await connection.execute(text("TABLE legacy_days ORDER BY day"))]
    return {"events": await stored(world.services), "refused": refused, "people": people, "days": days}


async def empty(world: World) -> None:
    async with world.services.database.write() as connection:
        for table in ("legacy_rows", "legacy_days", "rejected_events", "behaviors", "organizations", "users"):
            await connection.execute(text(f"DELETE FROM {table}"))


async def test_a_second_run_stores_nothing(
    world: World, old: OldService, take_over: TakeOver, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "PAGE_EVENTS", 1)  # pages are as small as they get: what is read at once
    monkeypatch.setattr(reader, "PAGE_ROWS", 10)
    await fill(old, 300)
    first = await take_over()
    before = await state(world)

    second = await take_over()

    assert first.events == Events(found=303, imported=294, sent_twice=3, rejected={"invalid_type": 6})
    assert second.events.imported == 0
    assert second.events.rejected == {"invalid_type": 6}
    assert second.events.done == 303
    assert await state(world) == before
    assert len(before["refused"]) == 6


async def test_days_that_are_complete_are_not_read_again(world: World, old: OldService, take_over: TakeOver):
    for day in ("01", "02", "04"):
        await old.event(None, timestamp=f"2026-07-{day}T12:00:00Z")
    await take_over()
    await old.event(None, timestamp="2026-07-02T13:00:00Z")
    await old.event(None, timestamp="2026-07-03T13:00:00Z")

    report = await take_over()

    assert report.events == Events(found=5, imported=2, in_finished_days=2, already_here=1)
    assert len(await stored(world.services)) == 5


async def test_a_live_source_gives_only_what_is_new(world: World, old: OldService, take_over: TakeOver):
    await fill(old, 200)
    await take_over()
    late = await old.person("late", await old.organization("Late"))
    for minute in (1, 2, 3):
        await old.event(late, timestamp=f"2026-08-03T09:0{minute}:30Z")

    report = await take_over()

    assert report.organizations == Rows(found=2, imported=1, already_here=1)
    assert report.people == Rows(found=2, imported=1, already_here=1)
    assert report.events.imported == 3
    assert [row["user_id"] for row in await stored(world.services)].count(late) == 3


async def test_a_dry_run_tells_the_same_and_stores_nothing(world: World, old: OldService, take_over: TakeOver):
    await fill(old, 120)
    await old.account("root", is_super_admin=True)
    await old.event(UUID(int=77))
    nothing = await state(world)

    dry = await take_over(dry_run=True)
    still_nothing = await state(world)
    report = await take_over()
    after = await take_over(dry_run=True)

    assert nothing == still_nothing
    assert dry.as_json() | {"dryRun": False} == report.as_json()
    assert after.events.imported == 0
    assert after.accounts == Rows(found=1, already_here=1)


@pytest.mark.parametrize("place", [None, 0, 250, -1])
async def test_killed_anywhere_and_run_again_it_ends_the_same(
    world: World, old: OldService, take_over: TakeOver, database_url: str, tmp_path: Path, place: int | None
):
    await fill(old, 600)
    await take_over()
    wanted = await state(world)
    await empty(world)

    async with asyncio.timeout(60), _in_the_way(database_url, None if place is None else wanted["events"][place]):
        await asyncio.to_thread(_killed_while_it_waits, old.url, database_url, tmp_path)
    interrupted = await state(world)
    report = await take_over()

    if place is None:
        assert interrupted["people"] == []
    else:
        assert interrupted["people"] == wanted["people"]
        assert len(interrupted["events"]) <= place % len(wanted["events"])
        assert len(interrupted["events"]) > place % len(wanted["events"]) - PAGE
    assert report.events.done == report.events.found == 606
    assert await state(world) == wanted


@asynccontextmanager
async def _in_the_way(url: str, event: dict[str, Any] | None) -> AsyncIterator[None]:
    """Whoever stores this event waits (without one: whoever adds a person); then it turns out not to be there."""
    connection = await asyncpg.connect(url)
    block = connection.transaction()
    await block.start()
    try:
        if event is None:
            await connection.execute("LOCK TABLE extension_users IN SHARE MODE")
        else:
            places = ", ".join(f"${number + 1}" for number in range(len(event)))
            await connection.execute(f"INSERT INTO behaviors ({', '.join(event)}) VALUES ({places})", *event.values())
        yield
    finally:
        await block.rollback()
        await connection.close()


def _killed_while_it_waits(source_url: str, url: str, folder: Path) -> None:
    """Start an import with small pages in a process of its own, and kill it when PostgreSQL says that it waits."""
    program = (
        "import sys; from legacy import events, reader;"
        f"events.PAGE_EVENTS = reader.PAGE_ROWS = {PAGE};"
        "from cli.main import main; sys.argv = ['web-behavior', 'import-legacy']; main()"
    )
    environment = os.environ | {"DATABASE_URL": url, "LEGACY_DATABASE_URL": source_url}
    with subprocess.Popen(
        [sys.executable, "-c", program], env=environment, cwd=folder, stderr=subprocess.DEVNULL
    ) as it:
        wait_until(lambda: it.poll() is not None or asyncio.run(_somebody_waits(url)), "the wait")
        it.kill()
        assert it.wait() == -signal.SIGKILL


async def _somebody_waits(url: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )
    finally:
        await connection.close()


async def test_metrics_of_what_was_taken_over_are_the_references(world: World, old: OldService, take_over: TakeOver):
    random, acme = Random(5), await old.organization()
    person, moment, made = await old.person("ada", acme), START, []
    for number in range(400):
        moment += timedelta(seconds=random.choice([0.001, 1, 20, 59.999, 60, 301, 4000]))
        kind, site = random.choice([*EventType]).wire, random.choice(["a.com", "b.com", "c.com"])
        session = f"s{number // 60}"
        await old.event(
            person,
            timestamp=moment.isoformat(),
            event_type=kind,
            url=f"https://{site}/{number % 3}",
            session_id=session,
        )
        made.append(
            reference.Event(
                user=str(person),
                organization=str(acme),
                ts=moment,
                id=number,
                session=session,
                type=kind,
                url=f"https://{site}/{number % 3}",
                domain=site,
            )
        )

    await take_over()
    await refresh_all(world.services.database)

    asker = await world.super_admin()
    answer = await asker.ask(USAGE, id=str(person), start=START.isoformat(), end=(moment + HOUR).isoformat())
    total = answer["extensionUser"]["usage"]["total"]
    wanted = reference.measure(made, NAMES)
    assert total == {_camel(name): pytest.approx(wanted[name]) for name in NAMES}


async def test_the_command_reports_for_people_and_for_programs(
    configured: None, surroundings: None, world: World, old: OldService
):
    del configured, surroundings, world
    await fill(old, 60)
    await old.account("[b]root\x1b[2J", is_super_admin=True)

    dry = await run("import-legacy", "--from", old.url, "--dry-run")
    told = await run("import-legacy", "--from", old.url, "--organization", "Moved")
    as_json = await run("import-legacy", "--from", old.url, "--json")

    assert (dry.exit_code, told.exit_code, as_json.exit_code) == (0, 0, 0), told.output
    assert "A dry run: nothing was stored" in dry.stdout
    assert "rejected: invalid_type" in told.stdout
    assert "× A super admin was taken over" in told.stdout
    assert "[b]root" in told.stdout
    assert "\x1b" not in told.stdout
    report = json.loads(as_json.stdout)
    assert report["dryRun"] is False
    assert report["accounts"] == {
        "found": 1,
        "imported": 0,
        "alreadyHere": 1,
        "changed": 0,
        "leftOut": 0,
        "deletedHere": 0,
    }
    assert report["events"]["rejected"] == {"invalid_type": 2}
    assert [oddity["code"] for oddity in report["oddities"]] == ["REJECTED"]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))
