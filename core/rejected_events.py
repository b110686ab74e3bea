"""The limits of rejected events for each kind of source: a flood from one must displace nobody else's.

A source is what can be told of where an event came from:

    it came with an API key          the key's holder, and their organization
    it came without one and names    that person and their organization, but apart from events with keys: whoever knows
    a person who is known            an id can name it
    anything else                    unknown: all of these together

The caps below are those of what is kept. New events meet limits of about the same size before they are stored
(core/rejected_event_quota.py), so that a flood is not even written.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

KEPT_FOR = timedelta(days=14)
TOTAL = 10_000
"""How many are kept of all sources together."""
PER_ORGANIZATION = 1_000
"""How many of an organization that came with its people's keys, and how many that only name its people."""
PER_PERSON = 250
"""The same for one person."""
UNKNOWN = 2_000
"""How many of unknown sources together."""
PER_NETWORK_A_DAY = 200
"""How many new ones without a key a network address may add in a day."""


class RejectedEventSource(NamedTuple):
    """The source of a kept event; without organization and person when it is unknown."""

    organization_id: UUID | None = None
    person_id: UUID | None = None
    with_key: bool = False


Group = tuple[str, UUID | None, bool]
"""The subject of a cap: a kind of source, the organization or person, and whether events came with keys."""


@dataclass
class SourceCounts:
    """Counts of events by source, taken from the newest to the oldest: those beyond a cap are surplus.

    `organization_cap` is that of each organization.
    """

    organization_cap: int = PER_ORGANIZATION
    _counts: Counter[Group] = field(default_factory=Counter)

    def surplus(self, events: Iterable[tuple[int, RejectedEventSource]]) -> tuple[list[int], Counter[Group]]:
        """Return which of the next events are surplus, and what to `add` to the counts once those are deleted."""
        surplus, kept = [], Counter[Group]()
        for event_id, source in events:
            caps = self._caps(source)
            if all(self._counts[group] + kept[group] < cap for group, cap in caps):
                kept.update(group for group, _ in caps)
            else:
                surplus.append(event_id)
        return surplus, kept

    def add(self, kept: Counter[Group]) -> None:
        """Count the events that a portion has left."""
        self._counts.update(kept)

    @property
    def of_organizations(self) -> list[int]:
        """The number of events kept of each organization: those with keys and those without are two numbers."""
        return [count for (kind, _, _), count in self._counts.items() if kind == "organization"]

    def _caps(self, source: RejectedEventSource) -> list[tuple[Group, int]]:
        if source.organization_id is None:
            return [(("unknown", None, False), UNKNOWN)]
        return [
            (("person", source.person_id, source.with_key), PER_PERSON),
            (("organization", source.organization_id, source.with_key), self.organization_cap),
        ]


def fair_cap(counts: Collection[int]) -> int:
    """Return the cap of each organization with which all of them together stay within their part of the total.

    Organizations with fewer events than the cap lose nothing; at least one is kept of each.

        counts 900 900 20, room 1000   ──▶   cap 490
    """
    room, left = TOTAL - UNKNOWN, len(counts)
    for count in sorted(counts):
        share = room // left
        if count > share:
            return max(1, min(share, PER_ORGANIZATION))
        room -= count
        left -= 1
    return PER_ORGANIZATION
