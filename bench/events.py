"""A month of forty people's browsing, made up but repeatable, and stored the way all events are.

    a day       [session]   [session ][session]      [session]
    a session   ××××× ×××   ×××××××  ×    ×××××      bursts on one domain each, pauses between them

People, days and sessions stay the same however many events there are: more mean busier minutes. (Only where there would
be but a few events a session, there are fewer sessions.)
"""

import asyncio
import heapq
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, groupby, islice
from random import Random
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from core.events import RawEvent
from core.limits import EVENTS_PER_BATCH
from core.months import month_of
from db import partitions
from resolvers import ingestion
from resolvers.services import Services

PEOPLE = 40
DAYS = 30
DOMAINS = 300
PAGES = 40
EVENTS_A_DAY = 2_500
"""Of a person who works on the web: an event every quarter of a minute."""
_SEED = 11
_IN_FLIGHT = 8
_WEEK, _WORKING_WEEK = 7, 5
_DAYS_WORKED = [
    day for day in range(DAYS - 1) if day % _WEEK < _WORKING_WEEK
]  # the last is left to those who work past midnight
WORKING_DAYS = len(_DAYS_WORKED)
_SESSIONS_A_DAY = 5
_HOURS_A_DAY = 9.5
_EVENTS_A_SESSION = 40

# Event types and how often each is seen. (keydown and keyup come as a pair, so each stands for half of one.)
_TYPES = {
    "scrollend": 26,
    "click": 18,
    "keydown": 15,
    "keyup": 15,
    "focus": 7,
    "blur": 6,
    "pageshow": 4,
    "pagehide": 3,
    "visibility_visible": 3,
    "visibility_hidden": 2,
    "idle": 1,
}
_TYPE_NAMES, _TYPE_WEIGHTS = list(_TYPES), list(accumulate(_TYPES.values()))
_BURST_ENDS, _PAUSE, _LONG_PAUSE_CHANCE, _LONG_PAUSE = 0.12, 4.0, 0.04, 40.0
_NO_ADDRESS_CHANCE, _NEW_TAB_CHANCE = 0.005, 0.02


Made = Callable[[list[UUID], int, datetime], Iterator[RawEvent]]
"""Makes so many events of people up: `browsing` spreads them over a month, `busy_days` fills a month's first days."""


@dataclass(frozen=True, slots=True)
class _Session:
    id: str
    day: int
    start: float
    length: float
    events: int


def until() -> datetime:
    """Return the end of the month: the midnight (UTC) before now."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def browsing(people: list[UUID], events: int, end: datetime) -> Iterator[RawEvent]:
    """So many events of the people in the month before `end`, as they would have come in: in order of time."""
    shares = [round(events * number / len(people)) for number in range(len(people) + 1)]
    streams = [
        _person(person, number, shares[number + 1] - shares[number], end - timedelta(days=DAYS))
        for number, person in enumerate(people)
    ]
    return (event for _, _, event in heapq.merge(*streams))


def busy_days(people: list[UUID], events: int, end: datetime) -> Iterator[RawEvent]:
    """The first so many events of a month in which everybody has EVENTS_A_DAY on each working day."""
    return islice(browsing(people, len(people) * WORKING_DAYS * EVENTS_A_DAY, end), events)


async def store(services: Services, events: Iterable[RawEvent], count: int, title: str) -> float:
    """Store the events through the event writer, some requests in flight at all times; how many it took a second."""
    await partitions.ensure(services.database, {month_of(until() - timedelta(days=DAYS)), month_of(until())})
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(title, total=count)
        source = iter(events)

        async def feed() -> int:
            stored = 0
            while batch := list(islice(source, EVENTS_PER_BATCH)):
                receipt = await ingestion.store(services, batch)
                stored += len(receipt.accepted)
                progress.advance(task, len(batch))
            return stored

        began = time.perf_counter()
        stored = sum(await asyncio.gather(*(feed() for _ in range(_IN_FLIGHT))))
        seconds = time.perf_counter() - began
    if stored != count:
        raise RuntimeError(f"{stored} events were stored instead of {count}.")
    return count / seconds


def _person(person: UUID, number: int, count: int, start: datetime) -> Iterator[tuple[float, int, RawEvent]]:
    """One person's events, each after its instant and the person's number, which sort them among others'."""
    rng = Random(f"{_SEED}/{number}")  # noqa: S311 - made-up data, repeatable on purpose
    favourites = sorted(range(DOMAINS), key=lambda domain: (domain + 1) * rng.uniform(0.3, 3))  # mostly everybody's
    ranks = list(accumulate(1 / (rank + 1) for rank in range(DOMAINS)))  # Zipf's law
    first = start.timestamp()
    for _, day in groupby(_sessions(rng, number, count), lambda session: session.day):
        events = (event for session in day for event in _events(rng, session, favourites, ranks))
        for moment, kind, session_id, url in sorted(events):
            stamp = datetime.fromtimestamp(first + moment, UTC).isoformat(timespec="milliseconds")
            yield moment, number, RawEvent(session_id, stamp, kind, url, person)


def _sessions(rng: Random, number: int, count: int) -> list[_Session]:
    """A month's sessions, with the events shared out among them. Some overlap: a second window is open."""
    begin = 5 + 15 * number / PEOPLE  # people live in many time zones: some work past UTC's midnight
    slot = _HOURS_A_DAY / _SESSIONS_A_DAY
    places = [(day, index) for day in _DAYS_WORKED for index in range(_SESSIONS_A_DAY)]
    places = places[:: max(1, len(places) * _EVENTS_A_SESSION // max(count, 1))]
    bounds = list(accumulate((rng.uniform(0.3, 1.7) for _ in places), initial=0.0))
    sessions = []
    for (day, index), before, after in zip(places, bounds, bounds[1:], strict=False):
        events = round(count * after / bounds[-1]) - round(count * before / bounds[-1])
        start = (day * 24 + begin + slot * (index + rng.uniform(-0.1, 0.3))) * 3600
        session_id = str(UUID(int=rng.getrandbits(128), version=4))
        sessions.append(_Session(session_id, day, start, slot * rng.uniform(0.4, 1.0) * 3600, events))
    return sessions


def _events(
    rng: Random, session: _Session, favourites: list[int], ranks: list[float]
) -> Iterator[tuple[float, str, str, str]]:
    """A session's events, no two at the same millisecond: seconds from the month's start, type, session's id, url."""
    kinds = rng.choices(_TYPE_NAMES, cum_weights=_TYPE_WEIGHTS, k=session.events)
    site, gaps, urls = _site(rng, favourites, ranks), [], []
    for _ in kinds:
        gap = rng.expovariate(1.0)
        if rng.random() < _BURST_ENDS:
            site = _site(rng, favourites, ranks)
            gap *= _LONG_PAUSE if rng.random() < _LONG_PAUSE_CHANCE else _PAUSE
        gaps.append(gap)
        urls.append(site if rng.random() > _NO_ADDRESS_CHANCE else "")
    scale = session.length / sum(gaps) if gaps else 0.0
    last = -1
    for gap_sum, kind, url in zip(accumulate(gaps), kinds, urls, strict=True):
        last = max(last + 1, round((session.start + gap_sum * scale) * 1000))
        yield last / 1000, kind, session.id, url


def _site(rng: Random, favourites: list[int], ranks: list[float]) -> str:
    if rng.random() < _NEW_TAB_CHANCE:
        return "chrome://newtab/"
    (domain,) = rng.choices(favourites, cum_weights=ranks)
    page = int(PAGES ** rng.random())  # the first pages are the ones most looked at
    return f"https://site-{domain:03}.example.com/pages/{page}?tab=activity"
