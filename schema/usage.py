"""Usage: the measures of a set of events."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import strawberry

from core.measures import BY_NAME, MEASURES
from core.measures import Measure as MeasureDefinition
from db.queries.usage import Subject, UsageQuery, UsageTotals
from resolvers import usage as usages
from resolvers.usage import Usage as UsageQuestion
from schema.context import Info
from schema.enums import Unit
from schema.filters import UsageFilter
from schema.period import Period
from schema.scalars import BigInt

PeriodArgument = Annotated[Period, strawberry.argument(description="The time to look at.")]
UsageFilterArgument = Annotated[
    UsageFilter | None, strawberry.argument(description="Which events count; all, without it.")
]
TimeZoneArgument = Annotated[
    ZoneInfo, strawberry.argument(description="Whose days and weeks are meant. Minutes are UTC minutes everywhere.")
]


def _measure(name: str) -> str:
    return BY_NAME[name].definition


@strawberry.type(description="The measures of a set of events. What is selected is what is measured.")
class UsageMeasures:
    """Shows UsageTotals."""

    events: BigInt = strawberry.field(description=_measure("events"))
    active_events: BigInt = strawberry.field(description=_measure("active_events"))
    users: BigInt = strawberry.field(description=_measure("users"))
    sessions: BigInt = strawberry.field(description=_measure("sessions"))
    unique_domains: BigInt = strawberry.field(description=_measure("unique_domains"))
    tracked_minutes: BigInt = strawberry.field(description=_measure("tracked_minutes"))
    engaged_minutes: BigInt = strawberry.field(description=_measure("engaged_minutes"))
    tracked_seconds: float = strawberry.field(description=_measure("tracked_seconds"))


@strawberry.type(description="What people did in a period.")
class Usage:
    """Shows a resolvers.usage.Usage: a question, answered as far as its fields are selected."""

    @strawberry.field(description="The first instant of the period.")
    def start(root: strawberry.Parent[UsageQuestion]) -> datetime:
        return root.query.time_range.start

    @strawberry.field(description="The first instant after the period.")
    def end(root: strawberry.Parent[UsageQuestion]) -> datetime:
        return root.query.time_range.end

    timezone: ZoneInfo = strawberry.field(description="The time zone asked for.")

    @strawberry.field(graphql_type=UsageMeasures, description="The measures of the whole period.")
    async def total(root: strawberry.Parent[UsageQuestion], info: Info) -> UsageTotals:
        return await usages.total(info.context.caller, root)


def question(
    period: Period,
    where: UsageFilter | None,
    timezone: ZoneInfo,
    subject: Subject | None = None,
    subject_id: UUID | None = None,
) -> UsageQuestion:
    """The question that a field's arguments ask."""
    query = UsageQuery(period.resolve(timezone), (where or UsageFilter()).conditions())
    return UsageQuestion(query, timezone, subject, subject_id)


@strawberry.type(description="A measure: what a field of UsageMeasures means.")
class MeasureInfo:
    """A line of the catalogue."""

    name: str = strawberry.field(description="The field of UsageMeasures.")
    definition: str = strawberry.field(description="What it means, exactly.")
    unit: Unit = strawberry.field(description="What its number counts.")


def measure_infos() -> list[MeasureInfo]:
    """The catalogue of measures."""
    return [_info(measure) for measure in MEASURES]


def _info(measure: MeasureDefinition) -> MeasureInfo:
    first, *rest = measure.name.split("_")
    name = first + "".join(word.capitalize() for word in rest)
    return MeasureInfo(name=name, definition=measure.definition, unit=measure.unit)
