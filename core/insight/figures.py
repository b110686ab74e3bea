"""The figures that an insight is made from, as the metrics engine measures them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from core.categories import Category
from core.insight import thresholds
from core.units import Unit


def _measured_in(unit: Unit) -> Any:
    return field(default=0, metadata={"unit": unit})


@dataclass(frozen=True, slots=True)
class Totals:
    """The measures of a whole period `[start, end)`: those of usage that have the same names (docs/metrics.md)."""

    start: datetime
    end: datetime
    tracked_minutes: int = _measured_in(Unit.MINUTES)
    engaged_minutes: int = _measured_in(Unit.MINUTES)
    active_seconds: float = _measured_in(Unit.SECONDS)
    unique_domains: int = _measured_in(Unit.COUNT)
    context_switches: int = _measured_in(Unit.COUNT)
    deep_work_sessions: int = _measured_in(Unit.COUNT)
    deep_work_seconds: float = _measured_in(Unit.SECONDS)

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
        """True if there is enough data for an insight."""
        return self.active_seconds >= thresholds.LEAST_ACTIVE_SECONDS


UNITS: Mapping[str, Unit] = {each.name: each.metadata["unit"] for each in fields(Totals) if "unit" in each.metadata}
"""The units of those measures, by their names."""


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
    """A domain's active time in seconds."""

    domain: str
    category: Category
    seconds: float


@dataclass(frozen=True, slots=True)
class HourTime:
    """The time of an hour of the day, 0 to 23, on all days of the period together."""

    hour: int
    tracked_minutes: int
    deep_work_seconds: float


@dataclass(frozen=True, slots=True)
class PersonDomains:
    """The number of distinct domains that one of an organization's people visited."""

    extension_user_id: UUID
    unique_domains: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a person, or of an organization, whose `people` are then given, too.

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
        """The number of distinct domains that the person visited; of an organization, its median person."""
        median = self.median_person
        return median.unique_domains if median else self.now.unique_domains

    def seconds(self, category: Category) -> float:
        """The active time of a category's domains."""
        return (self.categories or {}).get(category, 0.0)

    def share(self, category: Category) -> float:
        """The part of the active time that a category's domains take, from 0 to 1."""
        return min(1.0, self.seconds(category) / self.now.active_seconds) if self.now.active_seconds else 0.0

    @property
    def night_share(self) -> float:
        """The part of the tracked minutes that lies in the night."""
        minutes = sum(hour.tracked_minutes for hour in self.hours)
        return sum(hour.tracked_minutes for hour in self.night) / minutes if minutes else 0.0

    @property
    def night(self) -> tuple[HourTime, ...]:
        """The hours of the night."""
        return tuple(hour for hour in self.hours if not thresholds.DAY_BEGINS <= hour.hour < thresholds.NIGHT_BEGINS)

    @property
    def best_hour(self) -> HourTime | None:
        """The hour with the most deep work; without any, with the most tracked minutes; of equals the earliest."""
        ranked = sorted(self.hours, key=lambda hour: (-hour.deep_work_seconds, -hour.tracked_minutes, hour.hour))
        return ranked[0] if ranked else None
