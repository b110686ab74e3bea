"""A million events in no order of time by one key, and a million of an organization, beside one that is calm.

flood     one key posts a month's events in any order; each is a run of its own, and every hour is marked at once
calm      one person has five hours of late events just then; their organization is asked all the time
company   forty people's month comes in, in any order, and their dashboard is asked for at once
rebuild   all rollups are made anew by the command line, which is killed once and started again
"""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from bench import dashboard
from bench.events import DAYS, until
from tests.servers import COMMAND, Postgres15, surroundings
from torture import month
from torture.findings import Finding
from torture.http import client
from torture.month import CALM_HOURS, FLOOD_DAYS, post
from torture.people import Person, admin_of, organization_of, signed_in
from torture.service import running

EVENTS = 1_000_000
COMPANY = 40
LONGEST_ANSWER = 10.0
LONGEST_CALM = 60.0
LONGEST_BACKLOG = 120.0
_GIVE_UP_SECONDS = 900.0
_KILL_AFTER_SECONDS = 3.0
_QUESTION = """
query ($id: ID!) { organization(id: $id) { usage(period: {last: "P30D"}) {
  total { events trackedMinutes } series(every: DAY) { measures { events trackedSeconds } } } } }
"""


@dataclass
class Backlog:
    """The results; times in seconds, those of rollups from when the last event was stored. None: they were given up.

    `calm_answers` are the times of the calm organization's questions, `refused` those that failed.
    """

    events: int
    company_events: int
    posting: float = 0.0
    flood_made: float | None = None
    calm_made: float | None = None
    company_posting: float = 0.0
    company_first: float = 0.0
    company_later: float = 0.0
    company_errors: list[str] = field(default_factory=list)
    calm_answers: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    rebuild: float = 0.0
    hours: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """The promises, and whether they were kept."""
        return [
            Finding(
                f"{self.events:,} events by one key, in no order of time over {FLOOD_DAYS} days, beside a calm "
                "organization",
                f"all rolled up within {LONGEST_BACKLOG:g} s; somebody else's five hours within {LONGEST_CALM:g} s; "
                "the calm organization's questions are answered all the while",
                f"posted in {self.posting:.0f} s; rolled up {_seconds(self.flood_made)} after the last event, the five "
                f"hours after {_seconds(self.calm_made)} (marks rest for 30 s); {len(self.calm_answers):,} questions, "
                f"the slowest answered after {max(self.calm_answers, default=0):.1f} s, {len(self.refused)} refused"
                f"{_first(self.refused)}",
                _is_within(self.flood_made, LONGEST_BACKLOG)
                and _is_within(self.calm_made, LONGEST_CALM)
                and bool(self.calm_answers)
                and not self.refused,
            ),
            Finding(
                f"{self.company_events:,} events of an organization of {COMPANY}, in no order of time, and its 30-day "
                "dashboard at once",
                f"answered within {LONGEST_ANSWER:g} s",
                f"posted in {self.company_posting:.0f} s; answered after {self.company_first:.1f} s, and "
                f"{self.company_later:.1f} s once the rollups were made; {len(self.company_errors)} refused"
                f"{_first(self.company_errors)}",
                self.company_first < LONGEST_ANSWER and not self.company_errors,
            ),
            Finding(
                "`rollups rebuild` of all of it, killed (`kill -9`) once and started again",
                "goes on where it was; nothing lost, `rollups verify` finds nothing",
                f"{self.hours:,} hours in {self.rebuild:.0f} s; {self.lost} events lost, "
                f"{'something' if self.wrong else 'nothing'} wrong",
                not self.lost and not self.wrong,
            ),
        ]


async def backlog(
    server: Postgres15, folder: Path, events: int = EVENTS, company: int = EVENTS, *, waits: bool = True
) -> Backlog:
    """Post so many events of each kind, and see what becomes of everybody. `waits`: until all are rolled up."""
    seen = Backlog(events, company)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    async with running(folder, server.url) as service:
        token = await signed_in(service.url)
        _, [flooding] = await organization_of(service.url, token, "Flood", 1)
        calm_id, [calm] = await organization_of(service.url, token, "Calm", 1)
        company_id, people = await organization_of(service.url, token, "Company", COMPANY)
        calm_admin = await admin_of(service.url, token, calm_id, "calm-admin")
        admin = await admin_of(service.url, token, company_id, "company-admin")
        async with _asking(service.url, calm_admin, calm_id, seen):
            seen.posting = await post(service.url, month.flood(flooding, events, end))
            await post(service.url, month.calm(calm, end))
            if waits:
                began = time.monotonic()
                seen.calm_made = await _made(server.url, calm, began)
                seen.flood_made = await _made(server.url, flooding, began)
            seen.company_posting = await post(service.url, month.company(people, company))
            seen.company_first = await _ask_company(service.url, admin, company_id, seen)
        if waits:
            for person in people:
                await _made(server.url, person, time.monotonic())
            seen.company_later = await _ask_company(service.url, admin, company_id, seen)
    await _rebuild(server, folder, seen)
    everybody = _ids(flooding, calm, *people)
    stored = await _value(server.url, "SELECT count(*) FROM behaviors WHERE user_id = ANY($1)", everybody)
    seen.lost = events + CALM_HOURS + company - stored
    return seen


@asynccontextmanager
async def _asking(url: str, token: str, organization: str, seen: Backlog) -> AsyncIterator[None]:
    """Ask the calm organization's question all the while."""

    async def ask() -> None:
        body = {"query": _QUESTION, "variables": {"id": organization}}
        async with client(url, token, timeout=30) as http:
            while True:
                began = time.monotonic()
                answer = (await http.post("/graphql", json=body)).json()
                if "errors" in answer:
                    seen.refused.append(str(answer["errors"][0])[:200])
                else:
                    seen.calm_answers.append(time.monotonic() - began)
                await asyncio.sleep(0.25)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


async def _ask_company(url: str, token: str, organization: str, seen: Backlog) -> float:
    began, end = time.monotonic(), until()
    period = {"between": {"start": (end - timedelta(days=DAYS)).isoformat(), "end": end.isoformat()}}
    body = {"query": dashboard.QUERY % "organization", "variables": {"id": organization, "period": period}}
    async with client(url, token, timeout=60) as http:
        answer = (await http.post("/graphql", json=body)).json()
    if "errors" in answer:
        seen.company_errors.append(str(answer["errors"][0])[:200])
    return time.monotonic() - began


async def _made(database_url: str, person: Person, began: float) -> float | None:
    """Return the seconds until no past hour of a person is dirty; None if that takes too long."""
    left = "SELECT EXISTS (SELECT FROM dirty_hours WHERE user_id = ANY($1) AND hour < date_trunc('hour', now()))"
    while time.monotonic() - began < _GIVE_UP_SECONDS:
        if not await _value(database_url, left, _ids(person)):
            return time.monotonic() - began
        await asyncio.sleep(0.5)
    return None


async def _rebuild(server: Postgres15, folder: Path, seen: Backlog) -> None:
    """Make everything anew, killed once; then compare."""
    began = time.monotonic()
    killed = _command(server, folder, "rollups", "rebuild")
    await asyncio.sleep(_KILL_AFTER_SECONDS)
    killed.kill()
    await asyncio.to_thread(killed.wait)
    for arguments in (("rollups", "rebuild"), ("rollups", "verify")):
        if await asyncio.to_thread(_command(server, folder, *arguments).wait):
            seen.wrong.append(f"{' '.join(arguments)} failed")
        if "rebuild" in arguments:
            seen.rebuild = time.monotonic() - began
    seen.hours = await _value(server.url, "SELECT count(*) FROM hours")


def _command(server: Postgres15, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = surroundings(DATABASE_URL=server.url, DATA_DIR=str(folder / "data"))
    with (folder / "command.log").open("a") as log:
        return subprocess.Popen(  # noqa: S603 - our own command
            [COMMAND, *arguments], cwd=folder, env=environment, stdout=log, stderr=log
        )


def _ids(*people: Person) -> list[UUID]:
    return [person.user_id for person in people]


async def _value(database_url: str, statement: str, *values: list[UUID]) -> Any:
    connection = await asyncpg.connect(database_url)
    try:
        return await connection.fetchval(statement, *values)
    finally:
        await connection.close()


def _is_within(seconds: float | None, longest: float) -> bool:
    return seconds is not None and seconds <= longest


def _seconds(seconds: float | None) -> str:
    return "not within a quarter of an hour" if seconds is None else f"{seconds:.0f} s"


def _first(errors: list[str]) -> str:
    return f" ({errors[0]})" if errors else ""
