"""The figures that insights are made from, loaded as those of usage and deepWork are: siblings share statements."""

from asyncio import gather
from collections.abc import Mapping
from typing import Any

from core.categories import Category
from core.dimensions import Dimension
from core.insight.figures import Blocks, DomainTime, Figures, HourTime, PersonDomains, Totals
from core.limits import GROUPS_PAGE, INSIGHT_PEOPLE
from core.periods import TimeRange
from db.metrics.question import Split
from db.metrics.values import MeasureValues
from db.queries import metrics
from db.queries.deep_work import DeepWorkSummary
from db.queries.metrics import GroupsPage, Order
from db.queries.people import Subject
from resolvers import deep_work, usage_measures
from resolvers.caller import Caller
from resolvers.usage import ComparisonArguments, GroupsArguments, UsageQuery

_MEASURES = frozenset(
    {
        "tracked_minutes",
        "engaged_minutes",
        "active_seconds",
        "unique_domains",
        "context_switches",
        "deep_work_sessions",
        "deep_work_seconds",
    }
)
_HOURS = 24
_BEFORE = ComparisonArguments()
"""The period before, as far as the present one has got."""


async def figures_of(caller: Caller, usage: UsageQuery) -> Figures:
    """Return the figures of the subject in the period and the one before.

    Only two statements run at a time, so that an insight leaves connections to others.
    """
    earlier = usage.previous(_BEFORE)
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


async def _wholes(caller: Caller, usage: UsageQuery) -> tuple[MeasureValues, MeasureValues, DeepWorkSummary]:
    return (
        await usage_measures.total(caller, usage, _MEASURES),
        await usage_measures.previous(caller, usage, _BEFORE, _MEASURES),
        await deep_work.summary(caller, usage),
    )


async def _parts(
    caller: Caller, usage: UsageQuery
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


async def _domains(caller: Caller, usage: UsageQuery) -> tuple[DomainTime, ...]:
    """Return the domains with the most active time, each with its category."""
    arguments = GroupsArguments((Dimension.CATEGORY, Dimension.DOMAIN), Order("active_seconds"), GROUPS_PAGE, None)
    found = await usage_measures.groups(caller, usage, arguments, frozenset({"active_seconds"}))
    return tuple(DomainTime(row.key[1], row.key[0], row.values.active_seconds) for row in found.found.rows)


async def _categories(caller: Caller, usage: UsageQuery) -> Mapping[Category, float]:
    """Return the active time of each category that has any, or an event."""
    arguments = GroupsArguments((Dimension.CATEGORY,), Order("active_seconds"), len(Category), None)
    found = await usage_measures.groups(caller, usage, arguments, frozenset({"active_seconds"}))
    return {row.key[0]: row.values.active_seconds for row in found.found.rows}


async def _hours(caller: Caller, usage: UsageQuery) -> tuple[HourTime, ...]:
    """Return the tracked minutes and the deep work of each hour of the day."""
    measures = frozenset({"tracked_minutes", "deep_work_seconds"})
    arguments = GroupsArguments((Dimension.HOUR_OF_DAY,), Order("tracked_minutes"), _HOURS, None)
    found = await usage_measures.groups(caller, usage, arguments, measures)
    hours = (HourTime(row.key[0], row.values.tracked_minutes, row.values.deep_work_seconds) for row in found.found.rows)
    return tuple(sorted(hours, key=lambda hour: hour.hour))


async def _people(caller: Caller, usage: UsageQuery) -> tuple[PersonDomains, ...]:
    """Return an organization's people with the most tracked minutes; nobody if the question is about a person."""
    if usage.question.subject is not Subject.ORGANIZATION:
        return ()
    page = GroupsPage(Split((Dimension.EXTENSION_USER,)), Order("tracked_minutes"), INSIGHT_PEOPLE)
    measures = frozenset({"unique_domains"})
    found = await caller.batches.load(metrics.groups, usage.subject, usage.question, page, measures)
    return tuple(PersonDomains(row.key[0], row.values.unique_domains) for row in found.rows) if found else ()
