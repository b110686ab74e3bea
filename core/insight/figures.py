"""The figures that an insight is made from, as the metrics engine measures them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.categories import Category
from core.insight import marks
from core.measures import SWITCH_GAP


@dataclass(frozen=True, slots=True)
class Totals:
    """The measures of a whole period `[start, end)`; core.measures defines them."""

    start: datetime
    end: datetime
    tracked_minutes: int = 0
    engaged_minutes: int = 0
    tracked_seconds: float = 0.0
    unique_domains: int = 0
    context_switches: int = 0
    deep_work_sessions: int = 0
    deep_work_seconds: float = 0.0

    @property
    def active_seconds(self) -> float:
        """The tracked time, within bounds: for each minute with an event at least that minute and at most a pause.

        The upper bound leaves out the nights of a session that never ends; deep work counts whole in any case.
        """
        at_most = self.tracked_minutes * SWITCH_GAP.total_seconds()
        return max(min(self.tracked_seconds, at_most), self.tracked_minutes * 60, self.deep_work_seconds)

    @property
    def switches_per_hour(self) -> float:
        """Context switches in an hour of active time."""
        return self.context_switches * 3600 / self.active_seconds if self.active_seconds else 0.0

    @property
    def deep_share(self) -> float:
        """The part of the active time that is deep work, from 0 to 1."""
        return self.deep_work_seconds / self.active_seconds if self.active_seconds else 0.0

    @property
    def is_enough(self) -> bool:
        """Whether there is enough to say something about."""
        return self.tracked_minutes >= marks.LEAST_TRACKED_MINUTES


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of deep work: how many of each focus level, and how long the longest is, in seconds."""

    high: int = 0
    medium: int = 0
    low: int = 0
    longest_seconds: float | None = None

    @property
    def calm_share(self) -> float:
        """The part of them whose focus level is not LOW."""
        number = self.high + self.medium + self.low
        return (self.high + self.medium) / number if number else 0.0


@dataclass(frozen=True, slots=True)
class DomainTime:
    """A domain's tracked time in seconds."""

    domain: str
    category: Category
    seconds: float


@dataclass(frozen=True, slots=True)
class HourTime:
    """What falls into an hour on the clock, 0 to 23, on all days of the period together."""

    hour: int
    tracked_minutes: int
    deep_work_seconds: float


@dataclass(frozen=True, slots=True)
class PersonDomains:
    """How many distinct domains one of an organization's people was at."""

    extension_user_id: UUID
    unique_domains: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of a person, or of an organization, whose `people` are then given, too.

    `domains` are those with the most time, it first; `categories` holds the seconds of all domains. `before` is the
    preceding period of the same length.
    """

    now: Totals
    before: Totals
    blocks: Blocks = Blocks()
    domains: tuple[DomainTime, ...] = ()
    categories: Mapping[Category, float] | None = None
    hours: tuple[HourTime, ...] = ()
    people: tuple[PersonDomains, ...] = ()

    @property
    def focused_share(self) -> float:
        """The part of the active time that is deep work in blocks of little switching, from 0 to 1."""
        return self.now.deep_share * self.blocks.calm_share

    @property
    def median_person(self) -> PersonDomains | None:
        """Of an organization's people the middle one by distinct domains (of two, the one with fewer)."""
        ranked = sorted(self.people, key=lambda person: (person.unique_domains, person.extension_user_id))
        return ranked[(len(ranked) - 1) // 2] if ranked else None

    @property
    def domains_of_one(self) -> int:
        """How many distinct domains the person was at; of an organization, its median person."""
        median = self.median_person
        return median.unique_domains if median else self.now.unique_domains

    def seconds(self, category: Category) -> float:
        """The tracked time of a category's domains."""
        return (self.categories or {}).get(category, 0.0)

    def share(self, category: Category) -> float:
        """The part of the tracked time that a category's domains take, from 0 to 1."""
        return min(1.0, self.seconds(category) / self.now.tracked_seconds) if self.now.tracked_seconds else 0.0

    @property
    def night_share(self) -> float:
        """The part of the tracked minutes that lies in the night."""
        minutes = sum(hour.tracked_minutes for hour in self.hours)
        return sum(hour.tracked_minutes for hour in self.night) / minutes if minutes else 0.0

    @property
    def night(self) -> tuple[HourTime, ...]:
        """The hours of the night."""
        return tuple(hour for hour in self.hours if not marks.DAY_BEGINS <= hour.hour < marks.NIGHT_BEGINS)

    @property
    def best_hour(self) -> HourTime | None:
        """The hour with the most deep work; without any, with the most tracked minutes; of equals the earliest."""
        ranked = sorted(self.hours, key=lambda hour: (-hour.deep_work_seconds, -hour.tracked_minutes, hour.hour))
        return ranked[0] if ranked else None
