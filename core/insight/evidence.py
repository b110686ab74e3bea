"""The figures that sentences rest on, each noted once."""

from datetime import datetime
from typing import Any

from core.categories import Category
from core.insight import Evidence
from core.insight.figures import UNITS, Figures, Totals
from core.text import camel_case
from core.units import Unit

_LONGEST = "deepWork.longestSeconds"
_LEVELS = ("high", "medium", "low")


class EvidenceLog:
    """Notes figures as sentences are made from them; every method returns the ids of what it noted."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._noted: dict[tuple[Any, ...], Evidence] = {}

    @property
    def noted(self) -> tuple[Evidence, ...]:
        """All figures so far, in the order in which they were first needed."""
        return tuple(self._noted.values())

    def now(self, *measures: str) -> tuple[str, ...]:
        """Measures of the period, in Python's spelling."""
        return tuple(self._total(measure, self._figures.now) for measure in measures)

    def both(self, *measures: str) -> tuple[str, ...]:
        """Measures of the period and of the one before."""
        totals = (self._figures.now, self._figures.before)
        return tuple(self._total(measure, each) for measure in measures for each in totals)

    def category(self, category: Category) -> tuple[str, ...]:
        """The active time of a category; nothing where it has none, since then it is no group."""
        if category not in (self._figures.categories or {}):
            return ()
        return (self._measured("active_seconds", self._figures.seconds(category), category=category),)

    def domain(self, domain: str, seconds: float) -> tuple[str, ...]:
        """The active time of a domain."""
        return (self._measured("active_seconds", seconds, domain=domain),)

    def hour(self, measure: str, hour: int, value: float) -> tuple[str, ...]:
        """A measure of an hour on the clock."""
        return (self._measured(measure, value, hour_of_day=hour),)

    def domains_of_one(self) -> tuple[str, ...]:
        """The number of distinct domains that the focus level goes by."""
        median = self._figures.median_person
        if median is None:
            return self.now("unique_domains")
        return (self._measured("unique_domains", median.unique_domains, extension_user_id=median.extension_user_id),)

    def longest_block(self) -> tuple[str, ...]:
        """The length of the longest block; nothing without any."""
        seconds = self._figures.blocks.longest_seconds
        return () if seconds is None else (self._note(_LONGEST, seconds, Unit.SECONDS, self._figures.now),)

    def blocks(self) -> tuple[str, ...]:
        """The number of blocks of each focus level."""
        return tuple(
            self._note(
                f"deepWork.focusLevels.{level}", getattr(self._figures.blocks, level), Unit.COUNT, self._figures.now
            )
            for level in _LEVELS
        )

    def _total(self, measure: str, totals: Totals) -> str:
        return self._note(camel_case(measure), getattr(totals, measure), UNITS[measure], totals)

    def _measured(self, measure: str, value: float, **group: Any) -> str:
        return self._note(camel_case(measure), value, UNITS[measure], self._figures.now, **group)

    def _note(self, measure: str, value: float, unit: Unit, totals: Totals, **group: Any) -> str:
        key: tuple[str, datetime, tuple[Any, ...]] = (measure, totals.start, tuple(group.items()))
        if key not in self._noted:
            number = f"e{len(self._noted) + 1}"
            self._noted[key] = Evidence(number, measure, totals.start, totals.end, value, unit, **group)
        return self._noted[key].id
