"""The people whose rollups are out of date, in the order in which these are made.

survey    read all marks, leave each hour one (db/queries/mark_survey.py)
turns     organizations take turns, within each its people (core/turns.py); anonymous events come last
hurry     people whom waiting questions are about come first, in three portions of four
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from core.events import ANONYMOUS
from core.observer import Job, Observer
from core.periods import TimeRange
from core.turns import Person, Turns
from db.background_jobs import BackgroundJob
from db.engine import Database
from db.queries import dirty_hours
from db.queries.dirty_hours import Cutoff
from db.queries.mark_survey import FIRST_PLACE, MarkedPerson, Place, read_slice

_MARKS_AT_ONCE = 50_000
_PEOPLE_AT_ONCE = 64
WAIT_SECONDS = 8.0
_SMALL_HOURS, _SMALL_EVENTS = 24, 5_000
"""So much of a person is read from events in a few milliseconds: no question waits for its rollups."""
_HOPELESS_EVENTS = 3_000_000
"""So much is not made within the time of a request: no question waits for it."""
_AN_HOUR = timedelta(hours=1)
_EVERYBODY_EACH = 4
"""One portion of so many goes by turns, also while questions wait for the rollups of some."""
_NOBODY = Person(ANONYMOUS, None)


class _Large(NamedTuple):
    """A backlog that a question would read for long: a person's, with its first and last hour and its new events."""

    person: Person
    oldest: datetime
    newest: datetime
    events: int


class RollupBacklog:
    """The people with marked hours.

    `woken` is set when there is work to do: a survey has found some, or a question waits (for `wait_seconds` at most).
    """

    def __init__(
        self, database: Database, observer: Observer, *, limit_seconds: float, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.woken = asyncio.Event()
        self.wait_seconds = wait_seconds
        self.job = BackgroundJob(
            Job.DIRTY_HOURS, database, observer, largest=_MARKS_AT_ONCE, limit_seconds=limit_seconds
        )
        self._turns = Turns()
        self._anonymous_wait = False
        self._large: dict[UUID, _Large] = {}
        self._done: set[UUID] = set()
        self._hurried: Counter[UUID] = Counter()
        self._taken = 0
        self._changed = asyncio.Condition()

    @property
    def is_large(self) -> bool:
        """True if the last survey found anybody with a large backlog."""
        return bool(self._large)

    @property
    def is_empty(self) -> bool:
        """True if nobody waits for a turn."""
        return not (len(self._turns) or self._anonymous_wait)

    async def survey(self, cutoff: Cutoff) -> None:
        """Read all marks, leave each hour one, and give everybody with an hour that can be made a turn."""
        place: Place | None = FIRST_PLACE
        marked: dict[UUID, MarkedPerson] = {}
        self._done.clear()
        while place is not None:
            found = await self.job.work(partial(read_slice, place=place, cutoff=cutoff))
            for person in found.people:
                marked[person.user_id] = _together(marked.get(person.user_id), person)
            place = found.next
        people = await self._people([each.user_id for each in marked.values() if each.is_workable or _is_large(each)])
        self._return([person for person in people if marked[person.user_id].is_workable])
        self._large = {
            person.user_id: _Large(person, each.oldest, each.newest, each.events)
            for person in people
            for each in [marked[person.user_id]]
            if person != _NOBODY and person.user_id not in self._done
            if _is_large(each) and each.oldest and each.newest
        }
        if not self.is_empty:
            self.woken.set()
        await self._tell()

    async def hurry(self, concerns: Callable[[Person], bool], time_range: TimeRange, seconds: float) -> None:
        """Have rollups of some people made first, and wait at most so long until those of a period are.

        Returns at once where the last survey found no large backlog of theirs then, or one so large that it cannot be
        made in time.
        """
        wanted = [each.person for each in self._large.values() if concerns(each.person)]
        events = sum(self._large[person.user_id].events for person in wanted)
        if events > _HOPELESS_EVENTS or not self._lacks(wanted, time_range):
            return
        user_ids = [person.user_id for person in wanted]
        self._hurried.update(user_ids)
        self._turns.add(wanted)
        self.woken.set()
        try:
            with suppress(TimeoutError):  # what is not made by then is read from events
                async with asyncio.timeout(seconds), self._changed:
                    await self._changed.wait_for(lambda: not self._lacks(wanted, time_range))
        finally:
            self._hurried = +(self._hurried - Counter(user_ids))

    def _lacks(self, people: Iterable[Person], time_range: TimeRange) -> bool:
        """Return True if the large backlog of any of these people touches a period."""
        found = (self._large.get(person.user_id) for person in people)
        return any(
            each and each.newest + _AN_HOUR > time_range.start and each.oldest < time_range.end for each in found
        )

    def is_hurried(self, people: Iterable[Person]) -> bool:
        """Return True if a question waits for any of these people."""
        return any(person.user_id in self._hurried for person in people)

    def take(self, most: int, workers: int) -> list[Person]:
        """Take out the people whose turn it is, at most so many, and so that each of the workers gets some."""
        self._taken += 1
        hurried = self._hurried if self._taken % _EVERYBODY_EACH else Counter[UUID]()
        share = -(-len(self._turns) // workers)
        return self._turns.take(max(1, min(_PEOPLE_AT_ONCE, most, share)), hurried) or self.take_anonymous()

    def take_anonymous(self) -> list[Person]:
        """Take out anonymous events, if they wait."""
        waited, self._anonymous_wait = self._anonymous_wait, False
        return [_NOBODY] if waited else []

    async def put_back(
        self, unfinished: Sequence[Person], passed_over: Sequence[Person] = (), done: Iterable[Person] = ()
    ) -> None:
        """End a turn: unfinished people go to the end, those not reached to the front, finished ones leave."""
        self._return(unfinished)
        self._turns.put_back(person for person in passed_over if person != _NOBODY)
        self._anonymous_wait |= _NOBODY in passed_over
        for person in done:
            self._large.pop(person.user_id, None)
            self._done.add(person.user_id)
        await self._tell()

    async def _people(self, user_ids: Sequence[UUID]) -> list[Person]:
        if not user_ids:  # as nearly always
            return []
        async with self.job.database.read() as connection:
            return await dirty_hours.with_organizations(connection, user_ids)

    def _return(self, people: Sequence[Person]) -> None:
        self._anonymous_wait |= _NOBODY in people
        self._turns.add(person for person in people if person != _NOBODY)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _is_large(person: MarkedPerson) -> bool:
    return person.hours > _SMALL_HOURS or person.events > _SMALL_EVENTS


def _together(one: MarkedPerson | None, other: MarkedPerson) -> MarkedPerson:
    """A person's marks of two slices, the second of which begins where the first one ends."""
    if one is None:
        return other
    return MarkedPerson(
        one.user_id,
        one.hours + other.hours,
        one.events + other.events,
        one.oldest or other.oldest,
        other.newest or one.newest,
        one.is_workable or other.is_workable,
    )
