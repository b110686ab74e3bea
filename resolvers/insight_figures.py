"""The figures that insights are made from, asked for as those of usage and deepWork are: siblings share statements."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from core.categories import Category
from core.dimensions import Dimension, Shift
from core.insight.figures import Blocks, DomainTime, Figures, HourTime, PersonDomains, Totals
from core.limits import GROUPS_PAGE, INSIGHT_PEOPLE
from core.periods import TimeRange
from db.metrics.question import Split
from db.metrics.values import MeasureValues
from db.queries import metrics
from db.queries.deep_work import DeepWorkSummary
from db.queries.metrics import GroupsPage, Order
from db.queries.people import Subject
from resolvers import deep_work as deep_works
from resolvers import usage as usages
from resolvers.caller import Caller
from resolvers.usage import GroupsArguments, Usage

_MEASURES = frozenset(
    {
        "tracked_minutes",
        "engaged_minutes",
        "tracked_seconds",
        "unique_domains",
        "context_switches",
        "deep_work_sessions",
        "deep_work_seconds",
    }
)
_HOURS = 24


async def figures_of(caller: Caller, usage: Usage) -> Figures:
    """What was measured of the subject in the period and the one before.

    Two statements run at a time, not all: an insight must not take the connections that others wait for.
    """
    earlier, _ = usage.earlier(Shift.PRECEDING)
    (total, before, work), (domains, categories, hours, people) = await gather(
        _wholes(caller, usage), _parts(caller, usage)
    )
    return Figures(
        now=_totals(usage.question.time_range, total),
        before=_totals(earlier.time_range, before),
        blocks=Blocks(work.high, work.medium, work.low, work.longest_seconds),
        domains=domains,
        categories=categories,
        hours=hours,
        people=people,
    )


async def _wholes(caller: Caller, usage: Usage) -> tuple[MeasureValues, MeasureValues, DeepWorkSummary]:
    return (
        await usages.total(caller, usage, _MEASURES),
        await usages.previous(caller, usage, Shift.PRECEDING, _MEASURES),
        await deep_works.summary(caller, usage),
    )


async def _parts(
    caller: Caller, usage: Usage
) -> tuple[tuple[DomainTime, ...], Mapping[Category, float], tuple[HourTime, ...], tuple[PersonDomains, ...]]:
    return (
        await _domains(caller, usage),
        await _categories(caller, usage),
        await _hours(caller, usage),
        await _people(caller, usage),
    )


def _totals(time_range: TimeRange, values: MeasureValues) -> Totals:
    found: dict[str, Any] = {name: getattr(values, name) for name in _MEASURES}
    return Totals(time_range.start, time_range.end, **found)


async def _domains(caller: Caller, usage: Usage) -> tuple[DomainTime, ...]:
    """The domains with the most tracked time, each with its category."""
    arguments = GroupsArguments((Dimension.CATEGORY, Dimension.DOMAIN), Order("tracked_seconds"), GROUPS_PAGE, None)
    found = await usages.groups(caller, usage, arguments, frozenset({"tracked_seconds"}))
    return tuple(DomainTime(row.key[1], row.key[0], row.values.tracked_seconds) for row in found.found.rows)


async def _categories(caller: Caller, usage: Usage) -> Mapping[Category, float]:
    """The tracked time of each category that has an event."""
    arguments = GroupsArguments((Dimension.CATEGORY,), Order("tracked_seconds"), len(Category), None)
    found = await usages.groups(caller, usage, arguments, frozenset({"tracked_seconds"}))
    return {row.key[0]: row.values.tracked_seconds for row in found.found.rows}


async def _hours(caller: Caller, usage: Usage) -> tuple[HourTime, ...]:
    """What falls into each hour of the clock."""
    measures = frozenset({"tracked_minutes", "deep_work_seconds"})
    arguments = GroupsArguments((Dimension.HOUR_OF_DAY,), Order("tracked_minutes"), _HOURS, None)
    found = await usages.groups(caller, usage, arguments, measures)
    hours = (HourTime(row.key[0], row.values.tracked_minutes, row.values.deep_work_seconds) for row in found.found.rows)
    return tuple(sorted(hours, key=lambda hour: hour.hour))


async def _people(caller: Caller, usage: Usage) -> tuple[PersonDomains, ...]:
    """An organization's people with the most tracked minutes; nobody where the question is about a person."""
    if usage.question.subject is not Subject.ORGANIZATION:
        return ()
    page = GroupsPage(Split((Dimension.EXTENSION_USER,)), Order("tracked_minutes"), 0, INSIGHT_PEOPLE)
    measures = frozenset({"unique_domains"})
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, page, measures)
    return tuple(PersonDomains(row.key[0], row.values.unique_domains) for row in found.rows) if found else ()
