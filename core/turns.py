"""Fair turns: organizations take turns, and within each its people do.

    organizations   A: a1 a2 a3     B: b1     C: c1 c2
    turns           a1  b1  c1  a2  c2  a3  …            a person whose turn is over goes to the end of their circle

So a person waits for as many turns as there are organizations, times their own organization's people, however much work
anybody else has. Whoever was not reached in their turn is put back in front. Whoever is asked about by a waiting
question may be taken first, by the same turns.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from itertools import chain, islice, zip_longest
from typing import NamedTuple
from uuid import UUID


class Person(NamedTuple):
    """A person and their organization; None where they have none, as anonymous events and people who are gone."""

    user_id: UUID
    organization_id: UUID | None


class Turns:
    """The people who wait for a turn. Each is in it once; `len()` tells how many."""

    def __init__(self) -> None:
        self._circles: OrderedDict[UUID | None, OrderedDict[UUID, Person]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(circle) for circle in self._circles.values())

    def add(self, people: Iterable[Person]) -> None:
        """Let these people wait, at the end; those who wait already keep their place."""
        for person in people:
            circle = self._circles.setdefault(person.organization_id, OrderedDict())
            circle.setdefault(person.user_id, person)

    def put_back(self, people: Iterable[Person]) -> None:
        """Let these people, whose turn was passed over, be the first again, in this order."""
        for person in reversed([*people]):
            circle = self._circles.setdefault(person.organization_id, OrderedDict())
            circle[person.user_id] = person
            circle.move_to_end(person.user_id, last=False)
            self._circles.move_to_end(person.organization_id, last=False)

    def take(self, count: int, preferred: Collection[UUID] = ()) -> list[Person]:
        """Take out the next people, at most `count`: those who are `preferred` if any of them waits, else everybody."""
        chosen = self._preferred(count, preferred)
        if chosen:
            return chosen
        while len(chosen) < count and self._circles:
            organization_id, circle = self._circles.popitem(last=False)
            _, person = circle.popitem(last=False)
            chosen.append(person)
            if circle:
                self._circles[organization_id] = circle
        return chosen

    def _preferred(self, count: int, preferred: Collection[UUID]) -> list[Person]:
        if not preferred:
            return []
        lists = [
            [person for person in circle.values() if person.user_id in preferred] for circle in self._circles.values()
        ]
        by_turns = chain.from_iterable(zip_longest(*lists))  # everybody's first, then everybody's second, …
        chosen = list(islice((person for person in by_turns if person is not None), count))
        for person in chosen:
            circle = self._circles[person.organization_id]
            del circle[person.user_id]
            self._circles.move_to_end(person.organization_id)
            if not circle:
                del self._circles[person.organization_id]
        return chosen
