"""Taking over events: the rules of ingestion row by row, and a page at a time into the database.

    old rows, in the order of time    ──▶  pages of some thousand  ──▶  one transaction each: events, marks, refusals,
    (two of one instant are neighbours)                                 and the days that are complete with it

A row's identity is the one that the extension's event would have had (core/identity.py). Equal rows that the old
service stored at the same moment count each, like equal events of one request; a row that it stored again later is the
same event sent twice. Interrupted anywhere, the next run reads the days again that were not complete, and stores
nothing twice.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from datetime import date, timedelta
from itertools import groupby

from core.clock import now
from core.events import EventRules
from core.months import month_of
from db import partitions
from db.engine import Database
from legacy import event_queries
from legacy.people import People
from legacy.queries import TakenKind, take
from legacy.reader import DayOfEvents, LegacySource
from legacy.report import EXAMPLES, Finding, Report
from legacy.sorting import EventPage, Sorter

PAGE_EVENTS = 5_000
_SPAN = timedelta(days=31)
"""How many days at most the old database is asked for at once: it has to sort them, on disk if they are many."""

OnProgress = Callable[[int, int], None]
"""Is told how many events are done, and of how many."""


class Taking:
    """Stores pages and reports them. In a dry run nothing is stored."""

    def __init__(self, database: Database, report: Report, on_progress: OnProgress) -> None:
        self._database = database
        self._report = report
        self._on_progress = on_progress

    async def put(self, page: EventPage) -> None:
        """Store a page in one transaction."""
        imported = await (self._look_at(page) if self._report.dry_run else self._store(page))
        events = self._report.events
        events.imported += imported
        events.already_here += len(page.taken) - imported
        events.deleted_here += page.deleted_here
        events.sent_twice += page.sent_twice
        for refused in page.refused:
            events.rejected[refused.code] = events.rejected.get(refused.code, 0) + 1
        self._note_oddities(page)
        self._on_progress(events.done, events.found)

    async def _store(self, page: EventPage) -> int:
        """Store a page; return how many of its events were new."""
        await partitions.ensure(self._database, {month_of(event.ts) for event in page.taken})
        async with self._database.write() as connection:
            people = await event_queries.lock_people(connection, page.people())
            page.leave_out_all_but(people)
            imported = await event_queries.store(connection, page.taken, people)
            new = await take(connection, TakenKind.REJECTED, {event.key for event in page.refused})
            refused = {event.key: event for event in page.refused if event.key in new}
            await event_queries.keep_refused(connection, list(refused.values()), now())
            if page.finished:
                await event_queries.finish_days(connection, _keys(page.finished))
        return imported

    async def _look_at(self, page: EventPage) -> int:
        """Return how many events of a page would be new."""
        async with self._database.read() as connection:
            return len(page.taken) - await event_queries.count_stored(connection, page.taken)

    def _note_oddities(self, page: EventPage) -> None:
        report = self._report
        for finding, number in (
            (Finding.SENT_TWICE, page.sent_twice),
            (Finding.ZERO_USER, page.zero_user),
            (Finding.NAMED_ONLY, page.named_only),
            (Finding.REJECTED, len(page.refused)),
        ):
            if number:
                report.note(finding, count=number)
        for event in page.refused[:EXAMPLES]:
            report.note(Finding.REJECTED, f"{event.code}: {event.message}", count=0)


async def take_events(
    database: Database, source: LegacySource, people: People, rules: EventRules, report: Report, on_progress: OnProgress
) -> None:
    """Take over every event that was not before. `on_progress` hears of all that are done, by earlier runs, too."""
    pending = await _pending(database, source, report)
    on_progress(report.events.done, report.events.found)
    taking, storing = Taking(database, report, on_progress), None
    async with aclosing(_pages(source, Sorter(people, rules), pending)) as pages:
        try:
            async for page in pages:  # is read and checked while the one before is being stored
                if storing is not None:
                    await storing
                storing = asyncio.create_task(taking.put(page))
        finally:
            if storing is not None:
                await storing
    assert report.events.done == report.events.found  # noqa: S101 - else some were lost, and nobody was told


async def _pending(database: Database, source: LegacySource, report: Report) -> list[DayOfEvents]:
    """The days that were not taken completely yet, or have changed since; in order, days that cannot be named first."""
    async with database.read() as connection:
        finished = await event_queries.finished_days(connection)
    pending = []
    async for page in source.days():
        for day in page:
            report.events.found += day.events
            if tuple(day) in finished:
                report.events.in_finished_days += day.events
            else:
                pending.append(day)
    return pending


async def _pages(source: LegacySource, sorter: Sorter, pending: list[DayOfEvents]) -> AsyncGenerator[EventPage]:
    """The events of these days, sorted out. A day is finished with its last event, unless one of them was refused."""
    for days in _spans(pending):
        first, last = days[0].day, days[-1].day
        rows = source.events_out_of_time() if first is None or last is None else source.events(first, last)
        left = iter(days)
        day, to_come, clean = next(left), days[0].events, True
        async for some in rows:
            for row in some:
                while to_come == 0:
                    day = next(left)
                    to_come, clean = day.events, True
                clean &= sorter.add(row)
                to_come -= 1
                if to_come == 0 and clean:
                    sorter.page.finished.append(day)
            if sorter.page.rows >= PAGE_EVENTS:
                yield sorter.take_page()
    if sorter.page.rows:
        yield sorter.take_page()


def _spans(pending: Iterable[DayOfEvents]) -> Iterator[list[DayOfEvents]]:
    """Days that are asked for together: neighbours among those that are left, and not too many."""
    unnamed = [day for day in pending if day.day is None]
    if unnamed:
        yield unnamed
    named = [(day.day, day) for day in pending if day.day is not None]
    # Of neighbours the date less the place is the same.
    for _, group in groupby(enumerate(named), lambda item: item[1][0] - timedelta(days=item[0])):
        days = [day for _, (_, day) in group]
        for start in range(0, len(days), _SPAN.days):
            yield days[start : start + _SPAN.days]


def _keys(days: Iterable[DayOfEvents]) -> list[tuple[date, int, str]]:
    return [(day.day, day.events, day.fingerprint) for day in days if day.day is not None]
